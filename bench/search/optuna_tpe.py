#!/usr/bin/env python3
"""Scores Optuna's TPE on the surfaces that search_evaluation exports, as that program scores.

    build/bench/search_evaluation --report --surfaces 20 --export surfaces.txt
    python3 -m venv build/optuna && build/optuna/bin/pip install optuna
    build/optuna/bin/python bench/search/optuna_tpe.py surfaces.txt

The truth is the same; the noise is log-normal of 2 % (--sigma), its numbers are Python's own.
The answer is the highest reading, as Optuna has it. Prints a table in Markdown.
"""

import argparse
import math
import random
import statistics

import optuna

BATCHES = 17
HORIZON = 80


def run(rates, seed, sigma):
    """The regret of the answer after each measurement."""
    contexts = len(rates) // BATCHES
    best = max(rates)
    noise = random.Random(seed)
    sampler = optuna.samplers.TPESampler(multivariate=True, seed=seed)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    regret = []
    crowned, highest = None, 0.0
    for _ in range(HORIZON):
        trial = study.ask()
        cell = trial.suggest_int("num_ctx", 0, contexts - 1) * BATCHES + trial.suggest_int(
            "num_batch", 0, BATCHES - 1
        )
        if rates[cell] == 0.0:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            reading = rates[cell] * math.exp(noise.gauss(0.0, sigma))
            study.tell(trial, math.log(reading))
            if reading > highest:
                highest, crowned = reading, cell
        regret.append(1.0 if crowned is None else 1.0 - rates[crowned] / best)
    return regret


def stays_from(regret):
    count = len(regret)
    while count > 0 and regret[count - 1] <= 0.01:
        count -= 1
    return count + 1


def shown(count):
    return f"> {HORIZON}" if count > HORIZON else f"{count}"


def row(name, traces):
    stays = sorted(stays_from(trace) for trace in traces)
    median = stays[math.ceil(0.5 * len(stays)) - 1]
    p95 = stays[math.ceil(0.95 * len(stays)) - 1]
    at = [100.0 * statistics.mean(trace[n - 1] for trace in traces) for n in (20, 40, HORIZON)]
    print(f"| {name} | {shown(median)} | {shown(p95)} | " + " | ".join(f"{r:.2f} %" for r in at) + " |",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("surfaces")
    parser.add_argument("--sigma", type=float, default=0.02)
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    families = {}
    with open(arguments.surfaces, encoding="utf-8") as lines:
        for line in lines:
            family, seed, *rates = line.split()
            trace = run([float(rate) for rate in rates], int(seed), arguments.sigma)
            families.setdefault(int(family), []).append(trace)
    print("| Optuna TPE | within 1 % from: median | p95 | regret at 20 | at 40 | at the end |")
    print("|---|---|---|---|---|---|")
    for family, traces in sorted(families.items()):
        row(f"F{family + 1}", traces)
    row("**all**", [trace for traces in families.values() for trace in traces])


if __name__ == "__main__":
    main()
