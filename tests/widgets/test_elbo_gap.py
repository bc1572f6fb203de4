"""The ELBO-gap widget: its numbers are GridModel's, and every control moves what it says."""

import math
import re

import pytest
import torch

from hvae_lessons.oracles import GridModel
from hvae_lessons.widgets import ElboGap

STATES = [(1.5, 0.5, 0.8), (1.5, -1.2, 0.2), (0.0, 0.0, 1.0), (4.0, 2.0, 0.06), (-1.0, 2.5, 1.5)]


def numbers(page):
    """The terms of the equation that the page shows: log p(x), ELBO, gap, forward KL."""
    texts = page.locator(".hv-term b").all_inner_texts()
    return [float(text.replace("−", "-").replace("∞", "inf")) for text in texts]


def shown(widget):
    return [widget.log_px, widget.elbo, widget.gap, widget.forward_kl]


@pytest.mark.parametrize(("x", "mean", "sd"), STATES)
@pytest.mark.parametrize("decode", [lambda z: z**2, lambda z: torch.sin(2 * z) + z], ids=["square", "wave"])
def test_front_end_computes_what_the_package_computes(run_js, decode, x, mean, sd):
    model = GridModel(decode, 2 * math.log(0.5))
    widget = ElboGap(model, x=x, mean=mean, log_var=2 * math.log(sd))
    body = """
      const grid = { z: input.z, decoded: input.decoded, noiseLogVar: input.noise };
      const p = g.posteriorOf(grid, input.x);
      const m = g.measure(p, input.mean, input.log_var);
      const values = [p.logPx, m.elbo, m.reverse, m.forward];
      return { values, moments: [p.mean, p.logVar], gradient: m.gradient };
    """
    decoded = decode(model.z).tolist()
    noise = model.noise_log_var
    state = {"x": x, "mean": mean, "log_var": widget.log_var}
    got = run_js(
        body, {"g": "js/numerics/grid.js"}, z=model.z.tolist(), decoded=decoded, noise=noise, **state
    )
    assert got["values"] == pytest.approx(shown(widget), rel=1e-6, abs=1e-9)
    data = torch.tensor([[x]], dtype=torch.float64)
    moments = [part.item() for part in model.posterior_moments(data)]
    assert got["moments"] == pytest.approx(moments, rel=1e-6, abs=1e-9)
    q = [torch.tensor([[value]], dtype=torch.float64, requires_grad=True) for value in (mean, widget.log_var)]
    model.elbo(data, model.gaussian(*q)).backward()
    assert got["gradient"] == pytest.approx([part.grad.item() for part in q], rel=1e-6, abs=1e-8)


def test_page_shows_the_numbers_and_they_add_up(open_widget):
    widget = ElboGap(x=1.0, mean=-0.4)
    page = open_widget(widget)
    assert numbers(page) == pytest.approx(shown(widget), abs=6e-4)


@pytest.mark.parametrize(
    ("label", "trait", "read"),
    [
        ("Mean of", "mean", float),
        ("Spread of", "log_var", lambda sd: 2 * math.log(float(sd))),
        ("Observation", "x", float),
    ],
)
def test_sliders_work_by_keyboard(open_widget, settle, label, trait, read):
    widget = ElboGap()
    page = open_widget(widget)
    before = numbers(page)
    slider = page.get_by_role("slider", name=label)
    slider.focus()
    for key in ("ArrowRight", "PageUp", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    settle(page)
    setattr(widget, trait, read(slider.input_value()))
    assert numbers(page) == pytest.approx(shown(widget), abs=6e-4)
    assert numbers(page) != before
    assert slider.get_attribute("aria-valuetext") in page.locator(".hv-value").all_inner_texts()


@pytest.mark.parametrize(("handle", "label"), [("mean", "Mean of"), ("spread", "Spread of")])
def test_curve_can_be_dragged(open_widget, settle, handle, label):
    page = open_widget(ElboGap())
    value = page.get_by_role("slider", name=label)
    before = float(value.input_value())
    knobs = page.locator(".hv-touch")
    box = knobs.nth({"spread": 1, "mean": 2}[handle]).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=4)
    page.mouse.up()
    page.mouse.move(x - 200, y)
    settle(page)
    assert float(value.input_value()) == pytest.approx(before + 60 * 6.8 / 726, abs=0.06)


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_gradient_leads_to_the_best_gaussian(open_widget, motion):
    widget = ElboGap()
    page = open_widget(widget, motion=motion)
    page.get_by_role("button", name="Follow the gradient").press("Enter")
    page.get_by_text("At a maximum").wait_for()
    best = widget.model.best_gaussian(torch.tensor([[widget.x]], dtype=torch.float64))
    elbo = widget.model.elbo(
        torch.tensor([[widget.x]], dtype=torch.float64), widget.model.gaussian(*best)
    ).item()
    assert numbers(page)[1] == pytest.approx(elbo, abs=2e-3)
    assert float(page.get_by_role("slider", name="Mean of").input_value()) == pytest.approx(
        abs(best[0].item()), abs=0.02
    )


def test_gradient_of_a_broad_q_ends_between_the_peaks(open_widget):
    widget = ElboGap(mean=0.5, log_var=2 * math.log(0.8))
    page = open_widget(widget, motion="reduce")
    page.get_by_role("button", name="Follow the gradient").click()
    page.get_by_text("At a maximum").wait_for()
    # Under N(0, v), E(z^2 - x)^2 = 3v^2 - 2xv + x^2; with s = 1/2 the ELBO is stationary where
    # 24v^2 = (8x - 1)v + 1.
    slope = 8 * widget.x - 1
    variance = (slope + math.sqrt(slope**2 + 96)) / 48
    assert float(page.get_by_role("slider", name="Mean of").input_value()) == pytest.approx(0, abs=0.01)
    assert float(page.get_by_role("slider", name="Spread of").input_value()) == pytest.approx(
        variance**0.5, abs=0.01
    )


def test_gradient_can_be_stopped(open_widget, settle):
    page = open_widget(ElboGap(mean=2.5, log_var=0.0))
    start = numbers(page)
    # Both presses in the page, five frames apart: between two commands of a slow machine it may arrive.
    page.evaluate(
        """async () => {
          const button = document.querySelector(".hv-button.hv-main");
          button.click();
          for (let i = 0; i < 5; i += 1) await new Promise(requestAnimationFrame);
          button.click();
        }"""
    )
    assert page.get_by_text("Stopped.").is_visible()
    settle(page)
    before = numbers(page)
    assert before != start
    page.wait_for_timeout(150)
    assert numbers(page) == before


def test_moments_minimize_the_forward_kl_and_reset_returns(open_widget, settle):
    widget = ElboGap()
    page = open_widget(widget)
    start = numbers(page)
    page.get_by_role("button", name="Match the moments").press("Enter")
    settle(page)
    x = torch.tensor([[1.5]], dtype=torch.float64)
    least = widget.model.forward_kl(x, widget.model.gaussian(*widget.model.posterior_moments(x))).item()
    assert numbers(page)[3] == pytest.approx(least, abs=2e-3)
    page.get_by_role("button", name="Reset").press("Enter")
    settle(page)
    assert numbers(page) == start


def test_text_alternative_follows_the_state(open_widget, settle):
    page = open_widget(ElboGap())
    drawings = page.locator("svg[role=img]")
    before = [drawings.nth(i).get_attribute("aria-label") for i in range(2)]
    page.get_by_role("slider", name="Mean of").press("ArrowRight")
    settle(page)
    after = [drawings.nth(i).get_attribute("aria-label") for i in range(2)]
    assert all(a != b for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800])
def test_axe_finds_nothing_and_nothing_is_cut_off(open_widget, axe, theme, width):
    page = open_widget(ElboGap(), theme=theme, width=width)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"mean": 9}, "mean: expected a number from -2.5 to 2.5, got 9"),
        ({"log_var": math.nan}, "log_var: expected a number"),
        ({"x": "one"}, "x: expected a number"),
        ({"maen": 1.0}, "maen"),
        ({"model": "square"}, "model: expected a GridModel, got str"),
        ({"model": GridModel(lambda z: torch.cat([z, z], -1), 0.0)}, "model: expected data of one dimension"),
    ],
)
def test_bad_arguments_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        ElboGap(**arguments)
    widget = ElboGap()
    with pytest.raises(ValueError, match="mean: expected"):
        widget.mean = -4
    assert widget.mean == 0.8
