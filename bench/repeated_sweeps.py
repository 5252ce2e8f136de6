#!/usr/bin/env python3
"""Whether sweeps of the same grid agree: does each one's answer lie in the best sets of the others?

Sweeps a grid several times on a real Ollama, each time into a store of its own. Run it on a machine
that does nothing else.

  bench/repeated_sweeps.py build/release/ollama-bench OLLAMA WEIGHTS.gguf --keep FOLDER
"""

import argparse
import json
import pathlib
import tempfile

from private_ollama import Server
from real_sweep import name, sweep


def confirmed(store):
    """How many cells got more than the load of the pass."""
    cells = json.loads(store.read_text())["results"]
    return sum(any(s.get("role") == "confirm" for s in c.get("samples", [])) for c in cells)


def describe(store, report, took):
    print(f"{store.stem}: answer {name(report['recommended'])}, best set of "
          f"{len(report['best_set'])}: {' '.join(map(name, report['best_set']))}; baseline "
          f"{json.dumps(report['baseline'])}; {confirmed(store)} cells with a load after the pass; "
          f"{took:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("ollama", type=pathlib.Path)
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("--sweeps", type=int, default=3)
    parser.add_argument("--ctx", default="512,1024,2048,4096")
    parser.add_argument("--batch", default="16,32,48,64")
    parser.add_argument("--tokens", type=int, default=130)
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the stores and pictures")
    options = parser.parse_args()
    for path in ("program", "ollama", "weights"):
        setattr(options, path, getattr(options, path).resolve())
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep.resolve() if options.keep else pathlib.Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        server = Server(options.ollama, options.weights, pathlib.Path(scratch))
        try:
            reports = []
            for number in range(1, options.sweeps + 1):
                store = folder / f"sweep{number}.json"
                report, took = sweep(options, server, store)
                describe(store, report, took)
                reports.append(report)
        finally:
            server.stop()
    pairs = [(a, b) for a in reports for b in reports if a is not b]
    held = sum(name(a["recommended"]) in map(name, b["best_set"]) for a, b in pairs)
    print(f"{held} of {len(pairs)} pairs: the answer of one in the best set of the other")


if __name__ == "__main__":
    main()
