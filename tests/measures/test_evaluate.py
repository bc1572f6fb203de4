"""What a model says of data, against a calculation by hand."""

import contextlib
import math

import pytest
import torch
from random_data import binary, generator
from torch import nn

from hvae_lessons.measures.evaluate import Evaluating, averages, evaluate
from hvae_lessons.measures.log_px import log_px_estimate
from hvae_lessons.models import MHVAE, VAE, ClusterVAE, ClusterVAEConfig, MHVAEConfig, VAEConfig
from hvae_lessons.objectives import elbo
from hvae_lessons.trace import Gaussian, Layer, Trace

X = torch.tensor([[1.0, 0.0], [3.0, 0.2], [5.0, 0.4]])
# log p(x given z) is minus the sum of x; the first layer has q = N(x, I), the second q = p.
DISTORTION = (1.0 + 3.2 + 5.4) / 3
KL = ((1 + 9 + 25) / 6, (0 + 0.04 + 0.16) / 6)


class ByHand(nn.Module):
    """Terms that a reader can add up."""

    def forward(self, x, generator=None):
        standard, q = Gaussian.standard_like(Gaussian(x, x)), Gaussian(x, torch.zeros_like(x))
        return Trace(-x.sum(-1), (Layer(x, q, standard), Layer(x, standard, standard)))


def state(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(state, other):
    return all(torch.equal(tensor, other[name]) for name, tensor in state.items())


def test_means_over_the_examples():
    found = evaluate(ByHand(), X)
    assert found.distortion == pytest.approx(DISTORTION)
    assert found.rate == pytest.approx(sum(KL))
    assert found.elbo == pytest.approx(-DISTORTION - sum(KL))
    assert found.kl == pytest.approx((sum(KL), 0.0))
    torch.testing.assert_close(found.kl_per_dimension, (torch.tensor(KL), torch.zeros(2)))
    assert found.active == (1, 0)  # 0.03 nats are no use


def test_a_layer_without_coordinates_has_a_kl_all_the_same():
    model = ClusterVAE(ClusterVAEConfig(data_dim=6, latent_dim=2, hidden=(5,), clusters=3), generator())
    found = evaluate(model, binary(5, 6), generator(1))
    assert sum(found.kl) == pytest.approx(found.rate, rel=1e-5)
    assert [kl is None for kl in found.kl_per_dimension] == [
        layer.kl_per_dimension is None for layer in model(binary(5, 6)).layers
    ]
    assert found.active == ()


def test_several_samples_are_averaged_too():
    q = Gaussian(X, torch.zeros_like(X))
    log_px = -torch.stack([X.sum(-1), 3 * X.sum(-1)])
    found = averages(Trace(log_px, (Layer(X.expand(2, -1, -1), q, Gaussian.standard_like(q)),)))
    assert found.distortion == pytest.approx(2 * DISTORTION)
    assert found.rate == pytest.approx(sum(KL))
    assert found.elbo == pytest.approx(-2 * DISTORTION - sum(KL))


def test_an_autoencoder_has_no_bound():
    found = evaluate(VAE(VAEConfig(data_dim=6, latent_dim=2, hidden=(5,), posterior="point")), binary(4, 6))
    assert (found.elbo, found.rate) == (-math.inf, math.inf)
    assert math.isfinite(found.distortion)


def normalized():
    """A model that says something else in training mode, with one part in each mode."""
    config = MHVAEConfig(data_dim=6, latent_dims=(3, 2), hidden=((5,), (4,)), batch_norm=True)
    model = MHVAE(config, generator()).train()
    model.encoders[0].eval()
    return model


def test_the_model_is_evaluated_and_stays_as_it_was():
    model = normalized()
    modes = [part.training for part in model.modules()]
    before, x = state(model), binary(20, 6)
    found = evaluate(model, x, generator(3))
    assert [part.training for part in model.modules()] == modes
    assert len(set(modes)) == 2
    assert same(state(model), before)
    with torch.no_grad():
        assert found.elbo == elbo(model.eval()(x, generator=generator(3))).mean().item()


def test_the_mode_comes_back_after_an_error():
    model = normalized()
    with pytest.raises(ValueError, match="x: expected"):
        evaluate(model, binary(4, 5))
    assert model.training
    assert not model.encoders[0].training


def test_the_mode_comes_back_after_an_error_inside():
    model = normalized()
    modes = [part.training for part in model.modules()]
    with contextlib.suppress(KeyError), Evaluating(model):
        assert not any(part.training for part in model.modules())
        raise KeyError
    assert [part.training for part in model.modules()] == modes


def test_an_estimate_of_the_likelihood_leaves_a_model_in_training_as_it_was():
    model, x = normalized(), binary(20, 6)
    modes, before = [part.training for part in model.modules()], state(model)
    found = log_px_estimate(model, x, 3, generator(3))
    assert [part.training for part in model.modules()] == modes
    assert same(state(model), before)
    assert torch.equal(found, log_px_estimate(model.eval(), x, 3, generator(3)))


def test_an_estimate_takes_any_callable():
    x = torch.zeros(4, 1)
    trace = Trace(torch.full((2, 4), 0.5), ())
    assert log_px_estimate(lambda part, generator, samples: trace, x, 2).tolist() == [0.5] * 4


def test_no_gradient_is_left():
    found = evaluate(normalized(), binary(4, 6), generator())
    assert not any(kl.requires_grad for kl in found.kl_per_dimension)
