#!/usr/bin/env python3
"""How much a user loses who does what the program says, through HTTP.

Sweeps a server whose true rates are known (true_server.py) with `run --driver api`. The surfaces,
the disturbances and the scores are those of answer_simulation.cpp, which calls the strategy and the
analysis directly; here the whole program runs as a user runs it, on its defaults.

  bench/answer/through_http.py build/release/ollama-bench --sweeps 10 --sigma 0.01 --seed 1

It needs a C compiler (cc): the program sees the server's virtual time as the time of the day
(virtual_clock.c), for its answer depends on how far the loads are apart, and it stores whole
seconds. --real-time leaves that out; a whole sweep then takes a few seconds. In every second sweep
the current setting, which the server's model names as its parameters, lies outside the grid and has
the grid's median rate.

A line: loss of the recommended setting against the best of grid and current setting, and of the
highest first reading, %; loads; verdicts, %; how many of change, keep and tie are true, %; in how
many of the sweeps with another recommended setting the interval of the gain holds the true gain, %;
in how many of the sweeps where 5 % can be had the verdict is change, %; samples that others on this
machine disturbed (none where the program cannot see the server's CPU use, and it says so).
"""

import argparse
import collections
import http.server
import json
import math
import mmap
import os
import pathlib
import random
import subprocess
import tempfile
import threading
import time

from true_server import BATCHES, CONTEXTS, DISTURBANCES, RUNS, SURFACES, Handler, World

VERDICTS = ("change", "keep", "tie", "undecided", "no_answer")
STEP = math.log(1.01)  # what the program calls a difference


class VirtualClock:
    """The time of the day as the measured program sees it."""

    def __init__(self, folder):
        library, path = folder / "virtual_clock.so", folder / "clock"
        source = pathlib.Path(__file__).with_name("virtual_clock.c")
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
        path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 8)
        self.start = time.time()
        self.set(0)
        self.environment = {"LD_PRELOAD": str(library), "OLLAMA_BENCH_CLOCK": str(path)}

    def set(self, seconds):
        self.memory[:] = round(1e9 * (self.start + seconds)).to_bytes(8, "little")


def sweep(program, server, seed, environment):
    """The events of one run of the program."""
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "run", "--driver", "api", "--host",
                   f"127.0.0.1:{server.server_port}", "--model", "truth",
                   "--ctx", ",".join(map(str, CONTEXTS)), "--batch", ",".join(map(str, BATCHES)),
                   "--repetitions", str(RUNS), "--seed", str(seed), "--json",
                   "-r", str(pathlib.Path(folder) / "results.json")]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                              env={**os.environ, **environment})
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def loss_of_highest_reading(events, world):
    """Of the cell with the highest mean log rate of one load of the pass."""
    readings = collections.defaultdict(list)
    for event in events:
        if event["event"] == "sample" and event["role"] == "measure" and not event["excluded"]:
            readings[event["num_ctx"], event["num_batch"]].append(
                math.log(event["prompt_eval_rate"]))
    cell = max(readings, key=lambda c: sum(readings[c]) / len(readings[c]))
    return 1 - math.exp(world.truth[cell] - max(world.truth.values()))


def judge(events, world):
    """Figures of one sweep, to be added up."""
    report = events[-1]["report"]
    setting, verdict = report["recommended"], report["verdict"]
    recommended = (setting["num_ctx"], setting["num_batch"]) if setting else world.current
    gain = world.truth[recommended] - world.truth[world.current]
    possible = world.best_of_grid - world.truth[world.current]
    is_true = {"change": gain > (-STEP if report["reason"] == "context" else STEP),
               "keep": possible <= STEP,
               "tie": world.best_of_grid - world.truth[recommended] <= STEP}
    figures = collections.Counter({
        "sweeps": 1, verdict: 1, "loads": world.loads,
        "loss": 1 - math.exp(world.truth[recommended] - max(world.truth.values())),
        "highest": loss_of_highest_reading(events, world),
        "decided": verdict in is_true, "true": is_true.get(verdict, False),
        "must": possible >= math.log(1.05) - 1e-9,
        "disturbed": sum(e["event"] == "sample" and e["disturbed"] is not None for e in events)})
    figures["did"] = figures["must"] and verdict == "change"
    if report["gain"] and recommended != world.current:
        low, high = report["gain"]["low_percent"], report["gain"]["high_percent"]
        figures["intervals"] = 1
        figures["covered"] = low <= 100 * math.expm1(gain) <= high
    return figures


def print_line(name, figures):
    def share(part, whole):
        return 100 * figures[part] / max(1, figures[whole])

    verdicts = " ".join(f"{verdict[:4]} {share(verdict, 'sweeps'):3.0f}" for verdict in VERDICTS)
    print(f"{name:<24} {figures['sweeps']:4} loss {share('loss', 'sweeps'):5.2f} "
          f"highest {share('highest', 'sweeps'):5.2f}",
          f"loads {figures['loads'] / figures['sweeps']:4.1f}", verdicts,
          f"true {share('true', 'decided'):5.1f} of {figures['decided']} "
          f"cover {share('covered', 'intervals'):5.1f} of {figures['intervals']}",
          f"power {share('did', 'must'):5.1f} of {figures['must']}",
          f"disturbed {figures['disturbed']}", sep=" | ", flush=True)


def run_all(options, server, clock):
    total = collections.Counter()
    for disturbance in DISTURBANCES:
        of_disturbance = collections.Counter()
        for surface in SURFACES:
            of_line = collections.Counter()
            for number in range(options.sweeps):
                draw = (options.seed, options.sigma, disturbance, surface, number)
                rng = random.Random(" ".join(map(str, draw)))
                server.world = World(surface, disturbance, options.sigma, number % 2 == 1, rng,
                                     clock.set)
                events = sweep(options.program.resolve(), server, options.seed + number,
                               {} if options.real_time else clock.environment)
                of_line.update(judge(events, server.world))
            print_line(f"{disturbance} {surface}", of_line)
            of_disturbance.update(of_line)
        print_line(f"{disturbance}: all", of_disturbance)
        total.update(of_disturbance)
    print_line("all", total)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--sweeps", type=int, default=10, help="of each surface and disturbance")
    parser.add_argument("--sigma", type=float, default=0.01, help="of loads and of runs, relative")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--real-time", action="store_true", help="leave the program its clock")
    options = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        run_all(options, server, VirtualClock(pathlib.Path(folder)))
    server.shutdown()


if __name__ == "__main__":
    main()
