"""The linear probe, on codes whose answer is plain."""

import torch

from hvae_lessons.measures.probes import linear_probe


def test_linear_probe_reads_what_is_linear_and_nothing_else():
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(600, 3, generator=generator)
    linear, ring = (z[:, 0] > 0).long(), (z.norm(dim=-1) > 1.54).long()  # 1.54: half of the points
    assert linear_probe(z[:400] * 1000, linear[:400], z[400:] * 1000, linear[400:]) > 0.95
    assert linear_probe(z[:400], ring[:400], z[400:], ring[400:]) < 0.65
