"""The adversary: its estimate on Gaussians, what each of the two learns from, and a model trained by it."""

import functools

import pytest
import torch
from random_data import generator
from scipy.integrate import quad
from scipy.stats import norm

from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import info_vae
from hvae_lessons.trace import Gaussian, Layer
from hvae_lessons.training import fit
from hvae_lessons.training.adversary import Adversary


def layer_of(mean, sigma, count, source):
    """Codes drawn from one Gaussian of one coordinate."""
    z = mean + sigma * torch.randn(count, 1, generator=source)
    q = Gaussian(torch.full_like(z, mean), torch.full_like(z, 2 * torch.tensor(sigma).log().item()))
    return Layer(z, q, Gaussian.standard_like(q))


def exact_js(mean, sigma):
    """By quadrature over SciPy's densities."""
    q, p = norm(mean, sigma), norm(0, 1)

    def integrand(z, one, other):
        return one.pdf(z) * (one.logpdf(z) - torch.tensor((one.pdf(z) + other.pdf(z)) / 2).log().item()) / 2

    return sum(quad(integrand, -8, 8, args=pair)[0] for pair in ((q, p), (p, q)))


def test_its_estimate_comes_to_the_divergence_of_gaussians():
    source = generator()
    adversary = Adversary(1, hidden=(32,), learning_rate=1e-2, generator=source)
    for _ in range(400):
        adversary(layer_of(1.5, 0.6, 256, source))
        adversary.learn()
    with torch.no_grad():
        estimates = [adversary(layer_of(1.5, 0.6, 2000, source)).item() for _ in range(20)]
    # On fresh samples the classifier can only fall short, by what it has not learned.
    mean, exact = sum(estimates) / 20, exact_js(1.5, 0.6)
    assert exact - 0.02 < mean < exact + 0.005


def test_it_learns_and_the_model_does_not():
    source = generator()
    adversary = Adversary(2, hidden=(4,), generator=source)
    mean = torch.ones(8, 2, requires_grad=True)
    q = Gaussian(mean, torch.zeros(8, 2))
    value = adversary(Layer(q.sample(torch.zeros(8, 2)), q, Gaussian.standard_like(q)))
    before = [weight.detach().clone() for weight in adversary.net.parameters()]
    assert value.shape == ()
    value.backward()
    assert mean.grad.abs().min() > 0
    kept = mean.grad.clone()
    adversary.learn()
    assert torch.equal(mean.grad, kept)
    assert not any(torch.equal(a, b) for a, b in zip(before, adversary.net.parameters()))


def test_leading_axes_have_an_estimate_each():
    adversary = Adversary(2, hidden=(4,), generator=generator())
    q = Gaussian(torch.zeros(3, 5, 2), torch.zeros(3, 5, 2))
    assert adversary(Layer(q.mean, q, Gaussian.standard_like(q))).shape == (3,)


def test_fit_trains_both():
    source = generator()
    model = VAE(VAEConfig(data_dim=6, latent_dim=2, hidden=(8,), posterior="point"), source)
    adversary = Adversary(2, hidden=(8,), steps=2, generator=source)
    objective = functools.partial(info_vae, alpha=1, lambda_=2, divergence=adversary)
    x = (torch.rand(40, 6, generator=source) > 0.5).float()
    history = fit(
        model,
        x,
        epochs=30,
        batch_size=20,
        learning_rate=1e-2,
        objective=objective,
        after_step=adversary.learn,
        generator=source,
        progress=False,
    )
    assert history.objective[-1] > history.objective[0]


def test_codes_of_another_size_are_refused():
    q = Gaussian(torch.zeros(3, 1), torch.zeros(3, 1))
    with pytest.raises(ValueError, match=r"^z: expected \[..., 2\], got \(3, 1\)"):
        Adversary(2)(Layer(q.mean, q, q))
