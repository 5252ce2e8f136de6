"""A sweep of a private Ollama's model by the program, for benchmarks."""

import json
import subprocess
import sys
import time

from private_ollama import MODEL


def grid(options):
    return ["--model", MODEL, "--ctx", options.ctx, "--batch", options.batch,
            "--prompt-tokens", str(options.tokens)]


def sweep(options, server, store, *more):
    """Sweeps into `store`. Returns what `heatmap --json` says of it, and the seconds it took."""
    began = time.monotonic()
    subprocess.run([options.program, "run", *grid(options), "--results", store, *more],
                   env=server.environment, check=True, stdout=sys.stderr)
    took = time.monotonic() - began
    report = subprocess.run(
        [options.program, "heatmap", store, "--json", "-o", store.with_suffix(".png"),
         "--csv", store.with_suffix(".csv")], check=True, capture_output=True, text=True)
    return json.loads(report.stdout), took


def name(cell):
    return f"{cell['num_ctx']}/{cell['num_batch']}"
