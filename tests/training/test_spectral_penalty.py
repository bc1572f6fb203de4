"""The spectral penalty, against the singular value decomposition."""

import pytest
import torch
from random_data import generator
from torch import nn

from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import elbo
from hvae_lessons.training import fit
from hvae_lessons.training.spectral_penalty import SpectralPenalty, weight_matrices


def exact_sum(model):
    return sum(torch.linalg.svdvals(weight)[0] for weight in weight_matrices(model).values())


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
