"""Categorical gradient estimators against autograd, finite differences and torch.distributions."""

import pytest
import torch

from hvae_lessons.formulas.discrete_gradients import (
    categorical_gradient,
    categorical_score_gradient,
    relaxed_gradient,
)
from hvae_lessons.formulas.discrete_samples import gumbel_noise

LOGITS = torch.tensor([0.3, -1.0, 0.8], dtype=torch.float64)
VALUES = torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64)
CODES = torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64)


def noise(*shape):
    return gumbel_noise((*shape, 3), torch.Generator().manual_seed(0)).double()


def test_exact_gradient_is_autograd_of_the_sum():
    logits = LOGITS.clone().requires_grad_()
    (expected,) = torch.autograd.grad((torch.softmax(logits, -1) * VALUES).sum(), logits)
    torch.testing.assert_close(categorical_gradient(VALUES, LOGITS), expected)


def test_exact_gradient_of_a_constant_is_zero():
    torch.testing.assert_close(
        categorical_gradient(torch.full_like(LOGITS, 7.0), LOGITS), torch.zeros_like(LOGITS)
    )


def test_score_gradient_is_value_times_the_score_of_the_drawn_class():
    g = torch.tensor([[10.0, 0, 0], [0, 10, 0], [0, 0, 10]], dtype=torch.float64)  # draws classes 0, 1, 2
    estimate = categorical_score_gradient(VALUES, LOGITS, g, baseline=0.25)
    for y in range(3):
        logits = LOGITS.clone().requires_grad_()
        log_prob = torch.distributions.Categorical(logits=logits).log_prob(torch.tensor(y))
        (score,) = torch.autograd.grad(log_prob, logits)
        torch.testing.assert_close(estimate[y], (VALUES[y] - 0.25) * score)


@pytest.mark.parametrize("baseline", [0.0, 1.5])
def test_score_gradient_is_unbiased(baseline):
    estimate = categorical_score_gradient(VALUES, LOGITS, noise(100_000), baseline)
    error = estimate.std(0) / 100_000**0.5
    assert ((estimate.mean(0) - categorical_gradient(VALUES, LOGITS)).abs() < 4 * error).all()


def test_relaxed_gradient_agrees_with_finite_differences():
    f = lambda w: (w @ CODES - 0.4) ** 2  # noqa: E731
    g, step = noise(5), 1e-6
    estimate = relaxed_gradient(f, LOGITS, g, 0.7)
    for k in range(3):
        shift = step * torch.eye(3, dtype=torch.float64)[k]
        up, down = (f(torch.softmax((LOGITS + s * shift + g) / 0.7, -1)) for s in (1, -1))
        torch.testing.assert_close(estimate[:, k], (up - down) / (2 * step), rtol=1e-5, atol=1e-7)


def test_straight_through_takes_the_slope_at_the_one_hot_vector():
    f = lambda w: (w @ CODES - 0.4) ** 2  # noqa: E731
    g, tau = noise(7), 0.7
    w = torch.softmax((LOGITS + g) / tau, -1)
    hard = torch.eye(3, dtype=torch.float64)[(LOGITS + g).argmax(-1)]
    slope = 2 * (hard @ CODES - 0.4).unsqueeze(-1) * CODES  # df / dw at the one-hot vector
    expected = w * (slope - (w * slope).sum(-1, keepdim=True)) / tau  # times the Jacobian of the softmax
    torch.testing.assert_close(relaxed_gradient(f, LOGITS, g, tau, hard=True), expected)


def test_for_a_linear_f_hard_and_soft_have_one_gradient():
    f = lambda w: w @ CODES  # noqa: E731
    soft, hard = (relaxed_gradient(f, LOGITS, noise(6), 0.5, hard=hard) for hard in (False, True))
    torch.testing.assert_close(soft, hard)


def test_the_logits_and_the_noise_are_left_alone():
    logits = LOGITS.clone().requires_grad_()
    relaxed_gradient(lambda w: w @ CODES, logits, noise(4), 1.0)
    assert logits.grad is None


def test_f_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError, match=r"f: expected values of shape \(4,\)"):
        relaxed_gradient(lambda w: w, LOGITS, noise(4), 1.0)
    with pytest.raises(ValueError, match="temperature"):
        relaxed_gradient(lambda w: w @ CODES, LOGITS, noise(4), 0.0)
    with pytest.raises(ValueError, match="values"):
        categorical_score_gradient(VALUES.expand(2, 3), LOGITS.expand(2, 3), noise(2))
