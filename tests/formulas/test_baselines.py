"""A baseline lowers the variance of the score function: by how much, in closed form."""

import pytest
import torch
from random_data import generator

from hvae_lessons.formulas.discrete_gradients import categorical_score_gradient
from hvae_lessons.formulas.discrete_samples import gumbel_noise
from hvae_lessons.formulas.gradients import pathwise_gradient, score_function_gradient
from hvae_lessons.formulas.labels import mean_of_others, sampled_cost

S = 400_000
MEAN, LOG_VAR = torch.tensor([0.5], dtype=torch.float64), torch.tensor([-1.0], dtype=torch.float64)
LEVEL = 10.0
LOGITS = torch.tensor([0.3, -0.4, 0.1], dtype=torch.float64)
COST = torch.tensor([11.0, 13.0, 8.0], dtype=torch.float64)


def moments(rows):
    return rows.mean(0), rows.var(0)


@pytest.mark.parametrize("baseline", [0.0, LEVEL, LEVEL + 0.5, 2 * LEVEL])
def test_of_a_line_under_a_gaussian(baseline):
    """f = level + z. The estimates are (k + s e) e / s and (k + s e)(e^2 - 1) / 2; k = level + mean - b."""
    noise = torch.randn(S, 1, generator=generator(), dtype=torch.float64)
    estimates = score_function_gradient(lambda z: LEVEL + z.sum(-1), MEAN, LOG_VAR, noise, baseline)
    k, variance = LEVEL + 0.5 - baseline, LOG_VAR.exp().item()
    # E e^2 = 1, E e^4 = 3, E e^6 = 15; odd moments vanish.
    expected = ((1.0, k**2 / variance + 2), (0.0, (2 * k**2 + variance * (15 - 6 + 1)) / 4))
    for rows, (mean, spread) in zip(estimates, expected, strict=True):
        found = moments(rows)
        assert found[0].item() == pytest.approx(mean, abs=5 * (spread / S) ** 0.5)
        assert found[1].item() == pytest.approx(spread, rel=0.03)


def test_the_best_baseline_still_loses_against_the_slope():
    """Of a line the pathwise estimate is exact, and the score function keeps a variance of 2."""
    noise = torch.randn(1000, 1, generator=generator(), dtype=torch.float64)
    slope, _ = pathwise_gradient(torch.ones_like, MEAN, LOG_VAR, noise)
    assert (slope == 1).all()


def over_labels(baseline, extra=0.0):
    """Mean and variance of (c_y - b)(e_y - pi), summed over y; b may vary on its own, by `extra`."""
    probs = LOGITS.softmax(-1)
    score = torch.eye(3, dtype=torch.float64) - probs
    mean = probs @ ((COST - baseline).unsqueeze(-1) * score)
    square = probs @ ((((COST - baseline) ** 2 + extra).unsqueeze(-1)) * score**2)
    return mean, square - mean**2


@pytest.mark.parametrize("baseline", [0.0, 10.0])
def test_of_drawn_labels(baseline):
    noise = gumbel_noise((S, 3), generator(1), torch.float64)
    found = moments(categorical_score_gradient(COST, LOGITS, noise, baseline))
    mean, variance = over_labels(baseline)
    assert torch.allclose(found[0], mean, atol=5 * (variance.max() / S).sqrt().item(), rtol=0)
    torch.testing.assert_close(found[1], variance, rtol=0.03, atol=0)


def gradients(baseline, batches=2000, size=4):
    """Gradient for the logits of each example, [batches * size, 3]."""
    draws = LOGITS.softmax(-1).expand(batches, 3)
    y = torch.multinomial(draws, size, replacement=True, generator=generator(2))
    rows = []
    for cost, labels in zip(COST[y], y, strict=True):
        logits = LOGITS.expand(size, 3).clone().requires_grad_()
        value = sampled_cost(cost, logits, labels, baseline(cost)).sum()
        rows += torch.autograd.grad(value, logits)
    return torch.cat(rows)


def test_the_others_of_a_batch_are_nearly_the_best_baseline():
    probs = LOGITS.softmax(-1)
    average = (probs * COST).sum()
    spread = (probs * (COST - average) ** 2).sum() / 3  # variance of a mean of three others
    without, with_others = gradients(lambda cost: 0.0), gradients(mean_of_others)
    for rows, (mean, variance) in (
        (without, over_labels(0.0)),
        (with_others, over_labels(average, spread)),
    ):
        error = 5 * (variance.max() / len(rows)).sqrt().item()
        assert torch.allclose(rows.mean(0), mean, atol=error, rtol=0)
        torch.testing.assert_close(rows.var(0), variance, rtol=0.15, atol=0)
    assert (with_others.var(0) < without.var(0) / 5).all()
