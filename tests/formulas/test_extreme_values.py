"""Closed forms against 50 digits where rounding could spoil them: q close to p, large logits ..."""

import math

import mpmath
import pytest
import torch
from fifty_digits import COMPARED, DTYPES, PAIRS, PRECISION, Pairs, exact, full_kl
from mpmath import mpf
from random_data import generator

from hvae_lessons.formulas import distributions, divergences
from hvae_lessons.formulas.discrete_divergences import kl_categorical, kl_categorical_uniform
from hvae_lessons.formulas.entropies import bernoulli_entropy, categorical_entropy
from hvae_lessons.formulas.finite_codes import copy_log_prob, finite_terms
from hvae_lessons.formulas.gaussian_products import gaussian_product
from hvae_lessons.formulas.mixtures import mixture_kl
from hvae_lessons.formulas.reparameterizations import iaf_step

pytestmark = pytest.mark.usefixtures("fifty_digits")


def gaussian_kl(mean_q, log_var_q, mean_p, log_var_p):
    terms = zip(mean_q, log_var_q, mean_p, log_var_p)
    return sum(_coordinate(mu - m, v, w) for mu, v, m, w in terms)


def _coordinate(shift, log_var_q, log_var_p):
    v = log_var_q - log_var_p
    return (mpmath.exp(v) - 1 - v + shift**2 * mpmath.exp(-log_var_p)) / 2


def categorical_kl(logits_q, logits_p):
    q, p = (list(map(mpmath.exp, logits)) for logits in (logits_q, logits_p))
    normalizers = mpmath.log(sum(q)), mpmath.log(sum(p))
    log_ratios = [a - normalizers[0] - b + normalizers[1] for a, b in zip(logits_q, logits_p)]
    return sum(weight * v for weight, v in zip(q, log_ratios)) / sum(q)


def factors(log_diagonal, lower):
    """Cholesky factors from the logarithms of their diagonals, in the precision of these."""
    return torch.tril(lower, -1) + torch.diag_embed(log_diagonal.exp())


def case_gaussian(dtype):
    pairs = Pairs(dtype)
    mean, log_var = pairs.one(), pairs.one()
    arguments = pairs.beside(mean), pairs.beside(log_var), mean, log_var
    return divergences.kl_gaussian(*arguments), arguments, gaussian_kl


def case_standard(dtype):
    pairs = Pairs(dtype)
    arguments = pairs.small(), pairs.small()
    return (
        divergences.kl_standard_gaussian(*arguments),
        arguments,
        lambda m, v: sum(map(_coordinate, m, v, [mpf(0)] * 4)),
    )


def case_residual(dtype):
    pairs = Pairs(dtype)
    arguments = pairs.small(), pairs.small(), pairs.one()
    residual = lambda m, v, w: sum(map(_coordinate, m, [a + b for a, b in zip(v, w)], w))  # noqa: E731
    return divergences.kl_gaussian_residual(*arguments), arguments, residual


def case_categorical(dtype):
    pairs = Pairs(dtype, size=5)
    logits = pairs.one()
    arguments = pairs.beside(logits), logits
    return kl_categorical(*arguments), arguments, categorical_kl


def case_uniform(dtype):
    pairs = Pairs(dtype, size=5)
    logits = pairs.beside(torch.full(pairs.shape, 0.3))
    return kl_categorical_uniform(logits), (logits,), lambda a: categorical_kl(a, [mpf(0)] * 5)


def case_full(dtype):
    pairs = Pairs(dtype, size=3)
    mean = pairs.one()
    factor = factors(0.5 * pairs.normal().to(dtype), 0.5 * pairs.normal(3).to(dtype))
    away = 1 + pairs.distance.clamp(max=0.2) * pairs.normal().tanh()
    below = pairs.distance.unsqueeze(-1) * pairs.normal(3).tril(-1)
    factor_q = (factor * away.unsqueeze(-1) + below).to(dtype)
    arguments = pairs.beside(mean), factor_q, mean, factor
    return divergences.kl_gaussian_full(*arguments), arguments, full_kl


def case_codes(dtype):
    """Distributions over eight codes, given by the logarithms of their probabilities."""
    pairs = Pairs(dtype, size=8)
    logits = pairs.one()
    log_q, log_p = torch.log_softmax(pairs.beside(logits), -1), torch.log_softmax(logits, -1)
    # The rounded logarithms do not sum to one: the reference is the generalized KL of what they are.
    terms = lambda q, p: sum(mpmath.exp(a) * (mpmath.expm1(b - a) - (b - a)) for a, b in zip(q, p))  # noqa: E731
    return finite_terms(log_q, log_q, log_p)[1], (log_q, log_p), terms


CASES = [case_gaussian, case_standard, case_residual, case_categorical, case_uniform, case_full, case_codes]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES)
def test_a_kl_is_never_negative_and_right_where_it_is_small(case, dtype):
    kl, arguments, reference = case(dtype)
    assert kl.shape == (PAIRS,)
    assert kl.dtype == dtype
    assert (kl >= 0).all()
    rows = [exact(argument[:COMPARED]) for argument in arguments]
    for got, expected in zip(exact(kl[:COMPARED]), (reference(*row) for row in zip(*rows))):
        assert abs(got - expected) <= PRECISION[dtype] * max(expected, mpf("1e-12"))


def test_the_kl_to_clusters_given_by_their_factors():
    """Here rounding in the logarithm of a factor's diagonal is all that is lost."""
    pairs = Pairs(torch.float64, size=2, count=200)
    mean, factor = (
        torch.zeros(1, 2, dtype=torch.float64),
        torch.tensor([[[0.7, 0.0], [0.4, 1.3]]], dtype=torch.float64),
    )
    log_var = pairs.beside(2 * torch.diagonal(factor[0]).log())
    shift = pairs.small()
    kl = mixture_kl(shift, log_var, mean, factor)
    assert (kl >= 0).all()
    for n in range(200):
        scales = [mpmath.exp(v / 2) for v in exact(log_var[n])]
        expected = full_kl(exact(shift[n]), [[scales[0], 0], [0, scales[1]]], [0, 0], exact(factor[0]))
        assert abs(exact(kl[n, 0]) - expected) <= 1e-13 * expected


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_kl_of_a_collapsed_posterior(dtype):
    """64 coordinates, each 1e-4 away from N(0, 1) in mean and log-variance: 64 (1e-8 + 1e-8 / 2) / 2."""
    part = torch.full((64,), 1e-4, dtype=dtype)
    zero = torch.zeros_like(part)
    for kl in (divergences.kl_standard_gaussian(part, part), divergences.kl_gaussian(part, part, zero, zero)):
        assert kl.item() == pytest.approx(4.8e-7, rel=1e-4)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_kl_of_distributions_far_apart(dtype):
    def draw(size, scale):
        return (scale * torch.randn(200, size, generator=source, dtype=torch.float64)).to(dtype)

    source = generator(2)
    means, log_vars = [draw(3, 1e6), draw(3, 1e6)], [draw(3, 7).clamp(-20, 20), draw(3, 7).clamp(-20, 20)]
    logits = draw(5, 3e3), draw(5, 3e3)
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    got = divergences.kl_gaussian(means[0], log_vars[0], means[1], log_vars[1])
    for n in range(200):
        arguments = means[0][n], log_vars[0][n], means[1][n], log_vars[1][n]
        assert abs(exact(got[n]) / gaussian_kl(*map(exact, arguments)) - 1) < tolerance
    triangles = [factors(0.5 * part, draw(9, 1).reshape(-1, 3, 3)) for part in log_vars]
    got = divergences.kl_gaussian_full(means[0], triangles[0], means[1], triangles[1])
    for n in range(200):
        arguments = means[0][n], triangles[0][n], means[1][n], triangles[1][n]
        assert abs(exact(got[n]) / full_kl(*map(exact, arguments)) - 1) < tolerance
    for q, p in (logits, (logits[0], torch.zeros_like(logits[0]))):
        for n, value in enumerate(kl_categorical(q, p)):
            expected = categorical_kl(exact(q[n]), exact(p[n]))
            assert abs(exact(value) - expected) <= tolerance * max(expected, mpf("1e-12"))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [0.0, 0.3, 5.0, 17.0, 21.0, 35.0, 80.0, 1e4])
@pytest.mark.parametrize("sign", [1, -1])
def test_bernoulli_at_any_logit(sign, size, dtype):
    tolerance = 4 * torch.finfo(dtype).eps
    smallest = 1e-37 if dtype == torch.float32 else 1e-300
    for x in (0.0, 1.0, 0.25, 0.999):
        logit = torch.tensor([sign * size], dtype=dtype, requires_grad=True)
        value = distributions.bernoulli_log_prob(torch.tensor([x], dtype=dtype), logit)
        (slope,) = torch.autograd.grad(value, logit)
        a, pixel = exact(logit)[0], exact(torch.tensor(x, dtype=dtype))
        log_prob, gradient = pixel * a - mpmath.log1p(mpmath.exp(a)), pixel - 1 / (1 + mpmath.exp(-a))
        if x == 1:
            log_prob, gradient = -mpmath.log1p(mpmath.exp(-a)), 1 / (1 + mpmath.exp(a))
        assert abs(exact(value) - log_prob) <= tolerance * max(abs(a), 1)
        assert abs(exact(slope)[0] - gradient) <= tolerance
    a = exact(torch.tensor(sign * size, dtype=dtype))
    entropy = mpmath.log1p(mpmath.exp(-a)) / (1 + mpmath.exp(-a)) + mpmath.log1p(mpmath.exp(a)) / (
        1 + mpmath.exp(a)
    )
    got = bernoulli_entropy(torch.tensor([sign * size], dtype=dtype))
    assert abs(exact(got) - entropy) <= tolerance * entropy + smallest


def test_the_slope_of_a_bernoulli_in_its_pixels_is_the_logit():
    logits = torch.tensor([[0.3, -2.0, 30.0]], dtype=torch.float64)
    for pixels in ([0.0, 1.0, 1.0], [0.2, 0.5, 0.9]):
        x = torch.tensor([pixels], dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(distributions.bernoulli_log_prob(x, logits), x)
        torch.testing.assert_close(slope, logits)
        assert torch.autograd.gradcheck(
            distributions.bernoulli_log_prob, (x.detach(), logits.requires_grad_())
        )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("gate", [-800.0, -100.0, -3.0, 0.0, 3.0, 30.0])
def test_a_flow_with_a_closed_gate(gate, dtype):
    z, shift, logit = (torch.tensor([value], dtype=dtype, requires_grad=True) for value in (0.5, -1.0, gate))
    moved, log_det = iaf_step(z, shift, logit)
    slopes = torch.autograd.grad(moved.sum() + log_det, (z, shift, logit))
    opened = 1 / (1 + mpmath.exp(-mpf(gate)))
    closed = 1 / (1 + mpmath.exp(mpf(gate)))
    expected = [opened, closed, opened * closed * mpf("1.5") + closed]
    assert log_det.item() == pytest.approx(float(mpmath.log(opened)), rel=4 * torch.finfo(dtype).eps)
    for got, slope in zip(slopes, expected):
        assert got.item() == pytest.approx(float(slope), rel=8 * torch.finfo(dtype).eps, abs=1e-37)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("gap", [0.5, 18.0, 40.0])
def test_gradient_of_a_product_whose_means_are_far_apart(gap, dtype):
    parts = [torch.tensor([value], dtype=dtype, requires_grad=True) for value in (1e3, 0.0, -1.0, gap)]
    mean, _ = gaussian_product(*parts)
    got = torch.autograd.grad(mean.sum(), parts)
    share = 1 / (1 + mpmath.exp(-mpf(gap)))
    other = 1 / (1 + mpmath.exp(mpf(gap)))
    moved = 1001 * share * other
    for slope, expected in zip(got, (share, -moved, other, moved)):
        assert slope.item() == pytest.approx(float(expected), rel=8 * torch.finfo(dtype).eps)


def test_a_full_gaussian_loses_no_digits_to_an_inverse():
    """A triangular solve has an eighth of the error that the factor's explicit inverse has: 1.0e-4 here."""
    source, size, errors = generator(3), 30, []
    for _ in range(60):
        square = torch.randn(size, size, generator=source)
        factor = torch.tril(square, -1) + torch.diag(0.3 + square.diagonal().abs())
        z = factor @ torch.randn(size, generator=source)
        noise, rows = [], exact(factor)
        for row, value in zip(rows, exact(z)):
            noise.append((value - mpmath.fdot(row[: len(noise)], noise)) / row[len(noise)])
        log_det = sum(mpmath.log(rows[i][i]) for i in range(size))
        expected = -(size * mpmath.log(2 * mpmath.pi) + mpmath.fdot(noise, noise)) / 2 - log_det
        mean = torch.zeros_like(z)
        values = (
            distributions.gaussian_full_log_prob(z, mean, factor),
            distributions.gaussian_full_log_prob(z[None], mean[None], factor[None])[0],
            distributions.gaussian_full_log_prob(z.expand(2, -1), mean, factor)[1],
        )
        errors.append([float(abs(exact(value) / expected - 1)) for value in values])
    assert (torch.tensor(errors).median(0).values < 4e-5).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_forbidden_class(dtype):
    """Two of three classes: what is left is a coin, with log-odds 1 under q and -1 under p."""
    minus = -math.inf
    q = torch.tensor([0.0, 1.0, minus], dtype=dtype, requires_grad=True)
    same, open_p = (torch.tensor([1.0, 0.0, last], dtype=dtype) for last in (minus, 2.0))
    share = 1 / (1 + mpmath.exp(-mpf(1)))
    entropy = -share * mpmath.log(share) - (1 - share) * mpmath.log(1 - share)
    kl = categorical_kl([mpf(0), mpf(1)], [mpf(1), mpf(0)])
    left = mpmath.log((mpmath.e + 1 + mpmath.e**2) / (mpmath.e + 1))
    values = {
        "entropy": (categorical_entropy(q), entropy),
        "same support": (kl_categorical(q, same), kl),
        "p allows more": (kl_categorical(q, open_p), kl + left),
        "uniform": (kl_categorical_uniform(q), mpmath.log(3) - entropy),
        "log-probability": (distributions.categorical_log_prob(torch.tensor(1), q), mpmath.log(share)),
    }
    for name, (value, expected) in values.items():
        assert value.item() == pytest.approx(float(expected), rel=4 * torch.finfo(dtype).eps), name
        (slope,) = torch.autograd.grad(value, q)
        assert slope.isfinite().all(), name
        assert slope[2] == 0, name
    assert kl_categorical(open_p, same).item() == math.inf
    assert distributions.categorical_log_prob(torch.tensor(2), q).item() == minus
    broken = torch.tensor([0.0, math.nan, minus], dtype=dtype)
    assert categorical_entropy(broken).isnan()
    assert kl_categorical(broken, same).isnan()
    assert kl_categorical(same, broken).isnan()


def test_a_copy_has_its_error_in_the_precision_of_a_python_number():
    """log 0.1 and log 0.9, not those of the single-precision number next to 0.1."""
    x = torch.tensor([[0.0, 1.0, 1.0]], dtype=torch.float64)
    z = torch.tensor([[0.0, 0.0, 1.0]], dtype=torch.float64)
    assert copy_log_prob(x, z, 0.1).item() == pytest.approx(math.log(0.1) + 2 * math.log1p(-0.1), rel=1e-15)
