#!/usr/bin/env python3
"""Compares ollama-bench with other clients against one server of known times.

    peers.py BUILD [--streams 64] [--requests 256] [--tokens 250] [--venvs FOLDER] [--only NAME]...

BUILD is a build folder with ollama-bench and the simulator. Each client gets a server of its own
with the same law, and is set not to look anything up on the network. Its packages come from PyPI,
each into a virtual environment in FOLDER (kept) or a temporary one. Printed per client: TTFT and
chunk gaps as it reports them beside the truth of the same requests, CPU time (start included) for
100,000 chunks, peak memory of all its processes, and the time from its start to the first request for text.
A client that reports only each request's mean gap is marked: its percentiles are those of means.
"""
import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORDS = 2000


def quantile(values, share):
    values = sorted(values)
    return values[min(int(share * len(values)), len(values) - 1)] if values else None


class Simulator:
    """The simulator on a free port, with its truth; a context."""

    def __init__(self, build, law, folder):
        self.truth_file = folder / "truth.jsonl"
        (folder / "law.json").write_text(json.dumps(law))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = dict(os.environ, OLLAMA_HOST=f"127.0.0.1:{self.port}",
                           OLLAMA_SIMULATOR_LAW=str(folder / "law.json"),
                           OLLAMA_SIMULATOR_TRUTH=str(self.truth_file))
        program = build / "tests/support/simulator/simulated_ollama"
        self.process = subprocess.Popen([program, "serve"], env=environment,
                                        stderr=subprocess.DEVNULL)

    def __enter__(self):
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("the simulator did not start")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def truth(self):
        with open(self.truth_file) as file:
            return [json.loads(line) for line in file]


def resident_megabytes(root):
    """Memory of the process and all below it."""
    parents, sizes = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents[int(entry.name)] = int(fields[1])
        sizes[int(entry.name)] = int(fields[21])
    total = 0
    for pid in parents:
        at = pid
        while at and at != root:
            at = parents.get(at, 0)
        total += sizes[pid] if at == root else 0
    return total * os.sysconf("SC_PAGE_SIZE") / 2**20


def run(argv, folder, limit_s):
    """Runs a client; (status, start, CPU seconds, peak MB, its output)."""
    environment = dict(os.environ, HF_DATASETS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1",
                       DO_NOT_TRACK="1", NO_PROXY="127.0.0.1", HOME=str(folder))
    # With this aiperf takes the folder of a tokenizer for the name of one.
    if "aiperf" not in argv[0]:
        environment["TRANSFORMERS_OFFLINE"] = "1"
    with open(folder / "out.txt", "w") as out, open(folder / "err.txt", "w") as err:
        start = time.monotonic_ns()
        process = subprocess.Popen(argv, cwd=folder, env=environment, stdout=out, stderr=err,
                                   start_new_session=True)
        peak, ended = [0.0], threading.Event()

        def watch():
            while not ended.wait(0.5):
                peak[0] = max(peak[0], resident_megabytes(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        timer = threading.Timer(limit_s, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        ended.set()
        watcher.join()
        process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    return (process.returncode, start, cpu, max(peak[0], usage.ru_maxrss / 1024),
            (folder / "out.txt").read_text())


def install(venvs, package):
    """The Python of an environment that has the package."""
    python = venvs / package / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", venvs / package], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", package], check=True)
    return python


def make_tokenizer(python, folder):
    """A tokenizer of made-up words, for clients that will not do without."""
    code = """
import sys
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast
words = ["<unk>", "<s>", "</s>"] + [f"w{i}" for i in range(int(sys.argv[2]))]
tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>",
                        eos_token="</s>").save_pretrained(sys.argv[1])
"""
    target = folder / "tokenizer"
    subprocess.run([python, "-c", code, target, str(WORDS)], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return str(target)


# Each client: (how to start it, what it reports in seconds). Gaps are ("each", list),
# ("means", list) or None.


def ollama_bench(options, port, folder):
    return [str(options.build / "ollama-bench"), "load", "--host", f"127.0.0.1:{port}", "--model",
            "simulated", "--concurrency", str(options.streams), "--num-predict",
            str(options.tokens), "--requests", str(options.requests), "--ignore-disturbance",
            "--json"]


def ollama_bench_result(folder, out):
    level = json.loads(out.splitlines()[-1])["levels"][0]
    ttft = level["ttft_s"]
    return (ttft["p50"], ttft["p99"]), None


def aiohttp(options, port, folder):
    python = install(options.venvs, "aiohttp")
    return [str(python), str(HERE / "aiohttp_client.py"), str(port), str(options.streams),
            str(options.requests), str(options.tokens)]


def aiohttp_result(folder, out):
    said = json.loads(out)
    return said["ttft_s"], ("each", said["gap_s"])


def aiperf(options, port, folder):
    python = install(options.venvs, "aiperf")
    return [str(python.with_name("aiperf")), "profile", "-m", "simulated", "--url",
            f"http://127.0.0.1:{port}", "--endpoint-type", "chat", "--streaming", "--concurrency",
            str(options.streams), "--request-count", str(options.requests), "--isl", "20", "--osl",
            str(options.tokens), "--tokenizer", make_tokenizer(python, folder), "--artifact-dir",
            "aiperf", "--ui", "none"]


def aiperf_result(folder, out):
    with open(folder / "aiperf/profile_export.jsonl") as file:
        metrics = [json.loads(line)["metrics"] for line in file]
    return ([each["time_to_first_token"]["value"] / 1e3 for each in metrics],
            ("means", [each["inter_token_latency"]["value"] / 1e3 for each in metrics]))


def guidellm(options, port, folder):
    python = install(options.venvs, "guidellm")
    return [str(python.with_name("guidellm")), "run", "--backend",
            f"kind=openai_http,target=http://127.0.0.1:{port},model=simulated", "--profile",
            f"kind=concurrent,streams={options.streams}", "--constraint",
            f"kind=max_requests,count={options.requests}", "--data",
            f"kind=synthetic_text,prompt_tokens=20,output_tokens={options.tokens}", "--tokenizer",
            f"kind=hf_auto,model={make_tokenizer(python, folder)}", "--output",
            "kind=json,path=guidellm.json", "--disable-console"]


def guidellm_result(folder, out):
    report = json.loads((folder / "guidellm.json").read_text())
    done = report["benchmarks"][0]["requests"]["successful"]
    return ([each["time_to_first_token_ms"] / 1e3 for each in done],
            ("means", [each["inter_token_latency_ms"] / 1e3 for each in done]))


def llama_benchy(options, port, folder):
    python = install(options.venvs, "llama-benchy")
    # It takes its prompts out of a book that it downloads.
    (folder / "book.txt").write_text(" ".join(f"w{i % WORDS}" for i in range(4000)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        book_port = probe.getsockname()[1]
    options.helpers.append(subprocess.Popen(
        [sys.executable, "-m", "http.server", str(book_port), "--bind", "127.0.0.1"], cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    return [str(python.with_name("llama-benchy")), "--base-url", f"http://127.0.0.1:{port}/v1",
            "--model", "simulated", "--tokenizer", make_tokenizer(python, folder), "--pp", "20",
            "--tg", str(options.tokens), "--runs", str(max(1, options.requests // options.streams)),
            "--concurrency", str(options.streams), "--no-warmup", "--skip-coherence",
            "--latency-mode", "none", "--book-url", f"http://127.0.0.1:{book_port}/book.txt",
            "--save-result", "benchy.json", "--format", "json"]


def llama_benchy_result(folder, out):
    report = json.loads((folder / "benchy.json").read_text())
    return [each / 1e3 for each in report["benchmarks"][0]["e2e_ttft"]["values"]], None


CLIENTS = {
    "ollama-bench": (ollama_bench, ollama_bench_result),
    "aiohttp": (aiohttp, aiohttp_result),
    "llama-benchy": (llama_benchy, llama_benchy_result),
    "aiperf": (aiperf, aiperf_result),
    "guidellm": (guidellm, guidellm_result),
}


def row(name, options, root):
    folder = root / name
    folder.mkdir()
    start, result = CLIENTS[name]
    law = {"slots": options.streams, "step_s": 0.02, "jitter": 0.01, "prefill_s": {"a": 0.1}}
    with Simulator(options.build, law, folder) as server:
        argv = start(options, server.port, folder)
        status, begun, cpu, peak, out = run(argv, folder, 300)
        truth = [each for each in server.truth() if each["outcome"] == "done"]
    if status != 0 or not truth:
        tail = ((folder / "err.txt").read_text() + out)[-600:]
        return f"{name:<13} did not run (status {status}): {tail}"
    ttft, gaps = result(folder, out)
    if isinstance(ttft, list):
        ttft = quantile(ttft, 0.5), quantile(ttft, 0.99)
    true_ttft = [(each["flushes_ns"][0] - each["came_ns"]) / 1e9 for each in truth]
    true_gaps = [(b - a) / 1e9 for each in truth
                 for a, b in zip(each["flushes_ns"][:-1], each["flushes_ns"][1:-1])]
    chunks = sum(len(each["flushes_ns"]) for each in truth)
    first = (min(each["came_ns"] for each in truth) - begun) / 1e9

    def pair(reported, true):
        return "  ".join(f"{value * 1e3:7.2f} ({(value - real) * 1e3:+7.2f})"
                         for value, real in zip(reported, true))

    text = pair(ttft, (quantile(true_ttft, 0.5), quantile(true_ttft, 0.99)))
    gap_text = "-"
    if gaps:
        kind, values = gaps
        gap_text = pair((quantile(values, 0.99),), (quantile(true_gaps, 0.99),))
        gap_text += " of means" if kind == "means" else ""
    return (f"{name:<13} {text}  {gap_text:<27} {cpu * 1e5 / chunks:8.2f} {peak:8.1f} "
            f"{first:8.3f} {len(truth):8}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=lambda path: Path(path).resolve())
    parser.add_argument("--streams", type=int, default=64)
    parser.add_argument("--requests", type=int, default=256)
    parser.add_argument("--tokens", type=int, default=250)
    parser.add_argument("--venvs", type=lambda path: Path(path).resolve())
    parser.add_argument("--only", action="append", choices=CLIENTS)
    options = parser.parse_args()
    options.helpers = []
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        options.venvs = options.venvs or root / "venvs"
        options.venvs.mkdir(exist_ok=True)
        print(f"{options.streams} streams, {options.requests} requests, {options.tokens} tokens; "
              "milliseconds, and how far they are from the truth")
        print(f"{'':<13} {'TTFT p50':>17}  {'TTFT p99':>17}  {'gap p99':<27} {'CPU s':>8} "
              f"{'peak':>8} {'first':>8}")
        print(f"{'client':<13} {'':>17}  {'':>17}  {'':<27} {'/100k':>8} {'MB':>8} "
              f"{'request':>8} {'requests':>8}")
        try:
            for name in options.only or CLIENTS:
                print(row(name, options, root), flush=True)
        finally:
            for helper in options.helpers:
                helper.kill()
                helper.wait()


main()
