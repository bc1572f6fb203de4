"""Active units, on inputs whose answer is plain."""

import torch

from hvae_lessons.measures.active_units import active_by_kl, active_by_variance


def test_active_by_kl_averages_over_the_data():
    kl = torch.tensor([[0.0, 0.2, 1.0], [0.02, 0.0, 3.0]])  # means 0.01, 0.1, 2.0
    assert active_by_kl(kl).tolist() == [False, True, True]
    assert active_by_kl(kl, threshold=0.5).tolist() == [False, False, True]


def test_active_by_variance_counts_what_moves_with_x():
    mean = torch.tensor([[5.0, -1.0], [5.0, 1.0], [5.0, 0.0]])  # variances 0 and 1
    assert active_by_variance(mean).tolist() == [False, True]
    assert active_by_variance(mean, threshold=1.5).tolist() == [False, False]


def test_two_examples_are_enough_for_a_variance():
    assert active_by_variance(torch.tensor([[0.0, 1.0], [1.0, 1.0]])).tolist() == [True, False]
