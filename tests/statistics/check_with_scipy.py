#!/usr/bin/env python3
"""Checks the statistics of ollama-bench against SciPy.

Makes results files of known design, lets the program report on them as JSON, and computes what
`compare` says independently: the posterior of both variances by quadrature of the full multivariate
normal likelihood (scipy.stats.multivariate_normal, no formula shared with the program), Student's t
from its moments, Benjamini and Hochberg. Of the joint model behind `heatmap` it checks what must
hold of any such model: where cells were loaded often and nothing drifts, its values are the mean
logs of their loads, within the intervals that SciPy gives those means.

usage: check_with_scipy.py PROGRAM; exit status 77 where SciPy is missing.
"""
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
    import scipy
    from scipy import stats
except ImportError as error:
    print(f"SKIPPED: {error}; install python3-scipy")
    sys.exit(77)

PRIOR_MEDIAN = 0.016
PRIOR_LOG_DEVIATION = 0.7
LEVEL = 0.95
CALL_BUDGET = 0.05
CELLS_SHARE = 0.8

failures = 0


def check(what, got, expected, relative=1e-6, absolute=1e-9):
    global failures
    if not math.isclose(got, expected, rel_tol=relative, abs_tol=absolute):
        failures += 1
        print(f"FAILED {what}: program {got!r}, SciPy {expected!r}")


def check_equal(what, got, expected):
    global failures
    if got != expected:
        failures += 1
        print(f"FAILED {what}: program {got!r}, SciPy {expected!r}")


def check_between(what, got, low, high):
    global failures
    if not low <= got <= high:
        failures += 1
        print(f"FAILED {what}: program {got!r}, SciPy {low!r} to {high!r}")


def without_stalls(log_rates):
    if len(log_rates) < 3:
        return log_rates
    least = np.median(log_rates) - math.log(2)
    return [value for value in log_rates if value >= least]


class Sweep:
    """Cells with loads of runs; every number is kept as the results file will have it."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.cells = {}
        self.load_id = 0
        self.minute = 0

    def load(self, cell, rate, runs, role, load_deviation=0.01, run_deviation=0.015):
        self.load_id += 1
        self.minute += 1
        of_load = rate * math.exp(self.random.normal(0, load_deviation))
        for _ in range(runs):
            value = round(of_load * math.exp(self.random.normal(0, run_deviation)), 3)
            self.cells.setdefault(cell, []).append({
                "id": f"s{self.load_id}-{len(self.cells.get(cell, []))}",
                "load_id": self.load_id, "role": role, "excluded": None,
                "printed_prompt_eval_rate": value,
                "started": f"2026-11-21T{10 + self.minute // 60:02d}:{self.minute % 60:02d}:00+00:00"})

    def write(self, path, metadata=None):
        results = [{"num_ctx": c, "num_batch": b, "samples": samples}
                   for (c, b), samples in self.cells.items()]
        path.write_text(json.dumps({"metadata": {"schema_version": 1, **(metadata or {})},
                                    "results": results}))

    def units(self):
        """(cell, role, log rates, minute) of each load that speaks for its cell."""
        units = []
        for cell, samples in self.cells.items():
            confirmed = any(s["role"] == "confirm" for s in samples)
            loads = {}
            for sample in samples:
                if not (confirmed and sample["role"] == "measure"):
                    loads.setdefault(sample["load_id"], []).append(sample)
            for load in loads.values():
                started = load[0]["started"]
                minute = int(started[11:13]) * 60 + int(started[14:16])
                values = without_stalls([math.log(s["printed_prompt_eval_rate"]) for s in load])
                units.append((cell, load[0]["role"], values, minute))
        return units


def contrasts(count):
    """Rows that span all that is orthogonal to the mean."""
    return scipy.linalg.null_space(np.ones((1, count))).T


def log_likelihood(groups, load_variance, run_variance):
    total = 0
    for values, loads in groups:
        covariance = run_variance * np.eye(len(values))
        covariance += load_variance * (loads[:, None] == loads[None, :])
        rows = contrasts(len(values))
        total += stats.multivariate_normal.logpdf(rows @ values, cov=rows @ covariance @ rows.T)
    return total


class Noise:
    """The posterior of both variances, on a plain dense grid."""

    def __init__(self, units):
        cells = {}
        for i, (cell, _, values, _) in enumerate(units):
            cells.setdefault(cell, []).extend((value, i) for value in values)
        groups = [(np.array([v for v, _ in runs]), np.array([i for _, i in runs]))
                  for runs in cells.values() if len(runs) > 1]
        logs = np.linspace(math.log(5e-4), math.log(0.15), 48)
        prior = -0.5 * ((logs - math.log(PRIOR_MEDIAN)) / PRIOR_LOG_DEVIATION) ** 2
        density = np.array([[log_likelihood(groups, math.exp(2 * a), math.exp(2 * b))
                             for b in logs] for a in logs]) + prior[:, None] + prior[None, :]
        weights = np.exp(density - density.max())
        self.weights = weights / weights.sum()
        self.load = np.exp(2 * logs)[:, None] * np.ones_like(weights)
        self.run = np.exp(2 * logs)[None, :] * np.ones_like(weights)

    def mean(self, values):
        return float((self.weights * values).sum())

    def error(self, shares):
        """Scale and degrees of freedom of Student's t by its variance's two moments."""
        variance = shares[0] * self.load + shares[1] * self.run
        mean = self.mean(variance)
        degrees = 4 + 2 / (self.mean(variance ** 2) / mean ** 2 - 1)
        return math.sqrt(mean * (degrees - 2) / degrees), degrees


def estimates(units, noise):
    load, run = noise.mean(noise.load), noise.mean(noise.run)
    result = {}
    for cell in sorted({unit[0] for unit in units}):
        loads = [values for c, _, values, _ in units if c == cell]
        weights = np.array([1 / (load + run / len(values)) for values in loads])
        weights /= weights.sum()
        result[cell] = (float(sum(w * np.mean(v) for w, v in zip(weights, loads))),
                        (float((weights ** 2).sum()),
                         float(sum(w * w / len(v) for w, v in zip(weights, loads)))))
    return result


def interval(value, error, level=LEVEL):
    half = error[0] * stats.t.ppf((1 + level) / 2, error[1])
    return value - half, value + half


# The grids of both sides differ, and so do the last digits that they give.
GRID = 2e-3


def check_stalls(program, path, sweep):
    report = json.loads(run(program, "heatmap", path, "--no-csv", "-o", path.with_suffix(".svg"),
                            "--json"))
    check_equal("stalled runs", [o["sample_id"] for o in report["outliers"] if o["left_out"]],
                [s["id"] for samples in sweep.cells.values() for s in samples
                 if s["printed_prompt_eval_rate"] == 21.0])


def make_often_loaded(seed, loads, deviation):
    """Cells far apart, whose loads lie in rounds, so that a slow moment meets all of them."""
    sweep = Sweep(seed)
    for _ in range(loads):
        for i, cell in enumerate([(c, b) for c in (2048, 4096, 8192) for b in (128, 512)]):
            sweep.load(cell, 300 * 1.1 ** i, 2, "measure", deviation, deviation / 2)
    return sweep


def check_often_loaded(program, path, sweep):
    """What the model says of the best and of the current cell is what their loads' means say."""
    sweep.write(path, {"baseline": {"num_ctx": 2048, "num_batch": 128, "source": "Modelfile"}})
    report = json.loads(run(program, "heatmap", path, "--no-csv", "-o", path.with_suffix(".svg"),
                            "--json"))
    loads = {}
    for cell, _, values, _ in sweep.units():
        loads.setdefault(cell, []).append(np.mean(values))
    halves = []
    for cell in (report["best"], report["current"]):
        means = loads[cell["num_ctx"], cell["num_batch"]]
        check_equal("loads", cell["loads"], len(means))
        halves.append(stats.sem(means) * stats.t.ppf((1 + LEVEL) / 2, len(means) - 1))
        # Student's t weighs the loads unequally, so that the two agree within both intervals only.
        check_between("value", math.log(cell["estimate"]), np.mean(means) - 2 * halves[-1],
                      np.mean(means) + 2 * halves[-1])
    best, current = (loads[cell["num_ctx"], cell["num_batch"]]
                     for cell in (report["best"], report["current"]))
    low, gain, high = (math.log1p(report["gain"][key] / 100)
                       for key in ("low_percent", "percent", "high_percent"))
    half = math.hypot(*halves)
    check_between("gain", gain, np.mean(best) - np.mean(current) - half,
                  np.mean(best) - np.mean(current) + half)
    check_between("half of the gain's interval", (high - low) / 2, half / 2, half * 2)


def check_comparison(program, first_path, second_path, first, second):
    report = json.loads(run(program, "compare", first_path, second_path, "--json"))
    a, b = first.units(), second.units()
    noise = Noise([(("a", c), r, v, m) for c, r, v, m in a] +
                  [(("b", c), r, v, m) for c, r, v, m in b])
    before, after = estimates(a, noise), estimates(b, noise)
    p_values, changes, shares = [], [], np.zeros(2)
    for cell in report["cells"]:
        key = cell["num_ctx"], cell["num_batch"]
        both = np.add(before[key][1], after[key][1])
        error = noise.error(both)
        change = after[key][0] - before[key][0]
        p_value = 2 * stats.t.sf(abs(change) / error[0], error[1])
        low, high = interval(change, error)
        check("change", math.log1p(cell["percent"] / 100), change, 0, 1e-5)
        check("change, low", math.log1p(cell["low_percent"] / 100), low, 0, GRID * (high - low))
        check("p-value", cell["p_value"], p_value, 0.05, 1e-3)
        p_values.append(p_value)
        changes.append(change)
        shares += both
    order = np.argsort(p_values)
    below = [i for i, place in enumerate(order)
             if p_values[place] <= CALL_BUDGET * CELLS_SHARE * (i + 1) / len(order)]
    called = set(order[:max(below) + 1]) if below else set()
    for i, cell in enumerate(report["cells"]):
        check_equal("call", cell["is_called"],
                    i in called and abs(math.expm1(changes[i])) > 0.01)
    pooled = noise.error(shares / len(changes) ** 2)
    spread = stats.sem(changes), len(changes) - 1
    level = 1 - (1 - LEVEL) * (1 - CELLS_SHARE)
    widths = [np.diff(interval(0, error, level))[0] for error in (pooled, spread)]
    error = pooled if widths[0] > widths[1] else spread
    low, high = interval(np.mean(changes), error, level)
    check("overall, level", report["overall"]["level"], level)
    check("overall", math.log1p(report["overall"]["percent"] / 100), np.mean(changes), 0, 1e-5)
    check("overall, low", math.log1p(report["overall"]["low_percent"] / 100), low, 0,
          GRID * (high - low))


def run(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{arguments}: exit status {done.returncode}\n{done.stderr}")
    return done.stdout


def make_sweep(seed, factor=1.0, drift=0.0, stalls=()):
    sweep = Sweep(seed)
    cells = [(c, b) for c in (2048, 4096, 8192) for b in (128, 256, 512)]
    rates = {cell: factor * (300 + 10 * i) for i, cell in enumerate(cells)}
    for i, cell in enumerate(cells):
        sweep.load(cell, rates[cell], 3, "measure")
        if i % 2 == 1:
            sweep.load((1024, 64), 200 * math.exp(drift * i), 2, "control")
    for _ in range(3):
        for cell in cells[-3:]:
            sweep.load(cell, rates[cell], 2, "confirm")
    for _ in range(2):  # loads with unequal numbers of runs in one cell
        sweep.load(cells[0], rates[cells[0]], 1, "measure")
    for cell in stalls:
        sweep.cells[cell][1]["printed_prompt_eval_rate"] = 21.0
    return sweep


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        sweeps = [make_sweep(1), make_sweep(2, 0.96, stalls=[(2048, 256)]), make_sweep(3, drift=-0.02)]
        paths = [Path(folder) / f"{i}.json" for i in range(len(sweeps))]
        for path, sweep in zip(paths, sweeps):
            sweep.write(path)
            check_stalls(program, path, sweep)
        for seed, deviation in ((4, 0.004), (5, 0.01), (6, 0.02)):
            check_often_loaded(program, Path(folder) / f"often{seed}.json",
                               make_often_loaded(seed, 12, deviation))
        check_comparison(program, paths[0], paths[1], sweeps[0], sweeps[1])
        check_comparison(program, paths[0], paths[2], sweeps[0], sweeps[2])
    print(f"SciPy {scipy.__version__}: {failures} disagreements")
    return 1 if failures else 0


sys.exit(main())
