"""What the benchmarks over seeds share: the data, the loop, and the record that is written run by run."""

import argparse
import json
import platform
from pathlib import Path

import torch

from hvae_lessons.data import binarize_static, load_mnist
from hvae_lessons.results import FOLDER

SEEDS = tuple(range(10))


def machine():
    """What the numbers were measured on."""
    return f"{platform.system()} {platform.machine()}, one thread, PyTorch {torch.__version__}"


def prepare_torch():
    """As in the chapters: one thread, double precision."""
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)


def write(path, record):
    """Write a record as JSON, a run a line."""
    text = json.dumps({**record, "runs": None} if "runs" in record else record, indent=1)
    if "runs" in record:
        rows = ",\n".join(f"  {json.dumps(run)}" for run in record["runs"])
        text = text.replace('"runs": null', f'"runs": [\n{rows}\n ]')
    path.parent.mkdir(exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")


def nats(found, digits=2):
    """-ELBO, distortion and rate of an Evaluation as records have them, in nats per image."""
    terms = {"negative_elbo": -found.elbo, "distortion": found.distortion, "rate": found.rate}
    return {name: round(value, digits) for name, value in terms.items()}


def nats_per_level(found, digits=2):
    """The KL of every level of an Evaluation."""
    return {"kl_per_level": [round(kl, digits) for kl in found.kl]}


def mnist_subset():
    """Images of the MNIST subset, and its test images binarized once."""
    images = load_mnist()
    return images, binarize_static(images.test_x)


def least_squares_judge(images):
    """A linear classifier of pixels, for pictures that a model made: [N, D] -> digits [N]."""
    ink = torch.cat([images.train_x, torch.ones_like(images.train_x[:, :1])], -1)
    target = torch.eye(10)[images.train_y.long()]
    weight = torch.linalg.solve(ink.T @ ink + 10 * torch.eye(ink.shape[1]), ink.T @ target)
    return lambda x: (x @ weight[:-1] + weight[-1]).argmax(-1)


MNIST = "MNIST subset, 8,000 and 2,000 images; dynamic binarization, static for the test set"


def record_runs(path, measure, names, *, model, settings, seeds=SEEDS, data=MNIST, load=mnist_subset):
    """Call measure(name, seed, images, test_x) for all seeds and names on the MNIST subset, and record it.

    `measure` returns the numbers of a run; "name" and "seed" are added. The record is written after every
    run, and a second call with the same settings goes on where the first was stopped. On the command line,
    names choose some of the runs, and --anew measures these again. For other data `load` returns a tuple that
    stands in the place of images and test_x, and `data` says what it is. `seeds` may depend on the name.
    """
    seeds_of = seeds if isinstance(seeds, dict) else dict.fromkeys(names, seeds)
    order = [(str(name), seed) for name in names for seed in seeds_of[name]]
    chosen = _arguments(path, [str(name) for name in names], sorted({seed for _, seed in order}))
    prepare_torch()
    loaded = load()
    record = {
        "model": model,
        "data": data,
        "settings": json.loads(json.dumps(settings)),
        "precision": "double",
        "machine": machine(),
    }
    for seed in chosen.seeds:
        for name in names:
            wanted = (str(name), seed) in order and (not chosen.names or str(name) in chosen.names)
            if not wanted or ((str(name), seed) in _measured(chosen.to, record) and not chosen.anew):
                continue
            run = {"name": str(name), "seed": seed, **measure(name, seed, *loaded)}
            print(run, flush=True)
            # Read again: another process may have measured other runs of the same record in the meantime.
            runs = {**_measured(chosen.to, record), (str(name), seed): run}
            write(chosen.to, {**record, "runs": [runs[key] for key in order if key in runs]})


def _arguments(path, names, seeds):
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(names)}; all of them")
    parser.add_argument("--anew", action="store_true", help="measure what is recorded, too")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(seeds))
    parser.add_argument("--to", type=Path, default=path, help="the file to write")
    chosen = parser.parse_args()
    unknown = set(chosen.names) - set(names)
    if unknown:
        parser.error(f"no run called {', '.join(sorted(unknown))}")
    return chosen


def _measured(path, record):
    """The runs in a file, by name and seed; none if they were made with other settings."""
    if not path.exists():
        return {}
    known = json.loads(path.read_text(encoding="utf-8"))
    same = all(known.get(key) == record[key] for key in ("model", "data", "settings", "precision"))
    return {(run["name"], run["seed"]): run for run in known["runs"]} if same else {}


def path_of(script):
    """Where the record of a benchmark lies: in the package, which the chapters read it from."""
    return Path(str(FOLDER)) / f"{Path(script).stem}.json"
