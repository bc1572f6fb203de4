"""The theorem about readings of a top-down network: which density its two vectors stand for."""

from hvae_lessons.models.parts.readings import merge, residual
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.moments import log_variance, normal_log_density
from hvae_lessons.symbolic import real
from hvae_lessons.trace import Gaussian


@theorem(
    "merge-and-residual",
    chapter="topdown",
    about=(merge, residual),
    statement=r"\text{merge: } q(z) = N(z; a, e^b), \qquad"
    r" \text{residual: } q(z) = N(z; \mu_p + a, \sigma_p^2 e^b); \\"
    r" \text{residual}(a, b) = \text{merge}(\mu_p + a, \log\sigma_p^2 + b), \qquad \text{residual}(0, 0) = p",
    source="N4 21.5.2 and 21.72-21.73; Child (2021), Vahdat and Kautz (2020)",
    scope="two coordinates",
)
def merge_and_residual(merge, residual):
    """Against the textbook's density, coordinate by coordinate; both reach the same Gaussians."""
    p, z = Gaussian(real("mu_p", 2), log_variance("sigma_p", 2)), real("z", 2)
    a, b = real("a", 2), real("b", 2)
    anew, relative, shifted = merge(p, a, b), residual(p, a, b), merge(p, p.mean + a, p.log_var + b)

    def density(mean, log_var):
        """log N(z; mean, exp log_var) as a textbook has it."""
        return sum(map(normal_log_density, z.entries, mean.entries, log_var.entries))

    return [
        equal("merge is N(a, e^b), whatever the prior", anew.log_prob(z), density(a, b)),
        equal("residual is relative to the prior", relative.log_prob(z), density(p.mean + a, p.log_var + b)),
        equal("with both vectors zero it is the prior", residual(p, 0 * a, 0 * b).log_prob(z), p.log_prob(z)),
        equal("both reach the same Gaussians", relative.log_prob(z), shifted.log_prob(z)),
        equal("at the same KL", relative.kl_per_dimension(p), shifted.kl_per_dimension(p)),
    ]


@merge_and_residual.wrong("merge that starts from the prior's mean")
def _(p_z, first, second):
    return Gaussian(p_z.mean + first, second)


@merge_and_residual.wrong("log sigma^2 read as log sigma")
def _(p_z, first, second):
    return Gaussian(first, 2 * second)


@merge_and_residual.wrong("a residual whose variance starts anew", instead_of=residual)
def _(p_z, first, second):
    return Gaussian(p_z.mean + first, second)


@merge_and_residual.wrong("a residual in units of the prior's deviation", instead_of=residual)
def _(p_z, first, second):
    return residual(p_z, (0.5 * p_z.log_var).exp() * first, second)
