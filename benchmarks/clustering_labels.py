"""Does the label of a clustering VAE say anything in the end? Both forms of the bound, and the cures.

    python benchmarks/clustering_labels.py     writes hvae_lessons/results/records/clustering_labels.json

about twelve minutes of processor time: ten seeds of each cure on the binarized 8x8 digits, all 1,797 images.
All train the whole model for 60 epochs if the name does not say otherwise. Those with a start have another 40
for the VAE before; the run of 100 epochs is what they are to be compared with.
"""

import torch
from clustering_seeds import accuracy
from seeded_runs import nats, path_of, record_runs

from hvae_lessons.data import binarize, load_digits
from hvae_lessons.measures.clusters import label_information
from hvae_lessons.measures.evaluate import evaluate
from hvae_lessons.models import ClusterVAE, ClusterVAEConfig
from hvae_lessons.objectives import weighted_elbo
from hvae_lessons.training import fit
from hvae_lessons.training.cluster_start import start_mixture
from hvae_lessons.training.schedules import linear_warm_up

CONFIG = {"data_dim": 64, "latent_dim": 10, "hidden": (128,), "spread": 0.5}
LEARNING_RATE = 2e-3
# What is done about a label that dies: form, steps of warm-up, pretraining epochs, a mixture to start from.
CURES = {
    "analytic": {"form": "analytic"},
    "analytic, warm-up": {"form": "analytic", "warm_up": 600},
    "analytic, 300 epochs": {"form": "analytic", "epochs": 300},
    "analytic, mixture start": {"form": "analytic", "pretraining": 40, "mixture": True},
    "log-ratio": {},
    "log-ratio, warm-up": {"warm_up": 600},
    "log-ratio, 100 epochs": {"epochs": 100},
    "log-ratio, 300 epochs": {"epochs": 300},
    "log-ratio, pretrained": {"pretraining": 40},
    "log-ratio, mixture start": {"pretraining": 40, "mixture": True},
}


def measure(name, seed, x, labels):
    """One run with a network for q(y | z)."""
    return cured(seed, x, labels, **CURES[name])


def cured(seed, x, labels, form="log-ratio", warm_up=None, pretraining=None, mixture=False, epochs=60):
    """What the label says of the images, how far the clusters are apart, and the bound in nats per image."""
    generator = torch.Generator().manual_seed(seed)
    model = ClusterVAE(ClusterVAEConfig(form=form, **CONFIG), generator)
    settings = {
        "learning_rate": LEARNING_RATE,
        "prepare": binarize,
        "generator": generator,
        "progress": False,
    }
    if pretraining:
        fit(model.vae, x, epochs=pretraining, **settings)
    if mixture:
        start_mixture(model, binarize(x, generator), restarts=10, seed=seed)
    ramp = linear_warm_up(warm_up) if warm_up else lambda step: 1.0
    schedules = {"betas": lambda step: (1.0, ramp(step))}
    fit(model, x, epochs=epochs, objective=weighted_elbo, schedules=schedules, **settings)
    with torch.no_grad():
        seen = binarize(x, generator)
        probs, found = model.assign(seen), evaluate(model, seen, generator)
    return {
        "information": round(label_information(probs), 3),
        "accuracy": accuracy(probs.argmax(-1), labels),
        "clusters_used": int((probs.mean(0) > 0.01).sum()),
        "apart": round(model.mixture.mean.std(0).norm().item(), 3),
        **nats(found),
    }


def load():
    """All digits and their labels."""
    images = load_digits()
    return torch.cat([images.train_x, images.test_x]), torch.cat([images.train_y, images.test_y])


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        CURES,
        model="ClusterVAE 64-128-10 with a network for q(y | z), ten clusters",
        settings={"config": CONFIG, "learning_rate": LEARNING_RATE, "cures": CURES},
        data="8x8 digits, 1,797 images, binarized anew for training",
        load=load,
    )
