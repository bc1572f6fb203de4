"""InfoVAE by hand, model by model, and trained: what the divergence does to the codes."""

import functools

import pytest
import torch
from random_data import binary, generator, normal

from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import beta_elbo, elbo, info_vae, mmd_to_prior, reconstruction
from hvae_lessons.trace import Gaussian, Layer, Point, Trace
from hvae_lessons.training import fit


def trace_of(mean, log_px=-10.0):
    """Codes at the means of N(mean, 1), whose KL is mean^2 / 2."""
    mean = torch.as_tensor(mean, dtype=torch.float64)
    q = Gaussian(mean, torch.zeros_like(mean))
    return Trace(torch.full(mean.shape[:-1], log_px).double(), (Layer(mean, q, Gaussian.standard_like(q)),))


def spread(layer):
    """A divergence that is easy to know: the mean square of the codes of each batch."""
    return (layer.z**2).mean((-1, -2))


def test_by_hand():
    trace = trace_of([[1.0], [3.0]])  # KL 0.5 and 4.5, divergence 5
    values = info_vae(trace, alpha=0.5, lambda_=2.0, divergence=spread)
    assert values.tolist() == pytest.approx([-10 - 0.25 - 1.5 * 5, -10 - 2.25 - 1.5 * 5])


@pytest.mark.parametrize("beta", [0.03, 0.1, 0.7, 1.0, 4.0])
def test_without_a_divergence_it_is_the_beta_vae_rounding_or_not(beta):
    trace = trace_of(normal(5, 2))
    torch.testing.assert_close(info_vae(trace, 1 - beta, beta, spread), beta_elbo(trace, beta))


def test_alpha_of_one_has_no_rate_even_if_it_is_infinite():
    point = Point(normal(5, 2))
    layer = Layer(point.mean, point, Gaussian.standard_like(point))
    trace = Trace(torch.zeros(5).double(), (layer,))
    assert torch.equal(info_vae(trace, 1, 0, spread), reconstruction(trace))
    assert torch.isfinite(info_vae(trace, 1, 2.0, spread)).all()
    assert not torch.isfinite(elbo(trace)).any()


@pytest.mark.parametrize("leading", [(3,), (2, 3)])
def test_a_stack_of_models_is_as_many_single_models(leading):
    means = normal(*leading, 6, 2)
    draws = normal(*leading, 6, 2, seed=1)

    class Prior:
        def __init__(self, draws):
            self.draws = draws

        def sample(self, noise):
            return self.draws

    def values(mean, draws):
        trace = trace_of(mean)
        layer = trace.layers[0]._replace(z=mean + 0.1)
        price = mmd_to_prior(layer._replace(p=Prior(draws)), bandwidth=1.3)
        return info_vae(trace, 0.5, 3.0, lambda layer: price)

    stacked = values(means, draws).reshape(-1, 6)
    for one, mean, draw in zip(stacked, means.reshape(-1, 6, 2), draws.reshape(-1, 6, 2), strict=True):
        torch.testing.assert_close(one, values(mean, draw))


def test_samples_and_not_means_are_compared():
    # The means are the prior's, the samples twice as wide: only the samples show it.
    source = generator()
    mean = torch.randn(2000, 1, generator=source)
    wide = Gaussian(mean, torch.full_like(mean, 1.1))
    z = wide.sample(torch.randn(2000, 1, generator=source))
    layer = Layer(z, wide, Gaussian.standard_like(wide))
    of_samples = mmd_to_prior(layer, 1.0, source).item()
    of_means = mmd_to_prior(layer._replace(z=mean), 1.0, source).item()
    assert of_samples > 0.05 > 10 * abs(of_means)


def test_a_deterministic_autoencoder_learns_to_fill_the_prior():
    x, codes = binary(200, 6), []
    for lambda_ in (0, 30):
        source = generator(1)
        model = VAE(VAEConfig(data_dim=6, latent_dim=1, hidden=(16,), posterior="point"), source)
        divergence = functools.partial(mmd_to_prior, bandwidth=1.0, generator=source)
        objective = functools.partial(info_vae, alpha=1, lambda_=lambda_, divergence=divergence)
        settings = {"epochs": 60, "batch_size": 50, "learning_rate": 1e-2, "progress": False}
        fit(model, x, objective=objective, generator=source, **settings)
        with torch.no_grad():
            codes.append(model.encode(x).mean)
    free, matched = codes
    assert free.std() > 2
    assert matched.mean().abs() < 0.25
    assert 0.7 < matched.std() < 1.3
