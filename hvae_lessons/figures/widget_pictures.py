"""What stands for a widget in print and where no script runs."""

import io

import matplotlib.pyplot as plt
import torch
from PIL import Image

from hvae_lessons.figures.images import latent_scatter
from hvae_lessons.figures.style import DIGITS, GAP, INFERENCE, INK, MODEL, PRIOR, WIDTH, apply_style
from hvae_lessons.formulas.gradients import pathwise_gradient, score_function_gradient

DOTS_PER_INCH = 120


def as_png(draw):
    """The PNG of a figure in the book's style; the figure is closed, so that no notebook shows it too.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `draw` | callable | returns a Figure |
    | returns | bytes | |
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
        colors = picture.convert("RGB").quantize(96, method=Image.Quantize.FASTOCTREE)
        # The ground was averaged with the grays next to white.
        colors.putpalette([255 if value > 247 else value for value in colors.getpalette()])
        colors.save(small, format="png", optimize=True)
    return small.getvalue()


def elbo_gap(model, x, log_q, span=3.4):
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


def latent_explorer(codes, labels, at, image, reach, plane):
    """The latent plane with a marked code, and the image decoded from it.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `codes`, `labels` | [N, 2], [N] | codes of test images in the plane, and their classes |
    | `at` | [2] | the marked code |
    | `image` | [height, width] | decoded, from 0 to 1 |
    | `reach` | number | the plane goes from -reach to reach |
    | `plane` | two whole numbers | its dimensions, counted from 0 |
    | returns | Figure | |

    Source: N4 21.2.3.
    """
    figure, (map_of_codes, digit) = plt.subplots(
        1, 2, figsize=(WIDTH, 3.7), layout="constrained", width_ratios=(1.5, 1)
    )
    latent_scatter(codes, labels, "Codes of test digits", map_of_codes)
    across, up = (f"$z_{{{dimension + 1}}}$" for dimension in plane)
    map_of_codes.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel=across, ylabel=up)
    hair = {"color": INK, "linewidth": 0.6, "alpha": 0.5}
    map_of_codes.axvline(float(at[0]), **hair)
    map_of_codes.axhline(float(at[1]), **hair)
    map_of_codes.plot(*at, "o", color=INFERENCE, markeredgecolor="white", markersize=10, zorder=9)
    digit.imshow(image, vmin=0, vmax=1)
    digit.set(xticks=[], yticks=[], title="Decoded at the mark")
    for spine in digit.spines.values():
        spine.set(visible=True, color=PRIOR, linewidth=0.5)
    return figure


def cluster_explorer(codes, labels, curves, names, at, image, probabilities, box):
    """Codes with their clusters and a marked code; the image decoded from it, and its q(y | z).

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `codes`, `labels` | [N, 2], [N] | codes of images in the plane, and their classes |
    | `curves`, `names` | [Y, P, 2], [Y] | an ellipse and a name for each cluster |
    | `at` | [2] | the marked code |
    | `image` | [height, width] | decoded, from 0 to 1 |
    | `probabilities` | [Y] | q(y given z) |
    | `box` | four numbers | left, right, bottom and top of the plane |
    | returns | Figure | |

    Source: N0, "VAE Automatic Classification".
    """
    figure, panels = plt.subplot_mosaic(
        [["plane", "digit"], ["plane", "bars"]],
        figsize=(WIDTH, 4),
        layout="constrained",
        width_ratios=(1.5, 1),
        height_ratios=(1.4, 1),
    )
    plane, digit, bars = panels["plane"], panels["digit"], panels["bars"]
    plane.scatter(*codes.T, s=5, c=[DIGITS[label] for label in labels], alpha=0.6, linewidths=0)
    halo = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
    for name, curve in zip(names, curves, strict=True):
        plane.plot(*curve.T, color=MODEL, linewidth=0.9)
        plane.text(*curve[:-1].mean(0), name, color=MODEL, weight="bold", ha="center", va="center", bbox=halo)
    plane.plot(*at, "o", color=INFERENCE, markeredgecolor="white", markersize=10, zorder=9)
    plane.set(xlim=box[:2], ylim=box[2:], aspect="equal", title="Codes and learned clusters")
    digit.imshow(image, vmin=0, vmax=1)
    digit.set(xticks=[], yticks=[], title="Decoded at the mark")
    order = sorted(range(len(names)), key=names.__getitem__)
    bars.bar(range(len(names)), probabilities[order], color=INFERENCE)
    bars.set(ylim=(0, 1), yticks=(0, 1), title=r"$q(y \mid z)$")
    bars.set_xticks(range(len(names)), sorted(names))
    return figure


def hierarchy_explorer(digit, decoded, kl, above, draws):
    """A digit, its decoded code, the KL of each level, and draws that keep the levels above one.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `digit`, `decoded` | [height, width] | x, and the mean of p(x given z), from 0 to 1 |
    | `kl` | [L] | of each level in nats, from the data upwards |
    | `above` | whole number | the levels above it are kept; the bars of the others are hollow |
    | `draws` | [n, height, width] | images whose other levels are drawn from the prior |
    | returns | Figure | |

    Source: N4 21.63-21.66.
    """
    figure, panels = plt.subplot_mosaic(
        [["digit", "decoded", "bars"], ["draws", "draws", "draws"]],
        figsize=(WIDTH, 3.4),
        layout="constrained",
        width_ratios=(1, 1, 2.1),
        height_ratios=(2.1, 1),
    )
    row = torch.cat(list(torch.nn.functional.pad(draws, (1, 1, 1, 1))), dim=1)
    names = [f"$z_{level}$" for level in range(1, len(kl) + 1)]
    kept = ", ".join(reversed(names[above:])) or "nothing"
    shown = {"digit": digit, "decoded": decoded, "draws": row}
    titles = {"digit": "Test digit", "decoded": "Decoded", "draws": f"Draws that keep {kept}"}
    for name, image in shown.items():
        panels[name].imshow(image.numpy(), vmin=0, vmax=1)
        panels[name].set(xticks=[], yticks=[], title=titles[name])
        for spine in panels[name].spines.values():
            spine.set(visible=True, color=PRIOR, linewidth=0.5)
    bars = panels["bars"]
    for level, nats in enumerate(kl, start=1):
        face = INFERENCE if level > above else "none"
        bars.barh(level, nats, height=0.6, color=face, edgecolor=INFERENCE if level > above else PRIOR)
        bars.annotate(f"{nats:.1f}", (nats, level), (4, 0), textcoords="offset points", va="center")
    bars.set_yticks(range(1, len(kl) + 1), names)
    bars.margins(x=0.15)
    bars.tick_params(axis="y", length=0)
    bars.set(title="KL of each level, nats")
    return figure


def training_runs(curves, samples):
    """Learning curves of several runs, and what each has learned to draw; the latest run is indigo.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `curves` | list of [E] | -ELBO of the training images after each epoch, in nats |
    | `samples` | list of [n, height, width] | samples of the prior, decoded; the same n for all |
    | returns | Figure | runs are numbered from 1, as in a table beside it |
    """
    height = max(2.8, 0.45 + 0.36 * len(samples))
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(WIDTH, height), layout="constrained", width_ratios=(1, 1.15)
    )
    ends = []
    for number, curve in enumerate(curves, start=1):
        color = INFERENCE if number == len(curves) else PRIOR
        epochs = range(1, len(curve) + 1)
        left.plot(epochs, curve, color=color, marker="o" if len(curve) == 1 else None)
        ends.append((float(curve[-1]), number, len(curve), color))
    span = max(max(curve) for curve in curves) - min(end for end, *_ in ends) or 1.0
    place = -float("inf")
    for end, number, epoch, color in sorted(ends):
        # Curves that end together would write their numbers on one another.
        place = max(end, place + 0.07 * span)
        left.annotate(
            str(number),
            (epoch, place),
            (5, 0),
            textcoords="offset points",
            color=color,
            va="center",
            weight="bold",
        )
    left.set(xlabel="epoch", title="$-$ELBO, nats per training image")
    left.margins(x=0.08)

    strips = [torch.nn.functional.pad(torch.as_tensor(images), (1, 1, 1, 1)) for images in samples]
    tops = range(len(strips))
    for top, strip in zip(tops, strips, strict=True):
        row = torch.cat(list(strip), dim=1)
        right.imshow(
            row.numpy(), vmin=0, vmax=1, extent=(0, len(strip), top + 0.97, top + 0.03), aspect="equal"
        )
    right.set(xlim=(0, max(map(len, strips))), ylim=(len(strips), 0), xticks=[], title="Samples of the prior")
    right.set_yticks([top + 0.5 for top in tops], [str(top + 1) for top in tops])
    right.tick_params(length=0)
    for spine in right.spines.values():
        spine.set_visible(False)
    return figure


def vae_playground(history, kl, means, labels, plane, image_shape):
    """The terms over the epochs, KL of each coordinate, codes of the test images, and the decoded plane.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `history` | History | what `training.fit` returns |
    | `kl` | [Z] | mean KL of each coordinate in nats |
    | `means`, `labels` | [N, 2], [N] | codes of test images and their digits |
    | `plane` | [T * T, D] | decoded codes, row by row from the top left |
    | `image_shape` | (height, width) | |
    | returns | Figure | |

    Source: N4 21.14 and 21.16.
    """
    figure, ((terms, bars), (codes, images)) = plt.subplots(
        2, 2, figsize=(WIDTH, 5.4), layout="constrained", height_ratios=(1, 2.1)
    )
    epoch = range(1, len(history.objective) + 1)
    distortion, total = -history.log_px_given_z, history.kl.sum(1) - history.log_px_given_z
    terms.stackplot(epoch, distortion, total - distortion, colors=(MODEL, INFERENCE), alpha=0.35)
    terms.plot(epoch, distortion, color=MODEL)
    terms.plot(epoch, total, color=INFERENCE)
    terms.annotate("reconstruction", (epoch[-1], distortion[-1] / 2), color=MODEL, ha="right")
    place = {"xytext": (0, 4), "textcoords": "offset points"}
    terms.annotate("+ KL", (epoch[-1], total[-1]), color=INFERENCE, ha="right", **place)
    terms.set(xlabel="epoch", ylim=(0, None), title="nats per image")
    bars.bar(range(1, len(kl) + 1), kl.tolist(), color=INFERENCE, width=0.5)
    bars.set(xlim=(0.4, len(kl) + 0.6), xticks=range(1, len(kl) + 1), title="KL of each coordinate")
    latent_scatter(means, labels, "Codes of test images", codes)
    size, (high, wide) = round(len(plane) ** 0.5), image_shape
    tiles = torch.nn.functional.pad(plane.reshape(size, size, high, wide), (1, 0, 1, 0))
    tiles = tiles.transpose(1, 2).reshape(size * (high + 1), size * (wide + 1))
    images.imshow(tiles.numpy(), cmap="Greys", vmin=0, vmax=1)
    images.axis("off")
    images.set_title("Decoded codes")
    return figure
