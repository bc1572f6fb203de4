"""Active units, on inputs whose answer is plain."""

import torch

from hvae_lessons.measures.active_units import active_by_kl, active_by_variance
from hvae_lessons.measures.probes import linear_probe


def test_active_by_kl_averages_over_the_data():
    kl = torch.tensor([[0.0, 0.2, 1.0], [0.02, 0.0, 3.0]])  # means 0.01, 0.1, 2.0
    assert active_by_kl(kl).tolist() == [False, True, True]
    assert active_by_kl(kl, threshold=0.5).tolist() == [False, False, True]


def test_active_by_variance_counts_what_moves_with_x():
    mean = torch.tensor([[5.0, -1.0], [5.0, 1.0], [5.0, 0.0]])  # variances 0 and 1
    assert active_by_variance(mean).tolist() == [False, True]
    assert active_by_variance(mean, threshold=1.5).tolist() == [False, False]


def test_linear_probe_reads_what_is_linear_and_nothing_else():
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(600, 3, generator=generator)
    linear, ring = (z[:, 0] > 0).long(), (z.norm(dim=-1) > 1.54).long()  # 1.54: half of the points
    assert linear_probe(z[:400] * 1000, linear[:400], z[400:] * 1000, linear[400:]) > 0.95
    assert linear_probe(z[:400], ring[:400], z[400:], ring[400:]) < 0.65
