"""Theorems about the maximum mean discrepancy: kernels, estimators, and the closed form for Gaussians."""

import itertools

import numpy as np
import sympy
import torch

from hvae_lessons.formulas.mmd import (
    expected_rbf_kernel,
    inverse_multiquadratic_kernel,
    mmd_biased,
    mmd_unbiased,
    mmd_variance_at_match,
    rbf_centered_square,
    rbf_kernel,
    rbf_mmd_gaussians,
)
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.integrals import integral
from hvae_lessons.proofs.moments import normal_log_density
from hvae_lessons.proofs.textbook import gaussians, probability_rows
from hvae_lessons.symbolic import SymbolicTensor, real

CHAPTER = "infovae"
H = sympy.Symbol("h", positive=True)


def _squared_distance(x, y):
    return sum((a - b) ** 2 for a, b in zip(x, y, strict=True))


@theorem(
    "kernels",
    chapter=CHAPTER,
    about=(rbf_kernel, inverse_multiquadratic_kernel),
    statement=r"k(x, y) = e^{-\lVert x - y \rVert^2 / 2 h^2}; \qquad"
    r" \frac{c}{c + \lVert x - y \rVert^2} = \int_0^\infty e^{-t}\, e^{-t \lVert x - y \rVert^2 / c}\,dt",
    source="N4 21.38; Tolstikhin et al. (2018)",
    scope="two points and one point in the plane; any bandwidth",
)
def kernels(rbf_kernel, inverse_multiquadratic_kernel):
    """Entry by entry; the second is a mixture of kernels of the first kind, of bandwidth sqrt(c / 2t)."""
    x, y, c = real("x", 2, 2), real("y", 1, 2), sympy.Symbol("c", positive=True)
    distances = [[_squared_distance(row, y.entries[0])] for row in x.entries]
    t, d = sympy.symbols("t d", positive=True)
    mixture = sympy.integrate(sympy.exp(-t) * sympy.exp(-t * d / c), (t, 0, sympy.oo))
    return [
        equal(
            "the Gaussian kernel, for every pair",
            rbf_kernel(x, y, H),
            [[sympy.exp(-entry / (2 * H**2)) for entry in row] for row in distances],
        ),
        equal(
            "the inverse multiquadratic kernel is the mixture, for every pair",
            inverse_multiquadratic_kernel(x, y, c),
            [[mixture.subs(d, entry) for entry in row] for row in distances],
        ),
    ]


@kernels.wrong("the bandwidth not squared")
def _(x, y, bandwidth):
    return rbf_kernel(x, y, torch.sqrt(SymbolicTensor(bandwidth)).item())


@kernels.wrong("without the 2 of a Gaussian")
def _(x, y, bandwidth):
    return rbf_kernel(x, y, bandwidth) ** 2


@kernels.wrong("the scale as a bandwidth, squared", instead_of=inverse_multiquadratic_kernel)
def _(x, y, scale):
    return inverse_multiquadratic_kernel(x, y, scale**2)


class _TwoPoints:
    """Distributions q and p on two points, a kernel between these, and all ways to draw samples."""

    def __init__(self, same=False):
        self.q = probability_rows("q", 1)[0]
        self.p = self.q if same else probability_rows("p", 1)[0]
        near, far, other = sympy.symbols("a b c", positive=True)
        self.kernel = np.array([[near, far], [far, other]], dtype=object)

    def mean(self, function, count, other_count):
        """Expectation of a function of the three kernel matrices, over all draws from q and from p."""
        total = 0
        for z in itertools.product(range(2), repeat=count):
            for y in itertools.product(range(2), repeat=other_count):
                probability = sympy.Mul(*self.q[list(z)], *self.p[list(y)])
                matrices = (SymbolicTensor(self.kernel[np.ix_(*pair)]) for pair in ((z, z), (y, y), (z, y)))
                total += probability * function(*matrices)
        return total

    def squared_mmd(self):
        """By its definition."""
        difference = self.q - self.p
        return difference @ self.kernel @ difference

    def excess(self, distribution):
        """E[k(z, z) - k(z, z')]."""
        return distribution @ np.diagonal(self.kernel) - distribution @ self.kernel @ distribution


@theorem(
    "mmd-estimators",
    chapter=CHAPTER,
    about=(mmd_biased, mmd_unbiased),
    statement=r"E[\texttt{mmd\_unbiased}] = \mathrm{MMD}^2, \qquad E[\texttt{mmd\_biased}] = \mathrm{MMD}^2"
    r" + \frac{E[k(z, z) - k(z, z')]}{N} + \frac{E[k(y, y) - k(y, y')]}{P}",
    source="N4 21.38; Gretton et al. (2012)",
    scope="two points, any kernel and any q and p on them; three samples of q and two of p",
)
def estimators(mmd_biased, mmd_unbiased):
    """Expectations are sums over all draws."""
    space = _TwoPoints()
    squared_mmd = space.squared_mmd()
    bias = space.excess(space.q) / 3 + space.excess(space.p) / 2
    kernel, q, p = space.kernel, space.q, space.p
    return [
        equal(
            "what the definition is: a squared distance",
            squared_mmd,
            q @ kernel @ q + p @ kernel @ p - 2 * q @ kernel @ p,
        ),
        equal("unbiased", space.mean(_item(mmd_unbiased), 3, 2), squared_mmd),
        equal("the bias of the other", space.mean(_item(mmd_biased), 3, 2) - squared_mmd, bias),
        equal(
            "equal samples: the biased estimate is zero",
            mmd_biased(*[SymbolicTensor(kernel)] * 3),
            0,
        ),
    ]


def _item(function):
    return lambda *matrices: function(*matrices).item()


@estimators.wrong("samples compared with themselves", instead_of=mmd_unbiased)
def _(kernel_qq, kernel_pp, kernel_qp):
    return mmd_biased(kernel_qq, kernel_pp, kernel_qp)


@estimators.wrong("the two between the sets left out", instead_of=mmd_unbiased)
def _(kernel_qq, kernel_pp, kernel_qp):
    return mmd_unbiased(kernel_qq, kernel_pp, kernel_qp) + kernel_qp.mean((-1, -2))


@estimators.wrong("sums instead of means")
def _(kernel_qq, kernel_pp, kernel_qp):
    return kernel_qq.sum((-1, -2)) + kernel_pp.sum((-1, -2)) - 2 * kernel_qp.sum((-1, -2))


@theorem(
    "mmd-variance",
    chapter=CHAPTER,
    about=(mmd_variance_at_match, mmd_unbiased),
    statement=r"q = p: \quad \operatorname{Var}[\texttt{mmd\_unbiased}] = \Big[\frac{2}{N (N - 1)}"
    r" + \frac{2}{P (P - 1)} + \frac{4}{N P}\Big] E[\tilde k(z, z')^2]",
    source="Gretton et al. (2012), the case of equal distributions",
    scope="two points, any kernel and any q on them; three samples and two",
)
def variance_at_match(mmd_variance_at_match, mmd_unbiased):
    """The mean of the square is a sum over all draws, and the mean is zero."""
    space = _TwoPoints(same=True)
    row = space.kernel @ space.q
    centered = space.kernel - row[:, None] - row + space.q @ row
    centered_square = space.q @ centered**2 @ space.q
    return [
        equal("the mean is zero", space.mean(_item(mmd_unbiased), 3, 2), 0),
        equal(
            "so the mean of the square is the variance",
            space.mean(lambda *matrices: mmd_unbiased(*matrices).item() ** 2, 3, 2),
            mmd_variance_at_match(centered_square, 3, 2),
        ),
    ]


@variance_at_match.wrong("variance of an average: one over the number of samples")
def _(centered_square, count, other_count):
    return centered_square / count + centered_square / other_count


@variance_at_match.wrong("the pairs between the sets left out")
def _(centered_square, count, other_count):
    between = 4 * centered_square / (count * other_count)
    return mmd_variance_at_match(centered_square, count, other_count) - between


def _mean(exponent, *variables):
    """Mean of e to a quadratic over independent standard Gaussian variables."""
    over_space = integral(exponent - sum(z**2 for z in variables) / 2, 1, *variables)
    # Through the square, which is a quotient of polynomials in h.
    return sympy.sqrt(sympy.factor(sympy.powdenest(over_space**2)) / (2 * sympy.pi) ** len(variables))


@theorem(
    "rbf-centered-square",
    chapter=CHAPTER,
    about=(rbf_centered_square,),
    statement=r"z, z' \sim N(0, I): \quad E[\tilde k(z, z')^2] = E[k(z, z')^2]"
    r" - 2\, E_z\big[E_{z'}[k(z, z')]^2\big] + E[k(z, z')]^2",
    source="Gaussian integrals",
    scope="one coordinate and two, any bandwidth",
)
def centered_square(rbf_centered_square):
    """Each term is an integral over two or three draws; over coordinates it is a power."""
    z, y, t = sympy.symbols("z y t", real=True)
    square = _mean(-((z - y) ** 2) / H**2, z, y)
    of_means = _mean(-((z - y) ** 2 + (z - t) ** 2) / (2 * H**2), z, y, t)
    mean = _mean(-((z - y) ** 2) / (2 * H**2), z, y)
    return [
        equal(
            f"size {size}",
            rbf_centered_square(size, H),
            square**size - 2 * of_means**size + mean ** (2 * size),
        )
        for size in (1, 2)
    ]


@centered_square.wrong("not centered")
def _(size, bandwidth):
    return (bandwidth**2 / (bandwidth**2 + 4)) ** sympy.Rational(size, 2)


@centered_square.wrong("the means' term once")
def _(size, bandwidth):
    of_means = bandwidth**4 / ((bandwidth**2 + 1) * (bandwidth**2 + 3))
    return rbf_centered_square(size, bandwidth) + of_means ** sympy.Rational(size, 2)


@theorem(
    "rbf-mmd-gaussians",
    chapter=CHAPTER,
    about=(rbf_mmd_gaussians, expected_rbf_kernel),
    statement=r"E[k(z, y)] = \iint N(z; \mu, \sigma^2)\, N(y; m, s^2)\, k(z, y)\,dz\,dy"
    r" = \prod_d \frac{h}{\sqrt{v_d}}\, e^{-(\mu_d - m_d)^2 / 2 v_d}, \quad v_d = h^2 + \sigma_d^2 + s_d^2",
    source="N4 21.38, for two Gaussians",
    scope="one coordinate against the integral, two as products of one; any bandwidth",
)
def mmd_of_gaussians(rbf_mmd_gaussians, expected_rbf_kernel):
    """The double integral of the kernel; the squared MMD is zero where the two are the same."""
    wide = gaussians()
    single = [tensor[:1] for tensor in wide]
    q, p = single[:2], single[2:]
    coordinates = [[tensor[d : d + 1] for tensor in wide] for d in range(2)]
    z, y = sympy.symbols("z y", real=True)
    log_q = normal_log_density(z, q[0].item(), q[1].item())
    log_p = normal_log_density(y, p[0].item(), p[1].item())
    double_integral = integral(log_q + log_p - (z - y) ** 2 / (2 * H**2), 1, z, y)
    return [
        equal(
            "the mean kernel is the integral; logarithms are compared",
            torch.log(expected_rbf_kernel(*single, H)),
            sympy.expand_log(sympy.log(double_integral)),
        ),
        equal(
            "coordinates multiply",
            expected_rbf_kernel(*wide, H),
            expected_rbf_kernel(*coordinates[0], H) * expected_rbf_kernel(*coordinates[1], H),
        ),
        equal(
            "the squared MMD, from three mean kernels",
            rbf_mmd_gaussians(*single, H),
            expected_rbf_kernel(*q, *q, H)
            + expected_rbf_kernel(*p, *p, H)
            - 2 * expected_rbf_kernel(*single, H),
        ),
        equal("it is zero at q = p", rbf_mmd_gaussians(*wide[:2], *wide[:2], H), 0),
    ]


@mmd_of_gaussians.wrong("the square root of the squared MMD")
def _(mean_q, log_var_q, mean_p, log_var_p, bandwidth):
    return torch.sqrt(rbf_mmd_gaussians(mean_q, log_var_q, mean_p, log_var_p, bandwidth))


@mmd_of_gaussians.wrong("means in the place of samples")
def _(mean_q, log_var_q, mean_p, log_var_p, bandwidth):
    points = [tensor.unsqueeze(-2) for tensor in (mean_q, mean_p)]
    return 2 - 2 * rbf_kernel(*points, bandwidth).squeeze(-1).squeeze(-1)


@mmd_of_gaussians.wrong("log sigma read as log sigma^2", instead_of=expected_rbf_kernel)
def _(mean, log_var, other_mean, other_log_var, bandwidth):
    return expected_rbf_kernel(mean, log_var / 2, other_mean, other_log_var / 2, bandwidth)
