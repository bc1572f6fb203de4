"""Test ELBO of the playground's training beside `training.fit` with the same settings, three seeds.

8x8 digits, dynamic binarization, batch 128 (the last incomplete one left out), Adam, beta 1. The code of the
page runs in Node as it is, and its weights come back through `VAEPlayground.to_torch`. Both models are judged
by minus ELBO of the 360 test images, statically binarized, averaged over 100 samples of each code.

Writes hvae_lessons/results/records/playground_convergence.json.
"""

import base64
import json
import platform
import subprocess

import numpy as np
import torch
from seeded_runs import path_of

from hvae_lessons.data import binarize
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import elbo
from hvae_lessons.training import fit
from hvae_lessons.widgets import VAEPlayground
from hvae_lessons.widgets.kit import bundles
from hvae_lessons.widgets.vae_playground.image_pack import packed, page_images

EPOCHS, BATCH, RATE, SEEDS = 400, 128, 0.003, (0, 1, 2)
SIZES = ({"latent": 2, "hidden": 64}, {"latent": 8, "hidden": 64})
SCRIPT = """
import { readFileSync } from "node:fs";
const { training } = await import(SOURCES + "training.js");
const { unpackImages } = await import(SOURCES + "image_pack.js");
const { packed, latent, hidden, seed, epochs, rate } = JSON.parse(readFileSync(0, "utf8"));
const images = unpackImages(new Uint8Array(Buffer.from(packed, "base64")));
const model = training({ images, latent, hidden, seed }, () => ({ beta: 1, warmUp: 0, nats: 0, rate }));
while (model.steps() < epochs * model.stepsPerEpoch) model.step();
console.log(JSON.stringify(Array.from(model.weights())));
"""


def in_page(size, seed):
    """The model after training by the page's code."""
    sources = json.dumps((bundles.SOURCES / "js" / "numerics").as_uri() + "/")
    given = {"packed": base64.b64encode(packed("digits")).decode(), **size, "seed": seed}
    command = [*bundles.node(), "--input-type=module", "--eval", f"const SOURCES = {sources};{SCRIPT}"]
    text = json.dumps({**given, "epochs": EPOCHS, "rate": RATE})
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return VAEPlayground(**size, weights=np.array(json.loads(done.stdout))).to_torch()


def in_torch(size, seed, x):
    """The model after training by the package."""
    generator = torch.Generator().manual_seed(seed)
    model = VAE(VAEConfig(64, size["latent"], (size["hidden"],)), generator)
    whole = len(x) // BATCH * BATCH

    def prepare(x, generator):
        return binarize(x[torch.randperm(len(x), generator=generator)[:whole]], generator)

    settings = {"epochs": EPOCHS, "batch_size": BATCH, "learning_rate": RATE, "progress": False}
    fit(model, x, prepare=prepare, generator=generator, **settings)
    return model


@torch.inference_mode()
def negative_elbo(model, x):
    return -elbo(model(x, generator=torch.Generator().manual_seed(0), samples=100)).mean().item()


def main():
    torch.set_num_threads(1)
    images, rows = page_images("digits"), []
    for size in SIZES:
        page = [negative_elbo(in_page(size, seed), images.test_x) for seed in SEEDS]
        package = [negative_elbo(in_torch(size, seed, images.train_x), images.test_x) for seed in SEEDS]
        worst = max(abs(a / b - 1) for a, b in zip(page, package, strict=True))
        rows.append(
            {
                **size,
                "page": [round(value, 2) for value in page],
                "torch": [round(value, 2) for value in package],
                "means_differ_by": round(np.mean(page) / np.mean(package) - 1, 4),
                "largest_difference_of_a_seed": round(worst, 4),
            }
        )
        print(rows[-1])
    result = {
        "what": __doc__.splitlines()[0],
        "epochs": EPOCHS,
        "learning_rate": RATE,
        "seeds": SEEDS,
        "negative_elbo_of_the_test_images": rows,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    path = path_of(__file__)
    path.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
