"""Train the top-down hierarchies of the chapter with three seeds each, and with KL balancing.

    python benchmarks/topdown_seeds.py  writes benchmarks/results/topdown_seeds.json, eleven minutes

Data and settings are those of hierarchy_seeds.py, so that its Markov chains of three levels stand beside
these: the MNIST subset (8,000 training, 2,000 test images), pixels sampled anew each epoch for training, the
test set binarized once with a fixed seed. The chapter quotes these numbers; a test compares quotes and file.
"""

import time

import torch
from seeded_runs import path_of, record_runs

from hvae_lessons.data import binarize
from hvae_lessons.estimators import importance_weighted_bound
from hvae_lessons.models import MHVAE, MHVAEConfig
from hvae_lessons.models.topdown import TopDown, TopDownConfig
from hvae_lessons.objectives import balanced_elbo, beta_elbo, elbo
from hvae_lessons.schedules import linear_warm_up
from hvae_lessons.training import fit

SEEDS = (0, 1, 2)
LATENT_DIMS = (32, 16, 8)
MARKOV_HIDDEN = ((200, 200), (100, 100), (50, 50))
SETTINGS = {"batch_size": 100, "learning_rate": 2e-3, "epochs": 12}
WARM_UP_STEPS = 9 * 80  # nine of the twelve epochs; KL balancing, where there is any, ends with it
SAMPLES, ESTIMATED = 500, 200  # of the importance-weighted estimate; how many test images it is made for
FEWER_SAMPLES = (1, 10, 100, 500)  # for which the estimate is recorded; they divide SAMPLES
EQUAL = (1, 1, 1)

# name -> posterior ("markov": the bottom-up chain), warm-up and batch normalization, s_l of KL balancing
RUNS = {
    "residual, both": ("residual", True, None),
    "merge, both": ("merge", True, None),
    "ladder, both": ("ladder", True, None),
    "residual, no help": ("residual", False, None),
    "merge, no help": ("merge", False, None),
    "ladder, no help": ("ladder", False, None),
    "residual, both, balanced": ("residual", True, EQUAL),
    "residual, both, balanced by size": ("residual", True, LATENT_DIMS),
    "ladder, both, balanced": ("ladder", True, EQUAL),
    "markov, both, balanced": ("markov", True, EQUAL),
    "markov, both, balanced by size": ("markov", True, LATENT_DIMS),
}


def build(posterior, batch_norm, generator):
    if posterior == "markov":
        config = MHVAEConfig(latent_dims=LATENT_DIMS, hidden=MARKOV_HIDDEN, batch_norm=batch_norm)
        return MHVAE(config, generator)
    config = TopDownConfig(latent_dims=LATENT_DIMS, posterior=posterior, batch_norm=batch_norm)
    return TopDown(config, generator)


def bounds(model, x, generator):
    """Importance-weighted estimates of -log p(x) from SAMPLES samples, taken K at a time."""
    log_weight = torch.cat(
        [model(part, generator=generator, samples=SAMPLES).log_weight for part in x.split(50)], -1
    )
    return {
        f"K = {k}": round(-importance_weighted_bound(log_weight.unflatten(0, (k, -1))).mean().item(), 2)
        for k in FEWER_SAMPLES
    }


def measure(name, seed, images, test_x):
    """One trained hierarchy: its test numbers in nats per image, and the processor time of its training."""
    posterior, help_given, sizes = RUNS[name]
    generator = torch.Generator().manual_seed(seed)
    model = build(posterior, help_given, generator)

    def objective(trace, beta):
        if sizes is None or beta == 1:
            return beta_elbo(trace, beta)
        return balanced_elbo(trace, sizes, beta)

    start = time.process_time()
    fit(
        model,
        images.train_x,
        objective=objective,
        schedules={"beta": linear_warm_up(WARM_UP_STEPS) if help_given else lambda step: 1.0},
        prepare=binarize,
        generator=generator,
        progress=False,
        **SETTINGS,
    )
    seconds = time.process_time() - start
    with torch.inference_mode():
        trace = model(test_x, generator=generator)
        estimates = bounds(model, test_x[:ESTIMATED], generator) if sizes is None else None
    return {
        "name": name,
        "seed": seed,
        "negative_elbo": round(-elbo(trace).mean().item(), 2),
        "kl_per_level": [round(layer.kl.mean().item(), 2) for layer in trace.layers],
        "negative_log_px_estimate_of_first_200": estimates,
        "training_cpu_seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        RUNS,
        SEEDS,
        model=(
            "TopDownConfig(latent_dims=(32, 16, 8)): width 200, one residual block a level, ReLU, "
            "Bernoulli likelihood; Adam; markov: the three levels of hierarchy_seeds.json"
        ),
        settings={**SETTINGS, "warm_up_steps": WARM_UP_STEPS},
    )
