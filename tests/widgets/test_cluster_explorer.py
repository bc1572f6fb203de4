"""The cluster explorer: the page's mixture is the model's, and every control does what it says."""

import base64
import re

import numpy as np
import pytest
import torch

from hvae_lessons.data import load_digits
from hvae_lessons.formulas.distributions import gaussian_full_log_prob
from hvae_lessons.formulas.reparameterizations import gaussian_full_sample
from hvae_lessons.models import VAE, ClusterVAE, ClusterVAEConfig, VAEConfig
from hvae_lessons.training import fit
from hvae_lessons.training.cluster_start import start_mixture
from hvae_lessons.widgets import ClusterExplorer

MIXTURE = """
  const bytes = (text) => new DataView(Uint8Array.from(Buffer.from(text, "base64")).buffer);
  const state = { ...input.state };
  for (const name of ["centers", "factors", "down", "lift"]) state[name] = bytes(state[name].$bytes);
  const clusters = m.mixture(state);
  const flat = m.plane(state);
  return input.codes.map((code, i) => ({
    logs: clusters.logDensities(code),
    probs: m.tempered(clusters.logDensities(code), input.temperature),
    sample: clusters.sample(i % clusters.clusters, code),
    place: flat.place(code),
    moved: flat.moved(code, [0.5, -1]),
  }));
"""


def cluster_model(latent_dim=6, clusters=10, covariance="full", **config):
    generator, images = torch.Generator().manual_seed(0), load_digits().train_x
    settings = {"data_dim": 64, "hidden": (), "likelihood": "gaussian", "noise_log_var": -4.0} | config
    model = ClusterVAE(
        ClusterVAEConfig(
            latent_dim=latent_dim, clusters=clusters, labels="bayes-code", covariance=covariance, **settings
        ),
        generator,
    )
    fit(model.vae, images, epochs=4, learning_rate=5e-3, generator=generator, progress=False)
    start_mixture(model, images, samples=1, restarts=1, seed=0)
    return model


def explorer(model, **state):
    images = load_digits()
    return ClusterExplorer(model, images.test_x, images.test_y, images.image_shape, **state)


@pytest.fixture(scope="module")
def wide():
    return cluster_model()


def parameters(widget):
    mixture = widget.model.mixture
    return mixture.mean.detach().double(), mixture.scale_tril.detach().double()


def somewhere(widget, count=30):
    generator = torch.Generator().manual_seed(5)
    return 2 * torch.randn(count, widget.size, dtype=torch.float64, generator=generator)


def of_the_page(run_js, widget, codes, temperature=1.0):
    found = run_js(
        MIXTURE,
        {"m": "js/numerics/mixture.js"},
        state=widget.shared_state(),
        codes=codes.tolist(),
        temperature=temperature,
    )
    return {name: torch.tensor([one[name] for one in found], dtype=torch.float64) for name in found[0]}


def coordinates(page):
    """The point's place in the plane, as its note says."""
    note = page.locator(".hv-where").inner_text().replace("−", "-")
    return [float(value) for value in re.search(r"\(([-.\d]*), ([-.\d]*)\)", note).groups()]


def heights(page):
    """The bars, as shares of the whole height."""
    return np.array(
        page.locator("rect.hv-fill-q").evaluate_all(
            "bars => bars.map((bar) => bar.getAttribute('height') / 116)"
        )
    )


def ink(page, selector):
    script = """(canvas) => {
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
      return Array.from(data).filter((_, i) => i % 4 === 3);
    }"""
    return np.array(page.locator(selector).evaluate(script)) / 255


@pytest.mark.parametrize(
    ("size", "clusters", "covariance"), [(2, 10, "full"), (6, 10, "full"), (5, 3, "diagonal"), (3, 1, "full")]
)
def test_page_computes_what_the_package_does(run_js, size, clusters, covariance):
    widget = explorer(cluster_model(size, clusters, covariance))
    mean, scale_tril = parameters(widget)
    codes = somewhere(widget)
    for temperature in (0.1, 1.0, 10.0):
        found = of_the_page(run_js, widget, codes, temperature)
        logs = gaussian_full_log_prob(codes.unsqueeze(-2), mean, scale_tril)
        assert torch.allclose(found["logs"], logs, rtol=0, atol=1e-6)
        assert torch.allclose(found["probs"], (logs / temperature).softmax(-1), rtol=0, atol=1e-6)
    y = torch.arange(len(codes)) % clusters
    assert torch.allclose(
        found["sample"], gaussian_full_sample(mean[y], scale_tril[y], codes), rtol=0, atol=1e-6
    )
    assert torch.allclose(
        found["logs"][:, 0], gaussian_full_log_prob(codes, mean[0], scale_tril[0]), rtol=0, atol=1e-6
    )


def test_a_move_in_the_plane_changes_its_shadow_and_no_other_discriminant(run_js, wide):
    widget = explorer(wide)
    mean, scale_tril = parameters(widget)
    down = torch.frombuffer(bytearray(widget.down), dtype=torch.float64).reshape(2, -1)
    codes = somewhere(widget)
    found = of_the_page(run_js, widget, codes)
    assert torch.allclose(found["place"], codes @ down.T, rtol=0, atol=1e-6)
    moved = found["moved"]
    target = torch.tensor([0.5, -1.0], dtype=torch.float64).expand(len(codes), 2)
    assert torch.allclose(moved @ down.T, target, rtol=0, atol=1e-6)
    within = (scale_tril @ scale_tril.mT).mean(0)
    assert torch.allclose(down @ within @ down.T, torch.eye(2, dtype=torch.float64), atol=1e-6)
    # All directions whose shadow is uncorrelated with the plane's stay: w' W d = 0 for the plane's d.
    others = torch.linalg.svd(down @ within).Vh[2:]
    assert torch.allclose(
        (moved - codes) @ others.T, torch.zeros(len(codes), 4, dtype=torch.float64), atol=1e-6
    )


def test_two_leading_directions_separate_the_means_best(wide):
    widget = explorer(wide)
    mean, scale_tril = parameters(widget)
    down = torch.frombuffer(bytearray(widget.down), dtype=torch.float64).reshape(2, -1)
    between = (mean - mean.mean(0)).T @ (mean - mean.mean(0))
    within = (scale_tril @ scale_tril.mT).mean(0)
    ratios = torch.linalg.eigvals(torch.linalg.solve(within, between)).real.sort(descending=True).values
    kept = torch.diagonal(down @ between @ down.T)
    assert torch.allclose(kept, ratios[:2], rtol=1e-4)


def test_page_and_python_decode_the_same(open_widget, wide):
    widget = explorer(wide, cluster=3, temperature=4.0)
    page = open_widget(widget)
    assert ink(page, ".hv-digits canvas") == pytest.approx(
        widget.image.clamp(0, 1).flatten().numpy(), abs=0.02
    )
    assert heights(page) == pytest.approx(widget.probabilities.numpy(), abs=1e-4)


def test_a_cluster_is_chosen_by_keyboard_and_sampled_anew(open_widget, settle, wide):
    widget = explorer(wide)
    page = open_widget(widget)
    button = page.get_by_role("button", name=f"Draw digits from cluster {widget.names[4]}", exact=True)
    before = ink(page, ".hv-thumbs canvas >> nth=0")
    button.press("Enter")
    settle(page)
    assert button.get_attribute("aria-pressed") == "true"
    first = ink(page, ".hv-thumbs canvas >> nth=0")
    assert np.abs(first - before).max() > 0.05
    widget.code = wide.mixture.mean[4].detach()
    assert heights(page) == pytest.approx(widget.probabilities.numpy(), abs=1e-4)
    button.press("Enter")
    settle(page)
    assert np.abs(ink(page, ".hv-thumbs canvas >> nth=0") - first).max() > 0.05
    sample = page.get_by_role("button", name="Sample 2: put the point at its code")
    sample.press("Enter")
    settle(page)
    assert sample.get_attribute("aria-pressed") == "true"
    assert ink(page, ".hv-digits canvas") == pytest.approx(ink(page, ".hv-thumbs canvas >> nth=1"))


def test_a_press_on_the_plane_chooses_the_cluster_there(open_widget, settle):
    widget = ClusterExplorer()
    page = open_widget(widget)
    page.locator(".hv-plane svg").scroll_into_view_if_needed()
    box = page.locator(".hv-plane svg").bounding_box()
    grip = page.get_by_role("button", name="Code in the plane")
    for y in (7, 2):
        mean = widget.model.mixture.mean[y].tolist()
        low, right, bottom, top = widget.box
        wide, tall = box["width"] - 36, box["height"] - 44
        page.mouse.click(
            box["x"] + 28 + wide * (mean[0] - low) / (right - low),
            box["y"] + 8 + tall * (top - mean[1]) / (top - bottom),
        )
        settle(page)
        assert coordinates(page) == pytest.approx(mean, abs=0.006)
        assert page.locator(".hv-button[aria-pressed=true]").first.inner_text() == widget.names[y]
    place = grip.bounding_box()
    page.mouse.move(place["x"] + 20, place["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.4 * box["height"], steps=4)
    page.mouse.up()
    settle(page)
    place = grip.bounding_box()
    target = box["x"] + 0.5 * box["width"], box["y"] + 0.4 * box["height"]
    assert (place["x"] + 20, place["y"] + 20) == pytest.approx(target, abs=1.5)
    assert page.locator(".hv-button[aria-pressed=true]").first.inner_text() == widget.names[2]
    widget.code = coordinates(page)
    assert heights(page) == pytest.approx(widget.probabilities.numpy(), abs=0.05)


def test_a_tap_chooses_a_cluster_and_the_page_can_still_scroll(browser, make_page, settle):
    context = browser.new_context(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    page = context.new_page()
    widget = ClusterExplorer()
    page.goto(make_page(widget).as_uri())
    page.wait_for_selector(".is-live .hvae")
    settle(page)
    # A name stands on its ellipse, where the other clusters are thinnest.
    place = page.locator("svg text.hv-class").nth(5).bounding_box()
    page.touchscreen.tap(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    settle(page)
    assert page.locator(".hv-button[aria-pressed=true]").first.inner_text() == widget.names[5]
    assert page.evaluate("getComputedStyle(document.querySelector('.hv-plane')).touchAction") == "auto"
    assert page.evaluate("getComputedStyle(document.querySelector('.hv-grip')).touchAction") == "none"
    context.close()


def test_arrow_keys_and_sliders_move_the_point(open_widget, settle, wide):
    page = open_widget(explorer(wide))
    start = coordinates(page)
    grip = page.get_by_role("button", name="Code in the plane")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowDown"):
        grip.press(key)
    settle(page)
    assert coordinates(page) == pytest.approx([start[0] + 0.2, start[1] - 0.4], abs=0.011)
    before = coordinates(page)
    page.get_by_role("slider", name="discriminant 2").press("PageUp")
    settle(page)
    after = coordinates(page)
    assert after[0] == pytest.approx(before[0], abs=0.011)
    assert after[1] > before[1] + 0.1


def test_temperature_flattens_the_bars_and_leaves_the_samples(open_widget, settle, wide):
    page = open_widget(explorer(wide, temperature=0.1))
    samples, cold = ink(page, ".hv-thumbs canvas >> nth=3"), heights(page)
    page.get_by_role("slider", name="Temperature").press("End")
    settle(page)
    assert heights(page).max() < cold.max() - 0.1
    assert (ink(page, ".hv-thumbs canvas >> nth=3") == samples).all()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800])
def test_axe_finds_nothing_and_nothing_is_cut_off(open_widget, axe, wide, theme, width):
    page = open_widget(explorer(wide), theme=theme, width=width)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_stays_small_on_the_page(wide):
    state = {name: getattr(explorer(wide), name) for name in ("weights", "factors", "codes")}
    assert sum(len(base64.b64encode(value)) for value in state.values()) < 100_000


def test_bad_arguments_are_refused(wide):
    images = load_digits()
    x, y, shape = images.test_x, images.test_y, images.image_shape
    network = ClusterVAE(ClusterVAEConfig(data_dim=64, labels="from-code"))
    for arguments, sentence in [
        ((VAE(VAEConfig(data_dim=64)), x, y, shape), "model: expected a ClusterVAE, got VAE"),
        ((network, x, y, shape), "model: expected labels of the kind bayes-code, got"),
        ((wide, x[:, :60], y, shape), "x: expected [..., 64]"),
        ((wide, x, y[:5], shape), "labels: expected a tensor with one class for each of the 360 images"),
        ((wide, x, y + 9, shape), "labels: expected classes from 0 to 9"),
        ((wide, x, y, (8, 9)), "image_shape: expected (height, width) with height * width = 64"),
    ]:
        with pytest.raises(ValueError, match=re.escape(sentence)):
            ClusterExplorer(*arguments)
    with pytest.raises(ValueError, match="cluster: expected 0 to 9, got 12"):
        ClusterExplorer(wide, x, y, shape, cluster=12)
    widget = ClusterExplorer(wide, x, y, shape)
    for code in ([0.0], [float("nan")] * 6, "ab"):
        with pytest.raises(ValueError, match="code: expected 6 finite numbers"):
            widget.code = code
