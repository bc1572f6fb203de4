"""Random data that several tests use, each from a seed of its own."""

import torch


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def binary(count, size, seed=0):
    """Zeros and ones, [count, size]."""
    return torch.rand(count, size, generator=generator(seed)).round()


def scatter(count=500, data_dim=3, seed=5):
    """Points around a plane, [count, data_dim]."""
    mixing = torch.randn(2, data_dim, generator=generator(seed + 2))
    code = torch.randn(count, 2, generator=generator(seed))
    return code @ mixing + 0.5 * torch.randn(count, data_dim, generator=generator(seed + 1))


def normal(*shape, seed=0):
    """Draws of N(0, 1) in double precision."""
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)
