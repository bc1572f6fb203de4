"""The aggregate posterior from a batch, against the whole sum: every batch of a small data set is tried."""

import itertools
from functools import partial

import pytest
import torch
from random_data import generator

from hvae_lessons.formulas.total_correlation import (
    kl_parts,
    minibatch_stratified,
    minibatch_weighted,
    pairwise_log_prob,
)

N, Z = 6, 3


def posteriors(count=N, size=Z, seed=0):
    """Samples, means and log-variances, [N, Z] each."""
    source = generator(seed)
    mean, log_var, noise = (torch.randn(count, size, generator=source, dtype=torch.float64) for _ in range(3))
    return mean + torch.exp(log_var / 2) * noise, mean, log_var


def densities(z, mean, log_var):
    """log q(z_id | x_j) by torch.distributions, [i, j, d]."""
    return torch.distributions.Normal(mean, torch.exp(log_var / 2)).log_prob(z.unsqueeze(1))


def means_over_batches(estimate, log_q, size):
    """For every example the mean of its estimate over all batches that contain it, in every order."""
    total, count = torch.zeros(len(log_q), dtype=torch.float64), torch.zeros(len(log_q))
    for batch in map(list, itertools.permutations(range(len(log_q)), size)):
        total[batch] += estimate(log_q[batch][:, batch], len(log_q))
        count[batch] += 1
    return total / count


def value(estimate):
    """An estimate of q(z) from one of its logarithm."""
    return lambda log_q, data_size: estimate(log_q, data_size).exp()


def test_entries_are_the_densities_of_coordinates():
    z, mean, log_var = posteriors()
    expected = densities(z, mean, log_var)
    torch.testing.assert_close(pairwise_log_prob(z, mean, log_var), expected.movedim(-1, 0))


@pytest.mark.parametrize("size", [2, 3, 5, 6])
def test_the_stratified_estimate_is_right_on_average(size):
    log_q = densities(*posteriors()).sum(-1)
    exact = log_q.exp().mean(-1)
    torch.testing.assert_close(means_over_batches(value(minibatch_stratified), log_q, size), exact)


@pytest.mark.parametrize("size", [2, 3, 5, 6])
def test_the_weighted_estimate_is_not(size):
    log_q = densities(*posteriors()).sum(-1)
    ratio = means_over_batches(value(minibatch_weighted), log_q, size) / log_q.exp().mean(-1)
    assert ratio.max() < 0.5
    if size == N:
        torch.testing.assert_close(ratio, torch.full((N,), 1 / N, dtype=torch.float64))


def test_with_all_of_the_data_the_stratified_estimate_is_exact():
    log_q = densities(*posteriors()).sum(-1)
    exact = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(torch.ones(N, dtype=torch.float64)),
        torch.distributions.Independent(
            torch.distributions.Normal(posteriors()[1], torch.exp(posteriors()[2] / 2)), 1
        ),
    ).log_prob(posteriors()[0])
    torch.testing.assert_close(minibatch_stratified(log_q, N), exact)


def published(log_q, data_size, column=None):
    """The weights as Chen et al. print them, 1/N on the diagonal; or, as in much code, in a column."""
    size = len(log_q)
    rest = size - 1
    weight = torch.full((size, size), 1 / rest, dtype=torch.float64)
    for i in range(size):
        own = i if column is None else column
        weight[i, own] = 1 / data_size
        weight[i, (own + 1) % size] = (data_size - rest) / (data_size * rest)
    return torch.logsumexp(log_q + weight.log(), -1)


def test_weights_in_a_column_do_not_estimate_q():
    log_q = densities(*posteriors(5)).sum(-1)
    exact = log_q.exp().mean(-1)
    torch.testing.assert_close(means_over_batches(value(published), log_q, 3), exact)
    in_column = means_over_batches(value(partial(published, column=0)), log_q, 3)
    assert (in_column / exact - 1).abs().max() > 0.2


def test_equal_weights_for_the_others_vary_less_than_the_published_ones():
    log_q = densities(*posteriors(8)).sum(-1)
    ours, theirs = [], []
    for batch in itertools.permutations(range(8), 4):
        if batch[0] == 0:
            part = log_q[list(batch)][:, list(batch)]
            ours.append(minibatch_stratified(part, 8)[0].exp())
            theirs.append(published(part, 8)[0].exp())
    ours, theirs = torch.stack(ours), torch.stack(theirs)
    torch.testing.assert_close(ours.mean(), theirs.mean())
    assert ours.var() < 0.99 * theirs.var()


def test_the_logarithm_of_the_estimate_is_too_small_on_average():
    log_q = densities(*posteriors()).sum(-1)
    exact = log_q.exp().mean(-1).log()
    assert (means_over_batches(minibatch_stratified, log_q, 3) < exact).all()


def test_the_parts_are_the_exact_ones_for_the_whole_data():
    z, mean, log_var = posteriors()
    log_q = densities(z, mean, log_var)
    standard = torch.distributions.Normal(torch.zeros(Z, dtype=torch.float64), 1.0)
    log_pz = standard.log_prob(z).sum(-1)
    log_qz = log_q.sum(-1).exp().mean(1).log()
    log_product = log_q.exp().mean(1).log().sum(-1)
    own = log_q.sum(-1).diagonal()
    parts = kl_parts(pairwise_log_prob(z, mean, log_var), log_pz, N)
    torch.testing.assert_close(parts.index_code, own - log_qz)
    torch.testing.assert_close(parts.total_correlation, log_qz - log_product)
    torch.testing.assert_close(parts.dimension_wise, log_product - log_pz)


@pytest.mark.parametrize("estimate", [minibatch_stratified, minibatch_weighted])
def test_the_parts_add_up_whatever_the_estimate(estimate):
    z, mean, log_var = posteriors()
    log_pz = torch.randn(N, generator=generator(1), dtype=torch.float64)
    own = densities(z, mean, log_var).sum(-1).diagonal()
    parts = kl_parts(pairwise_log_prob(z, mean, log_var), log_pz, 1000, estimate)
    torch.testing.assert_close(sum(parts), own - log_pz)


def test_total_correlation_of_a_correlated_gaussian():
    """Posterior means from N(0, C): q(z) is N(0, C + s^2 I), whose total correlation is -log(1 - r^2) / 2."""
    count, variance, covariance = 3000, 0.2, 0.8
    root = torch.linalg.cholesky(torch.tensor([[1.0, covariance], [covariance, 1.0]], dtype=torch.float64))
    source = generator()
    mean = torch.randn(count, 2, generator=source, dtype=torch.float64) @ root.T
    noise = torch.randn(count, 2, generator=source, dtype=torch.float64)
    log_var = torch.full_like(mean, variance).log()
    z = mean + variance**0.5 * noise
    parts = kl_parts(pairwise_log_prob(z, mean, log_var), torch.zeros(count, dtype=torch.float64), count)
    correlation = torch.tensor(covariance / (1 + variance), dtype=torch.float64)
    expected = -torch.log(1 - correlation**2) / 2  # 0.294
    assert parts.total_correlation.mean().item() == pytest.approx(expected.item(), abs=0.03)


def test_models_and_samples_are_kept_apart():
    z, mean, log_var = (part.reshape(2, 3, 4, Z) for part in posteriors(24))
    log_pz = torch.zeros(2, 3, 4, dtype=torch.float64)
    together = kl_parts(pairwise_log_prob(z, mean, log_var), log_pz, 50)
    for model, sample in itertools.product(range(2), range(3)):
        place = (model, sample)
        alone = kl_parts(pairwise_log_prob(z[place], mean[place], log_var[place]), log_pz[place], 50)
        for one, other in zip(together, alone):
            torch.testing.assert_close(one[place], other)


def test_a_log_prior_that_would_broadcast_is_refused():
    log_q = pairwise_log_prob(*posteriors())
    with pytest.raises(ValueError, match=r"^log_pz: expected values of shape \(6,\), got \(1,\)"):
        kl_parts(log_q, torch.zeros(1), N)


def test_a_batch_of_one_and_one_larger_than_the_data_are_refused():
    with pytest.raises(ValueError, match="^log_q: expected a batch of 2 or more, got 1"):
        minibatch_stratified(torch.zeros(1, 1), N)
    with pytest.raises(ValueError, match="^data_size: expected 7 or more, as many as the batch, got 6"):
        minibatch_stratified(torch.zeros(7, 7), N)
