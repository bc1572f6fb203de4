"""The product of two Gaussian densities, from which ladder posteriors are made."""

import torch
import torch.nn.functional as F

from hvae_lessons.checks import check_event


def gaussian_product(mean_1, log_var_1, mean_2, log_var_2):
    r"""The Gaussian that the product of two diagonal Gaussian densities is proportional to.

    $$N(z; \mu_1, \sigma_1^2)\, N(z; \mu_2, \sigma_2^2) = c\, N(z; \mu, \sigma^2), \qquad
      \frac{1}{\sigma^2} = \frac{1}{\sigma_1^2} + \frac{1}{\sigma_2^2}, \quad
      \frac{\mu}{\sigma^2} = \frac{\mu_1}{\sigma_1^2} + \frac{\mu_2}{\sigma_2^2}, \quad
      c = N(\mu_1; \mu_2, \sigma_1^2 + \sigma_2^2)$$

    Precisions add, and the means are averaged by them: of a prior and a message, the more certain one counts
    more. The weights are sigmoids of the difference of the log-variances, so no precision is ever computed
    that could overflow.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `mean_1`, `log_var_1` | [..., Z] | one factor, e.g. the prior from above |
    | `mean_2`, `log_var_2` | [..., Z] | the other, e.g. the message of the likelihood from below |
    | returns | [..., Z], [..., Z] | mean and log-variance of the product, normalized |

    Raises: ValueError for shapes that do not match.
    Source: N4 21.67-21.68; Sonderby et al. (2016).
    """
    check_event(mean_1=mean_1, log_var_1=log_var_1, mean_2=mean_2, log_var_2=log_var_2)
    # The other share is not 1 - share: that would be 0 where the true one is small but carries a large mean.
    # Nor is either a sigmoid: its gradient s (1 - s) would be 0 as soon as s is rounded to 1.
    share = torch.exp(F.logsigmoid(log_var_2 - log_var_1))
    other_share = torch.exp(F.logsigmoid(log_var_1 - log_var_2))
    return share * mean_1 + other_share * mean_2, -torch.logaddexp(-log_var_1, -log_var_2)
