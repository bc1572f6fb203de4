"""Samples as functions of noise: z = r(noise, parameters), so that gradients reach the parameters.

Each function takes the noise as an argument and draws none itself, except `standard_noise`. That makes
them pure, reproducible, and provable: the density of r(noise) follows from the change of variables
log q(z) = log p(noise) - log |det dz/dnoise| (N4 draft 21.34).
"""

import torch
import torch.nn.functional as F

from hvae_lessons.checks import check_counts, check_event, check_generator, check_square, check_type


def standard_noise(shape, like, generator=None):
    r"""Standard Gaussian noise, epsilon ~ N(0, I), in the precision and on the device of another tensor.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `shape` | tuple | the shape of the result |
    | `like` | tensor | a weight of the model that the noise is for, or its input |
    | `generator` | torch.Generator | source of randomness |
    | returns | `shape` | mean 0, variance 1, all entries independent |

    Raises: ValueError for a size below 1, and for a seed in place of a generator.
    Source: N4 draft 21.29.
    """
    check_counts("shape", shape)
    check_event(like=like)
    check_generator(generator)
    return torch.randn(shape, generator=generator, dtype=like.dtype, device=like.device)


def gaussian_sample(mean, log_var, noise):
    r"""Sample of a Gaussian with diagonal covariance.

    $$z = \mu + \sigma \odot \epsilon, \qquad \epsilon \sim N(0, I), \quad
      \log\left|\det \frac{\partial z}{\partial \epsilon}\right| = \frac{1}{2}\sum_d \log\sigma_d^2$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `mean`, `log_var` | [..., Z] | mu, log sigma^2 |
    | `noise` | [..., Z] | standard Gaussian noise epsilon; leading sample dimensions broadcast |
    | returns | [..., Z] | z |

    Raises: ValueError for shapes that do not match.
    Source: N0, forward pass, step 2; N4 draft 21.36-21.38.
    """
    check_event(noise=noise, mean=mean, log_var=log_var)
    return mean + torch.exp(0.5 * log_var) * noise


def masked_scale_tril(log_var, lower):
    r"""Cholesky factor with a given positive diagonal, from any square matrix.

    $$L = M \odot L' + \operatorname{diag}(\sigma), \qquad M_{ij} = 1 \text{ for } i > j, \text{ else } 0$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `log_var` | [..., Z] | log sigma^2 of the diagonal: L_dd = sigma_d (not the marginal variances) |
    | `lower` | [..., Z, Z] | L', of which only the part below the diagonal is used |
    | returns | [..., Z, Z] | L, so that log det L = sum_d log sigma_d |

    Raises: ValueError for shapes that do not match.
    Source: N4 draft 21.43-21.45.
    """
    check_event(log_var=log_var)
    check_square("lower", lower, log_var.shape[-1], log_var.shape[:-1])
    return torch.tril(lower, diagonal=-1) + torch.diag_embed(torch.exp(0.5 * log_var))


def gaussian_full_sample(mean, scale_tril, noise):
    r"""Sample of a Gaussian with covariance $L L^\top$.

    $$z = \mu + L \epsilon, \qquad \epsilon \sim N(0, I), \quad
      \log\left|\det \frac{\partial z}{\partial \epsilon}\right| = \sum_d \log L_{dd}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `mean` | [..., Z] | mu |
    | `scale_tril` | [..., Z, Z] | L, lower triangular |
    | `noise` | [..., Z] | standard Gaussian noise epsilon |
    | returns | [..., Z] | z |

    Raises: ValueError for shapes that do not match.
    Source: N4 draft 21.40-21.42.
    """
    check_event(noise=noise, mean=mean)
    check_square("scale_tril", scale_tril, mean.shape[-1], noise.shape[:-1])
    check_type("noise", noise, scale_tril)
    return mean + (scale_tril @ noise.unsqueeze(-1)).squeeze(-1)


def iaf_step(z, shift, gate):
    r"""One inverse autoregressive flow step, with the gated update of Kingma et al. (2016).

    $$z'_d = s_d\, z_d + (1 - s_d)\, m_d, \quad s = \operatorname{sigmoid}(\text{gate}), \qquad
      \log\left|\det \frac{\partial z'}{\partial z}\right| = \sum_d \log s_d$$

    The determinant is this product only if `shift` and `gate` at d depend on z_1 ... z_{d-1} alone
    (`nets.AutoregressiveLinear` is such a map): then dz'/dz is lower triangular.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `z` | [..., Z] | sample so far |
    | `shift` | [..., Z] | m, autoregressive in z |
    | `gate` | [..., Z] | logit of s, autoregressive in z |
    | returns | [..., Z], [...] | z' and log |det dz'/dz| in nats |

    Raises: ValueError for shapes that do not match.
    Source: N4 draft 21.2.5.3, which names the flow and breaks off.
    """
    check_event(z=z, shift=shift, gate=gate)
    # Both shares by their logarithms: a closed gate rounds to 0, an open one to 1, with no way back.
    log_keep = F.logsigmoid(gate)
    return torch.exp(log_keep) * z + torch.exp(F.logsigmoid(-gate)) * shift, log_keep.sum(-1)
