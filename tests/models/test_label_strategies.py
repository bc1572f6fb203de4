"""What a drawn or relaxed label costs, and its gradient: against sums over all labels."""

import itertools

import pytest
import torch
from random_data import binary, generator
from torch.distributions import Bernoulli, Independent, MultivariateNormal, Normal, kl_divergence

from hvae_lessons.models import ClusterVAE, ClusterVAEConfig
from hvae_lessons.models.clustering import FORMS, LABELS
from hvae_lessons.objectives import elbo

Y, TEMPERATURE = 3, 0.7
X = binary(2, 4).double()
Z = torch.randn(2, 2, generator=generator(1), dtype=torch.float64)
GUMBEL = -torch.rand(2, Y, generator=generator(2), dtype=torch.float64).log().neg().log()

every_setting = pytest.mark.parametrize(
    ("labels", "form", "covariance"), list(itertools.product(LABELS, FORMS, ("diagonal", "full")))
)


def build(strategy, labels, form, covariance):
    """Two coordinates, three clusters, and no parameter at a special value."""
    settings = {"data_dim": 4, "latent_dim": 2, "hidden": (5,), "label_hidden": (6,), "activation": "tanh"}
    settings |= {"clusters": Y, "labels": labels, "form": form, "covariance": covariance}
    config = ClusterVAEConfig(**settings, strategy=strategy, temperature=TEMPERATURE)
    model = ClusterVAE(config, generator()).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.5 * torch.randn(parameter.shape, generator=generator(3), dtype=parameter.dtype))
    return model


def reference(model, x, z):
    """Costs of all clusters and log q(y | .), [.., B, Y] each."""
    mean, log_var = model.vae.encode(x)
    log_var_p = model.mixture.log_var
    scale_tril = torch.diag_embed((log_var_p / 2).exp())
    if model.config.covariance == "full":
        scale_tril = scale_tril + model.mixture.lower.tril(-1)
    p = MultivariateNormal(model.mixture.mean, scale_tril=scale_tril)
    q = MultivariateNormal(mean.unsqueeze(-2), log_var.exp().diag_embed().unsqueeze(-3))
    kl, log_p = kl_divergence(q, p), p.log_prob(z.unsqueeze(-2))
    ratio = Normal(mean, (log_var / 2).exp()).log_prob(z).sum(-1, keepdim=True) - log_p
    log_labels = {
        "from-code": lambda: model.classifier(z),
        "bayes-code": lambda: log_p,
        "from-data": lambda: model.classifier(x),
        "bayes-data": lambda: -kl,
    }[model.config.labels]()
    shape = (*z.shape[:-1], Y)
    cost = kl.expand(shape) if model.config.form == "analytic" else ratio
    return cost, log_labels.log_softmax(-1).expand(shape)


def slopes(value, model, z):
    """Gradients for z and all parameters of the model, in one vector."""
    inputs = [z, *model.parameters()]
    found = torch.autograd.grad(value, inputs, allow_unused=True)
    parts = [torch.zeros_like(i) if g is None else g for i, g in zip(inputs, found, strict=True)]
    return torch.cat([part.flatten() for part in parts])


def drawing(*labels):
    """Gumbel noise that makes these the labels."""
    return 1e4 * torch.nn.functional.one_hot(torch.tensor(labels), Y).double()


@every_setting
def test_a_drawn_label_costs_what_its_cluster_costs(labels, form, covariance):
    model = build("score-function", labels, form, covariance)
    cost, _ = reference(model, X, Z)
    for y in range(Y):
        trace = model.trace_at(X, Z, drawing(y, (y + 1) % Y))
        torch.testing.assert_close(trace.layers[0].kl, torch.stack([cost[0, y], cost[1, (y + 1) % Y]]))


@every_setting
def test_labels_are_drawn_by_the_gumbel_max_of_q(labels, form, covariance):
    model, z = build("score-function", labels, form, covariance), Z.expand(20, 2, 2)
    gumbel = torch.randn(20, 2, Y, generator=generator(4), dtype=torch.float64)
    cost, log_q = reference(model, X, z)
    expected = cost.gather(-1, (log_q + gumbel).argmax(-1, keepdim=True)).squeeze(-1)
    torch.testing.assert_close(model.trace_at(X, z, gumbel).layers[0].kl, expected)


@every_setting
def test_summed_over_all_draws_the_score_function_has_the_gradient_of_the_exact_sum(labels, form, covariance):
    model, z = build("score-function", labels, form, covariance), Z.clone().requires_grad_()
    cost, log_q = reference(model, X, z)
    expected = slopes((log_q.exp() * cost).sum(), model, z)
    found = torch.zeros_like(expected)
    for first, second in itertools.product(range(Y), repeat=2):
        weight = (log_q[0, first] + log_q[1, second]).exp().item()
        estimate = model.trace_at(X, z, drawing(first, second)).layers[0].kl.sum()
        found += weight * slopes(estimate, model, z)
    torch.testing.assert_close(found, expected)


@every_setting
def test_the_exact_bound_and_its_gradient_are_those_of_the_sum_over_labels(labels, form, covariance):
    model, z = build("exact", labels, form, covariance), Z.clone().requires_grad_()
    cost, log_q = reference(model, X, z)
    log_px = Independent(Bernoulli(logits=model.vae.decoder(z)), 1).log_prob(X)
    expected = log_px - (log_q.exp() * (cost + log_q - torch.tensor(1 / Y).double().log())).sum(-1)
    bound = elbo(model.trace_at(X, z))
    torch.testing.assert_close(bound, expected)
    torch.testing.assert_close(slopes(bound.sum(), model, z), slopes(expected.sum(), model, z))


@every_setting
def test_a_relaxed_label_mixes_the_costs_by_its_weights(labels, form, covariance):
    model, z = build("gumbel-softmax", labels, form, covariance), Z.clone().requires_grad_()
    cost, log_q = reference(model, X, z)
    expected = (((log_q + GUMBEL) / TEMPERATURE).softmax(-1) * cost).sum(-1)
    value = model.trace_at(X, z, GUMBEL).layers[0].kl
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(slopes(value.sum(), model, z), slopes(expected.sum(), model, z))


@every_setting
def test_straight_through_has_a_drawn_cost_and_a_relaxed_gradient(labels, form, covariance):
    model, z = build("straight-through", labels, form, covariance), Z.clone().requires_grad_()
    cost, log_q = reference(model, X, z)
    drawn = torch.nn.functional.one_hot((log_q + GUMBEL).argmax(-1), Y)
    soft = ((log_q + GUMBEL) / TEMPERATURE).softmax(-1)
    value = model.trace_at(X, z, GUMBEL).layers[0].kl
    torch.testing.assert_close(value, (drawn * cost).sum(-1))
    surrogate = (drawn * cost + soft * cost.detach()).sum()
    torch.testing.assert_close(slopes(value.sum(), model, z), slopes(surrogate, model, z))


@pytest.mark.parametrize("strategy", ["exact", "score-function", "gumbel-softmax", "straight-through"])
@every_setting
def test_several_samples_and_examples_at_once_are_those_one_by_one(strategy, labels, form, covariance):
    """But for the baseline, which has no part in the value."""
    model = build(strategy, labels, form, covariance)
    z = torch.randn(3, 2, 2, generator=generator(5), dtype=torch.float64)
    gumbel = torch.randn(3, 2, Y, generator=generator(6), dtype=torch.float64)
    together = model.trace_at(X, z, gumbel)
    for k, b in itertools.product(range(3), range(2)):
        alone = model.trace_at(X[b : b + 1], z[k, b : b + 1], gumbel[k, b : b + 1])
        for layer, single in zip(together.layers, alone.layers, strict=True):
            torch.testing.assert_close(layer.kl[k, b], single.kl[0])


@pytest.mark.parametrize("labels", LABELS)
def test_assignments_are_q_of_the_label_example_by_example(labels):
    model = build("exact", labels, "log-ratio", "full")
    _, log_q = reference(model, X, model.vae.encode(X).mean)
    torch.testing.assert_close(model.assign(X), log_q.exp())
    torch.testing.assert_close(torch.cat([model.assign(x) for x in X.split(1)]), log_q.exp())
