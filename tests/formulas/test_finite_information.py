"""Total correlation, parts of the rate, the bottleneck: scikit-learn, torch, and codes known by hand."""

import math

import pytest
import torch
from random_data import generator
from sklearn.metrics import mutual_info_score
from torch.distributions import Categorical, kl_divergence

from hvae_lessons.formulas.finite_information import code_given_target, rate_parts, total_correlation
from hvae_lessons.formulas.rate_distortion import best_decoder, distortion, information, rate

DOUBLE = {"dtype": torch.float64}


def random_rows(*shape, seed=0):
    return torch.softmax(torch.randn(shape, generator=generator(seed), **DOUBLE), -1)


@pytest.mark.parametrize("seed", range(3))
def test_of_two_coordinates_it_is_the_mutual_information_of_scikit_learn(seed):
    counts = torch.randint(1, 30, (3, 4), generator=generator(seed))
    expected = mutual_info_score(None, None, contingency=counts.numpy())
    found = total_correlation(counts.double() / counts.sum())
    assert found.item() == pytest.approx(expected, abs=1e-12)


def test_three_equal_bits_have_two_bits_in_common():
    same = torch.zeros(2, 2, 2, **DOUBLE)
    same[0, 0, 0] = same[1, 1, 1] = 0.5
    assert total_correlation(same).item() == pytest.approx(2 * math.log(2), abs=1e-12)
    assert total_correlation(torch.full((2, 3, 4), 1 / 24, **DOUBLE)).item() == pytest.approx(0, abs=1e-12)


def test_two_bits_and_their_parity_are_independent_by_pairs_only():
    parity = torch.zeros(2, 2, 2, **DOUBLE)
    for first, second in ((0, 0), (0, 1), (1, 0), (1, 1)):
        parity[first, second, first ^ second] = 0.25
    assert total_correlation(parity.sum(0)).item() == pytest.approx(0, abs=1e-12)
    assert total_correlation(parity).item() == pytest.approx(math.log(2), abs=1e-12)


@pytest.mark.parametrize("shape", [(2, 2), (3, 2), (2, 3, 2)])
def test_the_parts_add_up_to_the_rate_of_torch(shape):
    p_x, listed = random_rows(5), random_rows(5, math.prod(shape), seed=1)
    p_z = [random_rows(size, seed=2 + size) for size in shape]
    prior = p_z[0]
    for table in p_z[1:]:
        prior = (prior.unsqueeze(-1) * table).reshape(-1)
    expected = (p_x * kl_divergence(Categorical(listed), Categorical(prior))).sum()
    torch.testing.assert_close(sum(rate_parts(p_x, listed.reshape(5, *shape), p_z)), expected)


def test_a_code_that_repeats_itself_pays_for_it():
    """Two equal coordinates: one bit about x, one bit of total correlation, and fair margins."""
    code = torch.zeros(2, 2, 2, **DOUBLE)
    code[0, 0, 0] = code[1, 1, 1] = 1
    half = torch.tensor([0.5, 0.5], **DOUBLE)
    parts = [part.item() for part in rate_parts(half, code, [half, half])]
    assert parts == pytest.approx([math.log(2), math.log(2), 0], abs=1e-12)


def test_a_target_is_known_through_x_only():
    p_x, encoder, target = random_rows(4), random_rows(4, 3, seed=1), random_rows(4, 2, seed=2)
    p_y, q_z_given_y = code_given_target(p_x, encoder, target)
    joint = torch.einsum("x,xz,xy->yz", p_x, encoder, target)
    torch.testing.assert_close(p_y, joint.sum(1))
    torch.testing.assert_close(q_z_given_y, joint / joint.sum(1, keepdim=True))
    assert information(p_y, q_z_given_y) < information(p_x, encoder)


def test_x_as_its_own_target_is_the_code_of_x():
    p_x, encoder = random_rows(4), random_rows(4, 3, seed=1)
    p_y, q_z_given_y = code_given_target(p_x, encoder, torch.eye(4, **DOUBLE))
    torch.testing.assert_close((p_y, q_z_given_y), (p_x, encoder))


@pytest.mark.parametrize("seed", range(10))
def test_the_variational_objective_is_above_the_bottleneck(seed):
    p_x, encoder, target = (random_rows(*s, seed=seed + i) for i, s in enumerate([(4,), (4, 3), (4, 2)]))
    p_y, q_z_given_y = code_given_target(p_x, encoder, target)
    beta, decoder, prior = 0.7, random_rows(3, 2, seed=seed + 9), random_rows(3, seed=seed + 8)
    bottleneck = beta * information(p_x, encoder) - information(p_y, q_z_given_y)
    variational = beta * rate(p_x, encoder, prior) + distortion(p_y, q_z_given_y, decoder)
    assert bottleneck < variational - Categorical(p_y).entropy()


def test_the_best_decoder_is_bayes_rule():
    """x = -1 and 1, encoded as N(x, 1): at z it is tanh z, nowhere as sharp as x."""
    x, z = torch.tensor([[-1.0], [1.0]], **DOUBLE), torch.tensor([-2.0, 0.0, 1.0], **DOUBLE)
    torch.testing.assert_close(best_decoder(-0.5 * (z - x) ** 2, x), torch.tanh(z).unsqueeze(-1))
