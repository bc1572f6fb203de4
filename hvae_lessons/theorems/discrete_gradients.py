"""Theorems about gradients of E_q[f(y)] in the logits of q: exact, score function, relaxed."""

import sympy
import torch

from hvae_lessons.formulas.discrete_gradients import (
    categorical_gradient,
    categorical_score_gradient,
    relaxed_gradient,
)
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.claims import row_by_row
from hvae_lessons.proofs.textbook import softmax
from hvae_lessons.symbolic import SymbolicTensor, positive, real

CHAPTER = "reparameterization"


def _gradient_of_the_sum(values, logits):
    """d/da of the sum of softmax(a)_k f_k, differentiated by sympy."""
    expectation = sum(p * f for p, f in zip(softmax(logits), values.entries, strict=True))
    return [expectation.diff(a) for a in logits.entries]


@theorem(
    "categorical-gradient",
    chapter=CHAPTER,
    about=(categorical_gradient,),
    statement=r"\pi_k \Big(f_k - \sum_y \pi_y f_y\Big) = \frac{\partial}{\partial a_k} \sum_y \pi_y f_y,"
    r"\qquad \pi = \operatorname{softmax}(a)",
    source="N0, step 4",
    scope="three classes",
)
def exact(categorical_gradient):
    """The closed form is the derivative of the sum."""
    values, logits = real("f", 3), real("a", 3)
    rows = real("f", 2, 3), real("a", 2, 3)
    return [
        equal(
            "it is the derivative of the sum",
            categorical_gradient(values, logits),
            _gradient_of_the_sum(values, logits),
        ),
        equal("moving all logits changes nothing", categorical_gradient(values, logits).sum(), 0),
        row_by_row(categorical_gradient, *rows),
    ]


@exact.wrong("the mean of f not subtracted")
def _(values, logits):
    return torch.softmax(logits, -1) * values


@exact.wrong("the classes' mean of f without their probabilities")
def _(values, logits):
    return torch.softmax(logits, -1) * (values - values.mean(-1, keepdim=True))


@exact.wrong("the gradient in the probabilities")
def _(values, logits):
    return values - (torch.softmax(logits, -1) * values).sum(-1, keepdim=True)


@theorem(
    "categorical-score-gradient",
    chapter=CHAPTER,
    about=(categorical_score_gradient,),
    statement=r"E_{y \sim \pi}\left[(f_y - b)(e_y - \pi)\right] = \nabla_a \sum_y \pi_y f_y"
    r" \quad\text{for every } b",
    source="Williams (1992); N0, step 4",
    scope="three classes, any noise without a tie; every baseline free of the draw",
)
def score_function(categorical_score_gradient):
    """One row of noise for every class that may win; it wins with probability pi, by theorem gumbel-max."""
    values, logits, baseline = real("f", 3), real("a", 3), sympy.Symbol("b", real=True)
    largest, below = real("m", 3).entries, positive("d", 3, 3).entries
    perturbed = [
        [largest[y] - int(k != y) * below[y, k] for k in range(3)] for y in range(3)
    ]  # row y: y wins
    estimates = categorical_score_gradient(values, logits, SymbolicTensor(perturbed) - logits, baseline)
    probs = SymbolicTensor(softmax(logits))
    return [
        equal(
            "averaged over the classes, it is the derivative of the sum",
            (probs.unsqueeze(-1) * estimates).sum(0),
            _gradient_of_the_sum(values, logits),
        ),
        equal(
            "each estimate is f_y - b times the derivative of log pi_y",
            estimates,
            [
                [(f - baseline) * sympy.log(p).diff(a) for a in logits.entries]
                for f, p in zip(values.entries, probs.entries, strict=True)
            ],
        ),
    ]


@score_function.wrong("the gradient of pi_y instead of log pi_y")
def _(values, logits, noise, baseline):
    probs = torch.softmax(logits, -1)
    return probs * categorical_score_gradient(values, logits, noise, baseline)


@score_function.wrong("the score without its -pi")
def _(values, logits, noise, baseline):
    y = torch.argmax(logits + noise, -1)
    return (values[y] - baseline).unsqueeze(-1) * torch.nn.functional.one_hot(y, len(logits))


@score_function.wrong("a baseline that sees the draw")
def _(values, logits, noise, baseline):
    return categorical_score_gradient(values, logits, noise, baseline) * (1 - baseline)


@theorem(
    "relaxed-gradient",
    chapter=CHAPTER,
    about=(relaxed_gradient,),
    statement=r"w = \operatorname{softmax}\left(\frac{a + g}{\tau}\right): \quad"
    r" \nabla_{a_k} = \frac{w_k}{\tau} \Big(f'_k - \sum_y w_y f'_y\Big), \\"
    r" f' = \nabla f(w), \ \text{ or, straight-through, } \nabla f(e_{\operatorname{argmax} w})",
    source="N4 21.85-21.87; N4 21.6.1",
    scope="every quadratic f; relaxed for three classes, straight-through for two, any temperature",
)
def relaxed(relaxed_gradient):
    """Any w is c over the sum of c. Automatic differentiation runs on symbols; the right side is by hand."""
    temperature = sympy.Symbol("tau", positive=True)
    smaller = 1 / (1 + positive("d").item())
    noise = real("g", 2, 2)
    return [
        _relaxed_claim(relaxed_gradient, temperature, positive("c", 3).entries, None),
        _relaxed_claim(relaxed_gradient, temperature, [sympy.Integer(1), smaller], 0),
        _relaxed_claim(relaxed_gradient, temperature, [smaller, sympy.Integer(1)], 1),
        row_by_row(lambda row: relaxed_gradient(_quadratic, real("a", 2), row, temperature), noise),
    ]


def _relaxed_claim(relaxed_gradient, temperature, ratios, winner):
    """At weights of these ratios: relaxed, or straight-through if a winner, the largest of them, is named."""
    hard, classes = winner is not None, range(len(ratios))
    logits, w = real("a", len(ratios)), real("w", len(ratios))
    noise = temperature * SymbolicTensor(ratios).log() - logits
    computed = relaxed_gradient(_quadratic, logits, noise, temperature, hard)
    weights = [ratio / sum(ratios) for ratio in ratios]
    at = [sympy.Integer(k == winner) for k in classes] if hard else weights
    slope = [_quadratic(w).item().diff(v).subs(dict(zip(w.entries, at, strict=True))) for v in w.entries]
    mean = sum(weights[k] * slope[k] for k in classes)
    return equal(
        f"straight-through: f' where class {winner} wins" if hard else "relaxed: f' at w",
        [_decided(entry.doit()) for entry in computed.entries],
        [weights[k] * (slope[k] - mean) / temperature for k in classes],
    )


def _quadratic(w):
    """A linear function plus the square of one, [..., Y] -> [...]: their sums are all quadratics."""
    size = w.shape[-1]
    return (w * real("s", size)).sum(-1) + (w * real("q", size)).sum(-1) ** 2


def _decided(expression):
    """Comparisons of quotients decided: by the sign of the difference, factored."""
    return expression.replace(
        lambda part: isinstance(part, sympy.core.relational.Relational),
        lambda part: part.func(sympy.factor(sympy.together(part.lhs - part.rhs)), 0),
    )


@relaxed.wrong("the 1 / temperature lost")
def _(f, logits, noise, temperature, hard=False):
    return temperature * relaxed_gradient(f, logits, noise, temperature, hard)


@relaxed.wrong("the gradient of f at the relaxed vector, straight-through or not")
def _(f, logits, noise, temperature, hard=False):
    return relaxed_gradient(f, logits, noise, temperature)


@relaxed.wrong("the gradient of f at the one-hot vector, straight-through or not")
def _(f, logits, noise, temperature, hard=False):
    return relaxed_gradient(f, logits, noise, temperature, hard=True)
