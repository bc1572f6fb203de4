"""Theorems about Gaussian mixtures: the density of each cluster, and the KL to it."""

from types import SimpleNamespace

import sympy
import torch

from hvae_lessons.formulas.mixtures import mixture_kl
from hvae_lessons.models import GaussianMixture
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.moments import gaussian_mean, log_variance, normal_log_density
from hvae_lessons.proofs.textbook import scale_tril
from hvae_lessons.symbolic import real


def _log_normal_full(z, mean, tril):
    """log N(z; mean, L L^T) by the covariance's inverse and determinant, as a textbook has it."""
    root = sympy.Matrix(tril)
    covariance, shift = root * root.T, sympy.Matrix(z) - sympy.Matrix(mean)
    square = (shift.T * covariance.inv() * shift)[0]
    return -(len(z) * sympy.log(2 * sympy.pi) + sympy.log(sympy.factor(covariance.det())) + square) / 2


def _two_clusters():
    """Means [2, 2] and Cholesky factors [2, 2, 2] of two clusters in the plane."""
    return real("m", 2, 2), torch.stack([scale_tril("A"), scale_tril("B")])


@theorem(
    "mixture-density",
    chapter="clustering",
    about=(GaussianMixture.log_prob,),
    statement=r"\log p(z \mid y) = \log N(z; m_y, L_y L_y^\top)",
    source="N0, p(z | y); N4 draft 21.40-21.42",
    scope="two clusters in the plane",
)
def mixture_density(log_prob):
    """Against the textbook's density, with the inverse and the determinant of the covariance."""
    mean, tril = _two_clusters()
    z, log_var = real("z", 2), log_variance("sigma", 2, 2)
    diagonal = torch.diag_embed((0.5 * log_var).exp())
    expected = [
        [_log_normal_full(z.entries, mean.entries[y], root.entries[y]) for y in range(2)]
        for root in (tril, diagonal)
    ]
    parts = {"_check_code": lambda name, code: None, "mean": mean, "log_var": log_var}
    models = [SimpleNamespace(full=True, scale_tril=tril, **parts)]
    models.append(SimpleNamespace(full=False, scale_tril=diagonal, **parts))
    return [
        equal("entry y is the log-density under cluster y", log_prob(models[0], z), expected[0]),
        equal(
            "and so it is where the covariances are diagonal",
            log_prob(models[1], z),
            expected[1],
        ),
    ]


@mixture_density.wrong("determinant of the covariance taken twice")
def _(mixture, z):
    tril = mixture.scale_tril
    return GaussianMixture.log_prob(mixture, z) - torch.log(torch.diagonal(tril, dim1=-2, dim2=-1)).sum(-1)


@mixture_density.wrong("every code judged by the first cluster's mean")
def _(mixture, z):
    first = SimpleNamespace(**{**vars(mixture), "mean": mixture.mean[:1].expand_as(mixture.mean)})
    return GaussianMixture.log_prob(first, z)


@theorem(
    "mixture-kl",
    chapter="clustering",
    about=(mixture_kl,),
    statement=r"\texttt{mixture\_kl}_y = \int q(z) \log\frac{q(z)}{N(z; m_y, L_y L_y^\top)}\,dz,"
    r"\qquad q = N(\mu, \operatorname{diag}\sigma^2)",
    source="N0, the analytic KL of the conditional prior, for full covariances",
    scope="two clusters in the plane",
)
def mixture_divergence(mixture_kl):
    """The closed form is the double integral that defines it."""
    mean, tril = _two_clusters()
    mean_q, log_var_q = real("mu", 2), log_variance("sigma", 2)
    z = sympy.symbols("z_1 z_2", real=True)
    laws = dict(zip(z, zip(mean_q.entries, log_var_q.entries)))
    log_q = sum(normal_log_density(value, *law) for value, law in laws.items())
    expected = [
        gaussian_mean(log_q - _log_normal_full(z, mean.entries[y], tril.entries[y]), laws) for y in range(2)
    ]
    return [equal("the integral, cluster by cluster", mixture_kl(mean_q, log_var_q, mean, tril), expected)]


@mixture_divergence.wrong("log sigma read as log sigma^2")
def _(mean_q, log_var_q, mean, scale_tril):
    return mixture_kl(mean_q, 0.5 * log_var_q, mean, scale_tril)


@mixture_divergence.wrong("the Cholesky factor transposed")
def _(mean_q, log_var_q, mean, scale_tril):
    inverse = torch.linalg.inv(scale_tril)
    swapped = torch.exp(log_var_q) @ ((inverse**2).sum(-1) - (inverse**2).sum(-2)).T
    return mixture_kl(mean_q, log_var_q, mean, scale_tril) + 0.5 * swapped
