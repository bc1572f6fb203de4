"""Objectives on a Trace whose numbers are written by hand."""

import inspect
import itertools
import math

import pytest
import torch

from hvae_lessons import objectives
from hvae_lessons.models import ClusterVAE, ClusterVAEConfig
from hvae_lessons.objectives import (
    balanced_elbo,
    balancing_weights,
    beta_elbo,
    beta_tc_elbo,
    elbo,
    free_bits,
    info_vae,
    mmd_to_prior,
    reconstruction,
    weighted_elbo,
)
from hvae_lessons.trace import Gaussian, Layer, Trace


def trace():
    """Two layers, one example: KL(N(1, 1) || N(0, 1)) = 1/2 and KL(N(0, 4) || N(0, 1)) = (3 - log 4) / 2."""
    standard = Gaussian(torch.zeros(1, 1), torch.zeros(1, 1))
    shifted = Gaussian(torch.ones(1, 1), torch.zeros(1, 1))
    wide = Gaussian(torch.zeros(1, 1), torch.full((1, 1), math.log(4.0)))
    z = torch.zeros(1, 1)
    return Trace(torch.tensor([-10.0]), (Layer(z, shifted, standard), Layer(z, wide, standard)))


KL = 0.5 + 0.5 * (3 - math.log(4))


def test_values():
    assert elbo(trace()).item() == pytest.approx(-10 - KL)
    assert beta_elbo(trace(), 0.5).item() == pytest.approx(-10 - 0.5 * KL)
    assert beta_elbo(trace(), 1).item() == pytest.approx(elbo(trace()).item())
    assert reconstruction(trace()).item() == -10


def test_log_weight_at_a_known_point():
    # At z = 0: log N(0; 0, 1) - log N(0; 1, 1) = 1/2, and log N(0; 0, 1) - log N(0; 0, 4) = log 2.
    assert trace().log_weight.item() == pytest.approx(-10 + 0.5 + math.log(2))


@pytest.mark.parametrize("beta", [-1.0, math.inf, math.nan])
def test_a_beta_that_makes_no_sense_is_refused(beta):
    with pytest.raises(ValueError, match="^beta: expected"):
        beta_elbo(trace(), beta)


def two_examples():
    """Two examples, levels of two and one coordinates, with these KLs: N(m, 1) against N(0, 1) is m^2 / 2."""
    kls = (torch.tensor([[0.2, 3.0], [0.4, 1.0]]), torch.tensor([[0.0], [0.5]]))
    layers = []
    for kl in kls:
        q = Gaussian((2 * kl).sqrt(), torch.zeros_like(kl))
        layers.append(Layer(q.mean, q, Gaussian.standard_like(q)))
    return Trace(torch.tensor([-10.0, -20.0]), tuple(layers))


@pytest.mark.parametrize(
    ("settings", "charge"),
    [
        # Means over the batch: level 1 has 2.3, its coordinates 0.3 and 2.0, level 2 has 0.25.
        ({}, 2.3 + 1.0),
        ({"per": "dimension"}, 1.0 + 2.0 + 1.0),
        # Before the mean: level 1 has 3.2 and 1.4, level 2 has 0 and 0.5.
        ({"clamp": "example"}, (3.2 + 1.4) / 2 + 1.0),
        ({"clamp": "example", "per": "dimension"}, (1.0 + 3.0 + 1.0 + 1.0 + 1.0 + 1.0) / 2),
        ({"beta": 0.5}, 0.5 * 3.3),
    ],
)
def test_free_bits_by_hand(settings, charge):
    values = free_bits(two_examples(), 1.0, **settings)
    assert values.shape == (2,)
    assert values.mean().item() == pytest.approx(-15 - charge, abs=1e-5)


def test_free_bits_without_bits_is_the_elbo():
    assert torch.allclose(free_bits(two_examples(), 0.0), elbo(two_examples()))


def test_below_the_free_bits_a_level_gets_no_gradient():
    mean = torch.full((3, 2), 0.1, requires_grad=True)
    q = Gaussian(mean, torch.zeros(3, 2))
    trace = Trace(torch.zeros(3), (Layer(mean, q, Gaussian.standard_like(q)),))
    free_bits(trace, 1.0).mean().backward()
    assert mean.grad.abs().max() < 1e-8


@pytest.mark.parametrize(
    ("sizes", "weights"),
    [
        # Means over the batch: 2.3 and 0.25.
        (None, (4.6 / 2.55, 0.5 / 2.55)),
        ((2, 1), (2 * 4.6 / 4.85, 0.5 / 4.85)),
        ((1 / 2, 1), (2 * 1.15 / 1.4, 0.5 / 1.4)),
    ],
)
def test_balancing_by_hand(sizes, weights):
    trace = two_examples()
    torch.testing.assert_close(balancing_weights(trace, sizes), torch.tensor(weights))
    charge = weights[0] * 2.3 + weights[1] * 0.25
    assert balanced_elbo(trace, sizes).mean().item() == pytest.approx(-15 - charge, abs=1e-5)
    assert balanced_elbo(trace, sizes, beta=0.5).mean().item() == pytest.approx(-15 - charge / 2, abs=1e-5)
    assert balanced_elbo(trace, sizes).shape == (2,)


def test_balancing_ends_when_beta_is_one():
    trace = two_examples()
    for beta in (0.0, 0.5, 0.999):
        assert torch.equal(balanced_elbo(trace, beta=beta, until_one=True), balanced_elbo(trace, beta=beta))
    assert torch.equal(balanced_elbo(trace, beta=1.0, until_one=True), elbo(trace))
    assert not torch.allclose(balanced_elbo(trace, beta=1.0), elbo(trace))


def test_one_level_is_its_own_balance():
    trace = two_examples()._replace(layers=two_examples().layers[:1])
    assert torch.allclose(balanced_elbo(trace, beta=0.3), beta_elbo(trace, 0.3))


def test_where_no_level_carries_anything_the_weights_are_one():
    standard = Gaussian(torch.zeros(2, 3), torch.zeros(2, 3))
    layers = (Layer(standard.mean, standard, standard),) * 2
    trace = Trace(torch.tensor([-1.0, -2.0]), layers)
    assert torch.equal(balancing_weights(trace), torch.ones(2))
    assert torch.equal(balanced_elbo(trace), trace.log_px_given_z)


def test_a_negative_estimate_gets_no_negative_weight():
    q, p = (Gaussian(torch.full((2, 1), m), torch.zeros(2, 1)) for m in (0.0, 1.0))
    estimated = Layer(torch.ones(2, 1), q, p, closed_form=False)  # log q(1) - log p(1) = -1/2
    trace = Trace(torch.zeros(2), (estimated, Layer(q.mean, q, p)))
    assert estimated.kl.mean() < 0
    assert torch.equal(balancing_weights(trace), torch.tensor([0.0, 2.0]))


def test_the_weights_pass_no_gradient():
    mean = torch.ones(3, 2, requires_grad=True)
    q, standard = Gaussian(mean, torch.zeros(3, 2)), Gaussian(torch.zeros(3, 2), torch.zeros(3, 2))
    fixed = Layer(mean, Gaussian(torch.full((3, 2), 2.0), torch.zeros(3, 2)), standard)
    trace = Trace(torch.zeros(3), (Layer(mean, q, standard), fixed))
    # KLs 1 and 4: gamma is 2/5 for the first; its gradient is that of -gamma mean(m^2 / 2).
    balanced_elbo(trace).mean().backward()
    assert torch.allclose(mean.grad, torch.full((3, 2), -0.4 / 3))


def stack(*leading, seed=0):
    """A trace with leading axes before a batch of four: level 1 in closed form, level 2 by log-ratios."""
    source = torch.Generator().manual_seed(seed)

    def draw(size):
        return torch.randn(*leading, 4, size, generator=source, dtype=torch.float64).requires_grad_()

    layers = []
    for size, closed_form in ((2, True), (3, False)):
        z, *parameters = (0.3 * draw(size) for _ in range(5))
        layers.append(Layer(z, Gaussian(*parameters[:2]), Gaussian(*parameters[2:]), closed_form))
    return Trace(draw(1).sum(-1), tuple(layers))


def at(trace, index):
    """One model, or one sample, of a trace."""
    layers = [
        Layer(*(Gaussian(*(part[index] for part in value)) if isinstance(value, Gaussian) else value[index]
                for value in layer[:3]), layer.closed_form)
        for layer in trace.layers
    ]  # fmt: skip
    return Trace(trace.log_px_given_z[index], tuple(layers))


SETTINGS = {
    elbo: [{}],
    beta_elbo: [{"beta": 0.5}],
    weighted_elbo: [{"betas": (0.5, 2.0)}],
    reconstruction: [{}],
    free_bits: [
        {"nats": 0.1, "per": per, "clamp": clamp}
        for per in ("level", "dimension")
        for clamp in ("batch", "example")
    ],
    balancing_weights: [{}, {"sizes": (2, 3)}],
    balanced_elbo: [{"beta": 0.5}, {"sizes": (2, 3)}],
}
CASES = [(function, settings) for function, cases in SETTINGS.items() for settings in cases]


# Of one level, and so with no place among these: test_info.py and test_total_correlation.py.
ONE_LEVEL = {beta_tc_elbo, info_vae, mmd_to_prior}


def test_no_objective_is_left_out():
    own = inspect.getmembers(
        objectives, lambda m: getattr(m, "__module__", "").startswith(objectives.__name__)
    )
    assert {member for name, member in own if not name.startswith("_")} == set(SETTINGS) | ONE_LEVEL


@pytest.mark.parametrize(
    "leading", [(3,), (2, 3)], ids=["three models or samples", "two models, three samples"]
)
@pytest.mark.parametrize(("objective", "settings"), CASES)
def test_a_stack_of_models_is_as_many_single_models(objective, settings, leading):
    """In value and in gradient: nothing averages over more than the batch."""
    trace = stack(*leading)
    places = list(itertools.product(*map(range, leading)))
    single = torch.stack([objective(at(trace, place), **settings) for place in places])
    stacked = objective(trace, **settings)
    assert torch.equal(stacked, single.reshape(stacked.shape))
    if objective is not balancing_weights:  # which has no gradient
        inputs = [trace.log_px_given_z, *(part for layer in trace.layers for part in (*layer.q, *layer.p))]
        weights = torch.randn(stacked.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        for one, other in zip(
            torch.autograd.grad((weights * stacked).sum(), inputs, allow_unused=True),
            torch.autograd.grad((weights.reshape(single.shape) * single).sum(), inputs, allow_unused=True),
            strict=True,
        ):
            assert (one is None) == (other is None)
            assert one is None or torch.allclose(one, other, rtol=1e-12, atol=1e-15)


def test_free_bits_per_dimension_need_dimensions():
    config = ClusterVAEConfig(data_dim=6, latent_dim=2, hidden=(5,), clusters=3)
    trace = ClusterVAE(config, torch.Generator().manual_seed(0))(torch.zeros(4, 6))
    assert free_bits(trace, 0.1).shape == (4,)
    with pytest.raises(ValueError, match=r"^per: expected 'level', because the KL of layer 1 does not split"):
        free_bits(trace, 0.1, per="dimension")


def test_a_layer_whose_shape_would_broadcast_is_refused():
    right = two_examples()
    wrong = right._replace(log_px_given_z=torch.zeros(1))
    for objective, cases in SETTINGS.items():
        if objective is not reconstruction:
            with pytest.raises(ValueError, match=r"of layer 1: expected values of shape \(1,\), got \(2,\)"):
                objective(wrong, **cases[-1])
