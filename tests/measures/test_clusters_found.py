"""Metrics of a clustering, its start from a mixture, and its figures."""

import math

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgba
from sklearn.metrics import mutual_info_score

from hvae_lessons.figures.chapters import clustering as figures
from hvae_lessons.figures.style import INFERENCE
from hvae_lessons.measures.clusters import label_information, match_clusters
from hvae_lessons.models import ClusterVAE, ClusterVAEConfig
from hvae_lessons.training.cluster_start import start_mixture


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_matching_names_the_clusters():
    labels = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2])
    clusters = torch.tensor([2, 2, 1, 0, 0, 1, 1, 2])  # 2 is class 0, 0 is class 1, 1 is class 2
    table, accuracy = match_clusters(clusters, labels)
    assert table.tolist() == [[2, 0, 1], [0, 2, 0], [1, 0, 2]]
    assert accuracy == 6 / 8


def test_one_example_is_its_own_cluster():
    table, accuracy = match_clusters(torch.tensor([1]), torch.tensor([0]))
    assert table.tolist() == [[1, 0], [0, 0]]
    assert accuracy == 1


def test_matching_is_better_than_any_other_renaming():
    generator = seeded()
    labels = torch.randint(4, (200,), generator=generator)
    clusters = torch.where(torch.rand(200, generator=generator) < 0.6, (labels + 1) % 4, labels)
    _, accuracy = match_clusters(clusters, labels)
    others = [((clusters + shift) % 4 == labels).float().mean().item() for shift in range(4)]
    assert accuracy >= max(others)


def test_information_of_certain_labels_is_sklearns():
    generator = seeded()
    labels = torch.randint(3, (500,), generator=generator)
    probs = torch.nn.functional.one_hot(labels, 3).float()
    # Every x is its own class: I(y; x) = H(y).
    assert label_information(probs) == pytest.approx(mutual_info_score(labels, labels), abs=1e-5)


def test_a_label_that_ignores_x_carries_no_information():
    assert label_information(torch.tensor([[0.2, 0.8]]).repeat(50, 1)) == pytest.approx(0, abs=1e-6)
    even = torch.tensor([[0.9, 0.1], [0.1, 0.9]])
    by_hand = math.log(2) + 0.9 * math.log(0.9) + 0.1 * math.log(0.1)
    assert label_information(even) == pytest.approx(by_hand, abs=1e-6)


@pytest.mark.parametrize("codes", ["samples", "means"])
def test_the_mixture_is_that_of_the_codes(codes):
    config = ClusterVAEConfig(data_dim=3, latent_dim=1, hidden=(), clusters=2, labels="bayes-code",
                              covariance="full", likelihood="gaussian")  # fmt: skip
    model = ClusterVAE(config, seeded())
    with torch.no_grad():  # the encoder: mean = x_1, variance 0.25
        model.vae.encoder[0].weight.copy_(torch.tensor([[1.0, 0, 0], [0, 0, 0]]))
        model.vae.encoder[0].bias.copy_(torch.tensor([0.0, math.log(0.25)]))
    x = torch.randn(4000, 3, generator=seeded(1)) * 0.5
    x[::2, 0] += 4
    start_mixture(model, x, codes=codes, restarts=2)
    order = model.mixture.mean[:, 0].argsort()
    variance = (model.mixture.scale_tril[order, 0, 0] ** 2).detach()
    expected = 0.25 + (0.25 if codes == "samples" else 0.0)  # spread of the means, plus the posterior's
    assert torch.allclose(model.mixture.mean[order, 0], torch.tensor([0.0, 4.0]), atol=0.06)
    assert torch.allclose(variance, torch.full((2,), expected), atol=0.04)
    assert (model.assign(x).argmax(-1) == order[(x[:, 0] > 2).long()]).float().mean() > 0.98


def test_the_start_is_reproducible():
    means = []
    for _ in range(2):
        # One run of EM for eight clusters of thirty points: where it begins decides where it ends.
        model = ClusterVAE(ClusterVAEConfig(data_dim=4, latent_dim=2, hidden=(), clusters=8), seeded())
        start_mixture(model, torch.rand(30, 4, generator=seeded(1)), restarts=1, seed=3)
        means.append(model.mixture.mean.detach().clone())
    assert torch.equal(*means)


GRID = np.linspace(-4, 4, 81)
BUMP = np.exp(-(GRID**2))


def test_threads_run_from_codes_to_the_centers_of_their_labels():
    codes, labels = torch.tensor([-2.0, 0.5, 1.0]), torch.tensor([1, 0, 1])
    figure = figures.shuffled_labels(GRID, [BUMP, BUMP], BUMP, {"own": (codes, labels)}, (-1, 1), "t")
    threads = [line for ax in figure.axes for c in ax.collections[:1] if hasattr(c, "get_segments")
               for line in c.get_segments()]  # fmt: skip
    assert [(start[0], end[0]) for start, end in threads] == [(-2.0, 1.0), (0.5, -1.0), (1.0, 1.0)]


def test_optimal_codes_draws_what_it_is_given():
    panels = {"a": (BUMP, 2 * BUMP, BUMP / 2, BUMP / 3)}
    figure = figures.optimal_codes(GRID, panels, "t")
    drawn = [line.get_ydata() for ax in figure.axes for line in ax.lines]
    posterior, q_z, label, exact = panels["a"]
    for given, line in zip((posterior, q_z, exact, label), drawn):
        assert np.array_equal(given, line)


def test_costs_are_drawn_on_logarithmic_axes():
    figure = figures.label_costs([10, 100], {"a": {"exact": [1, 8]}, "b": {"exact": [2, 9]}}, "t")
    assert all(ax.get_xscale() == ax.get_yscale() == "log" for ax in figure.axes)
    assert list(figure.axes[1].lines[0].get_ydata()) == [2, 9]


def test_every_seed_is_a_dot_and_the_last_method_stands_out():
    panels = {"data": {"theirs": [0.5, 0.6], "ours": [0.7, 0.9, 0.72]}}
    figure = figures.seeds_by_method(panels, "t", "accuracy", 1, (0.8, "ceiling"))
    dots = figure.axes[0].collections
    assert [list(d.get_offsets()[:, 0]) for d in dots] == [[0.5, 0.6], [0.7, 0.9, 0.72]]
    assert list(figure.axes[0].lines[1].get_xdata()) == [0.72, 0.72]  # the median
    assert tuple(dots[-1].get_facecolor()[0]) == to_rgba(INFERENCE)


def test_confusion_shows_counts():
    figure = figures.confusion_matrix(torch.tensor([[7, 0], [2, 5]]), "t")
    assert sorted(text.get_text() for text in figure.axes[0].texts) == ["2", "5", "7"]


def test_the_path_names_the_clusters_that_it_crosses():
    positions = np.linspace(0, 1, 50)
    probs = np.stack([1 - positions, positions, np.zeros(50)], 1)
    figure = figures.label_path(positions, probs, [4, 9, 1], np.zeros((6, 4)), (2, 2), "t")
    assert [text.get_text() for text in figure.axes[1].texts] == ["4", "9"]


def test_the_graphs_are_three():
    assert len(figures.cluster_graphs("t").axes) == 3
