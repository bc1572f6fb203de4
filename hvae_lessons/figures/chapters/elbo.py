"""Figures of the chapter on the evidence lower bound."""

import matplotlib.pyplot as plt
import numpy as np

from hvae_lessons.figures.graphs import GraphicalModel, draw_model
from hvae_lessons.figures.style import (
    GAP,
    INFERENCE,
    INFERENCE_SHADES,
    INK,
    MODEL,
    MODEL_SHADES,
    PRIOR,
    WIDTH,
    axes,
)

# What the figures say beside their data; titles that come from the chapter are the caller's.
WORDS = {
    "two_codes": "One observation, two codes that explain it",
    "observed": "observed $x = {x:g}$",
    "decoder": "$f(z)$ and its noise ",
    "code": "code $z$",
    "data": "data $x$",
    "count": "{samples:,} samples",
    "dimensions": "latent dimensions $Z$",
    "needed": "samples for 10% error",
    "price": "The price grows exponentially",
    "exact": r"exact $\log p(x)$",
    "estimate": "estimate",
    "nats": "nats",
    "collapse": "Unpaid, the estimate collapses",
    "best_q": "best $q$",
    "prior": "prior",
    "likelihood": r"$p(x \mid z)$," "\nscaled",
    "density": "density",
    "one_peak": "A Gaussian holds one of two peaks",
    "sum": "Bound + gap = evidence",
    "model_joint": "The model: two branches",
    "inference_joint": "Gaussian inference: one of them",
    "reverse": r"Reverse, $\mathrm{KL}(q \,\|\, p)$: one peak, too narrow",
    "forward": r"Forward, $\mathrm{KL}(p \,\|\, q)$: all of it, too wide",
    "both": "reverse {reverse:.2f}\nforward {forward:.2f}",
    "start": "start",
    "greatest_likelihood": "greatest likelihood",
    "greatest_bound": "greatest bound",
    "gap": "gap",
    "nats_per_example": "nats per example",
    "climbing": "Climbing the bound walks down the likelihood",
    "family": "family",
    "encoder": "encoder",
    "gap_in_nats": "gap in nats",
    "amortization": "The family's gap stays; the encoder's shrinks with its size",
    "epoch": "epoch",
    "nats_per_image": "nats per image",
    "elbo": "ELBO",
    "carried": "The bound carries the likelihood up",
    "meets": "and nearly meets it",
}


def latent_variable_model(model, x, span=2.2):
    """The two networks as a graph, and a decoder under which one observation has several explanations.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model` | GridModel with D = 1 | its decoder is the curve |
    | `x` | number | the observation |
    | `span` | number | codes shown: -span to span |
    | returns | Figure | |

    Source: N4 21.4-21.6 (the structure).
    """
    figure, (graph, curve) = plt.subplots(
        1, 2, figsize=(WIDTH, 2.9), layout="constrained", width_ratios=(1, 2.2)
    )
    both = GraphicalModel(
        {"$z$": (0, 0.8, "latent"), "$x$": (0, -0.8, "observed")},
        (("$z$", "$x$", "p"), ("$x$", "$z$", "q")),
        notes=((0.8, 0, r"$p_\theta(x \mid z)$", "p"), (-0.8, 0, r"$q_\phi(z \mid x)$", "q")),
    )
    draw_model(graph, both, extent=(-1.2, 1.2, -1.2, 1.2), fontsize=13)

    z = model.z[model.z.abs() <= span]
    mean = model.decode(z.unsqueeze(-1)).squeeze(-1)
    noise = float(np.exp(0.5 * model.noise_log_var))
    curve.fill_between(z, mean - 2 * noise, mean + 2 * noise, color=MODEL, alpha=0.12, linewidth=0)
    curve.plot(z, mean, color=MODEL)
    curve.axhline(x, color=INK, linewidth=1, linestyle=":")
    crossing = z[(mean[:-1] - x).sign().diff().nonzero().squeeze(-1) + 1]
    curve.scatter(crossing, [x] * len(crossing), color=INK, zorder=4, s=28)
    curve.text(0, x + 0.15, WORDS["observed"].format(x=x), ha="center")
    curve.text(span, mean[-1], WORDS["decoder"], color=MODEL, ha="right", va="center")
    curve.set(xlabel=WORDS["code"], ylabel=WORDS["data"], ylim=(-1.2, float(mean[-1]) + 0.6))
    curve.set_title(WORDS["two_codes"])
    return figure


def prior_sampling_cost(latent_dims, samples_needed, estimates, exact, samples):
    """What averaging p(x | z) over the prior costs, and what it returns when the price is not paid.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `latent_dims` | [N] | Z |
    | `samples_needed` | [N] | samples for a relative error of 10% |
    | `estimates`, `exact` | [N] | estimated and true log p(x), nats |
    | `samples` | number | samples per estimate |
    | returns | Figure | |

    Source: N4 21.3.
    """
    figure, (cost, result) = axes(1, 2, height=3.0)
    cost.semilogy(latent_dims, samples_needed, "o-", color=PRIOR)
    cost.axhline(samples, color=INK, linewidth=1, linestyle=":")
    cost.text(latent_dims[-1], samples * 2, WORDS["count"].format(samples=samples), ha="right")
    cost.set(xlabel=WORDS["dimensions"], ylabel=WORDS["needed"])
    cost.set_title(WORDS["price"])
    result.plot(latent_dims, exact, "o-", color=MODEL)
    result.plot(latent_dims, estimates, "o-", color=PRIOR)
    result.text(latent_dims[-1], exact[-2] + 4, WORDS["exact"], color=MODEL, ha="right", va="bottom")
    result.text(
        latent_dims[-2] - 1, estimates[-2] - 4, WORDS["estimate"], color=PRIOR, ha="right", va="center"
    )
    result.set(xlabel=WORDS["dimensions"], ylabel=WORDS["nats"])
    result.set_title(WORDS["collapse"])
    return figure


def bound_and_posterior(model, x, candidates, span=3.0):
    """Prior, likelihood, posterior and the best q; beside them, bound plus gap for several q.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model` | GridModel | |
    | `x` | [1, D] | one observation |
    | `candidates` | dict name -> [1, G] | log-densities of several q; the last is drawn |
    | returns | Figure | |

    Source: N4 draft 21.13.
    """
    figure, (densities, ladder) = plt.subplots(
        1, 2, figsize=(WIDTH, 3.4), layout="constrained", width_ratios=(1.5, 1)
    )
    z = model.z
    posterior = model.log_posterior(x)[0].exp()
    best = list(candidates.values())[-1][0].exp()
    likelihood = model.log_likelihood(x)[0].exp()
    densities.plot(z, model.gaussian(x[:, :1] * 0, x[:, :1] * 0)[0].exp(), color=PRIOR)
    densities.plot(z, likelihood / likelihood.max(), color=PRIOR, linestyle=":")
    densities.fill_between(z, posterior, color=MODEL, alpha=0.2, linewidth=0)
    densities.plot(z, posterior, color=MODEL)
    densities.plot(z, best, color=INFERENCE)
    peak = int(best.argmax())
    away = -1 if z[peak] < 0 else 1
    densities.text(
        z[peak] + 0.18 * away,
        0.93 * best[peak],
        WORDS["best_q"],
        color=INFERENCE,
        ha=("right", "left")[away > 0],
    )
    densities.text(-1.3 * away, 1.05, r"$p(z \mid x)$", color=MODEL, ha="center", va="bottom")
    densities.text(0, 0.42, WORDS["prior"], color=PRIOR, ha="center")
    densities.text(1.6, 0.7, WORDS["likelihood"], color=PRIOR, va="center")
    densities.set(
        xlim=(-span, span), ylim=(0, 1.1 * float(best.max())), xlabel=WORDS["code"], ylabel=WORDS["density"]
    )
    densities.set_title(WORDS["one_peak"])

    log_px = float(model.log_px(x))
    bounds = [float(model.elbo(x, log_q)) for log_q in candidates.values()]
    low = min(bounds) - 0.6
    ladder.axhline(log_px, color=MODEL)
    ladder.text(-0.45, log_px + 0.1, rf"$\log p(x) = {log_px:.2f}$", color=MODEL, va="bottom")
    for place, bound in enumerate(bounds):
        ladder.bar(place, bound - low, bottom=low, width=0.6, color=INFERENCE, alpha=0.85)
        ladder.bar(place, log_px - bound, bottom=bound, width=0.6, color=GAP, alpha=0.85)
        ladder.text(place, bound - 0.08, f"{bound:.2f}", color="white", ha="center", va="top")
        ladder.text(place, (bound + log_px) / 2, f"{log_px - bound:.2f}", ha="center", va="center")
    ladder.set(ylim=(low, log_px + 0.8), xlim=(-0.5, len(bounds) - 0.5), ylabel=WORDS["nats"])
    ladder.set_xticks(range(len(bounds)), list(candidates))
    ladder.set_title(WORDS["sum"])
    return figure


def two_joints(x, z, model_density, inference_density):
    """p(x, z) and q(x, z) side by side: the ELBO fits one to the other.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x`, `z` | [B], [G] | axes |
    | `model_density`, `inference_density` | [B, G] | the joints |
    | returns | Figure | |

    Source: N4 21.9, 21.12 and figure 21.4.
    """
    figure, panels = axes(1, 2, height=3.1, sharey=True)
    shown = (
        (panels[0], model_density, MODEL_SHADES, r"$p(z)\,p(x \mid z)$", WORDS["model_joint"]),
        (
            panels[1],
            inference_density,
            INFERENCE_SHADES,
            r"$p_D(x)\,q(z \mid x)$",
            WORDS["inference_joint"],
        ),
    )
    for panel, density, shades, name, title in shown:
        panel.contourf(x, z, density.T, levels=np.linspace(0.02, 1.0, 14) * float(density.max()), cmap=shades)
        panel.text(0.03, 0.95, name, transform=panel.transAxes, va="top", color=shades(1.0))
        panel.set(xlabel=WORDS["data"], xlim=(-2, 5), ylim=(-2.6, 2.6))
        panel.set_title(title)
    panels[0].set_ylabel(WORDS["code"])
    return figure


def kl_directions(model, x, reverse_log_q, forward_log_q, span=3.0):
    """The Gaussians of least reverse and of least forward KL to the same posterior.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model` | GridModel | |
    | `x` | [1, D] | one observation |
    | `reverse_log_q`, `forward_log_q` | [1, G] | log-densities |
    | returns | Figure | |

    Source: N4 draft 21.13 (reverse); forward for contrast.
    """
    figure, panels = axes(1, 2, height=2.9, sharey=True)
    posterior = model.log_posterior(x)[0].exp()
    shown = (
        (panels[0], reverse_log_q, WORDS["reverse"]),
        (panels[1], forward_log_q, WORDS["forward"]),
    )
    for panel, log_q, title in shown:
        panel.fill_between(model.z, posterior, color=MODEL, alpha=0.2, linewidth=0)
        panel.plot(model.z, posterior, color=MODEL)
        panel.plot(model.z, log_q[0].exp(), color=INFERENCE)
        reverse, forward = float(model.reverse_kl(x, log_q)), float(model.forward_kl(x, log_q))
        numbers = WORDS["both"].format(reverse=reverse, forward=forward)
        panel.text(0.97, 0.95, numbers, transform=panel.transAxes, ha="right", va="top")
        panel.set(xlim=(-span, span), xlabel=WORDS["code"])
        panel.set_ylim(bottom=0)
        panel.set_title(title, fontsize=10)
    panels[0].set_ylabel(WORDS["density"])
    return figure


def bound_against_likelihood(theta, log_px, bound, path):
    """Likelihood and bound as functions of one model parameter, and an ascent of the bound.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `theta` | [N] | parameter values |
    | `log_px`, `bound` | [N] | mean log p(x) and its bound with the best q of a family, nats |
    | `path` | [T, 3] | theta, log p(x) and bound along the ascent |
    | returns | Figure | |

    Source: fills the last, empty section of N2.
    """
    figure, panel = axes(height=3.6)
    panel.fill_between(theta, bound, log_px, color=GAP, alpha=0.3, linewidth=0)
    panel.plot(theta, log_px, color=MODEL)
    panel.plot(theta, bound, color=INFERENCE)
    for row, color in ((1, MODEL), (2, INFERENCE)):
        panel.plot(path[:, 0], path[:, row], "o", color=color, markersize=4)
        panel.annotate(
            WORDS["start"],
            path[0, [0, row]],
            xytext=(4, 5),
            textcoords="offset points",
            color=color,
            fontsize=9,
        )
    top, best = int(log_px.argmax()), int(bound.argmax())
    panel.text(
        theta[top], log_px[top] + 0.03, WORDS["greatest_likelihood"], color=MODEL, ha="right", va="bottom"
    )
    panel.text(
        theta[best], bound[best] - 0.05, WORDS["greatest_bound"], color=INFERENCE, ha="center", va="top"
    )
    middle = (top + len(theta)) // 2
    panel.text(theta[middle], (log_px[middle] + bound[middle]) / 2, WORDS["gap"], ha="center", va="center")
    panel.set(
        xlabel=r"$\theta$",
        ylabel=WORDS["nats_per_example"],
        ylim=(float(bound[best]) - 0.75, float(log_px[top]) + 0.15),
    )
    panel.set_title(WORDS["climbing"])
    return figure


def gaps_over_x(x, approximation, amortization):
    """How far the bound lies below log p(x), and how much of it is the encoder's doing.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x` | [B] | data |
    | `approximation` | [B] | gap of the best q of the family, nats |
    | `amortization` | dict name -> [B] | what each encoder adds, nats |
    | returns | Figure | |

    Source: Cremer et al. (2018).
    """
    figure, panels = axes(1, len(amortization), height=3.0, sharey=True)
    for panel, (name, added) in zip(panels, amortization.items(), strict=True):
        panel.fill_between(x, approximation, color=INFERENCE, alpha=0.75, linewidth=0)
        panel.fill_between(x, approximation, approximation + added, color=GAP, alpha=0.85, linewidth=0)
        panel.set(xlabel=WORDS["data"], ylim=(0, 1.4), xlim=(float(x[0]), float(x[-1])))
        panel.set_title(name, fontsize=10)
    panels[0].text(2.6, 0.35, WORDS["family"], color="white", ha="center", va="center")
    panels[0].annotate(
        WORDS["encoder"], (0.35, 0.42), xytext=(1.0, 1.15), arrowprops={"arrowstyle": "-", "color": INK}
    )
    panels[0].set_ylabel(WORDS["gap_in_nats"])
    figure.suptitle(WORDS["amortization"], x=0.01, ha="left", fontsize=11)
    return figure


def training_bound(epochs, log_px, bound, maximum):
    """Likelihood and bound during training, with the greatest likelihood that the model can reach.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `epochs` | [E] | |
    | `log_px`, `bound` | [E] | mean exact log p(x) and ELBO, nats |
    | `maximum` | number | greatest mean log p(x) |
    | returns | Figure | |

    Source: Tipping and Bishop (1999) for the maximum.
    """
    figure, (rise, gap) = axes(1, 2, height=3.0)
    rise.axhline(maximum, color=INK, linewidth=1, linestyle=":")
    rise.plot(epochs, log_px, color=MODEL)
    rise.plot(epochs, bound, color=INFERENCE, linestyle="--")
    rise.text(epochs[-1], maximum + 1.5, WORDS["greatest_likelihood"], ha="right", va="bottom")
    rise.set(xlabel=WORDS["epoch"], ylabel=WORDS["nats_per_image"], ylim=(float(bound.min()), maximum + 12))
    rise.text(0.3 * epochs[-1], maximum - 22, r"$\log p(x)$", color=MODEL)
    rise.text(0.3 * epochs[-1], maximum - 32, WORDS["elbo"], color=INFERENCE)
    rise.set_title(WORDS["carried"])
    gap.fill_between(epochs, log_px - bound, color=GAP, alpha=0.5, linewidth=0)
    gap.plot(epochs, log_px - bound, color=GAP)
    gap.set(xlabel=WORDS["epoch"], ylabel=WORDS["gap_in_nats"])
    gap.set_ylim(bottom=0)
    gap.set_title(WORDS["meets"])
    return figure
