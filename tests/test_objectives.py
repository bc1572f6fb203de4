"""Objectives on a Trace whose numbers are written by hand."""

import math

import pytest
import torch

from hvae_lessons.models import Gaussian, Layer, Trace
from hvae_lessons.objectives import beta_elbo, elbo, reconstruction


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
