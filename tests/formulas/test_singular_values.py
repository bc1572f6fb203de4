"""Power iteration against singular values of LAPACK, and by hand."""

import pytest
import torch
from random_data import generator

from hvae_lessons.formulas.singular_values import power_iteration


def matrix(rows, columns, seed=0):
    return torch.randn(rows, columns, generator=generator(seed), dtype=torch.float64)


def start(columns, seed=1):
    return torch.randn(columns, generator=generator(seed), dtype=torch.float64)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (5, 3), (3, 5), (1, 4), (40, 30)])
def test_power_iteration_finds_the_largest_singular_value(rows, columns):
    weight = matrix(rows, columns)
    sigma, vector = power_iteration(weight, start(columns), steps=2000)
    torch.testing.assert_close(sigma, torch.linalg.svdvals(weight)[0])
    direction = torch.linalg.svd(weight).Vh[0]
    torch.testing.assert_close((vector @ direction).abs(), torch.ones((), dtype=torch.float64))


def test_one_iteration_by_hand():
    """W = diag(2, 1), v = (1, 1): W v = (2, 1), W^T u = (4, 1) / sqrt 5, and that has length sqrt(17 / 5)."""
    sigma, vector = power_iteration(torch.diag(torch.tensor([2.0, 1.0])), torch.ones(2))
    torch.testing.assert_close(sigma, torch.tensor(17 / 5).sqrt())
    torch.testing.assert_close(vector, torch.tensor([4.0, 1.0]) / 17**0.5)


def test_the_estimate_climbs_and_stays_below():
    weight, vector, estimates = matrix(20, 30), start(30), []
    for _ in range(50):
        sigma, vector = power_iteration(weight, vector)
        estimates.append(sigma)
    estimates = torch.stack(estimates)
    assert (estimates.diff() >= -1e-12).all()
    assert estimates[-1] <= torch.linalg.svdvals(weight)[0] + 1e-12


def test_steps_in_one_call_are_calls_in_a_row():
    weight, vector = matrix(4, 6), start(6)
    for _ in range(3):
        sigma, vector = power_iteration(weight, vector)
    together, kept = power_iteration(weight, start(6), steps=3)
    torch.testing.assert_close(together, sigma)
    torch.testing.assert_close(kept, vector)


def test_the_gradient_is_that_of_the_singular_value():
    weight = matrix(6, 4).requires_grad_()
    power_iteration(weight, start(4), steps=500)[0].backward()
    reference = weight.detach().clone().requires_grad_()
    torch.linalg.svdvals(reference)[0].backward()
    torch.testing.assert_close(weight.grad, reference.grad)


def test_a_matrix_of_zeros_does_not_lose_the_vector():
    weight = torch.zeros(3, 2, dtype=torch.float64, requires_grad=True)
    sigma, vector = power_iteration(weight, start(2))
    sigma.backward()
    assert sigma == 0
    assert torch.isfinite(weight.grad).all()
    assert power_iteration(matrix(3, 2), vector, steps=200)[0] > 0


def test_broken_weights_do_not_break_the_vector():
    """Training may stop on them, restore the last good ones, and go on."""
    sigma, vector = power_iteration(torch.full((3, 2), torch.nan, dtype=torch.float64), start(2))
    assert sigma.isnan()
    torch.testing.assert_close(power_iteration(matrix(3, 2), vector), power_iteration(matrix(3, 2), start(2)))
