"""The linear probe, on codes whose answer is plain."""

import torch

from hvae_lessons.measures.probes import linear_probe


def test_linear_probe_reads_what_is_linear_and_nothing_else():
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(600, 3, generator=generator)
    linear, ring = (z[:, 0] > 0).long(), (z.norm(dim=-1) > 1.54).long()  # 1.54: half of the points
    assert linear_probe(z[:400] * 1000, linear[:400], z[400:] * 1000, linear[400:]) > 0.95
    assert linear_probe(z[:400], ring[:400], z[400:], ring[400:]) < 0.65


def test_codes_of_a_small_scale_are_read_as_well():
    """One example in ten is of the rare class: whoever cannot tell them apart is right in nine of ten."""
    rare = (torch.arange(200) % 10 == 0).long()
    z = 1e-4 * rare[:, None] + 1e-6 * torch.randn(200, 1, generator=torch.Generator().manual_seed(0))
    assert linear_probe(z[:100], rare[:100], z[100:], rare[100:]) == 1


def test_the_probe_goes_on_until_far_codes_no_longer_matter():
    """Its first step is least squares, which bends to the ten far codes and gets forty near ones wrong."""
    z = torch.cat([torch.full((50, 1), -1.0), torch.full((40, 1), 1.0), torch.full((10, 1), 30.0)])
    y = torch.arange(2).repeat_interleave(50)
    assert linear_probe(z, y, z, y) == 1
