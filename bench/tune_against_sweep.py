#!/usr/bin/env python3
"""Whether `tune` finds on a real Ollama what a full sweep of the same grid finds.

First the full sweep, then a tune in a store of its own that is interrupted once and gone on with by
the same command. Prints both answers, whether tune's lies in the sweep's best set, and what each took.
Run it on a machine that does nothing else.

  bench/tune_against_sweep.py build/release/ollama-bench OLLAMA WEIGHTS.gguf --keep FOLDER
"""

import argparse
import json
import pathlib
import signal
import subprocess
import tempfile
import time

from private_ollama import Server
from real_sweep import grid, name, sweep


def events(process, until=None):
    found = []
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] not in ("measurement", "answer"):
            continue
        found.append(event)
        if until and len(found) == until:
            process.send_signal(signal.SIGINT)
    process.wait()
    return found


def tune(options, server, folder):
    line = [options.program, "tune", *grid(options), "--results", folder / "tune.json", "--json",
            "--budget", str(options.budget)]
    began = time.monotonic()
    parts = []
    for until in (options.interrupt, None):
        process = subprocess.Popen(line, env=server.environment, stdout=subprocess.PIPE, text=True)
        parts.append(events(process, until))
    return parts, time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("ollama", type=pathlib.Path)
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("--ctx", default="512,1024,1536,2048,2560,3072,3584,4096")
    parser.add_argument("--batch", default="8,16,32,64,128,256")
    parser.add_argument("--tokens", type=int, default=250)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--budget", type=int, default=60)
    parser.add_argument("--interrupt", type=int, default=10, help="after so many measurements")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the stores [none]")
    options = parser.parse_args()
    for path in ("program", "ollama", "weights"):
        setattr(options, path, getattr(options, path).resolve())
    with tempfile.TemporaryDirectory() as scratch:
        folder = (options.keep or pathlib.Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        home = pathlib.Path(scratch) / "home"
        home.mkdir()
        server = Server(options.ollama, options.weights, home)
        try:
            report, sweep_s = sweep(options, server, folder / "run.json", "--repetitions",
                                    str(options.repetitions))
            (before, after), tune_s = tune(options, server, folder)
        finally:
            server.stop()
    answer = after[-1]
    best_set = [name(cell) for cell in report["best_set"]]
    print(f"sweep: {report['statistics']['combinations']} cells, {sweep_s:.0f} s, answer "
          f"{name(report['recommended'])}, best set of {len(best_set)}: {' '.join(best_set)}")
    print(f"tune: interrupted after {len(before)} measurements, {answer['measurements']} in all, "
          f"{tune_s:.0f} s, answer {name(answer)}, P {answer['probability']:.3f}, "
          f"{'certified' if answer['certified'] else 'not certified'}")
    print("tune's answer lies in the best set:", "yes" if name(answer) in best_set else "NO")


if __name__ == "__main__":
    main()
