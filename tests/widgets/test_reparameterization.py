"""The reparameterization widget: estimates as in the package, exact variances, controls that work."""

import math
import re

import numpy as np
import pytest
import torch

from hvae_lessons.formulas.gradients import pathwise_gradient, score_function_gradient
from hvae_lessons.widgets import Reparameterization

FUNCTIONS = {
    "square": (lambda z: z**2, lambda z: 2 * z),
    "wave": (lambda z: torch.sin(3 * z), lambda z: 3 * torch.cos(3 * z)),
    "step": (lambda z: (z > 0).double(), torch.zeros_like),
}
PARTS = {"g": "js/numerics/gradients.js"}
STATES = [(1.0, 1.0), (-0.7, 0.3), (0.0, 1.5), (2.5, 0.2)]


def values(page):
    """The current state as the controls show it."""
    sliders = {
        name: page.get_by_role("slider", name=name).input_value()
        for name in ("Mean", "Spread", "Marked noise")
    }
    return {**sliders, "Seed": page.get_by_label("Seed").input_value()}


def notes(page):
    return page.locator(".hv-columns .hv-note").all_inner_texts()


def description(page, i):
    return page.locator("svg[role=img]").nth(i).get_attribute("aria-label")


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(("mean", "sd"), STATES)
def test_estimates_are_those_of_the_package(run_js, name, mean, sd):
    body = """
      const noise = g.normalNoise(7, 500);
      const { baseline } = g.exactly(input.name, input.mean, input.sd, true);
      const last = g.running(input.name, input.mean, input.sd, baseline, noise, [2, 30, 500]);
      return { noise: Array.from(noise), baseline, last };
    """
    got = run_js(body, PARTS, name=name, mean=mean, sd=sd)
    f, df = FUNCTIONS[name]
    noise = torch.tensor(got["noise"], dtype=torch.float64).unsqueeze(-1)
    q = torch.tensor([mean], dtype=torch.float64), torch.tensor([2 * math.log(sd)], dtype=torch.float64)
    baseline = got["baseline"]
    score = score_function_gradient(lambda z: f(z).squeeze(-1), *q, noise, baseline)[0]
    for kind, estimates in (("path", pathwise_gradient(df, *q, noise)[0]), ("score", score)):
        for count, point in zip((2, 30, 500), got["last"][kind], strict=True):
            seen = estimates[:count, 0]
            assert point["count"] == count
            assert point["mean"] == pytest.approx(seen.mean().item(), rel=1e-6, abs=1e-9)
            assert point["variance"] == pytest.approx(seen.var().item(), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("with_baseline", [False, True])
@pytest.mark.parametrize(("mean", "sd"), STATES)
def test_exact_variances_are_the_integrals(run_js, name, mean, sd, with_baseline):
    body = "return g.exactly(input.name, input.mean, input.sd, input.b);"
    got = run_js(body, PARTS, name=name, mean=mean, sd=sd, b=with_baseline)
    noise = torch.linspace(-12, 12, 2_400_001, dtype=torch.float64)
    weight = torch.exp(-0.5 * noise**2) / math.sqrt(2 * math.pi) * (noise[1] - noise[0])
    average = lambda values: (weight * values).sum().item()  # noqa: E731
    f, df = FUNCTIONS[name]
    z = mean + sd * noise
    baseline = average(f(z)) if with_baseline else 0.0
    score = (f(z) - baseline) * noise / sd
    path = df(z)
    # The step falls between two points of the grid, so its integrals are known to the grid's spacing only.
    close = {"rel": 2e-5, "abs": 2e-5} if name == "step" else {"rel": 1e-7, "abs": 1e-7}
    assert got["baseline"] == pytest.approx(baseline, **close)
    assert got["gradient"] == pytest.approx(average(score), **close)
    assert got["score"]["variance"] == pytest.approx(average(score**2) - average(score) ** 2, **close)
    assert got["path"]["mean"] == pytest.approx(average(path), **close)
    assert got["path"]["variance"] == pytest.approx(average(path**2) - average(path) ** 2, **close)


def test_square_has_the_variances_of_the_chapter(run_js):
    body = """
      const both = [false, true].map((baseline) => g.exactly("square", 1, 1, baseline));
      return both.map(({ path, score }) => [path.variance, score.variance]);
    """
    assert run_js(body, PARTS) == [[4, 30], [4, 18]]


def test_noise_is_normal_and_follows_its_seed(run_js):
    body = "return [1, 2, 1].map((seed, i) => Array.from(g.normalNoise(seed, i === 2 ? 10 : 20000)));"
    first, second, start = (np.array(numbers) for numbers in run_js(body, PARTS))
    assert (first[:10] == start).all()
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / math.sqrt(20_000)
    for noise in (first, second):
        assert abs(noise.mean()) < 4 / math.sqrt(20_000)
        assert abs(noise.var() - 1) < 4 * math.sqrt(2 / 20_000)
        assert abs((noise**4).mean() - 3) < 4 * math.sqrt(96 / 20_000)
        assert abs(np.corrcoef(noise[:-1], noise[1:])[0, 1]) < 4 / math.sqrt(20_000)


@pytest.mark.parametrize("label", ["Mean", "Spread", "Marked noise"])
def test_sliders_work_by_keyboard(open_widget, settle, label):
    page = open_widget(Reparameterization())
    before = [description(page, i) for i in range(3)]
    slider = page.get_by_role("slider", name=label)
    old = float(slider.input_value())
    slider.focus()
    for key in ["ArrowLeft", "ArrowDown"] * 8:
        page.keyboard.press(key)
    settle(page)
    assert float(slider.input_value()) == pytest.approx(old - 0.16)
    assert [i for i, text in enumerate(before) if description(page, i) == text] == []


@pytest.mark.parametrize(
    ("knob", "label", "low", "high"), [(0, "Marked", 1.2, 2), (1, "Spread", 1.2, 1.5), (2, "Mean", 1.2, 2)]
)
def test_noise_and_q_can_be_dragged(open_widget, settle, knob, label, low, high):
    page = open_widget(Reparameterization())
    box = page.locator(".hv-touch").nth(knob).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y, steps=5)
    page.mouse.up()
    settle(page)
    assert low < float(page.get_by_role("slider", name=label).input_value()) <= high


def test_the_noise_stays_when_q_moves(open_widget, settle):
    page = open_widget(Reparameterization())
    place = "(all) => all.map((dot) => dot.getAttribute('cx'))"
    noise, samples = page.locator(".hv-fill-gap"), page.locator(".hv-fill-q")
    before = noise.evaluate_all(place), samples.evaluate_all(place)
    page.get_by_role("slider", name="Mean").press("End")
    settle(page)
    after = noise.evaluate_all(place), samples.evaluate_all(place)
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_drawing_more_narrows_the_error_and_reset_returns(open_widget, settle):
    page = open_widget(Reparameterization())
    start = values(page), notes(page), description(page, 3)
    page.get_by_role("combobox", name="Samples per draw").select_option("1,000")
    for _ in range(3):
        page.get_by_role("button", name="Draw more").press("Enter")
    settle(page)
    assert page.get_by_role("status").inner_text() == "3,014 samples."
    error = lambda text: float(re.search(r"± ([\d.]+)", text)[1])  # noqa: E731
    for old, new in zip(start[1], notes(page), strict=True):
        assert error(new) < 0.4 * error(old)
    measured = [float(number) for number in re.findall(r"measured ([\d.]+)", description(page, 3))]
    assert measured == pytest.approx([4, 30], rel=0.25)
    page.get_by_role("button", name="Reset").press("Enter")
    settle(page)
    assert (values(page), notes(page), description(page, 3)) == start


def test_the_other_controls_change_what_they_say(open_widget, settle):
    page = open_widget(Reparameterization(samples=2000))

    def exact():
        settle(page)
        return [
            float(number.replace(",", ""))
            for number in re.findall(r"exact (\d[\d.,]*?)[;.]?(?:\s|$)", description(page, 3))
        ]

    assert exact() == [4, 30]
    page.get_by_role("checkbox", name="Baseline").press("Space")
    assert exact() == [4, 18]
    page.get_by_role("combobox", name="f(z) =").select_option("1 if z > 0, else 0")
    assert exact()[0] == 0
    assert "never sees the step" in notes(page)[0]
    assert notes(page)[0].startswith("Mean 0.00 ± 0.00")
    page.get_by_role("combobox", name="f(z) =").select_option("sin 3z")
    before = notes(page)
    seed = page.get_by_label("Seed")
    seed.fill("12")
    seed.press("Enter")
    settle(page)
    assert notes(page) != before
    seed.fill("-3")
    seed.press("Enter")
    settle(page)
    assert seed.input_value() == "12"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800])
def test_axe_finds_nothing_and_nothing_is_cut_off(open_widget, axe, theme, width):
    page = open_widget(Reparameterization(), theme=theme, width=width)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"integrand": "cube"}, "integrand: expected one of 'square', 'wave', 'step', got 'cube'"),
        ({"samples": 2.5}, "samples: expected a whole number from 5 to 20000, got 2.5"),
        ({"seed": -1}, "seed: expected a whole number from 0 to 9999, got -1"),
        ({"probe": math.inf}, "probe: expected a number from -3 to 3, got inf"),
        ({"sigma": 1.0}, "sigma"),
    ],
)
def test_bad_arguments_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        Reparameterization(**arguments)
