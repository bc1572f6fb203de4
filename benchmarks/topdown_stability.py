"""What the measures for stability do to small top-down hierarchies of the 8x8 digits.

    python benchmarks/topdown_stability.py  writes its JSON, ten minutes

    24 levels      with and without 1/sqrt(L), residual posterior and merge
    odd image      one image of the training set 16 times too bright, with and without gradient skipping
    rate           24 levels trained with too large a learning rate, with and without gradient skipping
    spectral       the weight of the spectral penalty, at two learning rates

A run whose loss stopped being finite has the step at which it did, and no test numbers.
"""

import math
import time

import torch
from seeded_runs import path_of, record_runs

from hvae_lessons.data import binarize, binarize_static, load_digits
from hvae_lessons.measures.evaluate import evaluate
from hvae_lessons.models import TopDown, TopDownConfig
from hvae_lessons.objectives import beta_elbo
from hvae_lessons.training import TrainingDiverged, fit
from hvae_lessons.training.schedules import linear_warm_up
from hvae_lessons.training.spectral_penalty import SpectralPenalty, weight_matrices

STEPS = 15  # in an epoch, of batches of 100
DEEP = {"data_dim": 64, "width": 32, "latent_dims": (2,) * 24}
THREE = {"data_dim": 64, "width": 64, "latent_dims": (8, 4, 2)}
# Gaussian likelihood with noise variance exp(-3); the digits' own scale is 0 to 16.
GAUSSIAN = {**THREE, "likelihood": "gaussian", "noise_log_var": -3.0}
ODD, TOO_BRIGHT = 0, 16  # which image, and by which factor

DEPTH = {"epochs": 12, "learning_rate": 3e-3}
OUTLIER = {"epochs": 20, "learning_rate": 2e-3}
RATE = {"epochs": 10, "learning_rate": 2e-2}
SPECTRAL = {"epochs": 40, "learning_rate": 2e-3}
FASTER = {**SPECTRAL, "learning_rate": 1e-2}

# name -> configuration, settings of `fit`, weight of the spectral penalty
RUNS = {
    "24 levels, residual, scaled": ({**DEEP, "reading": "residual"}, DEPTH, 0),
    "24 levels, residual, not scaled": ({**DEEP, "reading": "residual", "depth_scaled": False}, DEPTH, 0),
    "24 levels, merge, scaled": ({**DEEP, "reading": "merge"}, DEPTH, 0),
    "24 levels, merge, not scaled": ({**DEEP, "reading": "merge", "depth_scaled": False}, DEPTH, 0),
    "all in order": (GAUSSIAN, OUTLIER, 0),
    "odd image": (GAUSSIAN, OUTLIER, 0),
    "odd image, skipping": (GAUSSIAN, {**OUTLIER, "skip_gradients_above": 300.0}, 0),
    "rate 0.02": ({**DEEP, "reading": "merge"}, RATE, 0),
    "rate 0.02, skipping": ({**DEEP, "reading": "merge"}, {**RATE, "skip_gradients_above": 100.0}, 0),
    "spectral 0": (THREE, SPECTRAL, 0),
    "spectral 0.01": (THREE, SPECTRAL, 0.01),
    "spectral 0.1": (THREE, SPECTRAL, 0.1),
    "spectral 0, rate 0.01": (THREE, FASTER, 0),
    "spectral 0.01, rate 0.01": (THREE, FASTER, 0.01),
}


def rounded(value, digits=5):
    """A number for the record."""
    return float(f"{value:.{digits}g}")


def images_for(name, config, digits):
    """Training and test images, and what is done to the former at the start of an epoch."""
    if config.get("likelihood") != "gaussian":
        return digits.train_x, binarize_static(digits.test_x), binarize
    x = digits.train_x.clone()
    if name.startswith("odd"):
        x[ODD] *= TOO_BRIGHT
    return x, digits.test_x, None


def measure(name, seed, digits):
    """One trained hierarchy: its test numbers in nats per image, and what its gradients did."""
    config, settings, weight = RUNS[name]
    x, test_x, prepare = images_for(name, config, digits)
    generator = torch.Generator().manual_seed(seed)
    model = TopDown(TopDownConfig(**config), generator)
    penalty = SpectralPenalty(model, weight, generator) if weight else lambda: 0.0
    start = time.process_time()
    try:
        history = fit(
            model,
            x,
            objective=lambda trace, beta: beta_elbo(trace, beta) - penalty(),
            schedules={"beta": linear_warm_up(settings["epochs"] * STEPS // 2)},
            prepare=prepare,
            generator=generator,
            progress=False,
            **{"skip_gradients_above": math.inf, **settings},
        )
    except TrainingDiverged as broken:
        return {"negative_elbo": None, "diverged_at_step": broken.step, "term": broken.term}
    seconds = time.process_time() - start
    found = evaluate(model, test_x, generator)
    largest = [torch.linalg.svdvals(matrix.detach())[0].item() for matrix in weight_matrices(model).values()]
    return {
        "negative_elbo": rounded(-found.elbo),
        "distortion": rounded(found.distortion),
        "rate": rounded(found.rate),
        "kl_per_level": [rounded(kl, 3) for kl in found.kl],
        "gradient_norm_per_epoch": [rounded(norm, 3) for norm in history.columns["gradient_norm"].tolist()],
        "skipped_per_epoch": history.columns["skipped"].tolist(),
        "skipped": int(history.columns["skipped"].sum()),
        "sum_of_singular_values": rounded(sum(largest)),
        "training_cpu_seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    record_runs(
        path_of(__file__),
        measure,
        RUNS,
        model="TopDownConfig; Adam, batches of 100; warm-up over half of the epochs",
        settings={name: [config, settings, weight] for name, (config, settings, weight) in RUNS.items()},
        data="8x8 digits of scikit-learn, 1,437 and 360 images; Bernoulli pixels as for MNIST, or 0 to 16",
        load=lambda: (load_digits(),),
    )
