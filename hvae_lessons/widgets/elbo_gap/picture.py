"""Bound and gap as a still picture."""

import matplotlib.pyplot as plt

from hvae_lessons.figures.style import GAP, INFERENCE, MODEL, PRIOR, WIDTH
from hvae_lessons.widgets.elbo_gap.words import PICTURE


def draw(model, x, log_q, span=3.4):
    """Posterior, prior and q over the code; beneath them the evidence as bound plus gap.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model` | GridModel | |
    | `x`, `log_q` | [1, 1], [1, G] | the observation, and log q on the model's grid |
    | `span` | number | codes shown: -span to span |
    | returns | Figure | |

    Source: N4 draft 21.13.
    """
    figure, (densities, bars) = plt.subplots(
        2, 1, figsize=(WIDTH, 3.9), layout="constrained", height_ratios=(3.2, 1)
    )
    zero = x * 0
    posterior, q = model.log_posterior(x)[0].exp(), log_q[0].exp()
    curves = (
        (model.gaussian(zero, zero)[0].exp(), PRIOR, "--", PICTURE["prior"]),
        (posterior, MODEL, "-", PICTURE["posterior"]),
        (q, INFERENCE, "-", PICTURE["approximation"]),
    )
    for density, color, dash, name in curves:
        densities.plot(model.z, density, color=color, linestyle=dash, label=name)
    for density, color in ((posterior, MODEL), (q, INFERENCE)):
        densities.fill_between(model.z, density, color=color, alpha=0.15, linewidth=0)
    top = 1.15 * max(float(posterior.max()), min(float(q.max()), 2.2 * float(posterior.max())))
    densities.set(xlim=(-span, span), ylim=(0, top), yticks=[], xlabel=PICTURE["code"])
    densities.spines["left"].set_visible(False)
    densities.legend(
        loc="upper left", bbox_to_anchor=(0, 1.2), ncols=3, labelcolor="linecolor", handlelength=1.2
    )

    log_px, bound = model.log_px(x).item(), model.elbo(x, log_q).item()
    low = min(log_px - 3, bound - 0.6)
    bars.barh(0, bound - low, left=low, color=INFERENCE)
    bars.barh(0, log_px - bound, left=bound, color=GAP)
    bars.axvline(log_px, color=MODEL)
    bars.set(xlim=(low, log_px + 0.05 * (log_px - low)), yticks=[], xlabel=PICTURE["nats"])
    bars.spines["left"].set_visible(False)
    split = PICTURE["split"].format(log_px=log_px, elbo=bound, gap=log_px - bound)
    bars.set_title(split, fontsize=10)
    return figure
