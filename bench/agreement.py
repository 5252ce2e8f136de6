#!/usr/bin/env python3
"""Whether several ways to measure the same cell agree.

Each round measures every cell of a grid in each way, one directly after the other and in an order
that turns from round to round:
  cli      ollama-bench run --driver cli, one counted run in a store of its own
  api      the same by --driver api
  plain    a request to /api/generate from here, into a fresh load, after a warm-up that shares
           nothing with it
  bench    llama-bench -p TOKENS -b B -ub B, where it lies beside the server
The table gives the mean of log(rate / rate of the reference) over rounds and cells, as a ratio,
with a 95 % t interval over the rounds' means.

  bench/agreement.py build/release/ollama-bench OLLAMA WEIGHTS.gguf --rounds 5
"""

import argparse
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile

from private_ollama import MODEL, Server

# 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom.
T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
     2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
     2.052, 2.048, 2.045, 2.042]


def by_program(options, server, driver, cell, folder):
    results = folder / "store.json"
    results.unlink(missing_ok=True)
    num_ctx, num_batch = cell
    done = subprocess.run(
        [options.program, "run", "--driver", driver, "--model", MODEL, "--ctx", str(num_ctx),
         "--batch", str(num_batch), "--repetitions", "1", "--confirm", "0", "--no-baseline",
         "--prompt-tokens", str(options.tokens), "--quiet", "--results", results],
        env=server.environment, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    samples = json.loads(results.read_text())["results"][0]["samples"]
    return next(s["prompt_eval_rate"] for s in samples
                if s["role"] == "measure" and s["excluded"] is None)


def by_plain_request(options, server, cell, number):
    body = {"model": MODEL, "raw": True, "stream": False, "keep_alive": "30m",
            "options": {"num_predict": 2, "num_ctx": cell[0], "num_batch": cell[1]}}
    words = " the old captain repaired a stone bridge"
    count = max(1, options.tokens // 7)
    server.post("/api/generate", body | {"prompt": f"Warm{number}" + words * count})
    answer = server.post("/api/generate", body | {"prompt": f"{number} here" + words * count})
    server.unload()
    return answer["prompt_eval_count"] / answer["prompt_eval_duration"] * 1e9


def by_llama_bench(options, program, cell):
    done = subprocess.run([program, "-m", options.weights, "-p", str(options.tokens), "-n", "0", "-b",
                           str(cell[1]), "-ub", str(cell[1]), "-r", "1", "-o", "json"],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)[0]["avg_ts"]


def interval(means):
    """Mean and half width of its 95 % interval; no width from a single round."""
    mean = statistics.fmean(means)
    if len(means) < 2:
        return mean, math.nan
    quantile = T[len(means) - 2] if len(means) - 2 < len(T) else 2.042
    return mean, quantile * statistics.stdev(means) / math.sqrt(len(means))


def measure(options, folder):
    """One list for each way: of rounds, of log rates by cell."""
    server = Server(options.ollama, options.weights, folder)
    try:
        llama_bench = options.ollama.parent.parent / "lib" / "ollama" / "llama-bench"
        cells = [(ctx, batch) for ctx in options.ctx for batch in options.batch]
        number = iter(range(10_000, 100_000))
        ways = {
            "cli": lambda cell: by_program(options, server, "cli", cell, folder),
            "api": lambda cell: by_program(options, server, "api", cell, folder),
            "plain": lambda cell: by_plain_request(options, server, cell, next(number)),
        }
        if llama_bench.is_file():
            ways["bench"] = lambda cell: by_llama_bench(options, llama_bench, cell)
        logs = {name: [] for name in ways}
        names = list(ways)
        for turn in range(options.rounds):
            for name in names:
                logs[name].append([])
            for index, cell in enumerate(cells):
                first = (turn + index) % len(names)
                for name in names[first:] + names[:first]:
                    rate = ways[name](cell)
                    logs[name][-1].append(math.log(rate))
                    print(f"round {turn + 1} {cell[0]} x {cell[1]} {name} {rate:.1f}",
                          file=sys.stderr, flush=True)
        return logs
    finally:
        server.stop()


def print_table(logs):
    print("ways compared      ratio   95 % interval")
    names = list(logs)
    for i, reference in enumerate(names):
        for name in names[i + 1:]:
            means = [statistics.fmean(a - b for a, b in zip(mine, theirs))
                     for mine, theirs in zip(logs[name], logs[reference])]
            mean, half = interval(means)
            print(f"{name + ' / ' + reference:<16} {math.exp(mean):7.3f}   "
                  f"{math.exp(mean - half):.3f} to {math.exp(mean + half):.3f}")


def numbers(text):
    return [int(part) for part in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path, help="the built ollama-bench")
    parser.add_argument("ollama", type=pathlib.Path)
    parser.add_argument("weights", type=pathlib.Path, help="GGUF file")
    parser.add_argument("--ctx", type=numbers, default=[1024, 2048, 4096])
    parser.add_argument("--batch", type=numbers, default=[32, 128, 512])
    parser.add_argument("--tokens", type=int, default=512, help="of the prompt")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for name in ("program", "ollama", "weights"):
        setattr(options, name, getattr(options, name).absolute())
    with tempfile.TemporaryDirectory() as folder:
        print_table(measure(options, pathlib.Path(folder)))


if __name__ == "__main__":
    main()
