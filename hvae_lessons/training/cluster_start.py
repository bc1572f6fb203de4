"""Where the clusters begin: a mixture fitted to the codes of a VAE that has never heard of clusters."""

import torch

from hvae_lessons.checks import check_choice, check_count, check_data, check_positive, check_seed, expect
from hvae_lessons.formulas.reparameterizations import standard_noise
from hvae_lessons.models.clustering import ClusterVAE


@torch.no_grad()
def start_mixture(model, x, *, codes="samples", samples=3, restarts=20, floor=1e-3, seed=0):
    r"""Fit a Gaussian mixture to codes by EM, and hand it to the model as its p(z | y).

    $$\max_{m, S} \sum_{n, k} \log \frac{1}{Y} \sum_y N(z_{nk}; m_y, S_y), \qquad z_{nk} \sim q(z \mid x_n)$$

    For a fixed encoder this is what the bound asks of p(z): the best prior is the aggregated posterior, and
    that is the distribution of the *samples*. The means of q(z | x) have less spread, and a mixture fitted to
    them is too narrow by just the posterior's width. The weights that EM finds are left behind: p(y) = 1 / Y.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `model` | ClusterVAE | its encoder is used, its mixture is replaced |
    | `x` | [N, D] | data |
    | `codes` | name | "samples" of q(z given x), or its "means" |
    | `samples` | whole number | K, samples per example |
    | `restarts` | whole number | EM runs; the one of greatest likelihood is kept. No label is looked at |
    | `floor` | number | added to every variance, against clusters of a single point |
    | `seed` | whole number | of the restarts and of the samples |
    | returns | number | log-likelihood per code of the mixture that was kept, in nats |

    Raises: ValueError for settings that make no sense, or fewer examples than clusters.
    Source: N4 21.14 and 21.36 (aggregated posterior); EM by scikit-learn.
    """
    expect(isinstance(model, ClusterVAE), "model", "a ClusterVAE", type(model).__name__)
    check_data("x", x, model.config.data_dim)
    check_choice("codes", codes, ("samples", "means"))
    check_count("samples", samples)
    check_count("restarts", restarts)
    check_positive("floor", floor)
    check_seed(seed)
    clusters = model.config.clusters
    expect(len(x) >= clusters, "x", f"{clusters} examples or more", len(x))
    from sklearn.mixture import GaussianMixture  # takes a second to import

    q_z = model.vae.encode(x)
    z = q_z.mean
    if codes == "samples":
        generator = torch.Generator().manual_seed(seed)
        z = q_z.sample(standard_noise((samples, *z.shape), z, generator)).flatten(0, 1)
    mixture = GaussianMixture(
        clusters, covariance_type="full", n_init=restarts, reg_covar=float(floor), random_state=seed
    ).fit(z.double().numpy())
    model.mixture.start_from(
        torch.from_numpy(mixture.means_).to(q_z.mean.dtype),
        torch.from_numpy(mixture.covariances_).to(q_z.mean.dtype),
    )
    return float(mixture.lower_bound_)
