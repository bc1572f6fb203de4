"""beta-TCVAE's objective, on posteriors whose aggregate is summed by hand."""

import itertools

import pytest
import torch
from random_data import generator

from hvae_lessons.formulas.total_correlation import minibatch_stratified, minibatch_weighted
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import beta_tc_elbo, elbo
from hvae_lessons.trace import Gaussian, Layer, Trace


def trace(*leading, batch=4, size=3, shared=False):
    """One layer with leading axes; with `shared`, all samples have their posterior in common."""
    source = generator()

    def draw(*shape):
        return torch.randn(*shape, generator=source, dtype=torch.float64).requires_grad_()

    of_q = (batch, size) if shared else (*leading, batch, size)
    q = Gaussian(draw(*of_q), draw(*of_q))
    z = q.sample(draw(*leading, batch, size))
    return Trace(draw(*leading, batch), (Layer(z, q, Gaussian.standard_like(q)),))


def test_a_beta_of_one_is_the_elbo():
    assert torch.equal(beta_tc_elbo(trace(), 1.0, 100), elbo(trace()))


def test_what_is_charged_beyond_the_elbo_is_the_total_correlation():
    one = trace()
    layer = one.layers[0]
    log_q = torch.distributions.Normal(layer.q.mean, torch.exp(layer.q.log_var / 2)).log_prob(
        layer.z.unsqueeze(1)
    )
    dependence = log_q.sum(-1).exp().mean(1).log() - log_q.exp().mean(1).log().sum(-1)
    torch.testing.assert_close(beta_tc_elbo(one, 5.0, 4), elbo(one) - 4 * dependence)


def test_the_estimates_differ_by_what_they_say():
    one = trace()
    stratified, weighted = (
        elbo(one) - beta_tc_elbo(one, 2.0, 4, estimate)
        for estimate in (minibatch_stratified, minibatch_weighted)
    )
    # At B = N whatever is weighted is N times too small: q(z) once, the product of the q(z_d) Z = 3 times.
    torch.testing.assert_close(
        weighted - stratified, torch.full((4,), 2 * torch.log(torch.tensor(4.0)).item()).double()
    )


@pytest.mark.parametrize("shared", [False, True])
def test_models_and_samples_are_kept_apart(shared):
    """In value and in gradient, and so are samples that share their posterior."""
    stacked = trace(2, 3, shared=shared)
    layer = stacked.layers[0]
    together = beta_tc_elbo(stacked, 4.0, 9)
    alone = []
    for place in itertools.product(range(2), range(3)):
        q = layer.q if shared else Gaussian(layer.q.mean[place], layer.q.log_var[place])
        one = Layer(layer.z[place], q, Gaussian.standard_like(q))
        alone.append(beta_tc_elbo(Trace(stacked.log_px_given_z[place], (one,)), 4.0, 9))
    alone = torch.stack(alone).reshape(together.shape)
    torch.testing.assert_close(together, alone)
    weights = torch.randn(together.shape, generator=generator(1), dtype=torch.float64)
    inputs = [stacked.log_px_given_z, *layer.q]
    for one, other in zip(
        torch.autograd.grad((weights * together).sum(), inputs, retain_graph=True),
        torch.autograd.grad((weights * alone).sum(), inputs),
    ):
        torch.testing.assert_close(one, other)


def test_every_model_may_have_a_beta_of_its_own():
    stacked, betas = trace(2), (1.0, 6.0)
    values = beta_tc_elbo(stacked, torch.tensor(betas, dtype=torch.float64).unsqueeze(-1), 9)
    for row, beta in enumerate(betas):
        torch.testing.assert_close(values[row], beta_tc_elbo(stacked, beta, 9)[row])


def test_a_model_can_be_judged_by_it():
    model = VAE(VAEConfig(data_dim=6, latent_dim=2, hidden=(5,)), generator())
    x = torch.rand(8, 6, generator=generator()).round()
    values = beta_tc_elbo(model(x, generator=generator(), samples=3), 4.0, 100)
    assert values.shape == (3, 8)
    values.mean().backward()
    assert all(weight.grad.isfinite().all() for weight in model.parameters())
