#!/usr/bin/env python3
"""Checks what `ollama-bench load` says, through the program, against a simulated server.

Each run measures concurrency 1 to 12 of a server with 1 to 8 slots. Printed is how often the knee
is the number of slots, how often the 95 % intervals of throughput and of percentiles hold the
truth, how far queue waits are from those that the server wrote down, and how often what is said of
an objective is true. The truth of a level is what all other runs of the same server show together;
that of a queue wait is the server's own.

    bench/load/through_program.py BUILD_FOLDER [--runs 200] [--jobs 2] [--first 0]

All figures are of a simulated server.
"""
import argparse
import bisect
import collections
import concurrent.futures
import json
import math
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

LEVELS = range(1, 13)
OBJECTIVE_S = 0.0125  # p95 of the end-to-end latency
LAW = {
    "prefill_s": {"a": 0.003, "b": 0},
    "step_s": 0.001,
    "step_slope": 0.05,
    "jitter": 0.1,
    "noise": {"sigma": 0.01, "block_s": 1},
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def one_run(build, number):
    """The answer, the requests of each window and the server's truth."""
    slots = 1 + number % 8
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        law = dict(LAW, slots=slots, seed=number + 1)
        (folder / "law.json").write_text(json.dumps(law))
        port = free_port()
        environment = dict(os.environ, OLLAMA_HOST=f"127.0.0.1:{port}",
                           OLLAMA_SIMULATOR_LAW=str(folder / "law.json"),
                           OLLAMA_SIMULATOR_TRUTH=str(folder / "truth.jsonl"))
        server = subprocess.Popen(
            [build / "tests/support/simulator/simulated_ollama", "serve"], env=environment,
            stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.02)
            done = subprocess.run(
                [build / "ollama-bench", "load", "--model", "simulated", "--num-predict", "8",
                 "--prompt-tokens", "32", "--concurrency", "1-12:1", "--ignore-disturbance",
                 "--slo", f"e2e_p95={OBJECTIVE_S * 1000}ms", "--seed", str(number),
                 "--results", "load.json", "--json"],
                cwd=folder, env=environment, capture_output=True, text=True, check=False)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        answer = [line for line in map(json.loads, done.stdout.splitlines())
                  if line["event"] == "answer"][-1]
        store = json.loads((folder / "load.json").read_text())
        windows = collections.defaultdict(list)
        excluded = 0
        for cell in store["results"]:
            for sample in cell["samples"]:
                if "window" not in sample:
                    continue
                if sample["excluded"] or sample.get("disturbed"):
                    excluded += 1
                    continue
                lines = (folder / "load.d" / (sample["id"] + ".jsonl")).read_text().splitlines()
                windows[cell["concurrency"]].append(
                    (sample["window"], [json.loads(line) for line in lines]))
        truth = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]
    return slots, answer, dict(windows), truth, excluded


def queue_errors(windows, truth):
    """(measured, true) queue waits in seconds of the requests of windows, found by their order."""
    ends = sorted(truth, key=lambda request: request["end_ns"])
    e2e = [(request["end_ns"] - request["arrival_ns"]) / 1e6 for request in ends]
    pairs = []
    for level in windows.values():
        for window, requests in level:
            n = len(requests)
            mine = [request["e2e_ms"] for request in requests]
            best = min(range(len(ends) - n + 1),
                       key=lambda at: sum(abs(a - b) for a, b in zip(mine, e2e[at:at + n])))
            idle = window.get("idle_queue_ms", 0)
            for request, true in zip(requests, ends[best:best + n]):
                if request["part"] == "measured" and "queue_ms" in request:
                    pairs.append(((request["queue_ms"] - idle) / 1e3, true["queued_ns"] / 1e9))
    return pairs


def share(values, limit):
    values = sorted(values)
    return bisect.bisect_right(values, limit) / len(values)


def quantile(values, q):
    values = sorted(values)
    return values[max(math.ceil(q * len(values)), 1) - 1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    runs = []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        numbers = range(arguments.first, arguments.first + arguments.runs)
        for result in pool.map(lambda number: one_run(build, number), numbers):
            runs.append(result)
    report(runs)


def report(runs):
    knees = sum(answer["knee"]["concurrency"] == slots for slots, answer, *_ in runs)
    decided = sum(answer["knee"]["high"] == answer["knee"]["low"] for _, answer, *_ in runs)
    print(f"simulated: {len(runs)} runs, windows left out: {sum(run[4] for run in runs)}")
    print(f"knee = slots: {knees}; decided (low = high): {decided}")
    pairs = [pair for _, _, windows, truth, _ in runs for pair in queue_errors(windows, truth)]
    outside = sum(abs(mine - true) > 0.02 * true + 0.005 for mine, true in pairs)
    print(f"queue wait: {len(pairs)} requests, {outside} outside 2 % + 5 ms, largest error "
          f"{max(abs(mine - true) for mine, true in pairs) * 1e3:.3f} ms")

    throughput = collections.defaultdict(list)
    latencies = collections.defaultdict(list)
    for slots, answer, windows, _, _ in runs:
        for level in answer["levels"]:
            throughput[slots, level["concurrency"]].append(level["output_tokens_per_s"])
        for users, level in windows.items():
            for _, requests in level:
                latencies[slots, users] += [request["lag_ms"] / 1e3 + request["e2e_ms"] / 1e3
                                            for request in requests
                                            if request["part"] == "measured"]
    held = total = 0
    for levels in throughput.values():
        logs = [math.log(level["estimate"]) for level in levels]
        for level, log in zip(levels, logs):
            if len(levels) < 3 or level["low"] is None:
                continue
            others = (sum(logs) - log) / (len(logs) - 1)
            held += math.log(level["low"]) <= others <= math.log(level["high"])
            total += 1
    print(f"throughput: {held} of {total} 95 % intervals hold the truth "
          f"({100 * held / max(total, 1):.1f} %)")
    for q, key in ((0.5, "p50"), (0.95, "p95")):
        held = total = 0
        for slots, answer, *_ in runs:
            for level in answer["levels"]:
                users = level["concurrency"]
                interval = level["e2e_s"].get(key + "_interval")
                if users > slots or interval is None or len(latencies[slots, users]) < 2000:
                    continue
                held += interval[0] <= quantile(latencies[slots, users], q) <= interval[1]
                total += 1
        if total:
            print(f"{key} of e2e, without a queue: {held} of {total} intervals hold the truth "
                  f"({100 * held / total:.1f} %)")
    true = claims = 0
    for slots, answer, *_ in runs:
        level = answer["capacity"]["level"]
        claims += level is not None
        true += level is None or share(latencies[slots, level], OBJECTIVE_S) >= 0.95
    print(f"capacity: {true} of {len(runs)} statements true ({claims} name a level)")


if __name__ == "__main__":
    main()
