"""The diffusion model: its fixed encoder against a simulation, its bound against an exact one."""

import math

import mpmath
import pytest
import torch
from fifty_digits import DTYPES
from mpmath import mpf
from random_data import generator

from hvae_lessons.formulas.diffusion import diffusion_marginal, diffusion_posterior
from hvae_lessons.measures.log_px import log_px_estimate
from hvae_lessons.models.diffusion import Diffusion, DiffusionConfig
from hvae_lessons.objectives import elbo
from hvae_lessons.trace import Gaussian
from hvae_lessons.training import fit


def model(steps=4):
    return Diffusion(DiffusionConfig(data_dim=2, steps=steps, hidden=(8,)), generator())


def test_the_marginal_is_where_the_chain_arrives():
    x = torch.tensor([[1.5, -0.5]]).expand(200_000, -1)
    diffusion = model()
    z = diffusion.encode(x, torch.randn(4, 200_000, 2, generator=generator()))
    for t in range(4):
        marginal = Gaussian(*diffusion_marginal(x[:1], diffusion.kept[t : t + 1]))
        assert torch.allclose(z[t].mean(0), marginal.mean[0], atol=0.01)
        assert torch.allclose(z[t].var(0), marginal.log_var[0].exp(), atol=0.01)


def test_the_posterior_is_the_regression_of_the_chain():
    x = torch.full((400_000, 1), 0.7)
    kept = torch.tensor([0.8]), torch.tensor([0.3])
    below = Gaussian(*diffusion_marginal(x, kept[0])).sample(torch.randn(x.shape, generator=generator()))
    above = Gaussian(*diffusion_marginal(below, kept[1] / kept[0]))
    above = above.sample(torch.randn(x.shape, generator=generator(1)))
    for value in (-0.5, 0.4):
        near = (above - value).abs() < 0.02
        posterior = Gaussian(*diffusion_posterior(torch.tensor([[0.7]]), torch.tensor([[value]]), *kept))
        assert abs(below[near].mean() - posterior.mean.item()) < 0.02
        assert abs(below[near].var() - posterior.log_var.exp().item()) < 0.01


def test_trace_shapes_and_gradients():
    diffusion = model()
    x = torch.randn(5, 2, generator=generator())
    trace, many = diffusion(x, generator(1)), diffusion(x, generator(1), samples=3)
    assert elbo(trace).shape == trace.log_weight.shape == (5,)
    assert elbo(many).shape == many.log_weight.shape == (3, 5)
    assert len(trace.layers) == 4
    assert all(layer.closed_form for layer in trace.layers)
    assert diffusion.sample(6, generator()).shape == (6, 2)
    assert diffusion.trajectory(6, generator()).shape == (5, 6, 2)
    (-elbo(trace).mean()).backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in diffusion.parameters())


def test_closed_forms_and_log_ratios_agree_on_average():
    diffusion = model()
    with torch.no_grad():
        trace = diffusion(torch.tensor([[0.8, -1.1]]), generator(), samples=100_000)
    error = 5 * (elbo(trace) - trace.log_weight).std() / math.sqrt(100_000)
    assert abs(elbo(trace).mean() - trace.log_weight.mean()) < error


def test_for_gaussian_data_the_trained_bound_comes_close_to_the_truth_and_stays_below():
    x = torch.randn(2000, 2, generator=generator(3))
    truth = -(1 + math.log(2 * math.pi))  # E log N(x; 0, I) in two dimensions
    diffusion = model()
    for rate in (1e-2, 1e-3):
        fit(
            diffusion, x, epochs=20, batch_size=100, learning_rate=rate, generator=generator(), progress=False
        )
    fresh = torch.randn(4000, 2, generator=generator(4))
    exact = (-0.5 * (fresh**2).sum(-1) - math.log(2 * math.pi)).mean()
    with torch.no_grad():
        bound = diffusion(fresh, generator(), samples=20).log_weight.mean()
    assert exact - 0.1 < bound < exact + 0.005
    assert bound <= log_px_estimate(diffusion, fresh, 20, generator()).mean() < exact + 0.005
    assert abs(exact - truth) < 0.1


def test_a_seed_reproduces_to_the_bit():
    def train():
        diffusion = model()
        fit(diffusion, torch.ones(20, 2), epochs=2, batch_size=10, generator=generator(), progress=False)
        return torch.cat([parameter.flatten() for parameter in diffusion.parameters()])

    assert torch.equal(train(), train())


@pytest.mark.parametrize(
    "settings", [{"steps": 1}, {"data_dim": 0}, {"hidden": (0,)}, {"activation": "gelu"}]
)
def test_impossible_configs_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        DiffusionConfig(**settings)


@pytest.mark.usefixtures("fifty_digits")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("steps", [10, 1000, 4000])
def test_a_diffusion_of_many_small_steps(steps, dtype):
    model = Diffusion(DiffusionConfig(data_dim=1, steps=steps, hidden=(2,)), generator()).to(dtype)
    x, z = torch.tensor([[0.75]], dtype=dtype), torch.tensor([[-0.5]], dtype=dtype)
    kept = model.kept.split(1)
    rate = mpmath.pi / 2 / (steps + mpf("0.3"))
    tolerance = max(8 * torch.finfo(dtype).eps, 2e-9)
    for t in sorted({2, 3, steps // 3, steps // 2, steps - 1, steps}):
        below, here = mpmath.cos((t - 1) * rate) ** 2, mpmath.cos(t * rate) ** 2
        step = here / below
        p = Gaussian(*diffusion_posterior(x, z, kept[t - 2], kept[t - 1]))
        share_x = mpmath.sqrt(below) * (1 - step) / (1 - here)
        share_z = mpmath.sqrt(step) * (1 - below) / (1 - here)
        assert p.mean.dtype == p.log_var.dtype == dtype
        assert p.mean.item() == pytest.approx(float(mpf("0.75") * share_x - share_z / 2), abs=tolerance)
        variance = (1 - step) * (1 - below) / (1 - here)
        assert p.log_var.item() == pytest.approx(float(mpmath.log(variance)), rel=tolerance)
        marginal = Gaussian(*diffusion_marginal(x, kept[t - 1]))
        assert marginal.log_var.item() == pytest.approx(
            float(mpmath.log(1 - here)), rel=tolerance, abs=tolerance
        )
