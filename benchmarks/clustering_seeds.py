"""Cluster the digits without their labels, with three seeds; let y die and save it; time the label's cost.

    python benchmarks/clustering_seeds.py            everything, about twenty minutes
    python benchmarks/clustering_seeds.py cost       one part of: digits mnist collapse cost

writes benchmarks/results/clustering_seeds.json. Labels serve only to count what came out right. The 8x8
digits are clustered and counted on all 1,797 images; MNIST's subset is fitted on 8,000 and counted on its
2,000 test images. Baselines are scikit-learn's, the Gaussian mixtures with as many restarts as ours has; of
the mixtures on pixels the best setting is found with the labels, which favors them.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from seeded_runs import machine
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import normalized_mutual_info_score
from sklearn.mixture import GaussianMixture as Mixture

from hvae_lessons.cluster_start import start_mixture
from hvae_lessons.data import binarize, load_digits, load_mnist
from hvae_lessons.metrics import label_information, match_clusters
from hvae_lessons.models import ClusterVAE, ClusterVAEConfig, Gaussian, GaussianMixture
from hvae_lessons.models.labels import expected_cost, mean_of_others, sampled_cost
from hvae_lessons.objectives import beta_elbo, elbo, weighted_elbo
from hvae_lessons.reparameterizations import gumbel_max, gumbel_noise
from hvae_lessons.schedules import linear_warm_up
from hvae_lessons.training import fit

RESULT = Path(__file__).parent / "results" / "clustering_seeds.json"
SEEDS = (0, 1, 2)

# What the chapter uses; it reads these settings from the JSON.
RECIPES = {
    "digits": {
        "config": {
            "data_dim": 64,
            "latent_dim": 40,
            "hidden": [],
            "likelihood": "gaussian",
            "noise_log_var": -4.6,
        },
        "pretraining": {"epochs": 60, "learning_rate": 5e-3, "beta": 1.0},
        "start": {"samples": 3, "restarts": 20, "floor": 0.1},
        "training": {"epochs": 5, "learning_rate": 1e-3},
    },
    "mnist": {
        "config": {"data_dim": 784, "latent_dim": 20, "hidden": [256]},
        "pretraining": {"epochs": 12, "learning_rate": 2e-3, "beta": 0.5},
        "start": {"samples": 1, "restarts": 10, "floor": 0.3},
        "training": {"epochs": 4, "learning_rate": 1e-3},
    },
}
# Principal components and variance floor of the mixtures on pixels.
GRIDS = {
    "digits": [(20, 1e-2), (40, 1e-3), (40, 1e-2), (40, 3e-2)],
    "mnist": [(20, 1e-2), (40, 1e-2), (40, 1e-1), (40, 3e-1)],
}


def load(name):
    """Training images, counted images, their labels, and how a batch is prepared."""
    if name == "digits":
        images = load_digits()
        x = torch.cat([images.train_x, images.test_x])
        return x, x, torch.cat([images.train_y, images.test_y]), None
    images = load_mnist()
    return images.train_x, images.test_x, images.test_y, binarize


def cluster(name, seed):
    """One run of a recipe: accuracies before and after training, and what it took."""
    x, counted, labels, prepare = load(name)
    recipe, generator = RECIPES[name], torch.Generator().manual_seed(seed)
    config = {**recipe["config"], "hidden": tuple(recipe["config"]["hidden"])}
    model = ClusterVAE(ClusterVAEConfig(labels="bayes-code", covariance="full", **config), generator)
    settings = {"batch_size": 100, "prepare": prepare, "generator": generator, "progress": False}
    clock = time.process_time()
    beta = recipe["pretraining"]["beta"]
    fit(
        model.vae,
        x,
        epochs=recipe["pretraining"]["epochs"],
        learning_rate=recipe["pretraining"]["learning_rate"],
        objective=beta_elbo,
        schedules={"beta": lambda step: beta},
        **settings,
    )
    codes = {}
    with torch.no_grad():
        z, z_counted = model.vae.encode(x).mean.numpy(), model.vae.encode(counted).mean.numpy()
    pause = time.process_time()
    kmeans = KMeans(10, n_init=10, random_state=seed).fit(z).predict(z_counted)
    codes["K-means on code means"] = accuracy(kmeans, labels)
    start_mixture(model, x, codes="means", seed=seed, **recipe["start"])
    codes["mixture on code means"] = accuracy(model.assign(counted).argmax(-1), labels)
    clock += time.process_time() - pause
    start_mixture(model, x, seed=seed, **recipe["start"])
    codes["mixture on code samples"] = accuracy(model.assign(counted).argmax(-1), labels)
    fit(model, x, **recipe["training"], **settings)
    seconds = time.process_time() - clock
    with torch.no_grad():
        probs = model.assign(counted)
        value = elbo(model(counted if prepare is None else prepare(counted, generator), generator)).mean()
    found = probs.argmax(-1)
    return {
        "seed": seed,
        **codes,
        "this chapter": accuracy(found, labels),
        "nmi": round(normalized_mutual_info_score(labels, found), 3),
        "information": round(label_information(probs), 2),
        "elbo": round(value.item(), 1),
        "cpu_seconds": round(seconds, 1),
    }


def accuracy(clusters, labels):
    """Share of examples in the cluster that bears their label, by the best matching."""
    return round(match_clusters(torch.as_tensor(clusters, dtype=torch.int64), labels)[1], 3)


def baselines(name):
    """K-means and Gaussian mixtures on pixels: accuracy of every seed."""
    x, counted, labels, _ = load(name)
    restarts = RECIPES[name]["start"]["restarts"]
    kmeans = [
        KMeans(10, n_init=restarts, random_state=s).fit(x.numpy()).predict(counted.numpy()) for s in SEEDS
    ]
    grid = []
    for size, floor in GRIDS[name]:
        pca = PCA(size, random_state=0).fit(x.numpy())
        train, test = pca.transform(x.numpy()), pca.transform(counted.numpy())
        runs = []
        for seed in SEEDS:
            mixture = Mixture(10, reg_covar=floor, n_init=restarts, random_state=seed).fit(train)
            runs.append(accuracy(mixture.predict(test), labels))
        grid.append({"components": size, "floor": floor, "accuracy": runs})
        print(name, grid[-1], flush=True)
    best = max(grid, key=lambda entry: np.mean(entry["accuracy"]))
    return {
        "K-means on pixels": [accuracy(found, labels) for found in kmeans],
        "mixture on pixels": best["accuracy"],
        "best_mixture": best,
        "grid": grid,
    }


# What is done about a label that dies: pretraining epochs, a mixture to start from, steps of warm-up, form.
CURES = {
    "analytic form": {"form": "analytic"},
    "analytic form, warm-up": {"form": "analytic", "warm_up": 600},
    "log-ratio form": {},
    "log-ratio form, warm-up": {"warm_up": 600},
    "pretrained": {"pretraining": 40},
    "pretrained, mixture": {"pretraining": 40, "mixture": True},
}


def cure(seed, form="log-ratio", warm_up=None, pretraining=None, mixture=False):
    """A network for q(y | z) on binarized 8x8 digits: does its label say anything in the end?"""
    x, _, labels, _ = load("digits")
    generator = torch.Generator().manual_seed(seed)
    config = ClusterVAEConfig(data_dim=64, latent_dim=10, hidden=(128,), form=form, spread=0.5)
    model = ClusterVAE(config, generator)
    settings = {"learning_rate": 2e-3, "prepare": binarize, "generator": generator, "progress": False}
    if pretraining:
        fit(model.vae, x, epochs=pretraining, **settings)
    if mixture:
        start_mixture(model, binarize(x, generator), restarts=10, seed=seed)
    ramp = linear_warm_up(warm_up) if warm_up else lambda step: 1.0
    schedules = {"betas": lambda step: (1.0, ramp(step))}
    fit(model, x, epochs=60, objective=weighted_elbo, schedules=schedules, **settings)
    with torch.no_grad():
        test = binarize(x, generator)
        probs, value = model.assign(test), elbo(model(test, generator)).mean().item()
    return {
        "seed": seed,
        "information": round(label_information(probs), 3),
        "accuracy": accuracy(probs.argmax(-1), labels),
        "clusters_used": int((probs.mean(0) > 0.01).sum()),
        "elbo": round(value, 2),
    }


def milliseconds(step, repeats=7):
    """Least processor time of a step over some repetitions: the machine may be shared."""
    times = []
    for _ in range(repeats):
        start, count = time.process_time(), 0
        while time.process_time() - start < 0.2:
            step()
            count += 1
        times.append((time.process_time() - start) / count)
    return round(1e3 * min(times), 3)


def label_step(clusters, drawn, batch=100, latent_dim=10):
    """Forward and backward pass of the conditional-prior term alone, given the classifier's logits."""
    generator = torch.Generator().manual_seed(0)
    mixture = GaussianMixture(clusters, latent_dim, generator=generator)
    q = Gaussian(*(torch.randn(batch, latent_dim, generator=generator).requires_grad_() for _ in range(2)))
    logits = torch.randn(batch, clusters, generator=generator).requires_grad_()

    def exact():
        expected_cost(mixture.kl(q), logits).mean().backward()

    def one_label():
        y = gumbel_max(logits.detach(), gumbel_noise(logits.shape, generator))
        cost = mixture.kl_at(q, y)
        sampled_cost(cost, logits, y, mean_of_others(cost)).mean().backward()

    return one_label if drawn else exact


def whole_step(clusters, drawn, batch=100):
    """Forward and backward pass of the whole model, 784-200-200-10."""
    generator = torch.Generator().manual_seed(0)
    strategy = "score-function" if drawn else "exact"
    config = ClusterVAEConfig(hidden=(200, 200), clusters=clusters, form="analytic", strategy=strategy)
    model, x = ClusterVAE(config, generator), torch.rand(batch, 784, generator=generator)
    return lambda: elbo(model(x, generator)).mean().backward()


def costs():
    """Time against Y, exact and drawn."""
    counts = (10, 100, 1000)
    record = {"clusters": list(counts), "batch": 100, "latent_dim": 10}
    for part, build in (("label's term", label_step), ("whole step", whole_step)):
        record[part] = {
            name: [milliseconds(build(count, drawn)) for count in counts]
            for name, drawn in (("exact", False), ("drawn", True))
        }
        print(part, record[part], flush=True)
    return record


def part(name):
    """One section of the record."""
    if name == "cost":
        return costs()
    if name == "collapse":
        record = {label: [cure(seed, **settings) for seed in SEEDS] for label, settings in CURES.items()}
        print(record, flush=True)
        return record
    runs = []
    for seed in SEEDS:
        runs.append(cluster(name, seed))
        print(name, runs[-1], flush=True)
    return {"recipe": RECIPES[name], "runs": runs, "baselines": baselines(name)}


def main():
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConvergenceWarning)
    for name in sys.argv[1:] or ("cost", "collapse", "digits", "mnist"):
        section = part(name)
        record = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
        record[name] = section
        record["machine"] = machine()
        RESULT.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
