"""Train the chapter's VAEs with twenty coordinates, and the autoencoder beside them, with ten seeds each.

    python benchmarks/vae_seeds.py    writes hvae_lessons/results/records/vae_seeds.json, forty minutes

Runs of one seed share initial weights, batches and noise. Those of 20 epochs differ in one thing: what
multiplies the KL. Warm-up raises it from 0 to 1 over the first half of the epochs. Every run is measured by
the ELBO with weight 1 on the test set, whatever it was trained with; an autoencoder has none.
"""

from functools import lru_cache

import torch
from seeded_runs import nats, path_of, record_runs

from hvae_lessons.data import binarize
from hvae_lessons.measures.active_units import active_by_variance
from hvae_lessons.measures.evaluate import averages, evaluate
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import beta_elbo, reconstruction
from hvae_lessons.training import fit
from hvae_lessons.training.schedules import linear_warm_up

LATENT_DIM = 20
SETTINGS = {"batch_size": 100, "learning_rate": 1.5e-3}
STEPS = 80  # of an epoch
LAST = 10  # epochs at the end, over which the progress of the training is recorded

# name -> posterior, epochs, weight of the KL as a function of epochs; None leaves the KL out
RUNS = {
    "Z = 20": ("gaussian", 20, lambda epochs: lambda step: 1.0),
    "Z = 20, warm-up": ("gaussian", 20, lambda epochs: linear_warm_up(epochs // 2 * STEPS)),
    "Z = 20, beta = 1/2": ("gaussian", 20, lambda epochs: lambda step: 0.5),
    "autoencoder": ("point", 20, None),
    "Z = 20, 60 epochs": ("gaussian", 60, lambda epochs: lambda step: 1.0),
    "Z = 20, warm-up, 60 epochs": ("gaussian", 60, lambda epochs: linear_warm_up(epochs // 2 * STEPS)),
}


def train(name, x, generator):
    """One of RUNS, and its history."""
    posterior, epochs, weight = RUNS[name]
    model = VAE(VAEConfig(latent_dim=LATENT_DIM, posterior=posterior), generator)
    recipe = {"objective": reconstruction}
    if weight is not None:
        recipe = {"objective": beta_elbo, "schedules": {"beta": weight(epochs)}}
    settings = {"prepare": binarize, "generator": generator, "progress": False}
    return model, fit(model, x, epochs=epochs, **recipe, **settings, **SETTINGS)


@lru_cache(maxsize=1)
def classifier(images):
    """Logistic regression on gray digits: how sure is it that an image is one?"""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=60, tol=1e-2).fit(images.train_x, images.train_y)


def beside_the_prior(model, images, test_x, generator):
    """Where the codes are, what prior samples look like, and how well images are rebuilt."""
    samples = model.sample(1000, generator)
    q_z = model.encode(test_x)
    z = q_z.sample(torch.randn(q_z.mean.shape, generator=generator))
    squared_error = ((model.decode(q_z.mean).mean - images.test_x) ** 2).sum(-1)
    return {
        "squared_length": round((z**2).sum(-1).mean().item(), 2),
        "sure": round(classifier(images).predict_proba(samples).max(1).mean().item(), 4),
        "ink": round(samples.mean().item(), 4),
        "squared_error": round(squared_error.mean().item(), 3),
    }


def terms(model, images, test_x, generator):
    """Rate, distortion and coordinates in use; -ELBO of training images as well."""
    trace = model(test_x, generator=generator)
    found = averages(trace)
    on_train = evaluate(model, binarize(images.train_x, generator), generator)
    spectrum = found.kl_per_dimension[0].sort(descending=True).values
    return {
        **nats(found, 3),
        "reported_at_beta_half": round(-beta_elbo(trace, 0.5).mean().item(), 3),
        "negative_elbo_train": round(-on_train.elbo, 3),
        "active": found.active[0],
        "active_by_variance": int(active_by_variance(trace.layers[0].q.mean).sum()),
        "kl_per_dimension": [round(value, 4) for value in spectrum.tolist()],
    }


def progress(history):
    """Nats by which -ELBO of the training images, as they were trained on, fell over the last epochs."""
    negative_elbo = history.kl.sum(1) - history.log_px_given_z
    return {f"gain_of_last_{LAST}_epochs": round(float(negative_elbo[-LAST - 1] - negative_elbo[-1]), 3)}


def measure(name, seed, images, test_x):
    generator = torch.Generator().manual_seed(seed)
    model, history = train(name, images.train_x, generator)
    with torch.inference_mode():
        numbers = beside_the_prior(model, images, test_x, generator)
        if RUNS[name][0] == "gaussian":
            numbers = {**terms(model, images, test_x, generator), **numbers, **progress(history)}
    return numbers


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        RUNS,
        model=f"784-200-200-{LATENT_DIM}, ReLU, Bernoulli likelihood, Adam",
        settings={**SETTINGS, "epochs": {name: epochs for name, (_, epochs, _) in RUNS.items()}},
    )
