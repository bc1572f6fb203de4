"""Network blocks: sizes, seeds, and the autoregressive mask."""

import torch

from hvae_lessons.nets import AutoregressiveLinear, linear, mlp


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_mlp_is_affine_with_two_sizes_and_nonlinear_with_more():
    x = torch.randn(3, 4, generator=generator())
    middle = (x[0] + x[1]) / 2
    affine, deep = mlp((4, 2), generator=generator()), mlp((4, 16, 2), generator=generator())
    assert torch.allclose(affine(middle), (affine(x[0]) + affine(x[1])) / 2, atol=1e-6)
    assert not torch.allclose(deep(middle), (deep(x[0]) + deep(x[1])) / 2, atol=1e-3)


def test_initial_weights_come_from_the_generator_and_stay_in_the_default_range():
    first, again, other = (linear(16, 500, generator(seed)).weight for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.abs().max() <= 0.25  # 1 / sqrt(16)
    assert abs(first.var().item() - 0.25**2 / 3) < 1e-3  # variance of a uniform in +-0.25


def test_autoregressive_linear_has_a_strictly_lower_triangular_jacobian():
    layer = AutoregressiveLinear(5, generator())
    jacobian = torch.autograd.functional.jacobian(layer, torch.randn(5, generator=generator(1)))
    assert torch.equal(jacobian, torch.tril(jacobian, diagonal=-1))
    assert (jacobian[torch.tril(torch.ones(5, 5), diagonal=-1) == 1] != 0).all()
