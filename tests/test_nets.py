"""Network blocks: sizes, seeds, and the autoregressive mask."""

import torch
from random_data import generator

from hvae_lessons.nets import AutoregressiveLinear, BatchNorm, hidden_layers, linear, mlp


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


def test_batch_norm_counts_samples_and_examples_alike():
    x = 3 + 2 * torch.randn(5, 40, 3, generator=generator())
    norm = BatchNorm(3)
    y = norm(x)
    assert y.shape == x.shape
    assert torch.allclose(y.reshape(-1, 3).mean(0), torch.zeros(3), atol=1e-5)
    assert torch.allclose(y.reshape(-1, 3).var(0, unbiased=False), torch.ones(3), atol=1e-3)
    for _ in range(100):
        norm(x)
    norm.eval()
    one = norm(x[0, :1])  # a single vector is fine once the averages are fixed
    assert torch.allclose(one, (x[0, :1] - x.mean((0, 1))) / x.std((0, 1)), atol=1e-2)


def test_an_mlp_is_its_hidden_layers_and_one_affine_map():
    x = torch.randn(7, 4, generator=generator())
    for batch_norm in (False, True):
        whole = mlp((4, 8, 6, 2), generator=generator(), batch_norm=batch_norm)
        features = hidden_layers((4, 8, 6), generator=generator(), batch_norm=batch_norm)
        assert torch.equal(whole[:-1](x), features(x))
        assert sum(isinstance(layer, BatchNorm) for layer in whole) == (2 if batch_norm else 0)
    assert torch.equal(hidden_layers((4,))(x), x)
