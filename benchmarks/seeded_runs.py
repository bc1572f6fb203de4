"""What the benchmarks over seeds share: the data, the loop, and the record that is written."""

import json
import platform
from pathlib import Path

import torch

from hvae_lessons.data import binarize_static, load_mnist


def machine():
    """What the numbers were measured on."""
    return f"{platform.system()} {platform.machine()}, one thread, PyTorch {torch.__version__}"


def write(path, record):
    """Write a record as JSON."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def record_runs(path, measure, names, seeds, *, model, settings):
    """Call measure(name, seed, images, test_x) for all names and seeds on the MNIST subset, and write it."""
    torch.set_num_threads(1)
    images = load_mnist()
    test_x = binarize_static(images.test_x)
    runs = []
    for name in names:
        for seed in seeds:
            runs.append(measure(name, seed, images, test_x))
            print(runs[-1], flush=True)
    record = {
        "model": model,
        "data": "MNIST subset, 8,000 and 2,000 images; dynamic binarization, static for the test set",
        "settings": settings,
        "machine": machine(),
        "runs": runs,
    }
    write(path, record)


def path_of(script):
    """Where the record of a benchmark lies: results/<its name>.json."""
    script = Path(script)
    return script.parent / "results" / f"{script.stem}.json"
