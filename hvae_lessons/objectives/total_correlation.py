"""The ELBO with a price of its own for the dependence between the coordinates: beta-TCVAE."""

from hvae_lessons.checks import check_trace, check_weight, expect
from hvae_lessons.formulas.total_correlation import kl_parts, minibatch_stratified, pairwise_log_prob
from hvae_lessons.objectives.bound import elbo


def beta_tc_elbo(trace, beta, data_size, estimate=minibatch_stratified):
    r"""ELBO in which only the total correlation of the aggregate posterior is weighted by beta.

    $$\log p(x \mid z) - I_q(x; z) - \beta\, \mathrm{TC}(z) - \sum_d \mathrm{KL}(q(z_d) \,\|\, p(z_d))
      = \mathrm{ELBO}(x) - (\beta - 1)\, \mathrm{TC}(z)$$

    The equality is one of means over the data, and the right side is what is computed: the KL in closed form,
    and log q(z) - sum_d log q(z_d) at the sample, from the batch. So at beta = 1 it is the ELBO exactly, and
    the estimate's bias is weighted by beta - 1 alone. From small batches the total correlation comes out too
    small, see `kl_parts`; training needs its gradient.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `trace` | Trace | one pass of a model with one layer over a batch |
    | `beta` | number or [M, 1] | weight of the total correlation, 0 or more, of all models or of each |
    | `data_size` | whole number | N, the examples that the batch was drawn from |
    | `estimate` | function | `minibatch_stratified` or `minibatch_weighted` |
    | returns | [.., B] | objective in nats |

    Raises: ValueError for anything but a Trace, several layers, a q that is no Gaussian, a negative beta.
    Source: N4 21.25; Chen et al. (2018), equation 4 with alpha = gamma = 1.
    """
    check_trace(trace)
    check_weight("beta", beta, trace.log_px_given_z.shape)
    expect(len(trace.layers) == 1, "trace", "one stochastic layer", len(trace.layers))
    q_z = getattr(trace.layers[0], "q", None)
    gaussian = hasattr(q_z, "mean") and hasattr(q_z, "log_var")
    expect(gaussian, "trace", "a layer whose q is a Gaussian", type(q_z).__name__)
    z = trace.layers[0].z
    log_q = pairwise_log_prob(z, q_z.mean, q_z.log_var)
    parts = kl_parts(log_q, trace.layers[0].p.log_prob(z), data_size, estimate)
    return elbo(trace) - (beta - 1) * parts.total_correlation
