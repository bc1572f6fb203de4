"""Theorems about continuous reparameterizations: the density of transformed noise, by change of variables."""

from types import SimpleNamespace

import sympy
import torch
from sympy.core.function import AppliedUndef

from hvae_lessons.formulas.distributions import gaussian_full_log_prob, gaussian_log_prob
from hvae_lessons.formulas.reparameterizations import (
    gaussian_full_sample,
    gaussian_sample,
    iaf_step,
    masked_scale_tril,
)
from hvae_lessons.nets import AutoregressiveLinear
from hvae_lessons.proofs import equal, theorem, true
from hvae_lessons.proofs.claims import row_by_row
from hvae_lessons.proofs.moments import log_variance, normal_log_density
from hvae_lessons.symbolic import SymbolicTensor, positive, real


def _jacobian(output, inputs):
    """d output_i / d input_j, from what the code returned."""
    return sympy.Matrix(list(output.entries)).jacobian(sympy.Matrix(list(inputs.entries)))


def _determinant(matrix):
    """By Leibniz' formula in bare symbols: sympy otherwise simplifies the entries at every step."""
    names = matrix.applyfunc(lambda entry: sympy.Dummy() if entry else sympy.S.Zero)
    return names.det().xreplace(dict(zip(names, matrix, strict=True)))


def _noise_log_density(noise):
    return sum(normal_log_density(epsilon, 0, 0) for epsilon in noise.entries)


def _cholesky_factor(size):
    """Any lower-triangular matrix with a positive diagonal."""
    return torch.tril(real("L", size, size), diagonal=-1) + torch.diag_embed(positive("L", size))


@theorem(
    "diagonal-sample-density",
    chapter="reparameterization",
    about=(gaussian_sample, gaussian_log_prob),
    statement=r"z = \mu + \sigma \odot \epsilon: \quad"
    r" \log N(\epsilon; 0, I) - \log\left|\det \frac{\partial z}{\partial \epsilon}\right|"
    r" = \log N(z; \mu, \operatorname{diag} \sigma^2)",
    source="N4 draft 21.34-21.39",
    scope="three coordinates",
)
def diagonal_sample_density(gaussian_sample, gaussian_log_prob):
    """The Jacobian is taken of the code's own output."""
    mean, log_var, noise = real("mu", 3), log_variance("sigma", 3), real("epsilon", 3)
    z = gaussian_sample(mean, log_var, noise)
    determinant, sigma = _determinant(_jacobian(z, noise)), positive("sigma", 3)
    batch = real("mu", 2, 3), log_variance("sigma", 2, 3), real("epsilon", 2, 3)
    return [
        equal("the determinant is the product of the sigmas", determinant, sympy.Mul(*sigma.entries)),
        equal(
            "the noise's density over the determinant is the Gaussian's",
            _noise_log_density(noise) - sympy.log(determinant),
            gaussian_log_prob(z, mean, log_var),
        ),
        row_by_row(gaussian_sample, *batch),
    ]


@diagonal_sample_density.wrong("log sigma^2 read as log sigma")
def _(mean, log_var, noise):
    return mean + torch.exp(log_var) * noise


@diagonal_sample_density.wrong("noise scaled by its mean too")
def _(mean, log_var, noise):
    return torch.exp(0.5 * log_var) * (mean + noise)


@theorem(
    "full-sample-density",
    chapter="reparameterization",
    about=(gaussian_full_sample, gaussian_full_log_prob),
    statement=r"z = \mu + L \epsilon: \quad"
    r" \log N(\epsilon; 0, I) - \log\left|\det \frac{\partial z}{\partial \epsilon}\right|"
    r" = \log N(z; \mu, L L^\top)",
    source="N4 draft 21.40-21.42",
    scope="two and three coordinates",
)
def full_sample_density(gaussian_full_sample, gaussian_full_log_prob):
    """The right-hand side with the covariance written out and inverted, and as the package computes it."""
    claims = []
    for size in (2, 3):
        mean, scale_tril, noise = real("mu", size), _cholesky_factor(size), real("epsilon", size)
        z = gaussian_full_sample(mean, scale_tril, noise)
        jacobian = _jacobian(z, noise)
        pushed = _noise_log_density(noise) - sympy.log(_determinant(jacobian))
        factor = sympy.Matrix(scale_tril.entries)
        centered, covariance = sympy.Matrix(list((z - mean).entries)), factor * factor.T
        quadratic = (centered.T * covariance.inv() * centered)[0]
        log_det = sympy.log(covariance.det())
        textbook = -(size * sympy.log(2 * sympy.pi) + log_det + quadratic) / 2
        claims += [
            equal(f"{size} coordinates: the Jacobian is L", jacobian, factor),
            equal("the noise's density over the determinant is N(z; mu, Sigma)", pushed, textbook),
            equal("and is the package's density", gaussian_full_log_prob(z, mean, scale_tril), pushed),
        ]
    batch = real("mu", 2, 2), real("L", 2, 2, 2), real("epsilon", 2, 2)
    return [*claims, row_by_row(gaussian_full_sample, *batch)]


@full_sample_density.wrong("transpose of L")
def _(mean, scale_tril, noise):
    return mean + (scale_tril.mT @ noise.unsqueeze(-1)).squeeze(-1)


@full_sample_density.wrong("diagonal of L only")
def _(mean, scale_tril, noise):
    return mean + torch.diagonal(scale_tril, dim1=-2, dim2=-1) * noise


@theorem(
    "masked-cholesky",
    chapter="reparameterization",
    about=(masked_scale_tril,),
    statement=r"L = M \odot L' + \operatorname{diag}(\sigma): \quad L L^\top \succ 0, \qquad"
    r" \log \det L L^\top = \sum_d \log \sigma_d^2",
    source="N4 draft 21.43-21.45",
    scope="two and three coordinates",
)
def masked_cholesky(masked_scale_tril):
    """Positive definite, by Sylvester: leading minors are products of variances. Every Sigma is reached."""
    claims = []
    for size in (2, 3):
        sigma, lower = positive("sigma", size), real("l", size, size)
        factor = sympy.Matrix(masked_scale_tril(2 * sigma.log(), lower).entries)
        covariance = factor * factor.T
        for leading in range(1, size + 1):
            minor = sympy.factor(covariance[:leading, :leading].det())
            variances = sympy.Mul(*(symbol**2 for symbol in sigma.entries[:leading]))
            claims += [
                equal(f"{size} coordinates: minor {leading} is a product of variances", minor, variances),
                true("it is positive", variances > 0),
            ]
        any_factor = sympy.Matrix(_cholesky_factor(size).entries)
        diagonal = SymbolicTensor(list(any_factor.diagonal()))
        claims.append(
            equal(
                "every triangular factor with a positive diagonal is reached",
                masked_scale_tril(2 * diagonal.log(), _cholesky_factor(size)),
                any_factor,
            )
        )
    return [*claims, row_by_row(masked_scale_tril, log_variance("sigma", 2, 2), real("l", 2, 2, 2))]


@masked_cholesky.wrong("diagonal of L' kept")
def _(log_var, lower):
    return torch.tril(lower) + torch.diag_embed(torch.exp(0.5 * log_var))


@masked_cholesky.wrong("log sigma^2 read as log sigma")
def _(log_var, lower):
    return torch.tril(lower, diagonal=-1) + torch.diag_embed(torch.exp(log_var))


@masked_cholesky.wrong("nothing masked")
def _(log_var, lower):
    return lower + torch.diag_embed(torch.exp(0.5 * log_var))


def _autoregressive(name, z):
    """Any map whose output d is a function of z_1 ... z_{d-1} alone; the first is a constant."""
    first = sympy.Symbol(f"{name}_1", real=True)
    rest = [sympy.Function(f"{name}_{d + 1}", real=True)(*z.entries[:d]) for d in range(1, len(z))]
    return SymbolicTensor([first, *rest])


def _functions_as_symbols(expressions):
    """Values and slopes of the unknown functions at z, as symbols: they may be any numbers."""
    slopes = {term: sympy.Dummy("slope", real=True) for term in expressions.atoms(sympy.Derivative)}
    expressions = expressions.xreplace(slopes)
    values = {term: sympy.Symbol(term.func.__name__, real=True) for term in expressions.atoms(AppliedUndef)}
    return expressions.xreplace(values)


@theorem(
    "iaf-density",
    chapter="reparameterization",
    about=(iaf_step, AutoregressiveLinear),
    statement=r"z \sim N(0, I),\ z' = s \odot z + (1 - s) \odot m: \quad"
    r" \log\left|\det \frac{\partial z'}{\partial z}\right| = \sum_d \log s_d, \qquad"
    r" q(z') = \prod_d N\left(z'_d;\ (1 - s_d) m_d,\ s_d^2\right)",
    source="N4 draft 21.2.5.3, which breaks off; Kingma et al. (2016)",
    scope="three coordinates, shift and gate arbitrary autoregressive functions",
)
def iaf_density(iaf_step, autoregressive):
    """The density is that of a chain of conditional Gaussians: m_d and s_d see the coordinates before."""
    z = real("z", 3)
    shift, gate = _autoregressive("m", z), _autoregressive("g", z)
    z_next, log_det = iaf_step(z, shift, gate)
    jacobian = _functions_as_symbols(_jacobian(z_next, z))
    log_det = _functions_as_symbols(log_det.item())
    z_next, shift, gate = (
        _functions_as_symbols(sympy.Matrix(list(tensor.entries))) for tensor in (z_next, shift, gate)
    )
    keep = [1 / (1 + sympy.exp(-g)) for g in gate]
    chain = sum(
        normal_log_density(z_next[d], (1 - keep[d]) * shift[d], 2 * sympy.log(keep[d])) for d in range(3)
    )
    weight, bias = real("W", 3, 3), real("c", 3)
    layer = SimpleNamespace(affine=SimpleNamespace(in_features=3, weight=weight, bias=bias))
    slope = _jacobian(autoregressive.forward(layer, z), z)
    return [
        equal("the Jacobian is lower triangular", jacobian.upper_triangular(1), sympy.zeros(3)),
        equal("log_det is the logarithm of its determinant", sympy.exp(log_det), _determinant(jacobian)),
        equal("the density is a chain of conditional Gaussians", _noise_log_density(z) - log_det, chain),
        equal(
            "AutoregressiveLinear is such a map: output d depends on the coordinates before d",
            slope,
            sympy.Matrix(weight.entries).lower_triangular(-1),
        ),
        row_by_row(lambda *rows: iaf_step(*rows)[0], real("z", 2, 2), real("m", 2, 2), real("g", 2, 2)),
    ]


@iaf_density.wrong("shift that sees its own coordinate")
def _(z, shift, gate):
    return iaf_step(z, shift + z, gate)


@iaf_density.wrong("shift that sees a later coordinate")
def _(z, shift, gate):
    return iaf_step(z, shift + z[..., -1:], gate)


@iaf_density.wrong("determinant of the other weight")
def _(z, shift, gate):
    return iaf_step(z, shift, gate)[0], torch.log(1 - torch.sigmoid(gate)).sum(-1)


@iaf_density.wrong("mask that keeps the diagonal", instead_of=AutoregressiveLinear)
class _KeepsDiagonal:
    def forward(self, z):
        return torch.nn.functional.linear(z, torch.tril(self.affine.weight), self.affine.bias)
