"""Binary codes listed in full: the autoregressive model as a VAE, and the tree sampled in two ways."""

import itertools
import math

import pytest
import torch

from hvae_lessons.formulas.finite_codes import all_codes, copy_log_prob, finite_terms
from hvae_lessons.oracles import Autoregressive, BinaryTree


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def model():
    made = Autoregressive(3, seeded())
    with torch.no_grad():
        made.logits.affine.weight.mul_(3)
    return made


def frequencies(x, size):
    index = (x @ 2.0 ** torch.arange(size - 1, -1, -1)).long()
    return torch.bincount(index, minlength=2**size) / len(x)


def count_draws(monkeypatch, sample):
    """Number of random tensors that a sampler draws one after the other."""
    calls, draw = [], torch.bernoulli
    monkeypatch.setattr(torch, "bernoulli", lambda *args, **kwargs: calls.append(1) or draw(*args, **kwargs))
    sample(5, seeded())
    return len(calls)


def test_all_codes_are_different_and_in_order():
    codes = all_codes(3)
    assert codes.shape == (8, 3)
    assert codes.tolist() == [list(code) for code in itertools.product((0.0, 1.0), repeat=3)]


def test_the_autoregressive_model_sums_to_one(model):
    assert model.log_px(all_codes(3)).exp().sum().item() == pytest.approx(1, abs=1e-6)


def test_its_factors_are_the_conditionals_by_hand(model):
    weight, bias = model.logits.affine.weight.tolist(), model.logits.affine.bias.tolist()
    x = [1.0, 0.0, 1.0]
    expected = 0.0
    for d in range(3):
        logit = bias[d] + sum(weight[d][e] * x[e] for e in range(d))
        expected += math.log(1 / (1 + math.exp(-logit if x[d] else logit)))
    assert model.log_px(torch.tensor([x])).item() == pytest.approx(expected, rel=1e-5)


def test_the_elbo_of_the_copy_is_the_log_likelihood(model):
    x = all_codes(3)
    copy = copy_log_prob(x, x)
    reconstruction, kl = finite_terms(copy, copy, model.log_px(x))
    assert torch.equal(reconstruction, torch.zeros(8))
    torch.testing.assert_close(-kl, model.log_px(x))


def test_with_errors_the_elbo_is_a_bound_with_a_gap(model):
    """So the equality above is not built into finite_terms."""
    x = all_codes(3)
    copy = copy_log_prob(x, x, flip=0.1)
    torch.testing.assert_close(copy.exp().sum(-1), torch.ones(8))
    reconstruction, kl = finite_terms(copy, copy, model.log_px(x))
    log_posterior = torch.log_softmax(copy + model.log_px(x), -1)
    log_px = torch.logsumexp(copy + model.log_px(x), -1)
    gap = (copy.exp() * (copy - log_posterior)).sum(-1)
    torch.testing.assert_close(log_px - (reconstruction - kl), gap)
    assert gap.min() > 1e-3


def test_another_posterior_than_the_copy_reconstructs_impossible_pixels(model):
    x = all_codes(3)
    reconstruction, _ = finite_terms(copy_log_prob(x, x), copy_log_prob(x, x, flip=0.1), model.log_px(x))
    assert torch.isneginf(reconstruction).all()


def test_the_copy_passes_gradients_to_the_prior(model):
    """0 * -inf is nowhere in the graph."""
    x = all_codes(3)
    copy = copy_log_prob(x, x)
    reconstruction, kl = finite_terms(copy, copy, model.log_px(x))
    (reconstruction - kl).sum().backward()
    by_elbo = model.logits.affine.weight.grad.clone()
    model.zero_grad()
    model.log_px(x).sum().backward()
    assert torch.isfinite(by_elbo).all()
    torch.testing.assert_close(by_elbo, model.logits.affine.weight.grad)


def test_samples_of_the_autoregressive_model_have_its_probabilities(model, monkeypatch):
    x = model.sample(40_000, seeded(1))
    torch.testing.assert_close(
        frequencies(x, 3), model.log_px(all_codes(3)).exp().detach(), atol=0.012, rtol=0
    )
    assert torch.equal(model.sample(7, seeded(2)), model.sample(7, seeded(2)))
    assert count_draws(monkeypatch, model.sample) == 3


def by_enumeration(tree, x):
    """p(x) by a sum over all values of all inner nodes, in Python numbers."""
    total, inner = 0.0, tree.size - 1
    for states in itertools.product((0, 1), repeat=inner):
        nodes = [*states, *map(int, x)]  # the children of node i are 2 i + 1 and 2 i + 2
        p = 0.5
        for child in range(1, len(nodes)):
            p *= tree.flip if nodes[child] != nodes[(child - 1) // 2] else 1 - tree.flip
        total += p
    return total


@pytest.mark.parametrize(("depth", "flip"), [(1, 0.3), (2, 0.1), (2, 0.8), (3, 0.2)])
def test_messages_sum_over_the_inner_nodes(depth, flip):
    tree = BinaryTree(depth, flip)
    codes = all_codes(tree.size)
    p = tree.log_px(codes).exp()
    assert p.sum().item() == pytest.approx(1, abs=1e-5)
    for row in range(0, len(codes), 1 if depth < 3 else 23):
        assert p[row].item() == pytest.approx(by_enumeration(tree, codes[row].tolist()), rel=1e-4)


@pytest.mark.parametrize("pixels", [1, 2, 3, 5, 7])
def test_a_prefix_has_the_probability_of_all_that_starts_with_it(pixels):
    tree = BinaryTree(3, 0.2)
    whole = tree.log_px(all_codes(8)).exp().reshape(2**pixels, -1).sum(-1)
    torch.testing.assert_close(tree.log_px(all_codes(pixels)).exp(), whole)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_both_orders_of_sampling_draw_from_the_same_distribution(depth, monkeypatch):
    tree = BinaryTree(depth, 0.2)
    p = tree.log_px(all_codes(tree.size)).exp()
    for sample in (tree.sample, tree.sample_in_order):
        torch.testing.assert_close(frequencies(sample(40_000, seeded(3)), tree.size), p, atol=0.012, rtol=0)
        assert torch.equal(sample(7, seeded(4)), sample(7, seeded(4)))


def test_a_tree_needs_as_many_steps_as_levels_and_the_other_order_as_pixels(monkeypatch):
    for depth in (1, 4):
        tree = BinaryTree(depth)
        assert count_draws(monkeypatch, tree.sample) == depth + 1
        assert count_draws(monkeypatch, tree.sample_in_order) == 2**depth


def test_a_large_tree_does_not_underflow():
    """2^-1024 is no float, its logarithm is."""
    tree = BinaryTree(10, 0.5)
    x = tree.sample(2, seeded())
    torch.testing.assert_close(tree.log_px(x), torch.full((2,), -1024 * math.log(2)))
    assert torch.isfinite(BinaryTree(10, 0.01).log_px(torch.ones(1, 1024))).all()
