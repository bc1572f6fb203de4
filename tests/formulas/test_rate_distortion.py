"""Finite rate, distortion and information against torch.distributions, scikit-learn and known channels."""

import math

import pytest
import torch
from random_data import generator
from sklearn.metrics import mutual_info_score
from torch.distributions import Categorical, kl_divergence

from hvae_lessons.formulas.rate_distortion import aggregate_posterior, distortion, information, rate

DOUBLE = {"dtype": torch.float64}


def tables(data=4, codes=3, models=(), seed=0):
    """Random p_D(x), q(z | x), p(z), p(x | z)."""
    shapes = ((*models, data), (*models, data, codes), (*models, codes), (*models, codes, data))
    source = generator(seed)
    return tuple(torch.softmax(torch.randn(shape, generator=source, **DOUBLE), -1) for shape in shapes)


def bit(flip):
    """A fair bit, sent through a channel that flips it, and read back by the best decoder."""
    channel = torch.tensor([[1 - flip, flip], [flip, 1 - flip]], **DOUBLE)
    half = torch.tensor([0.5, 0.5], **DOUBLE)
    return half, channel, half, channel


@pytest.mark.parametrize("seed", range(5))
def test_both_terms_are_those_of_torch(seed):
    p_x, q, p_z, decoder = tables(seed=seed)
    expected = sum(p * kl_divergence(Categorical(row), Categorical(p_z)) for p, row in zip(p_x, q))
    torch.testing.assert_close(rate(p_x, q, p_z), expected)
    expected = -sum(
        p_x[x] * q[x, z] * Categorical(decoder[z]).log_prob(torch.tensor(x))
        for x in range(4)
        for z in range(3)
    )
    torch.testing.assert_close(distortion(p_x, q, decoder), expected)


@pytest.mark.parametrize("seed", range(5))
def test_information_is_that_of_scikit_learn(seed):
    counts = torch.randint(0, 30, (4, 3), generator=generator(seed)) + torch.eye(4, 3, dtype=torch.int64)
    of_each = counts.sum(-1).double()
    expected = mutual_info_score(None, None, contingency=counts.numpy())
    found = information(of_each / of_each.sum(), counts / of_each[:, None])
    assert found.item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_the_bounds_hold(seed):
    p_x, q, p_z, decoder = tables(data=5, codes=4, seed=seed)
    entropy = Categorical(p_x).entropy()
    assert entropy - distortion(p_x, q, decoder) < information(p_x, q) < rate(p_x, q, p_z)


@pytest.mark.parametrize("flip", [0.0, 0.1, 0.5])
def test_a_bit_through_a_noisy_channel(flip):
    """Its information is log 2 less the entropy of a flip, and this code wastes nothing."""
    noise = Categorical(torch.tensor([flip, 1 - flip], **DOUBLE)).entropy().item()
    p_x, q, p_z, decoder = bit(flip)
    assert rate(p_x, q, p_z).item() == pytest.approx(math.log(2) - noise, abs=1e-12)
    assert information(p_x, q).item() == pytest.approx(math.log(2) - noise, abs=1e-12)
    assert distortion(p_x, q, decoder).item() == pytest.approx(noise, abs=1e-12)


def test_what_is_excluded_costs_infinitely_much_if_it_is_used():
    p_x, q, p_z, decoder = bit(0.1)
    certain = torch.tensor([1.0, 0.0], **DOUBLE)
    assert rate(p_x, q, certain).item() == math.inf
    assert distortion(p_x, q, torch.eye(2, **DOUBLE)).item() == math.inf
    assert rate(p_x, certain.expand(2, 2), certain).item() == 0
    assert distortion(certain, torch.eye(2, **DOUBLE), torch.eye(2, **DOUBLE)).item() == 0


def test_models_stand_side_by_side():
    p_x, q, p_z, decoder = tables(models=(3,))
    torch.testing.assert_close(rate(p_x, q, p_z), torch.stack(list(map(rate, p_x, q, p_z))))
    torch.testing.assert_close(
        distortion(p_x, q, decoder), torch.stack(list(map(distortion, p_x, q, decoder)))
    )
    one = p_x[0]
    expected = torch.stack([aggregate_posterior(one, each) for each in q])
    torch.testing.assert_close(aggregate_posterior(one, q), expected)
    torch.testing.assert_close(information(one, q), torch.stack([information(one, each) for each in q]))


def test_a_rate_close_to_zero_keeps_its_digits():
    """Half the sum of the squared deviations over the prior's probabilities, to first order."""
    p_x, p_z = torch.tensor([1.0], **DOUBLE), torch.tensor([0.5, 0.5], **DOUBLE)
    found = rate(p_x, torch.tensor([[0.5 + 1e-9, 0.5 - 1e-9]], **DOUBLE), p_z)
    assert found.item() == pytest.approx(2e-18, rel=1e-6)
