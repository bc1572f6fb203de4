"""The theorem about noise that enters a path level by level: it is a chain."""

import sympy
import torch

from hvae_lessons.formulas.distributions import gaussian_full_log_prob, gaussian_log_prob
from hvae_lessons.formulas.noise_chains import noise_states
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.moments import log_variance
from hvae_lessons.symbolic import SymbolicTensor, real


@theorem(
    "noise-is-a-chain",
    chapter="mhvae",
    about=(noise_states,),
    statement=r"h_L = G_L z_L,\; h_l = d_{l+1}(h_{l+1}) + G_l z_l,\; z_l \sim N(0, I) \;\Longrightarrow\;"
    r" p(h) = N(h_L; 0, G_L G_L^T) \prod_{l<L} N(h_l; d_{l+1}(h_{l+1}), G_l G_l^T)"
    r" = \frac{p(z)}{\prod_l |\det G_l|}",
    source="N1, p(X, h) and p(X, z), with the prior of z_l in the transition and the determinant",
    scope="three levels of one coordinate with any differentiable decoders; two levels of two coordinates",
)
def noise_is_a_chain(noise_states):
    """The density of h is the density of z over the determinant of dh/dz, and that is the chain's."""
    return [*_three_scalar_levels(noise_states), *_two_linear_levels(noise_states)]


def _three_scalar_levels(noise_states):
    z, gain = [real(f"z{l}", 1) for l in (1, 2, 3)], [log_variance(f"g{l}") / 2 for l in (1, 2, 3)]
    gains = [part.exp().reshape(1, 1) for part in gain]
    functions = [sympy.Function("d2"), sympy.Function("d3")]
    decoders = [lambda h, f=f: SymbolicTensor([f(h.item())]) for f in functions]
    h = noise_states(decoders, gains, z)
    jacobian = sympy.Matrix(3, 3, lambda i, j: h[i].item().diff(z[j].item()))
    means = [decoders[0](h[1]), decoders[1](h[2]), torch.zeros_like(z[2])]
    chain = sum(gaussian_log_prob(h[l], means[l], 2 * gain[l].reshape(1)).item() for l in range(3))
    prior = sum(gaussian_log_prob(part, torch.zeros_like(part), torch.zeros_like(part)).item() for part in z)
    return [
        equal("det dh/dz is the product of the gains", jacobian.det(), sympy.prod(g.item() for g in gains)),
        equal("the chain's density of h is p(z) / det", chain, prior - sum(part.item() for part in gain)),
    ]


def _two_linear_levels(noise_states):
    z = [real("z1", 2), real("z2", 2)]
    weight = real("w", 2, 2)
    log_scale, lower = [log_variance(f"g{l}", 2) for l in (1, 2)], real("c", 2)
    gains = []
    for l in range(2):
        diagonal = (log_scale[l] / 2).exp().entries
        gains.append(SymbolicTensor([[diagonal[0], 0], [lower.entries[l], diagonal[1]]]))
    h = noise_states([lambda above: above @ weight.T], gains, z)
    means = (h[1] @ weight.T, torch.zeros_like(z[1]))
    chain = sum(gaussian_full_log_prob(h[l], means[l], gains[l]).item() for l in range(2))
    prior = sum(gaussian_log_prob(part, torch.zeros_like(part), torch.zeros_like(part)).item() for part in z)
    log_det = sum((part / 2).sum().item() for part in log_scale)
    moment = _second_moment(h[0].entries, [*z[0].entries, *z[1].entries])
    by_chain = gains[0] @ gains[0].T + weight @ gains[1] @ gains[1].T @ weight.T
    return [
        equal("with full gains: the chain's density of h is p(z) / det", chain, prior - log_det),
        equal("the covariance of h_1 is that of two steps down the chain", moment, by_chain),
    ]


def _second_moment(vector, noise):
    """E[h h^T] of a vector linear in independent standard Gaussian noise, from its derivatives."""
    size = len(vector)
    table = [[vector[i].diff(part) for part in noise] for i in range(size)]
    return [[sum(a * b for a, b in zip(table[i], table[j])) for j in range(size)] for i in range(size)]


@noise_is_a_chain.wrong("noise added after the decoder of its own level")
def _(decoders, gains, z):
    h = [z[-1] @ gains[-1].transpose(-1, -2)]
    for l in reversed(range(len(z) - 1)):
        h.append(decoders[l](h[-1] + z[l] @ gains[l].transpose(-1, -2)))
    return tuple(reversed(h))


@noise_is_a_chain.wrong("gain of the level above")
def _(decoders, gains, z):
    return noise_states(decoders, (*gains[1:], gains[0]), z)
