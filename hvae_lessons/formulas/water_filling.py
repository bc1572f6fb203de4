r"""The rate-distortion curve of the linear VAE, exactly: water poured over the variances of the data.

    p(z) = N(0, I)      p(x | z) = N(W z + b, s^2 I), s fixed      q(z | x) Gaussian, its mean affine in x

The best code at a weight beta keeps the principal directions of variance above the level theta = beta s^2,
and leaves in each of them an error of just theta. It saves nothing in the others: they are dead. Only the
variances of the data matter, not their distribution; for Gaussian data no other code, linear or not, does
better (Shannon's reverse water-filling). Unit: nats.
"""

import torch

from hvae_lessons.checks import check_count, check_event, check_positive, expect, has_values
from hvae_lessons.formulas.distributions import LOG_2PI


def water_filling(variances, level):
    r"""What each direction of the data is told of, and what error remains.

    $$R_j = \max\left(0, \frac{1}{2} \log \frac{\lambda_j}{\theta}\right), \qquad
      \epsilon_j = \lambda_j e^{-2 R_j} = \min(\lambda_j, \theta)$$

    One more nat in a direction divides its squared error by e^2.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `variances` | [..., D] | lambda, of independent directions |
    | `level` | number | theta; at beta, with noise s^2, the linear VAE's is beta s^2 |
    | returns | [..., D], [..., D] | rate in nats, 0 where the direction is dead; mean squared error |

    Raises: ValueError for a negative variance or a level that is not positive.
    Source: Cover and Thomas (2006), theorem 10.3.3; N4 21.24 for the linear VAE.
    """
    check_event(variances=variances)
    check_positive("level", level)
    if has_values(variances):
        expect(bool((variances >= 0).all()), "variances", "0 or more", variances.min().item())
    rate = torch.relu(0.5 * torch.log(variances / level))
    return rate, variances * torch.exp(-2 * rate)


def linear_vae_optimum(variances, noise_var, beta, latent_dim):
    r"""Rate and distortion of the best linear VAE under the beta-weighted objective, a point of its curve.

    $$R = \sum_{j \le Z} R_j, \qquad
      D = \frac{1}{2 s^2}\Big(\sum_{j \le Z} \epsilon_j + \sum_{j > Z} \lambda_j\Big)
        + \frac{D_x}{2} \log 2\pi s^2, \qquad \theta = \beta s^2, \qquad \frac{dD}{dR} = -\beta$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `variances` | [..., D_x] | lambda, eigenvalues of the covariance of x, the largest first |
    | `noise_var` | number | s^2 |
    | `beta` | number | weight of the rate, above 0 |
    | `latent_dim` | whole number | Z, the directions that the code has room for |
    | returns | [...], [...] | R and D in nats |

    Raises: ValueError for a negative variance, a noise or beta that is not positive, no latent dimension.
    Source: N4 21.24; Tipping and Bishop (1999), with noise beta s^2; Lucas et al. (2019).
    """
    check_event(variances=variances)
    check_positive("noise_var", noise_var)
    check_positive("beta", beta)
    check_count("latent_dim", latent_dim)
    rates, errors = water_filling(variances[..., :latent_dim], beta * noise_var)
    squared_error = errors.sum(-1) + variances[..., latent_dim:].sum(-1)
    log_noise = torch.log(torch.ones_like(variances) * noise_var).sum(-1)
    constant = 0.5 * (variances.shape[-1] * LOG_2PI + log_noise)
    return rates.sum(-1), 0.5 * squared_error / noise_var + constant
