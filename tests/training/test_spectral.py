"""Power iteration and the spectral penalty, against the singular value decomposition."""

import pytest
import torch
from random_data import generator
from torch import nn

from hvae_lessons.formulas.singular_values import power_iteration
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import elbo
from hvae_lessons.training import fit
from hvae_lessons.training.spectral_penalty import SpectralPenalty, weight_matrices


def matrix(rows, columns, seed=0):
    return torch.randn(rows, columns, generator=generator(seed), dtype=torch.float64)


def start(columns, seed=1):
    return torch.randn(columns, generator=generator(seed), dtype=torch.float64)


def exact_sum(model):
    return sum(torch.linalg.svdvals(weight)[0] for weight in weight_matrices(model).values())


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


def test_a_convolution_is_read_patch_by_patch():
    convolution = nn.Conv2d(3, 5, 3)
    (weight,) = weight_matrices(nn.Sequential(convolution)).values()
    patch = torch.randn(3, 3, 3, generator=generator())
    torch.testing.assert_close(
        weight @ patch.flatten(), (convolution(patch[None]).flatten() - convolution.bias).detach()
    )


def test_the_penalty_is_the_weighted_sum_over_the_layers():
    model = nn.Sequential(
        nn.Linear(6, 5), nn.ReLU(), nn.Sequential(nn.Linear(5, 2)), nn.BatchNorm1d(2)
    ).double()
    penalty = SpectralPenalty(model, 0.3, generator())
    for _ in range(500):
        value = penalty()
    assert set(weight_matrices(model)) == {"0", "2.0"}
    torch.testing.assert_close(value, 0.3 * exact_sum(model))


def train(model, x, penalty):
    settings = {"epochs": 30, "batch_size": 10, "generator": generator(3), "progress": False}
    fit(model, x, objective=lambda trace: elbo(trace) - penalty(), **settings)


def test_one_iteration_a_call_follows_weights_that_move():
    model = VAE(VAEConfig(data_dim=20, latent_dim=3, hidden=(15, 10)), generator())
    penalty = SpectralPenalty(model, 0.01, generator())
    x = torch.rand(100, 20, generator=generator(2)).round()
    train(model, x, penalty)
    assert penalty().item() == pytest.approx(0.01 * exact_sum(model).item(), rel=0.02)


def test_training_with_the_penalty_lowers_the_singular_values():
    x, sums = torch.rand(100, 20, generator=generator(2)).round(), []
    for weight in (0.0, 1.0):
        model = VAE(VAEConfig(data_dim=20, latent_dim=3, hidden=(15, 10)), generator())
        penalty = SpectralPenalty(model, weight, generator())
        train(model, x, penalty)
        sums.append(exact_sum(model))
    assert sums[1] < 0.8 * sums[0]


def test_the_first_vectors_follow_the_generator():
    model = nn.Linear(4, 3)
    assert SpectralPenalty(model, 1.0, generator())() == SpectralPenalty(model, 1.0, generator())()


@pytest.mark.parametrize(
    ("arguments", "argument", "expected", "got"),
    [
        ({"weight": -1.0}, "weight", "0 or more", "-1.0"),
        ({"weight": float("inf")}, "weight", "finite", "inf"),
        ({"model": nn.ReLU()}, "model", "a linear or convolutional layer", "ReLU"),
        ({"model": None}, "model", "an nn.Module", "NoneType"),
        ({"generator": 0}, "generator", "a torch.Generator", "0"),
    ],
)
def test_a_penalty_that_makes_no_sense_is_refused(arguments, argument, expected, got):
    with pytest.raises(ValueError, match=f"^{argument}: expected .*{expected}.*, got {got}"):
        SpectralPenalty(**{"model": nn.Linear(2, 2), "weight": 1.0, **arguments})
