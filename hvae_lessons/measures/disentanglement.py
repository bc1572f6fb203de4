"""How the coordinates of a code relate to the factors that made the data, where these are known.

Two questions, and no score answers both: is each factor in one coordinate alone (`mutual_information_gap`),
and does each coordinate tell of one factor alone (`modularity`)?

Codes are to be samples of q(z | x), a few for each example. Posterior means would flatter: a coordinate that
has collapsed still moves by thousandths, and whatever is scaled to its range reads them like any other.
"""

import torch
from torch.nn import functional as F

from hvae_lessons.checks import check_count, check_positive, check_table, expect
from hvae_lessons.formulas.entropies import mutual_information


def factor_information(codes, factors, bins=20):
    r"""The share of every factor's entropy that every coordinate tells: I(z_d; v_f) / H(v_f).

    $$I(z_d; v_f) = \mathrm{H}\left(b(z_d)\right) - \mathrm{H}\left(b(z_d) \mid v_f\right)$$

    b(z) is the bin of z among as many bins with equal shares of the codes, so only the order of the codes
    counts, not their scale. Frequencies stand for probabilities, which makes independent quantities look
    informative by about (bins - 1)(values - 1) / 2N nats.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `codes` | [N, Z] | samples of q(z given x) |
    | `factors` | [N, F] int64 | value of every factor, 0 and up; each takes two values or more |
    | `bins` | whole number | 2 or more |
    | returns | [Z, F] | between 0 and 1 |

    Raises: ValueError for NaN, factors that are no whole numbers, do not vary or are not one row per code.
    Source: Chen et al. (2018), section 4, with bins in place of densities.
    """
    _check(codes, factors)
    check_count("bins", bins)
    expect(bins >= 2, "bins", "2 or more", bins)
    inner = torch.arange(1, bins, dtype=codes.dtype, device=codes.device) / bins
    edges = torch.quantile(codes, inner, dim=0).T.contiguous()  # [Z, bins - 1]
    binned = torch.searchsorted(edges, codes.T.contiguous(), right=True)  # [Z, N]
    columns = []
    for values in factors.unbind(-1):
        one_hot = F.one_hot(values).to(codes.dtype)  # [N, V]
        counts = one_hot.sum(0)
        entropy = torch.special.entr(counts / len(values)).sum()
        told = [_information(bin_of, values, counts, bins) for bin_of in binned]
        columns.append(torch.stack(told) / entropy)
    return torch.stack(columns, -1)


def _information(bin_of, values, counts, bins):
    """I(bin; value) in nats."""
    table = torch.bincount(values * bins + bin_of, minlength=len(counts) * bins).view(-1, bins)
    given_value = table / counts.clamp_min(1).unsqueeze(-1)  # q(bin | value), [V, bins]
    return mutual_information(given_value[values])


def mutual_information_gap(codes, factors, bins=20):
    r"""MIG: how far the best coordinate of a factor is ahead of the second, averaged over the factors.

    $$\mathrm{MIG} = \frac{1}{F} \sum_f
      \frac{I(z_{d_1(f)}; v_f) - I(z_{d_2(f)}; v_f)}{\mathrm{H}(v_f)}$$

    1 if every factor is in one coordinate, whole, and in no other. 0 if two coordinates tell as much of it,
    or none tells anything. Several factors in the same coordinate do not lower it.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `codes`, `factors`, `bins` | | as in `factor_information`; Z >= 2 |
    | returns | number | between 0 and 1 |

    Raises: ValueError as `factor_information`, and for a single coordinate.
    Source: Chen et al. (2018), equation 6.
    """
    information = factor_information(codes, factors, bins)
    expect(len(information) >= 2, "codes", "[N, Z] with Z of 2 or more", tuple(codes.shape))
    first, second = information.topk(2, 0).values
    return (first - second).mean().item()


def modularity(codes, factors, bins=20, threshold=0.05):
    r"""How much each coordinate keeps to one factor, averaged over the coordinates that tell anything.

    $$1 - \frac{1}{F - 1} \sum_{f \ne f_1(d)} \left(\frac{J_{df}}{J_{d f_1(d)}}\right)^2, \qquad
      J_{df} = \frac{I(z_d; v_f)}{\mathrm{H}(v_f)}, \qquad f_1(d) = \operatorname{argmax}_f J_{df}$$

    1 if no coordinate tells of two factors. 0 if each tells as much of every factor, or none of any. A factor
    that is spread over several coordinates does not lower it: that is what MIG is for.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `codes`, `factors`, `bins` | | as in `factor_information`; F >= 2 |
    | `threshold` | number | share of its best factor's entropy from which on a coordinate counts |
    | returns | number | between 0 and 1 |

    Raises: ValueError as `factor_information`, for a single factor or a threshold that is not above 0.
    Source: Ridgeway and Mozer (2018), there over all coordinates, and of the informations themselves.
    """
    check_positive("threshold", threshold)
    information = factor_information(codes, factors, bins)
    values = information.shape[-1]
    expect(values >= 2, "factors", "[N, F] with F of 2 or more", tuple(factors.shape))
    counted = information[information.amax(-1) >= threshold]
    if len(counted) == 0:
        return 0.0
    relative = (counted / counted.amax(-1, keepdim=True)) ** 2
    return (1 - (relative.sum(-1) - 1) / (values - 1)).mean().item()


def _check(codes, factors):
    check_table("codes", codes)
    whole = isinstance(factors, torch.Tensor) and factors.dtype == torch.int64 and factors.ndim == 2
    found = (factors.dtype, tuple(factors.shape)) if isinstance(factors, torch.Tensor) else type(factors)
    expect(whole and factors.numel() > 0, "factors", "[N, F] int64, at least one", found)
    expect(len(factors) == len(codes), "factors", f"{len(codes)} rows", len(factors))
    low, high = factors.aminmax(dim=0)
    expect(low.min() >= 0, "factors", "whole numbers, 0 or more", int(low.min()))
    expect(bool((low < high).all()), "factors", "at least two values of every factor", "one that is constant")
