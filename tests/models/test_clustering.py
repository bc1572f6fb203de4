"""The clustering VAE: its bound against brute force, both forms, all strategies, gradients and seeds."""

import math

import numpy as np
import pytest
import torch
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal, kl_divergence

from hvae_lessons.formulas.discrete_samples import gumbel_max, gumbel_noise
from hvae_lessons.formulas.labels import (
    average_labels,
    expected_cost,
    labels_given_code,
    labels_given_data,
    mean_of_others,
    sampled_cost,
)
from hvae_lessons.models import ClusterVAE, ClusterVAEConfig, GaussianMixture
from hvae_lessons.models.clustering import FORMS, LABELS, STRATEGIES
from hvae_lessons.objectives import elbo
from hvae_lessons.trace import Gaussian
from hvae_lessons.training import fit
from hvae_lessons.training.checkpoints import load_checkpoint, save_checkpoint

GRID = torch.linspace(-14, 14, 4001, dtype=torch.float64)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def tiny(**settings):
    """One latent coordinate, two clusters: small enough for every integral."""
    config = {
        "data_dim": 3,
        "latent_dim": 1,
        "hidden": (4,),
        "clusters": 2,
        "likelihood": "gaussian",
        "noise_log_var": -1.0,
        "label_hidden": (5,),
        **settings,
    }
    model = ClusterVAE(ClusterVAEConfig(**config), seeded(3)).double()
    with torch.no_grad():  # sharp labels and distinct clusters: the two forms are far apart
        model.mixture.log_var.copy_(torch.tensor([[-0.7], [0.4]]))
        if hasattr(model, "classifier"):
            model.classifier[0].weight.mul_(5)
            model.classifier[-1].weight.mul_(5)
    return model


def brute_force(model, x):
    """The definition of the bound, and log p(x), as sums over a grid of z and over y: numpy alone."""
    with torch.no_grad():
        q = model.vae.encode(x)
        z = GRID[:, None, None].expand(-1, len(x), 1)  # [G, B, 1]
        mean_x = model.vae.decode(z).mean.numpy()
        logits = model.label_logits(x, z, q).numpy()
    step = (GRID[1] - GRID[0]).item()
    mean, variance = q.mean.numpy(), np.exp(q.log_var.numpy())
    q_z = np.exp(-((z.numpy() - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)  # [G, B, 1]
    noise = math.exp(-1.0)
    log_px = -((x.numpy() - mean_x) ** 2 / noise + math.log(2 * math.pi * noise)).sum(-1) / 2
    m, v = model.mixture.mean.detach().numpy()[:, 0], model.mixture.scale_tril.detach().numpy()[:, 0, 0] ** 2
    log_pzy = -((z.numpy() - m) ** 2 / v + np.log(2 * np.pi * v)) / 2 - math.log(2)  # [G, B, 2]: p(z, y)
    q_y = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    inner = log_px + (q_y * (log_pzy - np.log(q_y))).sum(-1) - np.log(q_z[..., 0])
    evidence = np.log((np.exp(log_px) * np.exp(log_pzy).sum(-1)).sum(0) * step)
    return (q_z[..., 0] * inner).sum(0) * step, evidence


def expected_elbo(model, x):
    """The package's ELBO, averaged over z by the same grid."""
    with torch.no_grad():
        q = model.vae.encode(x)
        z = GRID[:, None, None].expand(-1, len(x), 1)
        weights = q.log_prob(z).exp() * (GRID[1] - GRID[0])
        return (weights * elbo(model.trace_at(x, z))).sum(0).numpy()


X = torch.randn(4, 3, generator=seeded(1), dtype=torch.float64)


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
@pytest.mark.parametrize("labels", LABELS)
def test_the_bound_is_brute_force_integration(labels, covariance):
    model = tiny(labels=labels, covariance=covariance)
    bound, evidence = brute_force(model, X)
    assert np.abs(expected_elbo(model, X) - bound).max() < 1e-6
    assert (bound < evidence).all()


@pytest.mark.parametrize("labels", ["from-data", "bayes-data"])
def test_the_forms_agree_when_the_label_does_not_see_the_code(labels):
    model = tiny(labels=labels, form="analytic")
    assert np.abs(expected_elbo(model, X) - brute_force(model, X)[0]).max() < 1e-6


@pytest.mark.parametrize("labels", ["from-code", "bayes-code"])
def test_the_analytic_form_is_another_bound_when_it_does(labels):
    model = tiny(labels=labels, form="analytic")
    analytic = expected_elbo(model, X)
    bound, evidence = brute_force(model, X)
    assert (np.abs(analytic - bound) > 5e-3).all()
    assert (analytic < evidence).all()
    with torch.no_grad():  # the covariance, by numpy
        q = model.vae.encode(X)
        z = GRID[:, None, None].expand(-1, len(X), 1)
        weights = (q.log_prob(z).exp() * (GRID[1] - GRID[0])).numpy()[..., None]
        q_y = model.label_logits(X, z, q).softmax(-1).numpy()
        log_p = model.mixture.log_prob(z).numpy()
    covariance = (weights * q_y * log_p).sum(0) - (weights * q_y).sum(0) * (weights * log_p).sum(0)
    assert np.abs(bound - analytic - covariance.sum(-1)).max() < 1e-6


def test_the_best_labels_beat_any_others():
    for labels in ("code", "data"):
        best, other = tiny(labels=f"bayes-{labels}"), tiny(labels=f"from-{labels}")
        other.load_state_dict(best.state_dict(), strict=False)
        assert (expected_elbo(best, X) > expected_elbo(other, X)).all()


def test_one_numeric_example_of_the_two_forms():
    # q(z | x) = N(0, 1), p(z | y) = N(-1 or 1, 1), q(y | z) its exact posterior: a hand computation.
    mixture = GaussianMixture(2, 1).double()
    mixture.start_from(torch.tensor([[-1.0], [1.0]]).double(), torch.ones(2, 1, 1).double())
    q = Gaussian(torch.zeros(1, 1).double(), torch.zeros(1, 1).double())
    z = GRID.unsqueeze(-1)
    weights = q.log_prob(z).exp() * (GRID[1] - GRID[0])
    log_p = mixture.log_prob(z)
    labels = labels_given_code(log_p)
    ratio = (weights * expected_cost(q.log_prob(z).unsqueeze(-1) - log_p, labels)).sum().item()
    analytic = (weights * expected_cost(mixture.kl(q).expand(len(z), 2), labels)).sum().item()
    assert ratio == pytest.approx(-0.106, abs=5e-4)
    assert analytic == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_mixture_against_torch_distributions(covariance):
    mixture = GaussianMixture(3, 2, covariance, generator=seeded()).double()
    root = torch.randn(3, 2, 2, generator=seeded(1), dtype=torch.float64)
    wide = root @ root.mT + torch.eye(2)
    mixture.start_from(torch.randn(3, 2, generator=seeded(2)).double(), wide)
    if covariance == "diagonal":
        wide = torch.diag_embed(torch.diagonal(wide, dim1=-2, dim2=-1))
    reference = MultivariateNormal(mixture.mean, wide)
    z = torch.randn(5, 2, generator=seeded(4), dtype=torch.float64)
    log_var = torch.randn(5, 2, generator=seeded(5), dtype=torch.float64)
    scale = torch.diag_embed(torch.exp(0.5 * log_var))
    q = MultivariateNormal(z.unsqueeze(1), scale_tril=scale.unsqueeze(1))
    y = torch.tensor([0, 2, 1, 1, 0])
    log_prob, kl = reference.log_prob(z.unsqueeze(1)), kl_divergence(q, reference)
    assert torch.allclose(mixture.log_prob(z), log_prob)
    assert torch.allclose(mixture.kl(Gaussian(z, log_var)), kl)
    assert torch.allclose(mixture.log_prob_at(z, y), log_prob[torch.arange(5), y])
    assert torch.allclose(mixture.kl_at(Gaussian(z, log_var), y), kl[torch.arange(5), y])
    whole = MixtureSameFamily(Categorical(torch.ones(3, dtype=torch.float64)), reference)
    assert torch.allclose(mixture.marginal_log_prob(z), whole.log_prob(z))


def test_samples_of_a_cluster_have_its_moments():
    mixture = GaussianMixture(2, 2, "full")
    covariance = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.9], [0.9, 1.0]]])
    mixture.start_from(torch.tensor([[0.0, 0.0], [3.0, -1.0]]), covariance)
    z = mixture.sample(torch.ones(40_000, dtype=torch.int64), seeded()).detach()
    assert torch.allclose(z.mean(0), torch.tensor([3.0, -1.0]), atol=0.03)
    assert torch.allclose(torch.cov(z.T), covariance[1], atol=0.05)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_gradient_reaches_every_parameter(strategy):
    for labels in ("from-code", "from-data"):
        model = ClusterVAE(
            ClusterVAEConfig(data_dim=6, latent_dim=2, hidden=(5,), clusters=3, labels=labels,
                             strategy=strategy, covariance="full"),
            seeded(),
        )  # fmt: skip
        elbo(model(torch.rand(4, 6, generator=seeded(1)), generator=seeded(2))).mean().backward()
        idle = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
        assert idle == []


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("form", FORMS)
def test_every_strategy_is_reproducible_to_the_bit(strategy, form):
    config = ClusterVAEConfig(data_dim=6, latent_dim=2, hidden=(5,), strategy=strategy, form=form)
    x, weights = torch.rand(8, 6, generator=seeded(1)), []
    for global_seed in (0, 1):
        torch.manual_seed(global_seed)  # global state must not matter
        generator = seeded(5)
        model = ClusterVAE(config, generator)
        fit(model, x, epochs=2, batch_size=4, generator=generator, progress=False)
        weights.append([parameter.detach() for parameter in model.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*weights))


def test_the_sampled_strategy_has_the_exact_value_and_gradient_on_average():
    cost, logits = torch.tensor([1.0, 3.0, -2.0]), torch.tensor([0.3, -0.4, 0.1])
    exact = torch.autograd.functional.jacobian(lambda a: expected_cost(cost, a), logits)
    rows = logits.expand(60_000, 3).clone().requires_grad_()
    y = gumbel_max(rows.detach(), gumbel_noise(rows.shape, seeded()))
    values = sampled_cost(cost[y], rows, y, mean_of_others(cost[y]))
    values.sum().backward()
    assert values.mean().item() == pytest.approx(expected_cost(cost, logits).item(), abs=0.03)
    assert torch.allclose(rows.grad.mean(0), exact, atol=0.02)


def test_a_drawn_label_alone_gives_its_logits_no_gradient():
    logits = torch.zeros(5, 3, requires_grad=True)
    cost = (torch.arange(3.0) * torch.ones(5, 1)).requires_grad_()
    y = gumbel_max(logits, gumbel_noise((5, 3), seeded()))
    (slope,) = torch.autograd.grad(cost[torch.arange(5), y].sum(), logits, allow_unused=True)
    assert slope is None


def test_mean_of_others_leaves_out_its_own():
    assert mean_of_others(torch.tensor([1.0, 2.0, 6.0])).tolist() == [4.0, 3.5, 1.5]
    assert mean_of_others(torch.tensor([7.0])).tolist() == [0.0]
    samples = torch.tensor([[1.0, 2.0, 6.0], [0.0, 3.0, 9.0]])  # each batch for itself
    assert mean_of_others(samples).tolist() == [[4.0, 3.5, 1.5], [6.0, 4.5, 1.5]]


def test_labels_given_data_is_a_geometric_mean_and_vade_an_arithmetic_one():
    # q(z) puts half of its mass on each of two points, where p(y = 0 | z) is 0.9 and 0.2.
    log_p = torch.tensor([[0.9, 0.1], [0.2, 0.8]]).log()
    geometric = torch.tensor([math.sqrt(0.9 * 0.2), math.sqrt(0.1 * 0.8)])
    assert torch.allclose(labels_given_data(-log_p.mean(0)).exp(), geometric / geometric.sum())
    assert torch.allclose(average_labels(log_p).exp(), torch.tensor([0.55, 0.45]))


def test_importance_weights_approach_the_evidence():
    model = tiny(labels="from-code")
    with torch.no_grad():
        log_weight = model(X.float().double(), generator=seeded(), samples=1).log_weight
    assert log_weight.shape == (1, 4)
    _, evidence = brute_force(model, X)
    with torch.no_grad():
        q = model.vae.encode(X)
        z = GRID[:, None, None].expand(-1, 4, 1)
        weights = q.log_prob(z).exp() * (GRID[1] - GRID[0])
        mean_weight = (weights * model.trace_at(X, z).log_weight.exp()).sum(0)
    assert np.abs(mean_weight.log().numpy() - evidence).max() < 1e-3


def test_shapes_of_samples_and_assignments():
    model = ClusterVAE(ClusterVAEConfig(data_dim=6, latent_dim=2, hidden=(5,), clusters=3), seeded())
    x = torch.rand(4, 6, generator=seeded(1))
    assert model.sample_clusters(2, seeded()).shape == (3, 2, 6)
    assert model.sample(5, seeded()).shape == (5, 6)
    assert torch.allclose(model.assign(x).sum(-1), torch.ones(4))
    trace = model(x, seeded(), samples=7)
    assert trace.kl.shape == trace.log_weight.shape == (7, 4)


def test_a_checkpoint_brings_the_model_back(tmp_path):
    model = ClusterVAE(ClusterVAEConfig(data_dim=6, latent_dim=2, hidden=(5,), covariance="full"), seeded())
    save_checkpoint(model, tmp_path / "clusters.pt")
    again = load_checkpoint(tmp_path / "clusters.pt", ClusterVAE, ClusterVAEConfig)
    x = torch.rand(4, 6, generator=seeded(1))
    assert torch.equal(again.assign(x), model.assign(x))
