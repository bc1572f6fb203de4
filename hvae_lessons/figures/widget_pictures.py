"""What stands for a widget in print and where no script runs."""

import io

import matplotlib.pyplot as plt
import torch
from PIL import Image

from hvae_lessons.estimators import pathwise_gradient, score_function_gradient
from hvae_lessons.figures.style import GAP, INFERENCE, MODEL, PRIOR, WIDTH, apply_style

DOTS_PER_INCH = 120


def as_png(draw):
    """The PNG of a figure in the book's style; the figure is closed, so that no notebook shows it too.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `draw` | callable | returns a Figure |
    | returns | bytes | |

    Raises: nothing of its own. Source: none.
    """
    buffer = io.BytesIO()
    with plt.rc_context():
        apply_style()
        figure = draw()
        # The version of matplotlib is no part of the picture.
        figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
        plt.close(figure)
    # A drawing has few colors: a palette takes a third of the bytes, and a page carries them in its text.
    small = io.BytesIO()
    with Image.open(buffer) as picture:
        picture.convert("RGB").quantize(96).save(small, format="png", optimize=True)
    return small.getvalue()


def elbo_gap(model, x, log_q, span=3.4):
    """Posterior, prior and q over the code; beneath them the evidence as bound plus gap.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model` | GridModel | |
    | `x`, `log_q` | [1, 1], [1, G] | the observation, and log q on the model's grid |
    | `span` | number | codes shown: -span to span |
    | returns | Figure | |

    Raises: nothing of its own. Source: N4 draft 21.13.
    """
    figure, (densities, bars) = plt.subplots(
        2, 1, figsize=(WIDTH, 3.9), layout="constrained", height_ratios=(3.2, 1)
    )
    zero = x * 0
    posterior, q = model.log_posterior(x)[0].exp(), log_q[0].exp()
    curves = (
        (model.gaussian(zero, zero)[0].exp(), PRIOR, "--", "prior $p(z)$"),
        (posterior, MODEL, "-", r"posterior $p(z \mid x)$"),
        (q, INFERENCE, "-", "approximation $q(z)$"),
    )
    for density, color, dash, name in curves:
        densities.plot(model.z, density, color=color, linestyle=dash, label=name)
    for density, color in ((posterior, MODEL), (q, INFERENCE)):
        densities.fill_between(model.z, density, color=color, alpha=0.15, linewidth=0)
    top = 1.15 * max(float(posterior.max()), min(float(q.max()), 2.2 * float(posterior.max())))
    densities.set(xlim=(-span, span), ylim=(0, top), yticks=[], xlabel="code $z$")
    densities.spines["left"].set_visible(False)
    densities.legend(
        loc="upper left", bbox_to_anchor=(0, 1.2), ncols=3, labelcolor="linecolor", handlelength=1.2
    )

    log_px, bound = model.log_px(x).item(), model.elbo(x, log_q).item()
    low = min(log_px - 3, bound - 0.6)
    bars.barh(0, bound - low, left=low, color=INFERENCE)
    bars.barh(0, log_px - bound, left=bound, color=GAP)
    bars.axvline(log_px, color=MODEL)
    bars.set(xlim=(low, log_px + 0.05 * (log_px - low)), yticks=[], xlabel="nats")
    bars.spines["left"].set_visible(False)
    bars.set_title(
        rf"$\log p(x)$ = ELBO + gap:  {log_px:.3f} = {bound:.3f} + {log_px - bound:.3f}", fontsize=10
    )
    return figure


def reparameterization(mean, log_var, noise, shown=16):
    """Noise mapped to samples, and the running variance of two gradient estimators for f(z) = z^2.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `mean`, `log_var` | numbers | q |
    | `noise` | [N, 1] | standard normal |
    | `shown` | whole number | samples drawn as lines |
    | returns | Figure | |

    Raises: nothing of its own. Source: N4 draft 21.33; the variances are those of the chapter.
    """
    figure, (lanes, variances) = plt.subplots(1, 2, figsize=(WIDTH, 3.0), layout="constrained")
    spread = float(torch.tensor(log_var / 2).exp())
    for e in noise[:shown, 0].tolist():
        z = mean + spread * e
        lanes.plot([e, z], [1, 0], color=PRIOR, linewidth=0.8)
        lanes.plot(e, 1, "o", color=GAP, markersize=4)
        lanes.plot(z, 0, "o", color=INFERENCE, markersize=4)
    lanes.set(xlim=(-4.2, 4.2), ylim=(-0.15, 1.2), yticks=[])
    lanes.text(-4.1, 1.05, r"noise $\epsilon$")
    lanes.text(-4.1, 0.05, r"samples $z = \mu + \sigma\epsilon$", color=INFERENCE)
    lanes.spines["left"].set_visible(False)
    lanes.set_title("The noise stays, the samples move")

    q = torch.tensor([mean], dtype=noise.dtype), torch.tensor([log_var], dtype=noise.dtype)
    estimates = {
        "pathwise": (pathwise_gradient(lambda z: 2 * z, *q, noise)[0], INFERENCE),
        "score function": (score_function_gradient(lambda z: (z**2).sum(-1), *q, noise)[0], PRIOR),
    }
    counts = torch.arange(1, len(noise) + 1)
    for name, (values, color) in estimates.items():
        values = values[:, 0]
        running = (values.square().cumsum(0) - values.cumsum(0) ** 2 / counts) / (counts - 1).clamp(min=1)
        variances.loglog(counts[9:], running[9:], color=color, label=name)
    for law in (4 * spread**2, mean**4 / spread**2 + 14 * mean**2 + 15 * spread**2):
        variances.axhline(law, color=MODEL, linestyle="--", linewidth=1)
    variances.set(xlabel="samples", ylabel="variance of one sample", ylim=(0.5, None))
    variances.legend(loc="lower right", labelcolor="linecolor")
    variances.set_title("Same mean, another variance")
    return figure
