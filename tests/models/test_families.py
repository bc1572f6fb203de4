"""The inverse autoregressive flow: who depends on whom, and where a fresh one starts."""

import math

import pytest
import torch
from random_data import generator
from torch.distributions import Normal

from hvae_lessons.models.parts.families import AutoregressiveFlow


def jacobian(size, steps, seed=0):
    """dz / dnoise at one point, for weights that are not small."""
    flow = AutoregressiveFlow(size, steps, generator(seed))
    with torch.no_grad():
        for parameter in flow.parameters():
            parameter.add_(0.5 * torch.randn(parameter.shape, generator=generator(seed + 1)))
    noise = torch.randn(size, generator=generator(seed + 2))
    return torch.autograd.functional.jacobian(lambda e: flow(e)[0], noise)


def test_after_one_step_a_coordinate_depends_on_those_before_it():
    slope = jacobian(4, 1).flip(0)  # the step ends with a reversal
    assert (slope.triu(1) == 0).all()
    assert (slope[*torch.tril_indices(4, 4)].abs() > 1e-4).all()


def test_after_two_steps_every_coordinate_depends_on_every_other():
    assert (jacobian(4, 2).abs() > 1e-5).all()


def test_every_step_counts():
    """Three steps, each replayed from its own weights."""
    flow = AutoregressiveFlow(3, 3, generator())
    z = noise = torch.randn(5, 3, generator=generator(1))
    log_q = Normal(0.0, 1.0).log_prob(noise).sum(-1)
    for shift, gate in zip(flow.shifts, flow.gates, strict=True):
        m, s = (
            z @ layer.affine.weight.tril(-1).T + layer.affine.bias + start
            for layer, start in ((shift, 0.0), (gate, 2.0))
        )
        keep = torch.sigmoid(s)
        z, log_q = (keep * z + (1 - keep) * m).flip(-1), log_q - keep.log().sum(-1)
    for found, expected in zip(flow(noise), (z, log_q), strict=True):
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_without_weights_a_step_lets_88_percent_pass(steps):
    flow = AutoregressiveFlow(2, steps, generator())
    with torch.no_grad():
        for parameter in flow.parameters():
            parameter.zero_()
    noise = torch.randn(5, 2, generator=generator(1))
    keep = 1 / (1 + math.exp(-2))
    z, log_q = flow(noise)
    torch.testing.assert_close(z, keep**steps * (noise.flip(-1) if steps % 2 else noise))
    expected = Normal(0.0, 1.0).log_prob(noise).sum(-1) - 2 * steps * math.log(keep)
    torch.testing.assert_close(log_q, expected)
    assert keep == pytest.approx(0.88, abs=1e-3)


def test_a_fresh_step_is_near_the_identity():
    passed = []
    for seed in range(100):
        flow = AutoregressiveFlow(3, 1, generator(seed))
        noise = torch.randn(3, generator=generator(seed))
        slope = torch.autograd.functional.jacobian(lambda e: flow(e)[0], noise).flip(0)  # noqa: B023
        passed.append(slope.diagonal())
    assert torch.stack(passed).mean().item() == pytest.approx(0.88, abs=0.03)
