r"""The maximum mean discrepancy: a divergence that needs samples of both distributions and no density.

$$\mathrm{MMD}^2(q, p) = E[k(z, z')] + E[k(y, y')] - 2 E[k(z, y)], \qquad z, z' \sim q,\ y, y' \sim p$$

It is the squared distance between the mean embeddings of q and p in the space of the kernel k: zero exactly
at q = p for the two kernels below. It has no unit, and lies between 0 and 2 for a kernel between 0 and 1.

The estimators take kernel matrices, so that they know no kernel.
"""

from fractions import Fraction

import torch

from hvae_lessons.checks import (
    Shown,
    check_count,
    check_event,
    check_positive,
    check_size,
    expect,
    is_number,
)


def rbf_kernel(x, y, bandwidth):
    r"""Radial basis function (Gaussian) kernel between all pairs.

    $$k(x, y) = \exp\left(-\frac{\lVert x - y \rVert^2}{2 h^2}\right)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x`, `y` | [..., N, Z], [..., P, Z] | points |
    | `bandwidth` | number | h: distances far above it count as infinite, far below it as zero |
    | returns | [..., N, P] | between 0 and 1; no unit |

    Raises: ValueError for sizes that differ, or a bandwidth that is not positive.
    Source: N4 21.38, the kernel named there.
    """
    check_positive("bandwidth", bandwidth)
    return torch.exp(-_squared_distances(x, y) / (2 * bandwidth**2))


def inverse_multiquadratic_kernel(x, y, scale):
    r"""Inverse multiquadratic kernel between all pairs: a mixture of Gaussian kernels of all bandwidths.

    $$k(x, y) = \frac{c}{c + \lVert x - y \rVert^2}
      = \int_0^\infty e^{-t} \exp\left(-\frac{t \lVert x - y \rVert^2}{c}\right) dt$$

    Its tails are heavy, so that a point far from all others still feels in which direction they lie.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `x`, `y` | [..., N, Z], [..., P, Z] | points |
    | `scale` | number | c, a squared length; the expected squared distance of two draws of the prior is 2 Z |
    | returns | [..., N, P] | between 0 and 1; no unit |

    Raises: ValueError for sizes that differ, or a scale that is not positive.
    Source: Tolstikhin et al. (2018), with c = 2 Z; N4 21.38 leaves the kernel open.
    """
    check_positive("scale", scale)
    return scale / (scale + _squared_distances(x, y))


def mmd_biased(kernel_qq, kernel_pp, kernel_qp):
    r"""Squared MMD of two sets of samples: that of their empirical distributions, so never negative.

    $$\frac{1}{N^2} \sum_{i,j} k(z_i, z_j) + \frac{1}{P^2} \sum_{i,j} k(y_i, y_j)
      - \frac{2}{NP} \sum_{i,j} k(z_i, y_j)$$

    As an estimate for the distributions behind the samples it is too large, by
    $E[k(z, z) - k(z, z')] / N + E[k(y, y) - k(y, y')] / P$ in expectation.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `kernel_qq` | [..., N, N] | kernel between the samples z of q |
    | `kernel_pp` | [..., P, P] | kernel between the samples y of p |
    | `kernel_qp` | [..., N, P] | kernel between the two |
    | returns | [...] | no unit |

    Raises: ValueError for matrices that do not fit.
    Source: N4 21.38, whose expectations become averages; Gretton et al. (2012), equation 5.
    """
    _check_kernels(kernel_qq, kernel_pp, kernel_qp, least=1)
    return kernel_qq.mean((-1, -2)) + kernel_pp.mean((-1, -2)) - 2 * kernel_qp.mean((-1, -2))


def mmd_unbiased(kernel_qq, kernel_pp, kernel_qp):
    r"""Unbiased estimate of the squared MMD: no sample is compared with itself. It may be negative.

    $$\frac{1}{N (N - 1)} \sum_{i \ne j} k(z_i, z_j) + \frac{1}{P (P - 1)} \sum_{i \ne j} k(y_i, y_j)
      - \frac{2}{NP} \sum_{i,j} k(z_i, y_j)$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `kernel_qq`, `kernel_pp`, `kernel_qp` | as in `mmd_biased` | at least two samples of each |
    | returns | [...] | no unit; its expectation is the squared MMD |

    Raises: ValueError for matrices that do not fit, or a single sample.
    Source: N4 21.38; Gretton et al. (2012), equation 3.
    """
    _check_kernels(kernel_qq, kernel_pp, kernel_qp, least=2)
    within = _mean_off_diagonal(kernel_qq) + _mean_off_diagonal(kernel_pp)
    return within - 2 * kernel_qp.mean((-1, -2))


def mmd_variance_at_match(centered_square, count, other_count):
    r"""Variance of `mmd_unbiased` where q = p: how far from zero it strays when there is nothing to find.

    $$\left[\frac{2}{N (N - 1)} + \frac{2}{P (P - 1)} + \frac{4}{N P}\right] E[\tilde k(z, z')^2], \qquad
      \tilde k(z, z') = k(z, z') - E_{y}[k(z, y)] - E_{y}[k(y, z')] + E[k(y, y')]$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `centered_square` | [...] | mean square of the centered kernel, e.g. `rbf_centered_square` |
    | `count`, `other_count` | whole numbers | N and P, 2 or more |
    | returns | [...] | variance of the estimate |

    Raises: ValueError for fewer than two samples, or a mean square that is none.
    Source: Gretton et al. (2012), the case of equal distributions; here for N samples and P.
    """
    for name, number in (("count", count), ("other_count", other_count)):
        check_count(name, number)
        expect(number >= 2, name, "2 samples or more", number)
    known = is_number(centered_square) or isinstance(centered_square, torch.Tensor)
    expect(known, "centered_square", "a number or a tensor", Shown(centered_square))
    within_q = 2 * centered_square / (count * (count - 1))
    within_p = 2 * centered_square / (other_count * (other_count - 1))
    return within_q + within_p + 4 * centered_square / (count * other_count)


def rbf_centered_square(size, bandwidth):
    r"""Mean square of the centered RBF kernel between two draws of N(0, I), for `mmd_variance_at_match`.

    $$E[\tilde k^2] = E[k(z, z')^2] - 2\, E_z\!\left[E_{z'}[k(z, z')]^2\right] + E[k(z, z')]^2
      = \left(\frac{h^2}{h^2 + 4}\right)^{Z / 2} - 2 \left(\frac{h^4}{(h^2 + 1)(h^2 + 3)}\right)^{Z / 2}
      + \left(\frac{h^2}{h^2 + 2}\right)^{Z}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `size` | whole number | Z |
    | `bandwidth` | number | h |
    | returns | number | between 0 and 1 |

    Raises: ValueError for a size below 1, or a bandwidth that is not positive.
    Source: Gaussian integrals.
    """
    check_count("size", size)
    check_positive("bandwidth", bandwidth)
    square, half = bandwidth**2, Fraction(size, 2)  # a fraction, exact on symbols too
    of_pairs = (square / (square + 4)) ** half
    of_means = (square**2 / ((square + 1) * (square + 3))) ** half
    return of_pairs - 2 * of_means + (square / (square + 2)) ** size


def expected_rbf_kernel(mean, log_var, other_mean, other_log_var, bandwidth):
    r"""Mean of the RBF kernel between independent draws of two diagonal Gaussians.

    $$E[k(z, y)] = \prod_d \frac{h}{\sqrt{v_d}} \exp\left(-\frac{(\mu_d - m_d)^2}{2 v_d}\right),
      \qquad v_d = h^2 + \sigma_d^2 + s_d^2$$

    For mixtures of Gaussians the mean is the mean over the pairs of components: so the squared MMD of an
    aggregated posterior is known without a single draw.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `mean`, `log_var` | [..., Z] | mu and log sigma^2 of z |
    | `other_mean`, `other_log_var` | [..., Z] | m and log s^2 of y |
    | `bandwidth` | number | h |
    | returns | [...] | between 0 and 1 |

    Raises: ValueError for shapes that do not match, or a bandwidth that is not positive.
    Source: a Gaussian integral; z - y is Gaussian.
    """
    check_event(mean=mean, log_var=log_var, other_mean=other_mean, other_log_var=other_log_var)
    check_positive("bandwidth", bandwidth)
    variance = bandwidth**2 + torch.exp(log_var) + torch.exp(other_log_var)
    log_factor = torch.log(bandwidth**2 / variance) - (mean - other_mean) ** 2 / variance
    return torch.exp(0.5 * log_factor.sum(-1))


def rbf_mmd_gaussians(mean_q, log_var_q, mean_p, log_var_p, bandwidth):
    r"""Squared MMD of two diagonal Gaussians under the RBF kernel, in closed form.

    $$\mathrm{MMD}^2 = E[k(z, z')] + E[k(y, y')] - 2 E[k(z, y)],
      \qquad \text{see `expected\_rbf\_kernel`}$$

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `mean_q`, `log_var_q` | [..., Z] | q |
    | `mean_p`, `log_var_p` | [..., Z] | p |
    | `bandwidth` | number | h |
    | returns | [...] | 0 at q = p, below 2; no unit |

    Raises: ValueError for shapes that do not match, or a bandwidth that is not positive.
    Source: N4 21.38 for two Gaussians.
    """
    check_event(mean_q=mean_q, log_var_q=log_var_q, mean_p=mean_p, log_var_p=log_var_p)
    within_q = expected_rbf_kernel(mean_q, log_var_q, mean_q, log_var_q, bandwidth)
    within_p = expected_rbf_kernel(mean_p, log_var_p, mean_p, log_var_p, bandwidth)
    return within_q + within_p - 2 * expected_rbf_kernel(mean_q, log_var_q, mean_p, log_var_p, bandwidth)


def _squared_distances(x, y):
    check_event(x=x)
    check_size("y", y, x.shape[-1])
    for name, points in (("x", x), ("y", y)):
        expect(len(points.shape) >= 2, name, "[N, Z], a set of points", tuple(points.shape))
    return ((x.unsqueeze(-2) - y.unsqueeze(-3)) ** 2).sum(-1)


def _mean_off_diagonal(kernel):
    count = kernel.shape[-1]
    everything = kernel.sum((-1, -2)) - torch.diagonal(kernel, dim1=-2, dim2=-1).sum(-1)
    return everything / (count * (count - 1))


def _check_kernels(kernel_qq, kernel_pp, kernel_qp, least):
    kernels = {"kernel_qq": kernel_qq, "kernel_pp": kernel_pp, "kernel_qp": kernel_qp}
    for name, kernel in kernels.items():
        check_event(**{name: kernel})
        expect(len(kernel.shape) >= 2, name, "a matrix", tuple(kernel.shape))
    count, other_count = kernel_qp.shape[-2:]
    for name, number in (("kernel_qq", count), ("kernel_pp", other_count)):
        expect(number >= least, name, f"{least} samples or more", number)
        shape = tuple(kernels[name].shape)
        expect(shape[-2:] == (number, number), name, f"[..., {number}, {number}]", shape)
