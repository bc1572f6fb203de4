"""The theorem about products of Gaussian densities, from which ladder posteriors are made."""

import torch

from hvae_lessons.formulas.distributions import gaussian_log_prob
from hvae_lessons.formulas.gaussian_products import gaussian_product
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.claims import row_by_row
from hvae_lessons.proofs.moments import log_variance
from hvae_lessons.symbolic import real


@theorem(
    "gaussian-product",
    chapter="topdown",
    about=(gaussian_product,),
    statement=r"N(z; \mu_1, \sigma_1^2)\, N(z; \mu_2, \sigma_2^2)"
    r" = N(\mu_1; \mu_2, \sigma_1^2 + \sigma_2^2)\, N(z; \mu, \sigma^2): \\"
    r" \frac{1}{\sigma^2} = \frac{1}{\sigma_1^2} + \frac{1}{\sigma_2^2},"
    r"\quad \mu = \sigma^2 \left(\frac{\mu_1}{\sigma_1^2} + \frac{\mu_2}{\sigma_2^2}\right)",
    source="N4 21.67-21.68",
    scope="two coordinates",
)
def gaussian_product_theorem(product):
    """The ratio of the two sides has no z left in it, and is the density that the means differ by so much."""
    z = real("z", 2)
    factors = [(real(f"mu{i}", 2), log_variance(f"sigma{i}", 2)) for i in (1, 2)]
    (mean_1, log_var_1), (mean_2, log_var_2) = factors
    mean, log_var = product(*factors[0], *factors[1])
    ratio = gaussian_log_prob(z, *factors[0]) + gaussian_log_prob(z, *factors[1])
    ratio = ratio - gaussian_log_prob(z, mean, log_var)
    constant = gaussian_log_prob(mean_1, mean_2, (log_var_1.exp() + log_var_2.exp()).log())
    precisions = [(-log_var_i).exp()[0].item() for log_var_i in (log_var_1, log_var_2)]
    average = sum(p * m[0].item() for p, m in zip(precisions, (mean_1, mean_2))) / sum(precisions)
    swapped = product(*factors[1], *factors[0])
    rows = real("mu", 2, 2), real("v", 2, 2), real("nu", 2, 2), real("w", 2, 2)
    return [
        equal(
            "the ratio of the two sides does not depend on z",
            [ratio.item().diff(c) for c in z.entries],
            [0, 0],
        ),
        equal("it is the constant", ratio, constant),
        equal("the mean, here of the first coordinate", mean[0].item(), average),
        equal("precisions add", (-log_var).exp(), (-log_var_1).exp() + (-log_var_2).exp()),
        equal("neither factor is special", torch.stack(swapped), torch.stack([mean, log_var])),
        row_by_row(lambda *row: torch.stack(product(*row), -1), *rows),
    ]


@gaussian_product_theorem.wrong("means averaged by variances")
def _(mean_1, log_var_1, mean_2, log_var_2):
    _, log_var = gaussian_product(mean_1, log_var_1, mean_2, log_var_2)
    return gaussian_product(mean_1, log_var_2, mean_2, log_var_1)[0], log_var


@gaussian_product_theorem.wrong("variances added, as for a sum of variables")
def _(mean_1, log_var_1, mean_2, log_var_2):
    mean, _ = gaussian_product(mean_1, log_var_1, mean_2, log_var_2)
    return mean, (log_var_1.exp() + log_var_2.exp()).log()


@gaussian_product_theorem.wrong("log sigma^2 read as log sigma")
def _(mean_1, log_var_1, mean_2, log_var_2):
    mean, log_var = gaussian_product(mean_1, 2 * log_var_1, mean_2, 2 * log_var_2)
    return mean, log_var / 2


@gaussian_product_theorem.wrong("a mixture's moments instead of the product's")
def _(mean_1, log_var_1, mean_2, log_var_2):
    mean = (mean_1 + mean_2) / 2
    return mean, ((log_var_1.exp() + log_var_2.exp()) / 2 + ((mean_1 - mean_2) / 2) ** 2).log()
