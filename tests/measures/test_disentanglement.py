"""Scores of disentanglement, on codes whose scores follow from how they were made."""

import itertools
import math

import pytest
import torch
from random_data import generator
from sklearn.metrics import mutual_info_score

from hvae_lessons.measures.disentanglement import factor_information, modularity, mutual_information_gap

VALUES, REPEATS = (4, 5, 6), 50
FACTORS = torch.tensor(list(itertools.product(*map(range, VALUES)))).repeat(REPEATS, 1)  # [6000, 3]
PERFECT = FACTORS.double()
NOISE = torch.randn(len(FACTORS), 3, generator=generator(), dtype=torch.float64)


def test_one_coordinate_for_each_factor_scores_one():
    torch.testing.assert_close(
        factor_information(PERFECT, FACTORS), torch.eye(3, dtype=torch.float64), atol=1e-12, rtol=0
    )
    assert mutual_information_gap(PERFECT, FACTORS) == pytest.approx(1)
    assert modularity(PERFECT, FACTORS) == pytest.approx(1)


@pytest.mark.parametrize("change", [lambda z: z.flip(-1), lambda z: -3 * z + 7, torch.exp, lambda z: z**3])
def test_order_scale_and_sign_of_the_coordinates_do_not_matter(change):
    noisy = PERFECT + 0.5 * NOISE
    assert mutual_information_gap(change(noisy), FACTORS) == pytest.approx(
        mutual_information_gap(noisy, FACTORS), abs=0.002
    )
    assert modularity(change(noisy), FACTORS) == pytest.approx(modularity(noisy, FACTORS), abs=0.002)


def test_every_factor_in_two_coordinates_has_no_gap_but_is_modular():
    twice = torch.cat([PERFECT, -PERFECT], -1)
    assert mutual_information_gap(twice, FACTORS) == pytest.approx(0, abs=1e-12)
    assert modularity(twice, FACTORS) == pytest.approx(1)


def test_two_factors_in_one_coordinate_have_a_gap_but_are_not_modular():
    # The first two factors as the digits of one number, each read off it whole; the third alone.
    both = 5 * PERFECT[:, 0] + PERFECT[:, 1]
    codes = torch.stack([both, PERFECT[:, 2]], -1)
    assert mutual_information_gap(codes, FACTORS) == pytest.approx(1)
    # Coordinate 1 tells all of two of three factors: 1 - (1 + 0) / 2; coordinate 2 of one alone.
    assert modularity(codes, FACTORS) == pytest.approx((0.5 + 1) / 2)


def test_noise_scores_zero():
    assert mutual_information_gap(NOISE, FACTORS) < 0.005
    assert modularity(NOISE, FACTORS) == 0


def test_coordinates_that_tell_nothing_change_no_score():
    padded = torch.cat([PERFECT, NOISE], -1)
    assert mutual_information_gap(padded, FACTORS) == pytest.approx(1, abs=0.02)
    assert modularity(padded, FACTORS) == pytest.approx(1, abs=1e-3)


def test_a_turn_by_45_degrees_mixes_two_factors():
    two = torch.tensor(list(itertools.product(range(10), range(10)))).repeat(60, 1)
    codes = two + 0.3 * torch.randn(len(two), 2, generator=generator(), dtype=torch.float64)
    turn = torch.tensor([[1.0, -1.0], [1.0, 1.0]], dtype=torch.float64) / math.sqrt(2)
    assert mutual_information_gap(codes, two) > 0.7
    assert modularity(codes, two) > 0.99
    assert mutual_information_gap(codes @ turn.T, two) < 0.02
    assert modularity(codes @ turn.T, two) < 0.1


def test_information_against_scikit_learn():
    codes = PERFECT + 0.5 * NOISE
    found = factor_information(codes, FACTORS, bins=10)
    for d, f in itertools.product(range(3), range(3)):
        ranks = codes[:, d].argsort().argsort()
        expected = mutual_info_score((ranks * 10 // len(codes)).numpy(), FACTORS[:, f].numpy())
        assert found[d, f].item() == pytest.approx(expected / math.log(VALUES[f]), abs=0.002)


def test_uneven_factors_are_measured_by_their_own_entropy():
    factors = torch.tensor([[0, 0], [0, 1], [0, 0], [1, 1]] * 100)
    codes = factors.double()
    torch.testing.assert_close(
        factor_information(codes, factors, bins=4).diagonal().double(), torch.ones(2).double()
    )
    share = mutual_info_score(factors[:, 0], factors[:, 1]) / (math.log(4) - 0.75 * math.log(3))
    assert factor_information(codes, factors, bins=4)[1, 0].item() == pytest.approx(share)


@pytest.mark.parametrize(
    ("codes", "factors", "message"),
    [
        (PERFECT, FACTORS.double(), r"^factors: expected \[N, F\] int64"),
        (PERFECT, FACTORS[:, 0], r"^factors: expected \[N, F\] int64"),
        (PERFECT, FACTORS[:-1], "^factors: expected 6000 rows, got 5999"),
        (PERFECT, FACTORS - 1, "^factors: expected whole numbers, 0 or more, got -1"),
        (PERFECT, FACTORS * 0, "^factors: expected at least two values of every factor"),
        (PERFECT[None], FACTORS, r"^codes: expected \[N, D\]"),
    ],
)
def test_what_is_no_table_of_factors_is_refused(codes, factors, message):
    for score in (factor_information, mutual_information_gap, modularity):
        with pytest.raises(ValueError, match=message):
            score(codes, factors)


def test_a_gap_needs_two_coordinates_and_modularity_two_factors():
    with pytest.raises(ValueError, match=r"^codes: expected \[N, Z\] with Z of 2 or more"):
        mutual_information_gap(PERFECT[:, :1], FACTORS)
    with pytest.raises(ValueError, match=r"^factors: expected \[N, F\] with F of 2 or more"):
        modularity(PERFECT, FACTORS[:, :1])
