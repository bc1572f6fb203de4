"""The oracle with next to no noise, where matrices are as good as singular, against 50 digits."""

import math

import mpmath
import pytest
import torch
from fifty_digits import DTYPES, exact
from random_data import generator

from hvae_lessons.oracles import LinearGaussian

pytestmark = pytest.mark.usefixtures("fifty_digits")


def evidence(model, x):
    """log N(x; b, W W^T + s^2 I), by a Cholesky decomposition of 50 digits."""
    weight = mpmath.matrix(exact(model.weight))
    covariance = weight * weight.T + mpmath.exp(exact(model.noise_log_var)) * mpmath.eye(weight.rows)
    factor = mpmath.cholesky(covariance)
    log_det = sum(mpmath.log(factor[i, i]) for i in range(weight.rows))
    constant = weight.rows * mpmath.log(2 * mpmath.pi) / 2 + log_det
    for row in exact(x):
        shift = mpmath.matrix([a - b for a, b in zip(row, exact(model.bias))])
        noise = mpmath.lu_solve(factor, shift)
        yield -constant - sum(part**2 for part in noise) / 2


def little_noise(data_dim, latent_dim, log_var, dtype):
    source = generator(4)
    weight, bias = (
        torch.randn(data_dim, n, generator=source, dtype=torch.float64).to(dtype) for n in (latent_dim, 1)
    )
    model = LinearGaussian(weight, bias[:, 0], torch.tensor(log_var, dtype=dtype))
    z = torch.randn(3, latent_dim, generator=source, dtype=torch.float64).to(dtype)
    noise = torch.randn(3, data_dim, generator=source, dtype=torch.float64).to(dtype)
    return model, z @ weight.T + bias[:, 0] + math.exp(log_var / 2) * noise


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("log_var", [0.0, -8.0, -20.0])
@pytest.mark.parametrize(("data_dim", "latent_dim"), [(12, 2), (2, 3)])
def test_the_oracle_with_little_noise(data_dim, latent_dim, log_var, dtype):
    model, x = little_noise(data_dim, latent_dim, log_var, dtype)
    exact_values = torch.tensor([float(value) for value in evidence(model, x)], dtype=torch.float64)
    log_px = model.log_px(x)
    assert log_px.dtype == dtype
    assert torch.allclose(log_px.double(), exact_values, rtol=2 * torch.finfo(dtype).eps, atol=1e-6)
    mean, log_var_q = model.best_diagonal(x)
    bound, gap = model.elbo(x, mean, log_var_q), model.gap(x, mean, log_var_q)
    assert (bound <= log_px).all()
    assert torch.allclose(bound + gap, log_px, rtol=8 * torch.finfo(dtype).eps, atol=1e-9)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("log_var", [-8.0, -10.0])
def test_no_bound_exceeds_the_evidence_of_an_image(log_var, dtype):
    """With one latent number the best bound is exact; in single precision it was up to 5 nats too large."""
    for latent_dim in (1, 8):
        model, x = little_noise(784, latent_dim, log_var, dtype)
        log_px, bound = model.log_px(x), model.elbo(x, *model.best_diagonal(x))
        rounding = 4 * torch.finfo(dtype).eps * log_px.abs()
        assert (bound <= log_px + rounding).all()
        if latent_dim == 1:
            assert (bound >= log_px - rounding).all()


@pytest.mark.parametrize("log_var", [-40.0, -1000.0, 1000.0, math.nan])
def test_the_oracle_refuses_noise_that_is_none(log_var):
    model, x = little_noise(12, 2, -4.0, torch.float64)
    model = model._replace(noise_log_var=torch.tensor(log_var))
    for question in (model.log_px, model.posterior, model.best_diagonal):
        with pytest.raises(ValueError, match="^noise_log_var: expected a finite number, .* or more .* got"):
            question(x)
    for question in (model.elbo, model.gap):
        with pytest.raises(ValueError, match="^noise_log_var"):
            question(x, torch.zeros(3, 2), torch.zeros(3, 2))


def test_the_limit_of_the_noise_goes_by_the_whole_weight():
    """Two hundred entries of 1, so ||W||^2 = 200: the limit is at s^2 = 200 / 1e12."""
    weight, x = torch.ones(50, 4, dtype=torch.float64), torch.ones(1, 50, dtype=torch.float64)
    above, below = (
        LinearGaussian(weight, torch.zeros(50), torch.tensor(math.log(factor * 200 / 1e12)))
        for factor in (1.1, 0.9)
    )
    assert above.log_px(x).isfinite()
    with pytest.raises(ValueError, match="^noise_log_var"):
        below.log_px(x)


def test_the_oracle_can_be_differentiated_where_singular_values_coincide():
    weight = torch.eye(2, dtype=torch.float64).requires_grad_()
    model = LinearGaussian(
        weight, torch.zeros(2, dtype=torch.float64), torch.tensor(-1.0, dtype=torch.float64)
    )
    x = torch.tensor([[0.3, -1.2]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda w: model._replace(weight=w).log_px(x), (weight,))
