"""What the measures for stability do to top-down hierarchies, deep and small, with three seeds each.

    python benchmarks/topdown_stability.py  writes benchmarks/results/topdown_stability.json, six minutes
    python benchmarks/topdown_stability.py rate depth  measures these sections anew and leaves the others

    start      norms and KL of untrained hierarchies of 3 to 48 levels, with and without 1/sqrt(L)
    depth      24 levels trained with and without 1/sqrt(L)
    ordinary   gradient norms of the chapter's three levels, and skipping where they are not normalized
    rate       24 levels trained with too large a learning rate, with and without gradient skipping
    outlier    one image of the training set 16 times too bright, with and without gradient skipping
    spectral   the weight of the spectral penalty, at three learning rates
    rounding   32-bit KL of a posterior near a prior that is far from zero, written in two ways

All but `ordinary` use the 8x8 digits, whose pixels are sampled anew each epoch where the likelihood is a
Bernoulli. A run whose loss stopped being finite has the step at which it did and no test numbers.
"""

import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
from seeded_runs import machine

from hvae_lessons.data import binarize, binarize_static, load_digits, load_mnist
from hvae_lessons.divergences import kl_gaussian, kl_gaussian_residual
from hvae_lessons.models.topdown import TopDown, TopDownConfig
from hvae_lessons.objectives import beta_elbo, elbo
from hvae_lessons.schedules import linear_warm_up
from hvae_lessons.spectral import SpectralPenalty, weight_matrices
from hvae_lessons.training import TrainingDiverged, fit

RESULT = Path(__file__).parent / "results" / "topdown_stability.json"
SEEDS = (0, 1, 2)
DEPTHS = (3, 6, 12, 24, 48)
SMALL = {"data_dim": 64, "width": 32}  # 8x8 digits; every level of a deep hierarchy has two variables
THREE = {"data_dim": 64, "width": 64, "latent_dims": (8, 4, 2), "posterior": "residual"}
DIGITS = load_digits()
TEST_X = binarize_static(DIGITS.test_x)


def rounded(value, digits=4):
    """A number for the record; JSON has no infinity and no NaN."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None


def deep(levels, **changes):
    return TopDownConfig(**{**SMALL, "latent_dims": (2,) * levels, **changes})


def train(config, seed, x=DIGITS.train_x, test_x=TEST_X, prepare=binarize, spectral=0.0, **settings):
    """Train one hierarchy -> its entry of the record, the model, its penalty."""
    generator = torch.Generator().manual_seed(seed)
    model = TopDown(config, generator)
    penalty = SpectralPenalty(model, spectral, generator) if spectral else None
    entry, start = {"seed": seed}, time.process_time()
    try:
        history = fit(
            model,
            x,
            batch_size=100,
            objective=beta_elbo,
            prepare=prepare,
            penalty=penalty,
            generator=generator,
            progress=False,
            **{"skip_gradients_above": math.inf, **settings},
        )
    except TrainingDiverged as broken:
        entry.update(negative_elbo=None, diverged_at_step=broken.step, term=broken.term)
    else:
        with torch.inference_mode():
            trace = model(test_x, generator=generator)
        entry.update(
            negative_elbo=rounded(-elbo(trace).mean().item()),
            kl_per_level=[rounded(layer.kl.mean().item(), 3) for layer in trace.layers],
            gradient_norm_per_epoch=[rounded(norm, 3) for norm in history.gradient_norm],
            skipped=int(history.skipped.sum()),
        )
    entry["training_cpu_seconds"] = round(time.process_time() - start, 1)
    return entry, model, penalty


def untrained(config, seed):
    """Mean norm of the path at the data, norm of the gradient, KL, of a hierarchy as it is built."""
    generator = torch.Generator().manual_seed(seed)
    model = TopDown(config, generator)
    x = binarize(DIGITS.train_x[:200], generator)
    trace = model(x, generator=generator)
    with torch.no_grad():
        path = model.descend((len(x),), lambda l, d, p: trace.layers[l].z)[0].norm(dim=-1).mean().item()
    if not math.isfinite(path):
        return path, math.nan, math.nan
    (-elbo(trace).mean()).backward()
    norms = [weight.grad.norm() for weight in model.parameters() if weight.grad is not None]
    return path, torch.stack(norms).norm().item(), trace.kl.mean().item()


def start():
    """Medians over the seeds; None if any of the three is not finite."""
    for posterior in ("residual", "merge", "ladder"):
        for depth_scaled in (True, False):
            for levels in DEPTHS:
                settings = {"posterior": posterior, "depth_scaled": depth_scaled}
                rows = [untrained(deep(levels, **settings), seed) for seed in SEEDS]
                numbers = zip(("norm_of_path", "gradient_norm", "kl"), np.median(np.array(rows), 0))
                yield {**settings, "levels": levels, **{name: rounded(value, 3) for name, value in numbers}}


def depth():
    settings = {"epochs": 20, "learning_rate": 3e-3, "schedules": {"beta": linear_warm_up(200)}}
    for posterior in ("residual", "merge"):
        for depth_scaled in (True, False):
            for seed in SEEDS:
                config = deep(24, posterior=posterior, depth_scaled=depth_scaled)
                entry, *_ = train(config, seed, **settings)
                yield {"posterior": posterior, "depth_scaled": depth_scaled, **entry}


def ordinary():
    images = load_mnist()
    test_x = binarize_static(images.test_x)
    for batch_norm, threshold in ((True, None), (False, None), (False, 200.0)):
        for seed in SEEDS:
            entry, *_ = train(
                TopDownConfig(latent_dims=(32, 16, 8), posterior="residual", batch_norm=batch_norm),
                seed,
                images.train_x,
                test_x,
                epochs=4,
                learning_rate=2e-3,
                schedules={"beta": linear_warm_up(240)},
                skip_gradients_above=threshold or math.inf,
            )
            yield {"batch_norm": batch_norm, "threshold": threshold, **entry}


def rate():
    for learning_rate in (1e-2, 2e-2, 3e-2):
        for threshold in (None, 100.0):
            for seed in SEEDS:
                entry, *_ = train(
                    deep(24, posterior="merge"),
                    seed,
                    epochs=10,
                    learning_rate=learning_rate,
                    schedules={"beta": linear_warm_up(100)},
                    skip_gradients_above=threshold or math.inf,
                )
                yield {"learning_rate": learning_rate, "threshold": threshold, **entry}


def outlier():
    """Gaussian likelihood with noise variance exp(-3); the digits' own scale is 0 to 16."""
    for factor, threshold in ((1, None), (16, None), (16, 1000.0), (16, 300.0)):
        x = DIGITS.train_x.clone()
        x[0] *= factor
        for seed in SEEDS:
            entry, *_ = train(
                TopDownConfig(**THREE, likelihood="gaussian", noise_log_var=-3.0),
                seed,
                x,
                DIGITS.test_x,
                prepare=None,
                epochs=30,
                learning_rate=2e-3,
                schedules={"beta": linear_warm_up(200)},
                skip_gradients_above=threshold or math.inf,
            )
            yield {"factor": factor, "threshold": threshold, **entry}


def spectral():
    for learning_rate in (2e-3, 1e-2, 2e-2):
        for weight in (0.0, 1e-3, 1e-2, 1e-1):
            for seed in SEEDS:
                settings = {"epochs": 60, "schedules": {"beta": linear_warm_up(450)}}
                entry, model, penalty = train(
                    TopDownConfig(**THREE), seed, learning_rate=learning_rate, spectral=weight, **settings
                )
                sigma = [torch.linalg.svdvals(w.detach())[0].item() for w in weight_matrices(model).values()]
                entry.pop("gradient_norm_per_epoch", None)
                entry.update(
                    sum_of_singular_values=rounded(sum(sigma)), largest_singular_value=rounded(max(sigma))
                )
                if penalty is not None:
                    entry["estimated_sum"] = rounded(penalty().item() / weight)
                yield {"weight": weight, "learning_rate": learning_rate, **entry}


def rounding():
    """Largest error in nats over 1,000 pairs: sigma_p = 1, Delta mu and log Delta sigma^2 about 0.1."""
    generator = torch.Generator().manual_seed(0)
    for size in (0.0, 1e2, 1e4, 1e6):
        draw = [torch.randn(1000, 1, generator=generator) for _ in range(3)]
        mean_p, delta_mean, delta_log_var = size + draw[0], 0.1 * draw[1], 0.1 * draw[2]
        zero = torch.zeros_like(mean_p)
        exact = kl_gaussian_residual(delta_mean.double(), delta_log_var.double(), zero.double())
        two_means = kl_gaussian(mean_p + delta_mean, delta_log_var, mean_p, zero)
        one_difference = kl_gaussian_residual(delta_mean, delta_log_var, zero)
        errors = [((kl - exact).abs()).max().item() for kl in (two_means, one_difference)]
        yield {"mean_of_p": size, "mean_kl": rounded(exact.mean().item())} | dict(
            zip(("largest_error_of_two_means", "largest_error_of_residual"), map(rounded, errors))
        )


SECTIONS = {
    function.__name__: function for function in (start, rounding, depth, ordinary, rate, outlier, spectral)
}


def main():
    torch.set_num_threads(1)
    chosen = sys.argv[1:] or SECTIONS
    record = json.loads(RESULT.read_text(encoding="utf-8")) if sys.argv[1:] else {}
    record["model"] = (
        "TopDownConfig; deep: 8x8 digits, two variables a level, width 32; three levels: 8x8 digits, "
        "(8, 4, 2), width 64; ordinary: the MNIST subset, (32, 16, 8), width 200; Adam, batches of 100"
    )
    record["machine"] = machine()
    for section in chosen:
        record[section] = []
        for entry in SECTIONS[section]():
            record[section].append(entry)
            print(section, entry, flush=True)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
