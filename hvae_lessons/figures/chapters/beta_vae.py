"""Figures of the chapter on beta-VAE: data in, Figure out. The plane has the rate to the right, both in nats.

Titles state what the reader should see, so the caller writes them.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

from hvae_lessons.figures.style import (
    GAP,
    INFERENCE,
    INFERENCE_SHADES,
    INK,
    MODEL,
    PRIOR,
    WIDTH,
    axes,
)

# What the figures say beside their data; titles that come from the chapter are the caller's.
WORDS = {
    "rate": "rate $R$, nats",
    "distortion": "distortion $D$, nats",
    "elbo": "-ELBO = {nats:.0f}",
    "impossible": "no model",
    "information": "$I_q(x; z)$",
    "prior_gap": r"$\mathrm{KL}(q(z)\,||\,p(z))$",
    "decoder_gap": r"$E\,\mathrm{KL}(q(x|z)\,||\,p(x|z))$",
    "direction": "direction",
    "variance": r"variance; water at $\beta s^2$",
    "level": r"$\beta$ = {beta:g}",
    "exact": "exact curve",
    "trained": "trained",
    "beta": r"$\beta$",
    "latents": "Z = {size}",
    "active": "active coordinates",
}


def trade_off(betas, rate, distortion, tangents, title):
    """The measured curve: one model per beta and seed, and the line of slope -beta at some of them.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `betas` | [b] | increasing |
    | `rate`, `distortion` | [b, S] | of every seed, in nats |
    | `tangents` | numbers | the betas at which the line D + beta R = constant is drawn |
    | returns | Figure | small: seeds; large: medians; gray: equal -ELBO |

    Source: N4 21.24; Alemi et al. (2018), figure 1.
    """
    figure, ax = plt.subplots(figsize=(0.82 * WIDTH, 4.0), layout="constrained")
    rate, distortion = np.asarray(rate), np.asarray(distortion)
    middle = np.median(rate, 1), np.median(distortion, 1)
    right, top = 1.12 * middle[0].max(), 1.06 * middle[1].max()
    low = 0.9 * middle[1].min()
    _equal_elbo(ax, right, low, top)
    ax.plot(*middle, color=INFERENCE, lw=1.4)
    ax.scatter(rate, distortion, s=6, color=INFERENCE, alpha=0.35, linewidths=0)
    ax.scatter(*middle, s=30, color=INFERENCE, zorder=3)
    for beta, x, y in zip(betas, *middle):
        if beta in tangents:
            reach = 0.16 * np.hypot(right, top - low) / np.hypot(1, beta)
            ax.plot([x - reach, x + reach], [y + beta * reach, y - beta * reach], color=GAP, lw=2.2, zorder=2)
        ax.annotate(f"{beta:g}", (x, y), (5, 4), textcoords="offset points", color=INK, fontsize=9)
    ax.set(xlim=(0, right), ylim=(low, top), xlabel=WORDS["rate"], ylabel=WORDS["distortion"], title=title)
    return figure


def finite_models(entropy, rate, distortion, information, shown, title):
    """Models of a few values in the plane, and for some of them the two gaps that keep them off the line.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `entropy` | number | H of the data in nats: the line D + R = H |
    | `rate`, `distortion`, `information` | [M] | exact, of every model |
    | `shown` | whole numbers | models whose I(x; z) is marked between H - D, on the line, and R |
    | returns | Figure | the shaded triangle is out of reach |

    Source: N4 21.2.4; Alemi et al. (2018), equation 4.
    """
    figure, ax = plt.subplots(figsize=(0.82 * WIDTH, 3.9), layout="constrained")
    rate, distortion, information = (np.asarray(part) for part in (rate, distortion, information))
    limit = 1.5 * float(entropy)
    ax.fill([0, entropy, 0], [0, 0, entropy], color=PRIOR, alpha=0.18, lw=0)
    ax.plot([0, entropy], [entropy, 0], color=INK, lw=1.2)
    ax.text(0.3 * entropy, 0.22 * entropy, WORDS["impossible"], ha="center")
    ax.annotate("$D + R = H$", (0.9 * entropy, 0.1 * entropy), (7, 7), textcoords="offset points")
    ax.scatter(rate, distortion, s=7, color=INFERENCE, alpha=0.35, linewidths=0)
    for model in shown:
        r, d, i = rate[model], distortion[model], information[model]
        ax.plot([entropy - d, i], [d, d], color=MODEL, lw=3, label=WORDS["decoder_gap"])
        ax.plot([i, r], [d, d], color=GAP, lw=3, label=WORDS["prior_gap"])
        ax.scatter([i], [d], s=90, marker="|", color=INK, lw=1.8, zorder=3, label=WORDS["information"])
        ax.scatter([r], [d], s=34, color=INFERENCE, zorder=3)
    handles, names = ax.get_legend_handles_labels()
    ax.legend(
        handles[:3], names[:3], loc="upper right", fontsize=9, framealpha=0.9, frameon=True, edgecolor="none"
    )
    ax.set(xlim=(0, limit), ylim=(0, limit), xlabel=WORDS["rate"], ylabel=WORDS["distortion"], title=title)
    return figure


def water_filling(variances, noise_var, betas, curve, trained, title):
    """Reverse water-filling: directions under the water are given up; the curve that this gives.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `variances` | [D] | of the data along each direction, decreasing |
    | `noise_var` | number | s^2 of the decoder |
    | `betas` | numbers | levels drawn on the left |
    | `curve` | (rate, distortion) | [b] each, exact |
    | `trained` | (rate, distortion) | [n] each, of trained models |
    | returns | Figure | left: variances and levels; right: the plane |

    Source: Cover and Thomas (2006), section 10.3.3; Tipping and Bishop (1999).
    """
    figure, (left, right) = axes(1, 2, height=3.1)
    place = np.arange(1, len(variances) + 1)
    left.bar(place, variances, color=INFERENCE, alpha=0.85, width=0.7)
    for beta in betas:
        level = beta * noise_var
        left.axhspan(0, level, color=PRIOR, alpha=0.22, lw=0)
        left.axhline(level, color=INK, lw=1)
        name, style = WORDS["level"].format(beta=beta), {"ha": "right", "fontsize": 9}
        left.annotate(name, (place[-1] + 0.5, level), (0, 3), textcoords="offset points", **style)
    left.set(xlabel=WORDS["direction"], ylabel=WORDS["variance"], title=title)
    left.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    right.plot(*curve, color=MODEL)
    right.scatter(*trained, s=16, color=INFERENCE, zorder=3)
    right.text(0.4, 0.9, WORDS["exact"], color=MODEL, transform=right.transAxes)
    right.text(0.4, 0.8, WORDS["trained"], color=INFERENCE, transform=right.transAxes)
    right.set(xlabel=WORDS["rate"], ylabel=WORDS["distortion"], xlim=(0, None))
    return figure


def sweep_over_beta(betas, rates, active, title):
    """The sweep: rate and active coordinates against beta, one line per latent size.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `betas` | [b] | increasing; the steps between them are drawn alike |
    | `rates`, `active` | dict | latent size -> [b, S], a number per seed |
    | returns | Figure | lines: medians; bands: the range over seeds |

    Source: N4 21.3.1, 21.4 (active coordinates).
    """
    figure, (left, right) = axes(1, 2, height=3.1)
    place = np.arange(len(betas))
    for ax, values in ((left, rates), (right, active)):
        for number, seeds in enumerate(values.values()):
            seeds, color = np.asarray(seeds), INFERENCE_SHADES(0.35 + 0.65 * number / (len(values) - 1))
            ax.fill_between(place, seeds.min(1), seeds.max(1), color=color, alpha=0.25, lw=0)
            ax.plot(place, np.median(seeds, 1), color=color, marker="o", ms=3)
        ax.set_xticks(place, [f"{beta:g}" for beta in betas])
        ax.set(xlabel=WORDS["beta"])
    _name_lines(right, {size: np.median(seeds, 1)[0] for size, seeds in active.items()}, INK)
    left.set(ylabel=WORDS["rate"], title=title)
    right.set_yscale("symlog", base=2, linthresh=1)  # zero has a place, and every doubling the same step
    right.set_yticks([0, *active], [0, *active])
    right.set(ylabel=WORDS["active"], ylim=(-0.3, None))
    return figure


def scores(measured, title):
    """Scores of several objectives: a dot for each seed, a bar for the median.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `measured` | dict | name of the score -> (name of the objective -> [S]) |
    | returns | Figure | a panel for each score |

    Source: N4 21.3.1.1.
    """
    count = len(next(iter(measured.values())))
    figure, row = axes(1, len(measured), height=0.8 + 0.25 * count, sharey=True, squeeze=False)
    shift = np.random.RandomState(0).uniform(-0.18, 0.18, 100)  # jitter only: no result depends on it
    for ax, (score, objectives) in zip(row[0], measured.items()):
        for place, values in enumerate(objectives.values()):
            values = np.asarray(values)
            ax.scatter(values, place + shift[: len(values)], s=12, color=INFERENCE, alpha=0.6, linewidths=0)
            ax.plot([np.median(values)] * 2, [place - 0.36, place + 0.36], color=INK, lw=2)
        ax.set(xlabel=score, yticks=range(count))
        ax.set_xlim(left=min(0, ax.get_xlim()[0]))
        ax.set_yticklabels(objectives)
    row[0][0].invert_yaxis()
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def _equal_elbo(ax, right, low, top):
    """Lines on which distortion and rate have the same sum, named where they leave the picture below."""
    for nats in MaxNLocator(6, integer=True).tick_values(low, right + top):
        if low < nats < right + top:
            ax.plot([0, right], [nats, nats - right], color=PRIOR, lw=0.7, ls=(0, (4, 3)), zorder=1)
        if low < nats < low + 0.8 * right:
            name, style = WORDS["elbo"].format(nats=nats), {"color": PRIOR, "fontsize": 8}
            ax.annotate(name, (nats - low, low), (4, 3), textcoords="offset points", **style)


def _name_lines(ax, starts, color):
    """The latent size where each line begins."""
    for size, value in starts.items():
        ax.annotate(WORDS["latents"].format(size=size), (0, value), (5, 2), textcoords="offset points",
                    fontsize=8, color=color)  # fmt: skip
