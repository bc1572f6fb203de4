"""Cluster the 8x8 digits and the MNIST subset without their labels, with ten seeds each.

    python benchmarks/clustering_seeds.py      writes hvae_lessons/results/records/clustering_seeds.json

about fifteen minutes of processor time. Labels serve only to count what came out right. The 8x8 digits are
clustered and counted on all 1,797 images; MNIST's subset is fitted on 8,000 and counted on its 2,000 test
images. Every run pretrains one VAE, and all methods on codes start from it. Baselines that need no model are
in clustering_pixels.py.
"""

import warnings

import torch
from seeded_runs import nats, path_of, record_runs
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import normalized_mutual_info_score

from hvae_lessons.data import binarize, binarize_static, load_digits, load_mnist
from hvae_lessons.measures.clusters import label_information, match_clusters
from hvae_lessons.measures.evaluate import evaluate
from hvae_lessons.models import ClusterVAE, ClusterVAEConfig
from hvae_lessons.objectives import beta_elbo
from hvae_lessons.training import fit
from hvae_lessons.training.cluster_start import start_mixture

DATA = "8x8 digits: 1,797 images. MNIST subset: 8,000 and 2,000 images, binarized anew for training"
# What the chapter uses; a test compares.
RECIPES = {
    "8x8 digits": {
        "config": {
            "data_dim": 64,
            "latent_dim": 40,
            "hidden": (),
            "likelihood": "gaussian",
            "noise_log_var": -4.6,
        },
        "pretraining": {"epochs": 60, "learning_rate": 5e-3, "beta": 1.0},
        "start": {"samples": 3, "restarts": 20, "floor": 0.1},
        "training": {"epochs": 5, "learning_rate": 1e-3},
    },
    "MNIST subset": {
        "config": {"data_dim": 784, "latent_dim": 20, "hidden": (256,)},
        "pretraining": {"epochs": 12, "learning_rate": 2e-3, "beta": 0.5},
        "start": {"samples": 1, "restarts": 10, "floor": 0.3},
        "training": {"epochs": 4, "learning_rate": 1e-3},
    },
}
FLOORS = (0.001, 0.03, 0.1, 0.3)  # under the variances of the mixture


def both():
    """Of each data set: training images, counted images, their labels, and how a batch is prepared."""
    digits, mnist = load_digits(), load_mnist()
    x = torch.cat([digits.train_x, digits.test_x])
    return (
        {
            "8x8 digits": (x, x, torch.cat([digits.train_y, digits.test_y]), None),
            "MNIST subset": (mnist.train_x, mnist.test_x, mnist.test_y, binarize),
        },
    )


def accuracy(clusters, labels):
    """Share of examples in the cluster that bears their label, by the best matching."""
    return round(match_clusters(torch.as_tensor(clusters, dtype=torch.int64), labels)[1], 4)


def pretrained(name, seed, data):
    """A model with a VAE that has not heard of clusters, and what the recipe trains it by afterwards."""
    (x, _, _, prepare), recipe = data[name], RECIPES[name]
    generator = torch.Generator().manual_seed(seed)
    config = ClusterVAEConfig(labels="bayes-code", covariance="full", **recipe["config"])
    model = ClusterVAE(config, generator)
    settings = {"batch_size": 100, "prepare": prepare, "generator": generator, "progress": False}
    pretraining = dict(recipe["pretraining"])
    beta = pretraining.pop("beta")
    schedules = {"beta": lambda step: beta}
    fit(model.vae, x, objective=beta_elbo, schedules=schedules, **pretraining, **settings)
    return model, settings


def measure(name, seed, data):
    """One run of a recipe: accuracies before and after training, and the bound in nats per image."""
    (x, counted, labels, prepare), recipe = data[name], RECIPES[name]
    model, settings = pretrained(name, seed, data)
    with torch.no_grad():
        z, z_counted = model.vae.encode(x).mean.numpy(), model.vae.encode(counted).mean.numpy()
    kmeans = KMeans(10, n_init=10, random_state=seed).fit(z).predict(z_counted)

    def after_em(**start):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ConvergenceWarning)
            likelihood = start_mixture(model, x, seed=seed, **{**recipe["start"], **start})
        with torch.no_grad():
            found = model.assign(counted).argmax(-1)
        return accuracy(found, labels), round(likelihood, 3), not caught

    floors = [after_em(floor=floor)[0] for floor in FLOORS]
    means, _, _ = after_em(codes="means")
    samples, likelihood, converged = after_em()
    fit(model, x, **recipe["training"], **settings)
    with torch.no_grad():
        probs = model.assign(counted)
    seen = counted if prepare is None else binarize_static(counted)
    bound = evaluate(model, seen, settings["generator"])
    found = probs.argmax(-1)
    table, _ = match_clusters(found, labels)
    mistaken = table + table.T
    pair = torch.triu(mistaken, 1).argmax().item()
    return {
        "K-means on code means": accuracy(kmeans, labels),
        "mixture on code means": means,
        "mixture on code samples": samples,
        "whole model": accuracy(found, labels),
        "by floor": floors,
        "log-likelihood per code": likelihood,
        "EM converged": converged,
        "nmi": round(normalized_mutual_info_score(labels, found), 3),
        "information": round(label_information(probs), 3),
        **nats(bound),
        "4 and 9 mistaken": int(mistaken[4, 9]),
        "most mistaken pair": [pair // 10, pair % 10],
    }


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        RECIPES,
        model="ClusterVAE, labels by Bayes' rule given the code, full covariances, ten clusters",
        settings={"recipes": RECIPES, "floors": FLOORS, "batch_size": 100},
        data=DATA,
        load=both,
    )
