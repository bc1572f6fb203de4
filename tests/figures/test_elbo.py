"""Each figure of the ELBO chapter draws what it is given, and says what it shows."""

import math

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest
import torch

from hvae_lessons.figures.chapters import elbo as figures
from hvae_lessons.oracles import GridModel


@pytest.fixture
def square():
    return GridModel(lambda z: z**2, 2 * math.log(0.5))


@pytest.fixture
def x():
    return torch.tensor([[1.5]], dtype=torch.float64)


@pytest.fixture
def two_q(square, x):
    return {
        "prior": square.gaussian(torch.zeros_like(x), torch.zeros_like(x)),
        "best": square.gaussian(torch.full_like(x, 1.1), torch.full_like(x, -3.0)),
    }


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def texts(panel):
    return " ".join(text.get_text() for text in panel.texts)


def test_two_codes_are_marked_where_the_decoder_meets_the_observation(square):
    figure = figures.latent_variable_model(square, 1.5)
    figure.canvas.draw()
    marks = figure.axes[1].collections[-1].get_offsets()
    assert len(marks) == 2
    assert list(marks[:, 0]) == pytest.approx(
        [-math.sqrt(1.5), math.sqrt(1.5)], abs=0.05
    )  # grid spacing 0.04


def test_cost_is_drawn_on_a_logarithmic_axis():
    figure = figures.prior_sampling_cost((1, 2, 5), [1e2, 1e3, 1e6], [-1, -2, -9], [-1, -2, -5], 1000)
    cost, result = figure.axes
    assert cost.get_yscale() == "log"
    assert list(result.lines[0].get_ydata()) == [-1, -2, -5]
    assert "1,000 samples" in texts(cost)


def test_bound_and_gap_stack_up_to_the_evidence(square, x, two_q):
    figure = figures.bound_and_posterior(square, x, two_q)
    figure.canvas.draw()
    ladder = figure.axes[1]
    for bound, gap in zip(ladder.patches[::2], ladder.patches[1::2]):
        assert gap.get_y() == pytest.approx(bound.get_y() + bound.get_height())
        assert gap.get_y() + gap.get_height() == pytest.approx(square.log_px(x).item())
    assert f"{square.reverse_kl(x, two_q['best']).item():.2f}" in texts(ladder)


def test_joints_share_their_axes(square):
    x = torch.linspace(-1, 4, 12, dtype=torch.float64)
    joint = square.log_joint(x.unsqueeze(-1)).exp()
    figure = figures.two_joints(x, square.z, joint, joint.flip(-1))
    figure.canvas.draw()
    left, right = figure.axes
    assert left.get_ylim() == right.get_ylim()
    assert left.get_xlim() == right.get_xlim()


def test_both_divergences_are_written_beside_each_q(square, x, two_q):
    figure = figures.kl_directions(square, x, two_q["best"], two_q["prior"])
    for panel, name in zip(figure.axes, ("best", "prior")):
        assert f"reverse {square.reverse_kl(x, two_q[name]).item():.2f}" in texts(panel)
        assert f"forward {square.forward_kl(x, two_q[name]).item():.2f}" in texts(panel)


def test_maxima_of_bound_and_likelihood_are_labeled_in_place():
    theta = torch.linspace(0, 1, 11)
    log_px, bound = -((theta - 0.6) ** 2), -((theta - 0.3) ** 2) - 0.2
    path = torch.stack([torch.tensor([0.6, 0.5, 0.4]), torch.zeros(3), torch.zeros(3)], -1)
    panel = figures.bound_against_likelihood(theta, log_px, bound, path).axes[0]
    places = {text.get_text(): text.get_position()[0] for text in panel.texts}
    assert places["greatest likelihood"] == pytest.approx(0.6)
    assert places["greatest bound"] == pytest.approx(0.3)


def test_one_panel_for_each_encoder():
    x = torch.linspace(0, 4, 20)
    added = {"small": torch.full((20,), 0.3), "large": torch.full((20,), 0.1)}
    figure = figures.gaps_over_x(x, torch.full((20,), 0.7), added)
    assert [panel.get_title(loc="left") or panel.get_title() for panel in figure.axes] == ["small", "large"]
    top = figure.axes[0].collections[1].get_paths()[0].vertices[:, 1].max()
    assert top == pytest.approx(1.0)


def test_training_shows_the_gap_as_a_difference():
    epochs, log_px = torch.arange(1, 6), torch.tensor([-9.0, -4.0, -2.0, -1.5, -1.2])
    figure = figures.training_bound(epochs, log_px, log_px - 0.5, -1.0)
    gap = figure.axes[1].lines[0].get_ydata()
    assert list(gap) == pytest.approx([0.5] * 5)
