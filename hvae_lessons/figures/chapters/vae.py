"""Figures of the chapter on the variational autoencoder: data in, Figure out, nats throughout.

Titles state what the reader should see, so the caller writes them. Images and latent planes are in images.py.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.patches import Ellipse

from hvae_lessons.figures.graphs import Arrow, GraphicalModel, Node, draw, draw_model
from hvae_lessons.figures.style import DIGITS, GAP, INFERENCE, INK, MODEL, MODEL_SHADES, PRIOR, WIDTH, axes

# What the figures say beside their data; titles that come from the chapter are the caller's.
WORDS = {
    "networks": "Two networks, and one random draw between them",
    "images": "$N$ images",
    "encoder": "encoder\n$\\phi$",
    "decoder": "decoder\n$\\theta$",
    "rate_term": "rate\n" r"$\mathrm{KL}(q_\phi(z|x) \| p(z))$",
    "distortion_term": "distortion\n" r"$-\log p_\theta(x|z)$",
    "epoch": "epoch",
    "nats_per_image": "nats per training image",
    "cost": "-ELBO",
    "distortion": "distortion",
    "rate": "rate",
    "mean": "mean {gap:.1f}",
    "gap": r"$\log p(x)$ - ELBO, nats",
    "count": "images",
    "exact": r"exact $\log p(x)$",
    "bound": "bound with $K$ samples",
    "samples": "samples $K$",
    "nats": "nats",
    "distortion_nats": "distortion, nats",
    "digit": "digit",
    "rate_nats": "rate, nats",
    "threshold": "threshold {nats}",
    "coordinate": "latent coordinate, sorted",
    "mean_kl": "mean KL, nats",
}


def vae_architecture():
    """The graphical model of a VAE (left) and what its code computes (right).

    | Symbol | Shape | Meaning |
    |---|---|---|
    | returns | Figure | red: the generative model p; indigo: the inference network q; amber: noise |

    Source: N4 21.4-21.8 and its figure 21.1; N2, "Vanilla VAE".
    """
    figure, (graph, flow) = plt.subplots(
        1, 2, figsize=(WIDTH, 2.2), layout="constrained", width_ratios=(1, 3.1)
    )
    both = GraphicalModel(
        {"$z$": (0, 1, "latent"), "$x$": (0, 0, "observed")},
        (("$z$", "$x$", "p"), ("$x$", "$z$", "q")),
        plate=WORDS["images"],
        notes=(
            (0.62, 0.5, r"$p_\theta(x|z)$", "p"),
            (-0.62, 0.5, r"$q_\phi(z|x)$", "q"),
            (0.62, 1.1, "$p(z)$", "p"),
        ),
    )
    draw_model(graph, both, extent=(-1.06, 1.06, -0.6, 1.48))

    amber = "#8a5a00"
    boxes = {
        "x": Node(0.17, 0.64, "box", "$x$\n784", INK, (0.22, 0.36)),
        "encoder": Node(0.66, 0.64, "box", WORDS["encoder"], INFERENCE, (0.44, 0.36)),
        "mean": Node(1.19, 0.81, "box", r"$\mu(x)$", INFERENCE, (0.3, 0.2)),
        "deviation": Node(1.19, 0.47, "box", r"$\sigma(x)$", INFERENCE, (0.3, 0.2)),
        "z": Node(1.79, 0.64, "box", r"$z = \mu + \sigma \epsilon$", INK, (0.5, 0.26)),
        "noise": Node(1.79, 0.16, "box", r"$\epsilon \sim N(0, I)$", amber, (0.56, 0.2)),
        "decoder": Node(2.36, 0.64, "box", WORDS["decoder"], MODEL, (0.4, 0.36)),
        "law": Node(2.86, 0.64, "box", "$p_\\theta(x|z)$\n784", MODEL, (0.36, 0.36)),
    }
    way = (
        Arrow("x", "encoder"),
        Arrow("encoder", "mean", INFERENCE),
        Arrow("encoder", "deviation", INFERENCE),
        Arrow("mean", "z", INFERENCE),
        Arrow("deviation", "z", INFERENCE),
        Arrow("noise", "z", amber),
        Arrow("z", "decoder"),
        Arrow("decoder", "law", MODEL),
    )
    draw(flow, {name: box._replace(fontsize=9) for name, box in boxes.items()}, way)
    flow.set(xlim=(0, 3.1), ylim=(0, 0.98))
    note = {"ha": "center", "va": "center", "fontsize": 8.5, "linespacing": 1.5}
    flow.text(0.95, 0.16, WORDS["rate_term"], color=INFERENCE, **note)
    flow.text(2.78, 0.16, WORDS["distortion_term"], color=MODEL, **note)
    figure.suptitle(WORDS["networks"], x=0.01, ha="left", fontsize=11)
    return figure


def training_curves(history, title):
    """Distortion, rate and their sum over the epochs of one run.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `history` | History | what `training.fit` returns, of the objective `elbo` |
    | returns | Figure | left: -ELBO and distortion; right: rate; nats per image |

    Source: N4 21.16, its two terms.
    """
    figure, (left, right) = axes(1, 2, height=2.7)
    epoch = np.arange(1, len(history.objective) + 1)
    rate = history.kl.sum(1)
    for ax, values, color, name in (
        (left, -history.objective, INFERENCE, WORDS["cost"]),
        (left, -history.log_px_given_z, MODEL, WORDS["distortion"]),
        (right, rate, INFERENCE, WORDS["rate"]),
    ):
        ax.plot(epoch, values, color=color)
        above = color is INFERENCE
        ax.annotate(
            f"{name} {values[-1]:.1f}",
            (epoch[-1], values[-1]),
            (0, 7 if above else -7),
            color=color,
            textcoords="offset points",
            ha="right",
            va="bottom" if above else "top",
        )
    low, high = -history.log_px_given_z[-1], -history.objective[0]
    left.set(xlabel=WORDS["epoch"], ylabel=WORDS["nats_per_image"], title=title)
    left.set_ylim(low - 0.2 * (high - low), high + 0.05 * (high - low))
    right.set(xlabel=WORDS["epoch"], ylim=(0, 1.25 * rate.max()))
    return figure


def bound_gap(elbo, log_px, bounds, title):
    """How far the ELBO lies below log p(x), image by image, and how more samples close the gap.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `elbo`, `log_px` | [N] | both in nats, of the same images |
    | `bounds` | dict | number of samples K -> mean importance-weighted bound over the images |
    | returns | Figure | left: histogram of log p(x) - ELBO; right: the bound against K |

    Source: N4 draft 21.13 (the gap); Burda et al. (2016) (the bound).
    """
    figure, (left, right) = axes(1, 2, height=2.8)
    gap = np.asarray(log_px) - np.asarray(elbo)
    left.hist(gap, bins=40, color=GAP)
    left.axvline(gap.mean(), color=INK, lw=1.2)
    left.annotate(
        WORDS["mean"].format(gap=gap.mean()),
        (gap.mean(), 0.95),
        (5, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
    )
    left.set(xlabel=WORDS["gap"], ylabel=WORDS["count"], title=title)
    exact, samples = float(np.mean(np.asarray(log_px))), list(bounds)
    right.plot(samples, list(bounds.values()), color=INFERENCE, marker="o", ms=4)
    right.axhline(exact, color=MODEL)
    right.annotate(WORDS["exact"], (samples[0], exact), (0, 4), textcoords="offset points", color=MODEL)
    right.annotate(
        WORDS["bound"],
        (samples[0], bounds[samples[0]]),
        (8, -2),
        color=INFERENCE,
        textcoords="offset points",
        va="top",
    )
    low = min(bounds.values())
    right.set(
        xscale="log",
        xlabel=WORDS["samples"],
        ylabel=WORDS["nats"],
        ylim=(low - 0.2 * (exact - low), exact + 0.2 * (exact - low)),
    )
    return figure


def posterior_shapes(panels, ticks, title):
    """The exact posterior of an image over the plane (red) and the encoder's Gaussian (indigo).

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `panels` | list | (panel title, x [D], posterior [T, T], mean [2], sigma [2]) for each image |
    | `ticks` | [T] | evenly spaced values of both coordinates; posterior[i, j] is at (ticks[i], ticks[j]) |
    | returns | Figure | the ellipses are q's 1 and 2 sigma; the image is set into its panel |

    Source: N4 21.6, the approximation that this shows; Cremer et al. (2018).
    """
    figure, row = axes(1, len(panels), height=1.12 * WIDTH / len(panels))
    ticks = np.asarray(ticks)
    for ax, (name, x, posterior, mean, sigma) in zip(row, panels):
        posterior, mean, sigma = np.asarray(posterior), np.asarray(mean), np.asarray(sigma)
        density = posterior.T / posterior.max()
        ax.pcolormesh(ticks, ticks, density, cmap=MODEL_SHADES, shading="gouraud", rasterized=True)
        for width in (1, 2):
            ax.add_patch(Ellipse(mean, *(2 * width * sigma), fill=False, color=INFERENCE, lw=1.6))
        _zoom(ax, ticks, posterior, mean, sigma)
        side = int(round(np.sqrt(len(x))))
        picture = OffsetImage(np.asarray(x).reshape(side, side), zoom=1.1, cmap="Greys")
        ax.add_artist(
            AnnotationBbox(picture, (0.98, 0.98), xycoords="axes fraction", box_alignment=(1, 1), pad=0.15)
        )
        ax.set(xlabel="$z_1$", title=name)
    row[0].set_ylabel("$z_2$")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def rate_distortion_by_class(rate, distortion, labels, title):
    """Distortion and rate of every image, a line of points for each class, and the class's mean.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `rate`, `distortion` | [N] | KL and -log p(x given z) of each image in nats; their sum is -ELBO |
    | `labels` | [N] | class |
    | returns | Figure | left: distortion; right: rate; the dashed line is the mean of all images |

    Source: N4 21.3.1.
    """
    figure, (left, right) = axes(1, 2, height=3.2, sharey=True)
    labels = np.asarray(labels)
    shift = np.random.RandomState(0).uniform(-0.28, 0.28, len(labels))  # jitter only: no result depends on it
    for ax, values, decimals in ((left, np.asarray(distortion), 0), (right, np.asarray(rate), 1)):
        ax.axvline(values.mean(), color=PRIOR, lw=1, ls=(0, (4, 3)))
        room = np.quantile(values, 0.998)
        for digit in np.unique(labels):
            chosen = labels == digit
            mean, color = values[chosen].mean(), DIGITS[digit % 10]
            ax.scatter(values[chosen], digit + shift[chosen], s=4, alpha=0.4, linewidths=0, color=color)
            ax.plot([mean, mean], [digit - 0.38, digit + 0.38], color=INK, lw=2)
            ax.text(1.03 * room, digit, f"{mean:.{decimals}f}", va="center", fontsize=9)
        ax.set_xlim(0.95 * values.min(), 1.12 * room)
    left.set(xlabel=WORDS["distortion_nats"], ylabel=WORDS["digit"], yticks=np.unique(labels), title=title)
    left.invert_yaxis()
    right.set(xlabel=WORDS["rate_nats"])
    return figure


def kl_spectrum(kl_per_dimension, threshold, title):
    """Mean KL of each latent coordinate, largest first, with the threshold that counts it as active.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `kl_per_dimension` | [N, Z] | KL of each coordinate in nats |
    | `threshold` | number | nats; as in `active_units.active_by_kl` |
    | returns | Figure | active coordinates indigo, idle ones gray |

    Source: N4 21.4, as a picture.
    """
    figure, ax = axes(height=2.4)
    kl = np.sort(np.asarray(kl_per_dimension).mean(0))[::-1]
    ax.bar(np.arange(1, len(kl) + 1), kl, color=[INFERENCE if value > threshold else PRIOR for value in kl])
    ax.axhline(threshold, color=GAP, lw=1.2)
    ax.annotate(
        WORDS["threshold"].format(nats=threshold),
        (len(kl) + 0.5, threshold),
        (0, 4),
        textcoords="offset points",
        ha="right",
        color=INK,
        fontsize=9,
    )
    ax.set(xlabel=WORDS["coordinate"], ylabel=WORDS["mean_kl"], title=title)
    ax.set_xticks(np.unique([1, *range(5, len(kl) + 1, 5), len(kl)]))
    return figure


def _zoom(ax, ticks, posterior, mean, sigma):
    """A square around the posterior's mass and q's ellipse."""
    mass = posterior / posterior.sum()
    low, high = np.empty(2), np.empty(2)
    for axis in (0, 1):
        cumulative = mass.sum(1 - axis).cumsum()
        low[axis] = min(ticks[np.searchsorted(cumulative, 0.002)], mean[axis] - 2.4 * sigma[axis])
        high[axis] = max(ticks[np.searchsorted(cumulative, 0.998)], mean[axis] + 2.4 * sigma[axis])
    center, half = (low + high) / 2, 0.75 * (high - low).max()
    (left, bottom), (right, top) = center - half, center + half
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
