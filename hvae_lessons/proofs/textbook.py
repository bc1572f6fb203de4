"""What the theorems compare the code with: formulas as a textbook writes them, in sympy alone."""

import numpy as np
import sympy

from hvae_lessons.proofs.integrals import integral
from hvae_lessons.proofs.moments import normal_log_density
from hvae_lessons.symbolic import SymbolicTensor, positive, real


def scale_tril(name):
    """A 2x2 lower-triangular matrix of symbols with a positive diagonal."""
    diagonal, below = positive(name, 2), real(name + "_21")
    return SymbolicTensor([[diagonal[0].item(), 0], [below.item(), diagonal[1].item()]])


def parameters():
    """mu_q, sigma_q, mu_p, sigma_p of two coordinates."""
    return real("mu_q", 2), positive("sigma_q", 2), real("mu_p", 2), positive("sigma_p", 2)


def gaussians():
    """The same, as the code takes them: means and log-variances."""
    mu_q, sigma_q, mu_p, sigma_p = parameters()
    return mu_q, 2 * sigma_q.log(), mu_p, 2 * sigma_p.log()


def log_gaussian(z, mu, sigma):
    """log N(z; mu, sigma^2)."""
    return normal_log_density(z, mu, 2 * sympy.log(sigma))


def gaussian_kl_integral(mu_q, sigma_q, mu_p, sigma_p):
    """KL of two Gaussians with two independent coordinates each, by its definition: a double integral."""
    z = sympy.symbols("z_1 z_2", real=True)
    log_q = sum(map(log_gaussian, z, mu_q.entries, sigma_q.entries))
    log_p = sum(map(log_gaussian, z, mu_p.entries, sigma_p.entries))
    return integral(log_q, log_q - log_p, *z)


def probability_rows(name, rows):
    """Positive [rows, 2] array whose rows sum to one: odds over one plus odds."""
    odds = positive(name, rows, 1).entries
    return np.concatenate([odds, np.ones_like(odds)], 1) / (1 + odds)


def probability_table(name, rows, columns):
    """The same for any number of columns."""
    odds = positive(name, rows, columns).entries.reshape(rows, columns)
    odds[:, -1] = sympy.S.One
    return odds / odds.sum(1, keepdims=True)


def log_entries(numbers):
    """The logarithm of every entry of an array of positive expressions."""
    return SymbolicTensor(numbers).log()


def softmax(logits):
    """e^a_k divided by the sum of e^a_j."""
    weights = [sympy.exp(a) for a in logits.entries]
    return [weight / sum(weights) for weight in weights]


def categorical_kl_sum(q, p):
    """KL of two discrete distributions, by its definition."""
    return sum(a * sympy.log(a / b) for a, b in zip(q, p, strict=True))


def entropy_sum(p):
    """Entropy of a discrete distribution, by its definition."""
    return -sum(a * sympy.log(a) for a in p)
