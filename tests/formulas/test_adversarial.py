"""The bound of the Jensen-Shannon divergence against quadrature and against scikit-learn's cross-entropy."""

import math

import pytest
import torch
from random_data import generator, normal
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.metrics import log_loss

from hvae_lessons.formulas.adversarial import jensen_shannon_bound


def test_it_is_log_2_minus_the_cross_entropy():
    q, p = normal(6, seed=1), normal(6, seed=2)
    labels, odds = [1] * 6 + [0] * 6, torch.sigmoid(torch.cat([q, p]))
    assert jensen_shannon_bound(q, p).item() == pytest.approx(math.log(2) - log_loss(labels, odds))


def test_with_the_true_log_ratio_it_estimates_the_divergence():
    def half(z, a, b):
        middle = math.log((math.exp(a.logpdf(z)) + math.exp(b.logpdf(z))) / 2)
        return a.pdf(z) * (a.logpdf(z) - middle) / 2

    q, p = norm(1.5, 0.5), norm(0, 1)
    exact = sum(quad(half, -10, 10, args=pair)[0] for pair in ((q, p), (p, q)))
    noise = torch.randn(2, 200_000, generator=generator()).double()
    z, y = 1.5 + 0.5 * noise[0], noise[1]
    d = [torch.as_tensor(q.logpdf(part.numpy()) - p.logpdf(part.numpy())) for part in (z, y)]
    assert jensen_shannon_bound(*d).item() == pytest.approx(exact, abs=4e-3)


def test_far_apart_it_reaches_log_2_and_stays_finite():
    far = torch.full((3,), 800.0)
    assert jensen_shannon_bound(far, -far).item() == pytest.approx(math.log(2))
    assert jensen_shannon_bound(-far, far).item() == pytest.approx(math.log(2) - 800)
