"""Theorems about the aggregate posterior from a minibatch, and the objective that charges dependence."""

import itertools
from functools import partial

import numpy as np
import sympy
import torch

from hvae_lessons.formulas.total_correlation import (
    KLParts,
    kl_parts,
    minibatch_stratified,
    minibatch_weighted,
    pairwise_log_prob,
)
from hvae_lessons.objectives import beta_elbo, beta_tc_elbo, elbo
from hvae_lessons.proofs import equal, theorem
from hvae_lessons.proofs.claims import row_by_row
from hvae_lessons.proofs.moments import log_variance, normal_log_density
from hvae_lessons.symbolic import SymbolicTensor, positive, real
from hvae_lessons.trace import Gaussian, Layer, Trace

CHAPTER = "beta_vae"

SIZES = ((3, 2), (4, 2), (4, 3), (3, 3))  # N, B


def _mean_over_batches(estimate, density, batch):
    """The mean of every example's estimate of q(z_i) over all ordered batches that contain it."""
    size = len(density)
    total, count = np.zeros(size, dtype=object), 0
    for drawn in itertools.permutations(range(size), batch):
        log_q = SymbolicTensor(density[np.ix_(drawn, drawn)]).log()
        total[list(drawn)] += estimate(log_q, size).exp().entries
        count += 1
    return list(total * size / (count * batch))  # a share batch / size of the batches contains an example


@theorem(
    "stratified-sampling",
    chapter=CHAPTER,
    about=(minibatch_stratified,),
    statement=r"E_{\text{batch} \ni i}\left[\tfrac{1}{N}\, q(z_i \mid x_i)"
    r" + \tfrac{N - 1}{N (B - 1)} \textstyle\sum_{j \ne i} q(z_i \mid x_j)\right]"
    r" = \tfrac{1}{N} \sum_{n=1}^N q(z_i \mid x_n) = q(z_i)",
    source="Chen et al. (2018), appendix C.2, where the weights depend on the order of the batch",
    scope="batches of 2 and 3 from 3 and 4 examples, all densities symbolic",
)
def stratified_sampling(stratified):
    """The mean over every batch that contains the example is q(z); and rows do not mix."""
    claims = []
    for size, batch in SIZES:
        density = positive("q", size, size).entries  # row: sample, column: example
        claims.append(
            equal(
                f"N = {size}, B = {batch}: the mean over the batches is q(z)",
                _mean_over_batches(stratified, density, batch),
                [row.sum() / size for row in density],
            )
        )
    claims.append(_same_as_published(stratified))
    claims.append(row_by_row(partial(stratified, data_size=4), real("a", 2, 2, 2)))
    return claims


def _same_as_published(stratified):
    """N = 5, B = 4: the mean of the published estimate over which of the others bears its own weight."""
    size, batch = 5, 4
    density = positive("q", batch, batch).entries
    means = []
    for i, row in enumerate(density):
        others = [q for j, q in enumerate(row) if j != i]
        special = sympy.Rational(size - batch + 1, size * (batch - 1))
        estimates = [
            row[i] / size + special * chosen + (sum(others) - chosen) / (batch - 1) for chosen in others
        ]
        means.append(sum(estimates) / len(estimates))
    return equal(
        "it is the published estimate, averaged over the order of the batch",
        stratified(SymbolicTensor(density).log(), size).exp(),
        means,
    )


@stratified_sampling.wrong("1/N in a column instead of on the diagonal")
def _(log_q, data_size):
    batch = log_q.shape[-1]
    first = torch.arange(batch) == 0
    others = log_q + sympy.log(data_size - 1) - sympy.log(batch - 1)
    return torch.logsumexp(torch.where(first.expand(batch, batch), log_q, others), -1) - sympy.log(data_size)


@stratified_sampling.wrong("the own example weighed like the others")
def _(log_q, data_size):
    return torch.logsumexp(log_q, -1) - sympy.log(log_q.shape[-1])


@stratified_sampling.wrong("the others' weights not lowered by 1/N")
def _(log_q, data_size):
    own = torch.eye(log_q.shape[-1], dtype=torch.bool)
    others = log_q - sympy.log(log_q.shape[-1] - 1)
    return torch.logsumexp(torch.where(own, log_q - sympy.log(data_size), others), -1)


@theorem(
    "weighted-sampling",
    chapter=CHAPTER,
    about=(minibatch_weighted,),
    statement=r"E_{\text{batch} \ni i}\left[\tfrac{1}{N B} \textstyle\sum_j q(z_i \mid x_j)\right]"
    r" = \tfrac{1}{N}\left[\tfrac{1}{B}\, q(z_i \mid x_i)"
    r" + \tfrac{B - 1}{B}\, \tfrac{1}{N - 1} \textstyle\sum_{n \ne i} q(z_i \mid x_n)\right] \ne q(z_i)",
    source="Chen et al. (2018), section 3.2; that it is biased follows",
    scope="batches of 2 and 3 from 3 and 4 examples, all densities symbolic",
)
def weighted_sampling(weighted):
    """What it estimates: N times too small, and the own example has weight 1/B in place of 1/N."""
    claims = []
    for size, batch in SIZES:
        density = positive("q", size, size).entries
        own, others = density.diagonal(), (density.sum(1) - density.diagonal()) / (size - 1)
        claims.append(
            equal(
                f"N = {size}, B = {batch}: the mean over the batches",
                _mean_over_batches(weighted, density, batch),
                list((own + (batch - 1) * others) / (batch * size)),
            )
        )
    claims.append(row_by_row(partial(weighted, data_size=4), real("a", 2, 2, 2)))
    return claims


@weighted_sampling.wrong("weights that add up to one")
def _(log_q, data_size):
    return torch.logsumexp(log_q, -1) - sympy.log(log_q.shape[-1])


@weighted_sampling.wrong("the mean of the logarithms")
def _(log_q, data_size):
    return log_q.mean(-1) - sympy.log(data_size)


def _posteriors(batch):
    """Samples and Gaussian posteriors of a batch, two coordinates each."""
    return real("z", batch, 2), real("mu", batch, 2), log_variance("sigma", batch, 2)


def _density(z, mean, log_var, d, i, j):
    """q(z_id | x_j) as a textbook has it."""
    return sympy.exp(
        normal_log_density(*(part.entries[k, d] for part, k in ((z, i), (mean, j), (log_var, j))))
    )


@theorem(
    "parts-of-the-kl",
    chapter=CHAPTER,
    about=(kl_parts, pairwise_log_prob),
    statement=r"\log\frac{q(z \mid x)}{p(z)} = \log\frac{q(z \mid x)}{q(z)}"
    r" + \log\frac{q(z)}{\prod_d q(z_d)} + \log\frac{\prod_d q(z_d)}{p(z)}",
    source="N4 21.25; Chen et al. (2018), equation 2",
    scope="two coordinates; the whole data set of two examples, and batches of two from three",
)
def parts_of_the_kl(kl_parts, pairwise_log_prob):
    """With the whole data set each part is exact; from batches, its q(z) is right on average."""
    posteriors, log_pz = _posteriors(2), real("p", 2)
    log_q = pairwise_log_prob(*posteriors)
    q = np.array(
        [[[_density(*posteriors, d, i, j) for j in range(2)] for i in range(2)] for d in range(2)]
    )  # [d, i, j]
    joint, product = q.prod(0), q.mean(-1).prod(0)
    parts = kl_parts(log_q, log_pz, 2)
    own = joint.diagonal()
    expected = (
        ("index and code", own / joint.mean(-1)),
        ("total correlation", joint.mean(-1) / product),
        ("dimension-wise", product / np.vectorize(sympy.exp)(log_pz.entries)),
    )
    claims = [equal("entry (d, i, j) is log q(z_id | x_j)", log_q.exp(), q.tolist())]
    claims += [
        equal(f"{name}, its definition", part.exp(), list(ratio))
        for (name, ratio), part in zip(expected, parts, strict=True)
    ]
    claims.append(
        equal(
            "the three add up to the log-ratio of posterior and prior, also where q(z) is an estimate",
            sum(kl_parts(log_q, log_pz, 5)),
            [a.expand(force=True) for a in np.vectorize(sympy.log)(own) - log_pz.entries],
        )
    )
    claims.append(_joint_on_average(kl_parts))
    return claims


def _joint_on_average(kl_parts):
    """q(z | x) exp(-index_code) is the estimate of q(z): its mean over batches of two from three is q(z)."""
    coordinates = positive("q", 2, 3, 3).entries  # [d, i, j]
    joint = coordinates.prod(0)
    total = np.zeros(3, dtype=object)
    for drawn in itertools.permutations(range(3), 2):
        log_q = SymbolicTensor(coordinates[:, drawn][:, :, drawn]).log()
        index_code = kl_parts(log_q, real("p", 2), 3).index_code
        total[list(drawn)] += joint.diagonal()[list(drawn)] * (-index_code).exp().entries / 4
    return equal("from batches of two, q(z) is right on average", list(total), [r.sum() / 3 for r in joint])


@parts_of_the_kl.wrong("1/N taken once for each coordinate")
def _(log_q, log_pz, data_size, estimate=minibatch_stratified):
    index_code, dependence, dimension_wise = kl_parts(log_q, log_pz, data_size, estimate)
    surplus = (log_q.shape[-3] - 1) * sympy.log(data_size)
    return KLParts(index_code + surplus, dependence - surplus, dimension_wise)


@parts_of_the_kl.wrong("the mean over the coordinates")
def _(log_q, log_pz, data_size, estimate=minibatch_stratified):
    return KLParts(*(part / log_q.shape[-3] for part in kl_parts(log_q, log_pz, data_size, estimate)))


@parts_of_the_kl.wrong("samples and examples exchanged", instead_of=pairwise_log_prob)
def _(z, mean, log_var):
    return pairwise_log_prob(z, mean, log_var).mT


@parts_of_the_kl.wrong("the sample's own variance", instead_of=pairwise_log_prob)
def _(z, mean, log_var):
    return torch.stack(
        [
            torch.stack([Gaussian(m, log_var).log_prob_per_dimension(z).T[d] for m in mean.unbind()], -1)
            for d in range(z.shape[-1])
        ]
    )


@theorem(
    "beta-tc-objective",
    chapter=CHAPTER,
    about=(beta_tc_elbo,),
    statement=r"E[\texttt{beta\_tc\_elbo}] = E\left[\log p(x \mid z) - \log\tfrac{q(z \mid x)}{q(z)}"
    r" - \beta \log\tfrac{q(z)}{\prod_d q(z_d)} - \log\tfrac{\prod_d q(z_d)}{p(z)}\right]"
    r" = \mathrm{ELBO} - (\beta - 1)\, \mathrm{TC}",
    source="N4 21.25; Chen et al. (2018), equation 4",
    scope="two coordinates, the whole data set of two examples",
)
def beta_tc_objective(beta_tc_elbo):
    """With a log-ratio at the sample, whose mean is the KL, the objective is the weighted sum of parts."""
    z, mean, log_var = posteriors = _posteriors(2)
    q_z, log_px, beta = Gaussian(mean, log_var), real("r", 2), sympy.Symbol("beta", positive=True)
    p_z = Gaussian.standard_like(q_z)
    sampled = Trace(log_px, (Layer(z, q_z, p_z, closed_form=False),))
    averaged = Trace(log_px, (Layer(z, q_z, p_z),))
    density = partial(_density, *posteriors)
    objective, dependence = [], []
    for i in range(2):
        own = density(0, i, i) * density(1, i, i)
        joint = sum(density(0, i, j) * density(1, i, j) for j in range(2)) / 2
        product = sympy.Mul(*(sum(density(d, i, j) for j in range(2)) / 2 for d in range(2)))
        log_pz = sum(normal_log_density(z.entries[i, d], 0, 0) for d in range(2))
        terms = (sympy.log(own / joint), beta * sympy.log(joint / product), sympy.log(product) - log_pz)
        objective.append(log_px.entries[i] - sum(terms))
        dependence.append(sympy.log(joint / product))
    return [
        equal("the weighted sum of the parts", beta_tc_elbo(sampled, beta, 2), objective),
        equal("beta = 1 is the ELBO", beta_tc_elbo(averaged, 1, 5), elbo(averaged)),
        equal(
            "what it charges beyond the ELBO is the total correlation",
            elbo(averaged) - beta_tc_elbo(averaged, beta, 2),
            [(beta - 1) * part for part in dependence],
        ),
    ]


@beta_tc_objective.wrong("beta on the whole KL")
def _(trace, beta, data_size, estimate=minibatch_stratified):
    return beta_elbo(trace, beta)


@beta_tc_objective.wrong("dependence rewarded")
def _(trace, beta, data_size, estimate=minibatch_stratified):
    return 2 * elbo(trace) - beta_tc_elbo(trace, beta, data_size, estimate)


@beta_tc_objective.wrong("the ELBO, and beta times the total correlation on top")
def _(trace, beta, data_size, estimate=minibatch_stratified):
    return beta_tc_elbo(trace, beta + 1, data_size, estimate)
