"""The theorem about rotations of the code: no likelihood tells a rotated model from the one it was."""

import sympy
import torch

from hvae_lessons.formulas.distributions import (
    gaussian_full_log_prob,
    gaussian_log_prob,
    standard_gaussian_log_prob,
)
from hvae_lessons.formulas.divergences import kl_gaussian_full, kl_standard_gaussian
from hvae_lessons.formulas.rotations import rotate_gaussian
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.integrals import integral
from hvae_lessons.proofs.textbook import log_gaussian
from hvae_lessons.symbolic import SymbolicTensor, positive, real

# By the angle of the triangle with sides 3, 4, 5: its cosine and sine are rational, and unequal.
ROTATION = SymbolicTensor([[3, -4], [4, 3]]) / 5


@theorem(
    "rotated-code",
    chapter="beta_vae",
    about=(rotate_gaussian,),
    statement=r"z' = R z, \quad p'(x \mid z') = p(x \mid R^\top z'): \qquad"
    r" \int p(z')\, p'(x \mid z')\,dz' = \int p(z)\, p(x \mid z)\,dz, \\"
    r" \frac{p(R z)\, p'(x \mid R z)}{q'(R z \mid x)} = \frac{p(z)\, p(x \mid z)}{q(z \mid x)}, \qquad"
    r" \mathrm{KL}(q' \,\|\, p) = \mathrm{KL}(q \,\|\, p)",
    source="N4 21.3.1.1; Locatello et al. (2019), theorem 1",
    scope="two coordinates, the rotation with cosine 3/5; p(x) for a linear decoder",
)
def rotated_code(rotate_gaussian):
    """Prior, posterior and decoder are at R z what they were at z; and p(x) as an integral over z."""
    rotation, z = ROTATION, real("z", 2)
    mean, sigma = real("mu", 2), positive("sigma", 2)
    log_var, turned = 2 * sigma.log(), z @ rotation.T
    mean_turned, tril = rotate_gaussian(mean, log_var, rotation)
    standard = SymbolicTensor([0, 0]), SymbolicTensor([[1, 0], [0, 1]])

    weight = real("w", 3, 2)  # of the decoder's first layer, and that of the layer that reads R^T z'
    return [
        equal(
            "the covariance is that of R z",
            tril @ tril.T,
            rotation @ torch.diag_embed(sigma**2) @ rotation.T,
        ),
        equal(
            "the prior is the same at R z", standard_gaussian_log_prob(turned), standard_gaussian_log_prob(z)
        ),
        equal(
            "so is the posterior",
            gaussian_full_log_prob(turned, mean_turned, tril),
            gaussian_log_prob(z, mean, log_var),
        ),
        equal("and what the decoder's first layer makes of it", (weight @ rotation.T) @ turned, weight @ z),
        equal(
            "so is the KL",
            kl_gaussian_full(mean_turned, tril, *standard),
            kl_standard_gaussian(mean, log_var),
        ),
        _same_evidence(),
    ]


def _same_evidence():
    """p(x) of a linear decoder that reads one coordinate, and of the same after the rotation."""
    weight, noise = sympy.symbols("w s", positive=True)
    u, v, x = sympy.symbols("u v x", real=True)
    log_prior = log_gaussian(u, 0, 1) + log_gaussian(v, 0, 1)
    first = weight * u, weight * (3 * u + 4 * v) / 5
    before, after = (integral(log_prior + log_gaussian(x, mean, noise), 1, u, v) for mean in first)
    return equal("p(x) is the same integral", sympy.log(after), sympy.log(before))


@rotated_code.wrong("the covariance left diagonal")
def _(mean, log_var, rotation):
    variance = torch.exp(log_var) @ (rotation**2).T
    return mean @ rotation.T, torch.diag_embed(torch.sqrt(variance))


@rotated_code.wrong("rotated backwards")
def _(mean, log_var, rotation):
    return rotate_gaussian(mean, log_var, rotation.T)


@rotated_code.wrong("only the mean rotated")
def _(mean, log_var, rotation):
    return mean @ rotation.T, torch.diag_embed(torch.exp(0.5 * log_var))
