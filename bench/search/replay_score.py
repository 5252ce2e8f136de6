#!/usr/bin/env python3
"""Scores `ollama-bench tune` from outside, on a recorded sweep that is replayed with noise.

    python3 bench/search/replay_score.py build/ollama-bench tests/data/nemotron_5gpu_sweep.csv

The recording is a table as `heatmap --csv` writes it: num_batch down, num_ctx across. Its readings
are taken for the truth, although they are single readings with noise of their own.
"""

import argparse
import csv
import json
import math
import pathlib
import statistics
import subprocess
import tempfile


def read_table(path):
    with open(path, encoding="utf-8") as lines:
        header, *rows = csv.reader(lines)
    contexts = [int(value) for value in header[1:]]
    return {
        (context, int(row[0])): float(value)
        for row in rows
        for context, value in zip(contexts, row[1:])
        if value
    }


def play(program, folder, truth, seed, options):
    recording = folder / "recording.json"
    recording.write_text(json.dumps({"metadata": {}, "results": [
        {"num_ctx": cell[0], "num_batch": cell[1], "prompt_eval_rate": rate}
        for cell, rate in truth.items()]}))
    axis = lambda index: ",".join(str(value) for value in sorted({cell[index] for cell in truth}))
    out = subprocess.run(
        [program, "tune", "--ctx", axis(0), "--batch", axis(1), "--driver", "replay",
         "--replay", recording, "--replay-noise", str(options.sigma), "--seed", str(seed),
         "--budget", str(options.budget), "--no-stop", "--json",
         "-r", folder / f"results{seed}.json"],
        check=True, capture_output=True, text=True).stdout
    best = max(truth.values())
    events = [json.loads(line) for line in out.splitlines()]
    answers = [event["answer"] for event in events if event["event"] == "measurement"]
    return [1.0 if answer is None
            else 1.0 - truth[answer["num_ctx"], answer["num_batch"]] / best for answer in answers]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("table")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--sigma", type=float, default=0.02)
    parser.add_argument("--budget", type=int, default=80)
    options = parser.parse_args()
    truth = read_table(options.table)
    stays, regret = [], {count: [] for count in (10, 20, 40, options.budget)}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, options.seeds + 1):
            trace = play(options.program, pathlib.Path(folder), truth, seed, options)
            count = len(trace)
            while count > 0 and trace[count - 1] <= 0.01:
                count -= 1
            stays.append(count + 1)
            for at, values in regret.items():
                values.append(trace[at - 1])
    stays.sort()
    quantile = lambda share: stays[math.ceil(share * len(stays)) - 1]
    print(f"{len(truth)} cells, {options.seeds} seeds, noise {100 * options.sigma:g} %")
    print(f"within 1 % of the highest reading from: median {quantile(0.5)}, p95 {quantile(0.95)} "
          f"(above {options.budget}: never)")
    for at, values in regret.items():
        print(f"mean regret at {at}: {100 * statistics.mean(values):.2f} %")


if __name__ == "__main__":
    main()
