"""Sixteen models at once by `fit_many`, beside sixteen calls of `fit`: seconds, and memory.

    python benchmarks/sweep_speed.py    writes hvae_lessons/results/records/sweep_speed.json, a few minutes

VAEs of 8x8 digits, 64-64-2, and of 28x28 ones, 784-128-8, one for each of sixteen values of beta; batch 128;
Adam. On one core the two are run in turn, `ROUNDS` times, and timed in CPU seconds, which a busy machine
disturbs less than the clock on the wall. The ratio of each round is recorded, and its median counts: what
else runs on the machine changes from round to round, and slows both.

With both cores, two groups of eight models are trained by `sweep`, and the clock on the wall is what counts;
the processes have started before. This one needs a machine that does nothing else: the record says how busy
it was.

Memory is the peak of a fresh process, above what it held before training.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch
from seeded_runs import machine, path_of, write

from hvae_lessons.data import load_digits, load_mnist
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import beta_elbo
from hvae_lessons.training import fit
from hvae_lessons.training.sweep import fit_many, sweep

BETAS = [0.25 * number for number in range(16)]
SETTINGS = {"batch_size": 128, "objective": beta_elbo, "progress": False}
ROUNDS = 5
# Sizes, and epochs of a round: enough that what happens once, before training, counts little.
CASES = {
    "64-64-2": ((64, 64, 2), 16),
    "784-128-8": ((784, 128, 8), 1),
}


def data(pixels):
    images = load_digits() if pixels == 64 else load_mnist()
    return images.train_x[:1437].to(torch.get_default_dtype())


def models(sizes, betas):
    pixels, hidden, latent = sizes
    config = VAEConfig(data_dim=pixels, latent_dim=latent, hidden=(hidden,))
    return [VAE(config, torch.Generator().manual_seed(number)) for number in range(len(betas))]


def one_by_one(sizes, epochs, betas):
    x = data(sizes[0])
    for model, beta in zip(models(sizes, betas), betas):
        schedules = {"beta": lambda step, beta=beta: beta}
        fit(model, x, epochs=epochs, schedules=schedules, generator=torch.Generator(), **SETTINGS)


def at_once(sizes, epochs, betas):
    generator, schedules = torch.Generator(), {"beta": betas}
    together = models(sizes, betas)
    fit_many(together, data(sizes[0]), epochs=epochs, schedules=schedules, generator=generator, **SETTINGS)


def seconds(clock, run, *arguments):
    start = clock()
    run(*arguments)
    return clock() - start


def print_peak(run, name, dtype):
    """Megabytes by which a run raises the peak of this process, which has trained one model before."""
    prepare(getattr(torch, dtype))
    runs = {"one_by_one": one_by_one, "at_once": at_once}
    sizes, epochs = CASES[name]
    one_by_one(sizes, epochs, BETAS[:1])
    before = high_water()
    runs[run](sizes, epochs, BETAS)
    print(high_water() - before)


def high_water():
    """The most memory that this process has held, in megabytes. (`getrusage` would count its parent's.)"""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def peak(*arguments):
    """The same of a fresh process."""
    command = [sys.executable, __file__, *arguments]
    return round(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout), 1)


def prepare(dtype):
    torch.set_num_threads(1)
    torch.set_default_dtype(dtype)


def halves(sizes, epochs):
    """Two groups of eight, one on each core."""

    def train(half, member):
        at_once(sizes, epochs, [BETAS[2 * number + half] for number in member])
        return [{} for _ in member]

    sweep(train, {"half": [0, 1], "member": list(range(8))}, "member", jobs=2, progress=False)


def summary(slow, fast):
    ratios = [a / b for a, b in zip(slow, fast)]
    return {
        "times_faster": round(statistics.median(ratios), 2),
        "times_faster_in_each_round": [round(ratio, 2) for ratio in ratios],
        "seconds_one_by_one": [round(value, 3) for value in slow],
        "seconds_at_once": [round(value, 3) for value in fast],
    }


def measure(name, dtype):
    """One row of the record."""
    prepare(dtype)
    sizes, epochs = CASES[name]
    clock, wall = time.process_time, time.perf_counter
    slow, fast, slow_wall, fast_wall, loads = [], [], [], [], []
    one_by_one(sizes, 1, BETAS[:1])
    halves(sizes, 1)  # starts the processes
    for _ in range(ROUNDS):
        loads.append(round(os.getloadavg()[0], 1))
        slow.append(seconds(clock, one_by_one, sizes, epochs, BETAS))
        fast.append(seconds(clock, at_once, sizes, epochs, BETAS))
    for _ in range(ROUNDS):
        slow_wall.append(seconds(wall, one_by_one, sizes, epochs, BETAS))
        fast_wall.append(seconds(wall, halves, sizes, epochs))
    precision = str(dtype).removeprefix("torch.")
    return {
        "name": f"{name}, {precision}",
        "one_core": summary(slow, fast),
        "both_cores": summary(slow_wall, fast_wall),
        "megabytes_one_by_one": peak("one_by_one", name, precision),
        "megabytes_at_once": peak("at_once", name, precision),
        "load_of_each_round": loads,
    }


def main():
    rows = []
    for name in CASES:
        for dtype in (torch.float64, torch.float32):
            rows.append(measure(name, dtype))
            print(rows[-1], flush=True)
    record = {
        "what": __doc__.splitlines()[0],
        "models": len(BETAS),
        "settings": {"batch_size": 128, "rounds": ROUNDS},
        "machine": machine(),
        "processor_count": os.cpu_count(),
        "runs": rows,
    }
    write(path_of(__file__), record)


if __name__ == "__main__":
    print_peak(*sys.argv[1:]) if len(sys.argv) > 1 else main()
