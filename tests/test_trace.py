"""Traces: what every model returns, term by term, and what is refused."""

import importlib
import inspect
import math
import pkgutil
from dataclasses import FrozenInstanceError

import pytest
import torch
from every_model import MODELS, D
from random_data import binary, generator
from torch import nn

from hvae_lessons import models
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import elbo
from hvae_lessons.trace import Gaussian, Layer, Residual, Term, Trace

B, K, Z = 5, 3, 2
POINT = "a point, not a distribution"
ALL = {**MODELS, POINT: lambda g: VAE(VAEConfig(D, Z, (6,), posterior="point"), g)}


def model_classes():
    """Every model of the package: what the modules beside parts/ define."""
    for info in pkgutil.iter_modules(models.__path__, "hvae_lessons.models."):
        module = importlib.import_module(info.name)
        for member in vars(module).values():
            if inspect.isclass(member) and member.__module__ == info.name and issubclass(member, nn.Module):
                yield member


def test_no_model_is_left_out():
    assert {type(build(generator())) for build in ALL.values()} == set(model_classes())


@pytest.mark.parametrize("name", ALL)
def test_a_config_stays_what_it_was_when_it_was_checked(name):
    with pytest.raises(FrozenInstanceError):
        ALL[name](generator()).config.data_dim = -1


@pytest.mark.parametrize("samples", [None, K])
@pytest.mark.parametrize("name", ALL)
def test_every_term_of_every_model_keeps_the_protocol(name, samples):
    model = ALL[name](generator())
    trace = model(binary(B, D), generator=generator(1), samples=samples)
    shape = (B,) if samples is None else (K, B)
    assert (
        trace.log_px_given_z.shape == trace.kl.shape == trace.log_weight.shape == elbo(trace).shape == shape
    )
    assert len(trace.layers) >= 1
    for term in trace.layers:
        offered = [attribute for attribute in vars(Term) if not attribute.startswith("_")]
        assert sorted(offered) == ["closed_form", "kl", "kl_per_dimension", "log_ratio"]
        assert all(hasattr(term, attribute) for attribute in offered)
        assert term.kl.shape == term.log_ratio.shape == shape
        assert isinstance(term.closed_form, bool)
        assert name == POINT or not term.closed_form or (term.kl >= 0).all()
        if term.kl_per_dimension is not None:
            assert term.kl_per_dimension.shape[:-1] == shape
            torch.testing.assert_close(term.kl_per_dimension.sum(-1), term.kl)


def test_a_kl_that_samples_share_is_repeated_for_each():
    model, x = MODELS["VAE"](generator()), binary(B, D)
    (one,), (many,) = (model(x, generator(1), samples=count).layers for count in (None, K))
    assert torch.equal(many.kl_per_dimension, one.kl_per_dimension.expand(K, B, Z))
    grads = [torch.autograd.grad(term.kl.mean(), list(model.encoder.parameters())) for term in (one, many)]
    for first, second in zip(*grads, strict=True):
        torch.testing.assert_close(first, second)


def test_a_sampled_layer_is_the_log_ratio_per_coordinate():
    z = torch.randn(4, 3, generator=generator())
    q, p = Gaussian(torch.ones(4, 3), torch.zeros(4, 3)), Gaussian(torch.zeros(4, 3), torch.ones(4, 3))
    layer = Layer(z, q, p, closed_form=False)
    normal = torch.distributions.Normal
    expected = normal(1.0, 1.0).log_prob(z) - normal(0.0, math.exp(0.5)).log_prob(z)
    assert torch.allclose(layer.kl_per_dimension, expected, atol=1e-6)
    assert torch.allclose(layer.kl, -layer.log_ratio, atol=1e-6)


class Cost:
    """A term with a cost and no densities."""

    kl_per_dimension = log_ratio = None
    closed_form = True

    def __init__(self, kl):
        self.kl = kl


def test_a_term_without_a_log_ratio_has_no_importance_weight():
    trace = Trace(torch.zeros(B), (Cost(torch.ones(B)),))
    assert torch.equal(elbo(trace), -torch.ones(B))
    with pytest.raises(
        ValueError, match="^layer 1: expected a term with a log_ratio, got a term without one"
    ):
        _ = trace.log_weight


@pytest.mark.parametrize("wrong", [(1,), (B + 1,), (K, B), ()])
def test_a_term_of_another_shape_is_refused_where_it_would_broadcast(wrong):
    trace = Trace(torch.zeros(B), (Cost(torch.ones(B)), Cost(torch.ones(wrong))))
    with pytest.raises(ValueError, match=r"^kl of layer 2: expected values of shape \(5,\), got"):
        elbo(trace)


def relative():
    """A prior [4, 2] and a posterior relative to it, with gradients."""
    generator = torch.Generator().manual_seed(0)
    tensors = [torch.randn(4, 2, generator=generator).requires_grad_() for _ in range(4)]
    p_z = Gaussian(*tensors[:2])
    return Residual(p_z, *tensors[2:]), tensors


def test_a_relative_posterior_is_the_gaussian_it_describes():
    q, _ = relative()
    plain = Gaussian(q.p.mean + q.delta_mean, q.p.log_var + q.delta_log_var)
    noise = torch.randn(3, 4, 2)
    assert torch.equal(q.sample(noise), plain.sample(noise))
    assert torch.equal(q.log_prob(noise), plain.log_prob(noise))
    assert torch.equal(q.log_prob_per_dimension(noise), plain.log_prob_per_dimension(noise))
    other = Gaussian(torch.ones(4, 2), torch.ones(4, 2))
    assert torch.equal(q.kl_per_dimension(other), plain.kl_per_dimension(other))


def test_its_kl_to_its_own_prior_has_the_same_value_and_gradients_in_both_forms():
    (q, tensors), gradients = relative(), []
    for p_z in (q.p, Gaussian(*q.p)):
        kl = Layer(q.mean, q, p_z).kl
        torch.testing.assert_close(kl, Layer(q.mean, q.gaussian, q.p).kl)
        gradients.append(torch.autograd.grad(kl.sum(), tensors, allow_unused=True))
    short, general = gradients
    assert short[0] is None  # the prior's mean does not enter
    assert general[0].abs().max() < 1e-6
    for one, other in zip(short[1:], general[1:], strict=True):
        torch.testing.assert_close(one, other)


def test_rounding_in_a_large_mean_does_not_reach_the_kl_to_the_own_prior():
    p_z = Gaussian(torch.full((1, 1), 1e6), torch.zeros(1, 1))
    q = Residual(p_z, torch.full((1, 1), 0.01), torch.zeros(1, 1))
    assert q.kl_per_dimension(p_z).item() == pytest.approx(0.5 * 0.01**2)
    assert q.gaussian.kl_per_dimension(p_z).item() == 0  # 1e6 + 0.01 is 1e6 in float32


def test_a_prior_can_be_built_like_a_relative_posterior():
    q, _ = relative()
    standard = Gaussian.standard_like(q)
    assert torch.equal(standard.mean, torch.zeros(4, 2))
    assert torch.equal(standard.log_var, torch.zeros(4, 2))
