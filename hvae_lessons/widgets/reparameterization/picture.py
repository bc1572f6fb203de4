"""Noise, samples and two estimators as a still picture."""

import matplotlib.pyplot as plt
import torch

from hvae_lessons.figures.style import GAP, INFERENCE, MODEL, PRIOR, WIDTH
from hvae_lessons.formulas.gradients import pathwise_gradient, score_function_gradient
from hvae_lessons.widgets.reparameterization.words import PICTURE


def draw(mean, log_var, noise, shown=16):
    """Noise mapped to samples, and the running variance of two gradient estimators for f(z) = z^2.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `mean`, `log_var` | numbers | q |
    | `noise` | [N, 1] | standard normal |
    | `shown` | whole number | samples drawn as lines |
    | returns | Figure | |

    Source: N4 draft 21.33; the variances are those of the chapter.
    """
    figure, (lanes, variances) = plt.subplots(1, 2, figsize=(WIDTH, 3.0), layout="constrained")
    spread = float(torch.tensor(log_var / 2).exp())
    for e in noise[:shown, 0].tolist():
        z = mean + spread * e
        lanes.plot([e, z], [1, 0], color=PRIOR, linewidth=0.8)
        lanes.plot(e, 1, "o", color=GAP, markersize=4)
        lanes.plot(z, 0, "o", color=INFERENCE, markersize=4)
    lanes.set(xlim=(-4.2, 4.2), ylim=(-0.15, 1.2), yticks=[])
    lanes.text(-4.1, 1.05, PICTURE["noise"])
    lanes.text(-4.1, 0.05, PICTURE["samples"], color=INFERENCE)
    lanes.spines["left"].set_visible(False)
    lanes.set_title(PICTURE["lanes"])

    q = torch.tensor([mean], dtype=noise.dtype), torch.tensor([log_var], dtype=noise.dtype)
    estimates = {
        PICTURE["path"]: (pathwise_gradient(lambda z: 2 * z, *q, noise)[0], INFERENCE),
        PICTURE["score"]: (score_function_gradient(lambda z: (z**2).sum(-1), *q, noise)[0], PRIOR),
    }
    counts = torch.arange(1, len(noise) + 1)
    for name, (values, color) in estimates.items():
        values = values[:, 0]
        running = (values.square().cumsum(0) - values.cumsum(0) ** 2 / counts) / (counts - 1).clamp(min=1)
        variances.loglog(counts[9:], running[9:], color=color, label=name)
    for law in (4 * spread**2, mean**4 / spread**2 + 14 * mean**2 + 15 * spread**2):
        variances.axhline(law, color=MODEL, linestyle="--", linewidth=1)
    variances.set(xlabel=PICTURE["count"], ylabel=PICTURE["variance"], ylim=(0.5, None))
    variances.legend(loc="lower right", labelcolor="linecolor")
    variances.set_title(PICTURE["variances"])
    return figure
