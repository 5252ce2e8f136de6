#!/usr/bin/env python3
"""What `ollama-bench prompts` itself costs: CPU time and memory for many prompts.

A process of its own answers at once as Ollama would, so that what is left is the program's. Example:

    bench/prompts_cost.py build/release/ollama-bench --prompts 100000
"""

import argparse
import asyncio
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

TOKENS = 64
DIGEST = "ab" * 32
ANSWERS = {
    "/api/version": {"version": "0.11.4"},
    "/api/tags": {"models": [{"name": "m:latest", "digest": DIGEST, "size": 1}]},
    "/api/ps": {"models": [{"name": "m:latest", "digest": DIGEST, "size": 1, "size_vram": 0}]},
    "/api/show": {"details": {"family": "llama"}, "model_info": {}, "capabilities": ["completion"]},
}


def stream():
    """An answer of TOKENS chunks, as it is sent."""
    created = "2026-11-21T07:14:49.008674714Z"
    lines = [{"model": "m", "created_at": created, "response": f" word{i}", "done": False}
             for i in range(TOKENS)]
    lines.append({"model": "m", "created_at": created, "response": "", "done": True,
                  "done_reason": "length", "total_duration": 4000, "load_duration": 1000,
                  "prompt_eval_count": 20, "prompt_eval_duration": 1000, "eval_count": TOKENS,
                  "eval_duration": 2000})
    body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    return (b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)) + body


async def answer(reader, writer, streamed):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            size = next((int(line.split(":")[1]) for line in head.split("\r\n")
                         if line.lower().startswith("content-length:")), 0)
            body = await reader.readexactly(size)
            path = head.split(" ")[1]
            if path == "/api/generate" and b'"prompt"' in body:
                writer.write(streamed)
            else:
                text = json.dumps(ANSWERS.get(path, {"done": True})).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                             b"Content-Length: %d\r\n\r\n" % len(text) + text)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def serve():
    streamed = stream()
    server = await asyncio.start_server(lambda r, w: answer(r, w, streamed), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def write_prompts(path, count):
    words = ["alpha", "beta", "gamma", "delta"]
    chance = random.Random(1)
    with open(path, "w", encoding="utf-8") as out:
        for i in range(count):
            text = " ".join(chance.choice(words) for _ in range(60))
            out.write(json.dumps({"id": f"q{i}", "prompt": f"Explain {text} {i}?"}) + "\n")


def main():
    if sys.argv[1:] == ["--serve"]:
        asyncio.run(serve())
        return
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--prompts", type=int, default=100_000)
    parser.add_argument("--concurrency", type=int, default=16)
    options = parser.parse_args()
    with subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE,
                          text=True) as server, tempfile.TemporaryDirectory() as folder:
        try:
            port = int(server.stdout.readline())
            folder = pathlib.Path(folder)
            write_prompts(folder / "prompts.jsonl", options.prompts)
            begin = time.monotonic()
            program = subprocess.Popen(
                [options.program.resolve(), "prompts", "--host", f"127.0.0.1:{port}", "--model",
                 "m", "--input", "prompts.jsonl", "--output", "out.jsonl", "--tsv", "out.tsv",
                 "--trace", "out.trace", "--concurrency", str(options.concurrency), "--quiet"],
                cwd=folder, stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(program.pid, 0)
            wall = time.monotonic() - begin
            records = sum(1 for _ in open(folder / "out.jsonl", "rb"))
            print(f"{records} of {options.prompts} prompts, exit code {os.waitstatus_to_exitcode(status)}: "
                  f"{usage.ru_utime:.1f} s user, {usage.ru_stime:.1f} s system, {wall:.1f} s wall, "
                  f"{usage.ru_maxrss / 1024:.0f} MiB at most; input "
                  f"{(folder / 'prompts.jsonl').stat().st_size / 1e6:.0f} MB, output "
                  f"{(folder / 'out.jsonl').stat().st_size / 1e6:.0f} MB")
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
