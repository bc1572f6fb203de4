"""Figures of the chapter on top-down inference: data in, Figure out, nats throughout.

Titles state what the reader should see, so the caller writes them.
"""

import numpy as np

from hvae_lessons.figures.chapters.mhvae import LEVELS
from hvae_lessons.figures.graphs import GraphicalModel, graphical_models
from hvae_lessons.figures.style import GAP, INFERENCE, INK, MODEL, PRIOR, axes

# What the figures say beside their data; titles that come from the chapter are the caller's.
WORDS = {
    "p_skips": "$p$ with skips",
    "p_built": "$p$, as it is built",
    "q_up": "$q$ bottom-up",
    "q_down": "$q$ top-down, as it is built",
    "prior": "prior",
    "message": "message",
    "posterior": "posterior",
    "prior_mean": r"mean $\mu$ of the prior",
    "error": "relative error of the KL",
    "kl": "KL, nats per image",
    "skipped": "{name}\n{count} steps skipped",
    "epoch": "epoch",
    "norm": "largest norm of the gradient",
    "chain": "autoregressive: 4 pixels",
    "tree": "tree: 8 pixels",
    "pixels": "pixels $D$",
    "steps": "sequential steps",
}


def skip_graphs(title):
    """The generator with skips, the backbone that carries them, and both orders of inference.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `title` | str | what the reader should see |
    | returns | Figure | four graphs of three levels; squares are deterministic |

    Source: N4 21.61 and figure 21.11 left; 21.62; 21.63 and figure 21.11 right.
    """
    z, d, e = ([f"${letter}_{l}$" for l in (1, 2, 3)] for letter in "zde")
    column = {"$x$": (0, 0, "observed")} | {name: (0, l, "latent") for l, name in enumerate(z, 1)}
    skips = tuple(
        (above, below, "p", 0.38 if l - k > 1 else 0.0)
        for l, above in enumerate(column)
        for k, below in enumerate(column)
        if l > k
    )
    room = ((-0.85, 1.5, "", "p"), (0.85, 1.5, "", "p"))  # for the arcs
    upward = tuple((below, above, "q", 0.38 if bend else 0.0) for above, below, _, bend in skips)
    path = {"$x$": (0, 0, "observed")} | {name: (0, l, "deterministic") for l, name in enumerate(d, 1)}
    beside = {name: (1, l, "latent") for l, name in enumerate(z, 1)}
    backbone = tuple((above, below, "p") for below, above in zip(path, list(path)[1:]))
    inject = tuple((code, state, "p") for code, state in zip(z, d))
    prior = tuple((above, code, "p") for above, code in zip(d[1:], z))
    # The features of x climb on the left; what inference shares with p comes down on the right.
    features = {"$x$": (0, 0, "observed")} | {name: (0, l, "deterministic") for l, name in enumerate(e, 1)}
    middle = {name: (1.1, l, "latent") for l, name in enumerate(z, 1)}
    states = {name: (2.2, l, "deterministic") for l, name in enumerate(d[1:], 2)}
    climb = tuple((below, above, "q") for below, above in zip(features, list(features)[1:]))
    read = tuple((feature, code, "q") for feature, code in zip(e, z))
    parents = tuple((state, code, "q") for state, code in zip(d[1:], z))
    shared = ((z[2], d[2], "p"), (z[1], d[1], "p"), (d[2], d[1], "p"))
    panels = {
        WORDS["p_skips"]: GraphicalModel(column, skips, notes=room),
        WORDS["p_built"]: GraphicalModel(path | beside, backbone + inject + prior),
        WORDS["q_up"]: GraphicalModel(column, upward, notes=room),
        WORDS["q_down"]: GraphicalModel(features | middle | states, climb + read + parents + shared),
    }
    return graphical_models(panels, title)


def prior_times_message(z, panels, title):
    """A prior, what x has to say about the same variable, and their normalized product.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `z` | [G] | values of z_l |
    | `panels` | dict | panel title -> (prior, message, product), densities [G] each |
    | returns | Figure | red: prior; amber, dashed: message; indigo: posterior |

    Source: N4 21.68; Sonderby et al. (2016), section 2.2.
    """
    figure, row = axes(1, len(panels), height=2.3, sharex=True, sharey=True, squeeze=False)
    z = np.asarray(z)
    styles = (
        (MODEL, "-", WORDS["prior"]),
        (GAP, (0, (5, 2)), WORDS["message"]),
        (INFERENCE, "-", WORDS["posterior"]),
    )
    for ax, (name, densities) in zip(row[0], panels.items()):
        for density, (color, style, label) in zip(densities, styles):
            density = np.asarray(density)
            ax.plot(z, density, color=color, ls=style, label=label)
        ax.fill_between(z, np.asarray(densities[2]), color=INFERENCE, alpha=0.18, lw=0)
        ax.set_title(name, fontsize=10)
        ax.set(xlabel="$z_l$", yticks=[], xlim=(z[0], z[-1]))
    row[0][0].set_ylim(0, None)
    row[0][-1].legend(loc="upper left", fontsize=9, handlelength=1.6)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def rounding_errors(means, errors, title):
    """How far a divergence in single precision is from its true value, against the size of the means.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `means` | [M] | the prior's mean, the same in both forms |
    | `errors` | dict | label -> relative error [M]; zeros are drawn at the bottom |
    | returns | Figure | both axes logarithmic; labels at the right end |

    Source: N4 21.74, what the residual form avoids.
    """
    figure, ax = axes(height=2.7)
    means = np.asarray(means)
    floor = 1e-9
    for (name, values), (color, style) in zip(errors.items(), ((GAP, "--"), (INFERENCE, "-"))):
        values = np.maximum(np.asarray(values), floor)
        ax.plot(means, values, color=color, ls=style, marker="o", ms=4)
        ax.annotate(name, (means[-1], values[-1]), (8, 0), textcoords="offset points", color=INK, va="center")
    ax.set(xscale="log", yscale="log", xlabel=WORDS["prior_mean"], ylabel=WORDS["error"])
    ax.set_xlim(means[0] / 1.5, means[-1] * 30)
    ax.axhline(1, color=PRIOR, lw=1, ls=":")
    ax.set_title(title)
    return figure


def nats_of_levels(rows, title):
    """How many nats each level carries, one bar per model.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `rows` | dict | label -> (KL of z_1, ..., z_L in nats [L], what stands at the end of the bar) |
    | returns | Figure | stacked bars, z_1 on the left and the top level, darkest, on the right |

    Source: Sonderby et al. (2016), figure 3, as bars.
    """
    figure, ax = axes(height=0.75 + 0.42 * len(rows))
    longest = max(sum(kl) for kl, _ in rows.values())
    for row, (kl, words) in enumerate(rows.values()):
        left = np.concatenate([[0], np.cumsum(kl)])
        for l, nats in enumerate(kl):
            ax.barh(row, nats, left=left[l], color=LEVELS[l], height=0.62)
            if nats > 0.06 * longest:
                color = INK if l == 0 else "white"
                ax.text(left[l] + nats / 2, row, f"{nats:.1f}", color=color, ha="center", va="center")
        ax.text(left[-1] + 0.02 * longest, row, words, va="center")
    for l, nats in enumerate(next(iter(rows.values()))[0]):
        middle = sum(next(iter(rows.values()))[0][:l]) + nats / 2
        ax.text(middle, -0.45, f"$z_{l + 1}$", ha="center", va="bottom", fontsize=9)
    ax.set_yticks(range(len(rows)), rows)
    ax.set(xlabel=WORDS["kl"], xlim=(0, 1.5 * longest), ylim=(len(rows) - 0.5, -0.95))
    ax.tick_params(axis="y", length=0)
    ax.set_title(title)
    return figure


def gradient_norms(panels, threshold, title):
    """The largest gradient of every epoch, and the epochs in which a step was skipped.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `panels` | dict | panel title -> (norms [E], skipped steps [E]), e.g. of a History |
    | `threshold` | number | steps above it may be skipped |
    | returns | Figure | logarithmic; red crosses where steps were skipped; infinite norms at the top |

    Source: N4 21.5.5; Child (2021), gradient skipping.
    """
    figure, row = axes(1, len(panels), height=2.5, sharey=True, squeeze=False)
    every = np.concatenate([np.asarray(norms, dtype=float) for norms, _ in panels.values()])
    top = 3 * every[np.isfinite(every)].max()
    for ax, (name, (norms, skipped)) in zip(row[0], panels.items()):
        norms, skipped = (
            np.nan_to_num(np.asarray(norms, dtype=float), nan=top, posinf=top),
            np.asarray(skipped),
        )
        epoch = np.arange(1, len(norms) + 1)
        ax.plot(epoch, norms, color=INFERENCE, lw=1)
        ax.plot(epoch[skipped == 0], norms[skipped == 0], "o", color=INFERENCE, ms=4)
        ax.plot(epoch[skipped > 0], norms[skipped > 0], "x", color=MODEL, ms=6)
        ax.axhline(threshold, color=GAP, ls="--")
        ax.set_title(WORDS["skipped"].format(name=name, count=skipped.sum()), fontsize=10)
        ax.set(yscale="log", xlabel=WORDS["epoch"], ylim=(None, 1.3 * top))
    row[0][0].set_ylabel(WORDS["norm"])
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def code_graphs(title):
    """Pixels one after the other, and pixels as the leaves of a tree.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `title` | str | what the reader should see |
    | returns | Figure | left: every pixel waits for all before it; right: it waits for its branch |

    Source: N4 figure 21.14.
    """
    chain = {f"$x_{i}$": (0.95 * i, 0, "observed") for i in range(1, 5)}
    names = list(chain)
    after = tuple(
        (names[i], names[j], "p", -0.4 if j - i > 1 else 0.0) for i in range(4) for j in range(i + 1, 4)
    )
    tree = {"$z_3$": (2.45, 1.7, "latent")}
    tree |= {f"$z_{{2,{i + 1}}}$": (1.05 + 2.8 * i, 0.8, "latent") for i in range(2)}
    tree |= {f"$z_{{1,{i + 1}}}$": (0.35 + 1.4 * i, -0.1, "latent") for i in range(4)}
    tree |= {f"$x_{i + 1}$": (0.7 * i, -1.0, "observed") for i in range(8)}
    nodes = list(tree)
    branches = tuple((nodes[(i - 1) // 2], nodes[i], "p") for i in range(1, len(nodes)))
    panels = {
        WORDS["chain"]: GraphicalModel(chain, after, notes=((2.4, 1, "", "p"),)),
        WORDS["tree"]: GraphicalModel(tree, branches),
    }
    return graphical_models(panels, title)


def sampling_steps(counts, steps, title):
    """Sequential steps of one draw against the number of pixels.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `counts` | [S] | D, increasing |
    | `steps` | dict | way of sampling -> sequential steps [S]; two of them |
    | returns | Figure | logarithmic on both axes; each curve named at its end |

    Source: N4 21.5.3, O(D) against O(log D).
    """
    figure, ax = axes(height=2.5)
    for (name, values), color, style in zip(steps.items(), (MODEL, INFERENCE), ("--", "-")):
        ax.plot(counts, values, color=color, ls=style, marker="o", ms=4)
        ax.annotate(
            name, (counts[-1], values[-1]), (6, 0), textcoords="offset points", color=color, va="center"
        )
    ax.set(xscale="log", yscale="log", xlabel=WORDS["pixels"], ylabel=WORDS["steps"])
    ax.set_xlim(counts[0] / 1.4, counts[-1] * (counts[-1] / counts[0]) ** 0.35)
    ax.set_xticks(counts, [str(count) for count in counts])
    ax.minorticks_off()
    ax.set_title(title)
    return figure
