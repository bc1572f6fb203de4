"""The rate-distortion explorer: points and pictures are the models', every control moves the point."""

import gzip
import re

import numpy as np
import pytest
import torch

from hvae_lessons.data import binarize, binarize_static, load_digits
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import beta_elbo
from hvae_lessons.training import fit
from hvae_lessons.widgets import RateDistortionExplorer
from hvae_lessons.widgets.kit.packed_nets import TOLERANCE

BETAS, SIZES = (0, 0.5, 4), (1, 3, 8)
BUDGET = 250_000  # bytes that a page may take for the widget, compressed

DECODE = """
  const bytes = (text) => new DataView(Uint8Array.from(Buffer.from(text, "base64")).buffer);
  const get = (name) => (input.packed[name].$bytes ? bytes(input.packed[name].$bytes) : input.packed[name]);
  const { decoder } = n.nets(get);
  return input.codes.map((code) => Array.from(decoder(code)));
"""


def trained(beta, latent_dim):
    generator = torch.Generator().manual_seed(latent_dim)
    model = VAE(VAEConfig(64, latent_dim, (24,)), generator)
    settings = {"epochs": 12, "learning_rate": 5e-3, "prepare": binarize, "progress": False}
    schedules = {"beta": lambda _: beta}
    x = load_digits().train_x
    fit(model, x, objective=beta_elbo, schedules=schedules, generator=generator, **settings)
    return model


@pytest.fixture(scope="module")
def models():
    return {(beta, size): trained(beta, size) for beta in BETAS for size in SIZES}


@pytest.fixture(scope="module")
def images():
    digits = load_digits()
    return binarize_static(digits.test_x), digits.test_y, digits.image_shape


@pytest.fixture
def explorer(models, images):
    return lambda **state: RateDistortionExplorer(models, *images, **state)


def ink(page, selector):
    """Ink of each canvas, [n, pixels]."""
    script = """(all) => all.map((canvas) => {
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
      return Array.from(data).filter((_, i) => i % 4 === 3);
    })"""
    return np.array(page.locator(selector).evaluate_all(script)) / 255


def rebuilt(page):
    return ink(page, ".hv-thumb canvas + canvas")


def strip(page):
    return ink(page, ".hv-strip canvas")


def flat(images):
    return images.flatten(1).numpy()


def shown_terms(page):
    """-ELBO, D and R as the page writes them."""
    return [float(text) for text in page.locator(".hv-term b").all_inner_texts()]


def at(page):
    """The point, as the two sliders say it."""
    names = ("Weight of the KL", "Latent size")
    sliders = [page.get_by_role("slider", name=name) for name in names]
    return tuple(float(slider.get_attribute("aria-valuetext")) for slider in sliders)


def mark(page):
    """Where the marked point is, in pixels of the page."""
    box = page.locator(".hv-marked").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def go(page, settle, beta, size):
    for name, values, value in (("Weight", BETAS, beta), ("Latent", SIZES, size)):
        slider = page.get_by_role("slider", name=name)
        slider.press("Home")
        for _ in range(values.index(value)):
            slider.press("ArrowRight")
    settle(page)


def hash_of(page):
    return page.evaluate("location.hash")


def wait_hash(page, text):
    page.wait_for_function("(text) => location.hash === text", arg=text)


def test_every_decoder_of_the_page_is_the_models(run_js, models, explorer):
    widget = explorer()
    decoders = iter(widget.shared_state()["decoders"])
    for size in SIZES:
        for beta in BETAS:
            widget.latent_dim, widget.beta = size, beta
            codes = torch.randn(20, size, generator=torch.Generator().manual_seed(1))
            found = run_js(DECODE, {"n": "js/numerics/nets.js"}, packed=next(decoders), codes=codes.tolist())
            with torch.no_grad():
                exact = widget.model.decode(codes).mean
            assert (torch.tensor(found) - exact).abs().max() < 1.5 * TOLERANCE
    assert widget.difference < TOLERANCE


def test_coordinates_are_ordered_and_nothing_else_is_changed(models, images, explorer):
    widget, x = explorer(), images[0]
    for (beta, size), model in models.items():
        widget.latent_dim, widget.beta = size, beta
        assert (widget.kl.diff() <= 0).all()
        with torch.no_grad():
            before, after = (one.decode(one.encode(x).mean).mean for one in (model, widget.model))
        assert torch.allclose(before, after, atol=1e-6)


@pytest.mark.parametrize(("beta", "size"), [(0, 8), (0.5, 3), (4, 1)])
def test_page_says_the_rate_and_the_distortion_of_the_model(
    open_widget, settle, models, images, explorer, beta, size
):
    page = open_widget(explorer())
    go(page, settle, beta, size)
    model, x = models[beta, size], images[0]
    with torch.no_grad():
        q = model.encode(x)
        normal = torch.distributions.Normal(q.mean, (0.5 * q.log_var).exp())
        prior = torch.distributions.Normal(torch.zeros(size), torch.ones(size))
        kl = torch.distributions.kl_divergence(normal, prior).mean(0)
        logits = model.decoder(normal.sample((50,)))
        distortion = -torch.distributions.Bernoulli(logits=logits).log_prob(x).sum(-1).mean()
    total, found, rate = shown_terms(page)
    assert rate == pytest.approx(kl.sum().item(), abs=0.06)
    # One sample of each image against fifty.
    assert found == pytest.approx(distortion.item(), rel=0.02)
    assert total == pytest.approx(found + rate, abs=0.11)
    text = page.get_by_role("img", name="KL of each coordinate").get_attribute("aria-label")
    written = [float(number) for number in re.findall(r"\d+\.\d\d", text)]
    assert written == pytest.approx(sorted(kl.tolist(), reverse=True), abs=0.006)
    assert f"{int((kl > 0.05).sum())} of {size} are active" in text
    objective = page.locator(".hv-where").inner_text()
    assert float(re.search(r"here ([\d.]+)", objective)[1]) == pytest.approx(found + beta * rate, abs=0.1)


def test_the_lowest_bound_is_named(open_widget, settle, explorer):
    widget = explorer()
    page = open_widget(widget)
    totals = {}
    for size in SIZES:
        for beta in BETAS:
            widget.latent_dim, widget.beta = size, beta
            totals[beta, size] = widget.rate + widget.distortion
    beta, size = min(totals, key=totals.get)
    go(page, settle, *next(pair for pair in totals if pair != (beta, size)))
    sentence = f"Lowest −ELBO of the sweep: {totals[beta, size]:.2f}, at β = {beta:g}, Z = {size}."
    assert sentence in page.locator(".hv-where").inner_text()
    go(page, settle, beta, size)
    assert page.locator(".hv-where").inner_text().endswith("Its −ELBO is the lowest of the sweep.")


def test_points_lie_at_their_numbers_and_the_line_falls_by_beta(open_widget, settle, explorer):
    widget = explorer()
    page = open_widget(widget)
    places, numbers, lines = [], [], []
    for size in SIZES:
        for beta in (0.5, 4):
            go(page, settle, beta, size)
            widget.latent_dim, widget.beta = size, beta
            places.append([float(page.locator(".hv-marked").get_attribute(name)) for name in ("cx", "cy")])
            numbers.append([widget.rate, widget.distortion])
            path = page.locator("path.hv-gap").get_attribute("d")
            lines.append((beta, np.array(re.findall(r"[\d.]+", path), float).reshape(2, 2)))
    # Pixels are an affine map of nats, downwards for the distortion.
    places, numbers = np.array(places), np.array(numbers)
    (across, left), (down, low) = (np.polyfit(numbers[:, i], places[:, i], 1) for i in (0, 1))
    assert across > 0 > down
    assert places == pytest.approx(numbers * [across, down] + [left, low], abs=0.1)
    for (beta, ends), (rate, distortion) in zip(lines, numbers):
        (r0, d0), (r1, d1) = (ends - [left, low]) / [across, down]
        assert (d1 - d0) / (r1 - r0) == pytest.approx(-beta, rel=0.02)
        assert d0 + beta * r0 == pytest.approx(distortion + beta * rate, rel=0.01)


@pytest.mark.parametrize(("beta", "size"), [(0, 3), (0.5, 8), (4, 3)])
def test_pictures_are_those_of_the_model(open_widget, settle, explorer, beta, size):
    widget = explorer()
    page = open_widget(widget)
    go(page, settle, beta, size)
    widget.latent_dim, widget.beta = size, beta
    assert rebuilt(page) == pytest.approx(flat(widget.reconstructions), abs=TOLERANCE)
    for digit, dimension in ((0, 0), (7, size - 1)):
        page.get_by_role("button", name=f"test digit {digit}").press("Enter")
        page.get_by_label("Coordinate", exact=True).select_option(str(dimension))
        settle(page)
        widget.digit, widget.dimension = digit, dimension
        assert strip(page) == pytest.approx(flat(widget.traversal), abs=TOLERANCE)
        heading = page.get_by_text(f"Digit {digit} with coordinate {dimension + 1} from").inner_text()
        end = int(re.search(r"to (\d+):", heading)[1])
        captions = page.locator(".hv-strip figcaption").all_inner_texts()
        values = [float(text.replace("−", "-")) for text in captions]
        assert values == pytest.approx(np.linspace(-end, end, 7), abs=0.051)
        codes = widget.model.encode(torch.tensor(ink(page, ".hv-thumb canvas:first-child")).float()).mean
        assert end == max(3, np.ceil(codes[:, dimension].abs().max().item()))


def test_originals_are_what_the_encoder_reads(open_widget, images, explorer):
    page = open_widget(explorer())
    x, y, _ = images
    firsts = [int((y == digit).nonzero()[0]) for digit in range(10)]
    assert ink(page, ".hv-thumb canvas:first-child") == pytest.approx(x[firsts].numpy(), abs=0.01)


def test_samples_are_decoded_draws_of_the_prior_and_are_drawn_again(open_widget, settle, run_js, explorer):
    widget = explorer()
    page = open_widget(widget)
    go(page, settle, 0.5, 3)
    widget.latent_dim, widget.beta = 3, 0.5

    def tiles():
        sheet = ink(page, ".hv-sheet canvas").reshape(17, 89)
        return np.array(
            [
                sheet[9 * row : 9 * row + 8, 9 * column : 9 * column + 8].ravel()
                for row in range(2)
                for column in range(10)
            ]
        )

    for draws in (1, 2):
        modules = {"r": "js/numerics/random.js"}
        noise = run_js("return Array.from(r.random(input.seed).normals(160));", modules, seed=draws)
        with torch.no_grad():
            exact = widget.model.decode(torch.tensor(noise).reshape(20, 8)[:, :3]).mean.numpy()
        assert tiles() == pytest.approx(exact, abs=1.5 * TOLERANCE)
        page.get_by_role("button", name="Draw again").press("Enter")
        settle(page)


def test_sliders_move_the_point_by_keyboard(open_widget, settle, explorer):
    page = open_widget(explorer(beta=0.5, latent_dim=3))
    before = mark(page)
    page.get_by_role("slider", name="Weight of the KL").press("ArrowRight")
    settle(page)
    assert at(page) == (4, 3)
    less = mark(page)
    assert less[0] < before[0]
    assert less[1] < before[1]
    page.get_by_role("slider", name="Latent size").press("End")
    settle(page)
    assert at(page) == (4, 8)
    page.get_by_role("slider", name="Weight of the KL").press("Home")
    settle(page)
    assert at(page) == (0, 8)
    # Without a price the rate is off the plane; the mark waits at its edge and says where the point is.
    assert page.locator(".hv-plane svg").get_by_text(re.compile(r"β = 0: \d+ nats")).is_visible()


def test_a_press_and_a_drag_take_the_nearest_point(open_widget, settle, explorer):
    page = open_widget(explorer())
    places = {}
    for pair in [(0.5, 8), (0.5, 1), (0, 8)]:
        go(page, settle, *pair)
        places[pair] = mark(page)
    x, y = places[0.5, 8]
    page.mouse.click(x + 2, y - 2)
    settle(page)
    assert at(page) == (0.5, 8)
    page.mouse.down()
    page.mouse.move(*places[0.5, 1], steps=4)
    settle(page)
    assert at(page) == (0.5, 1)
    page.mouse.up()
    page.mouse.move(x, y)
    settle(page)
    assert at(page) == (0.5, 1)
    page.mouse.click(*places[0, 8])
    settle(page)
    assert at(page) == (0, 8)


def test_a_bar_is_pressed_and_a_larger_model_brings_the_coordinate_back(open_widget, settle, explorer):
    page = open_widget(explorer(beta=0.5, latent_dim=8))
    choice = page.get_by_label("Coordinate", exact=True)
    bar = page.locator(".hv-plot rect:not(.hv-chosen)").nth(5).bounding_box()
    page.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + 2)
    settle(page)
    assert choice.input_value() == "5"
    slider = page.get_by_role("slider", name="Latent size")
    slider.press("ArrowLeft")
    settle(page)
    assert (choice.input_value(), choice.locator("option").count()) == ("2", 3)
    slider.press("ArrowRight")
    settle(page)
    assert choice.input_value() == "5"


def test_the_address_names_the_point_and_leads_back(open_widget, settle, explorer):
    page = open_widget(explorer(beta=0.5, latent_dim=3))
    assert hash_of(page) == ""
    page.get_by_role("slider", name="Latent size").press("End")
    page.get_by_label("Coordinate", exact=True).select_option("4")
    named = "#rate_distortion_explorer?beta=0.5&latent_dim=8&dimension=4"
    wait_hash(page, named)
    page.reload()
    page.wait_for_selector(".is-live .hvae")
    settle(page)
    assert at(page) == (0.5, 8)
    assert page.get_by_label("Coordinate", exact=True).input_value() == "4"
    assert hash_of(page) == named
    # As a link on the page does.
    page.evaluate("location.hash = 'rate_distortion_explorer?beta=4&latent_dim=1'")
    page.wait_for_function("document.querySelector('.hv-value').textContent === '4'")
    assert at(page) == (4, 1)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("rate_distortion_explorer?beta=3&latent_dim=8", "The address names no model of this sweep."),
        ("rate_distortion_explorer?beta=x", "The address names no model of this sweep."),
        ("rate_distortion_explorer?beta=0.5&latent_dim=3&dimension=7", ""),
        ("another-section", ""),
        ("%%%?&&==", ""),
    ],
)
def test_an_address_that_leads_nowhere_is_left_alone(open_widget, settle, explorer, given, sentence):
    page = open_widget(explorer(beta=0.5, latent_dim=3))
    page.evaluate("(given) => { location.hash = given; }", given)
    page.reload()
    page.wait_for_selector(".is-live .hvae")
    settle(page)
    assert at(page) == (0.5, 3)
    assert page.get_by_label("Coordinate", exact=True).input_value() == "0"
    assert page.locator(".hv-status").inner_text() == sentence


def test_two_on_a_page_have_addresses_of_their_own(open_widget, settle, explorer):
    page = open_widget(explorer(), '<p style="height: 3000px">Text</p>', explorer())
    second = page.locator(".hvae-widget").nth(1)
    page.evaluate("location.hash = 'rate_distortion_explorer-2?beta=4&latent_dim=1'")
    second.locator(".hvae").wait_for()
    page.wait_for_function(
        "document.querySelectorAll('.hvae-widget')[1].getBoundingClientRect().top < innerHeight"
    )
    settle(page)
    values = page.locator(".hv-value").all_inner_texts()
    assert values == ["0.5", "8", "4", "1"]
    second.get_by_role("slider", name="Latent size").press("ArrowRight")
    wait_hash(page, "#rate_distortion_explorer-2?beta=4&latent_dim=3&dimension=0")
    page.get_by_role("slider", name="Latent size").first.press("Home")
    wait_hash(page, "#rate_distortion_explorer?beta=0.5&latent_dim=1&dimension=0")
    assert page.locator(".hv-value").all_inner_texts() == ["0.5", "1", "4", "3"]


def test_python_sets_every_part_of_the_state(open_widget, explorer):
    widget = explorer(beta=0.5, latent_dim=8, dimension=6, digit=3, draws=5)
    page = open_widget(widget)
    assert at(page) == (0.5, 8)
    assert page.get_by_label("Coordinate", exact=True).input_value() == "6"
    assert page.get_by_text("Digit 3 with coordinate 7 from").is_visible()
    assert page.locator(".hv-thumb[aria-pressed=true]").get_attribute("aria-label").endswith("digit 3")
    widget.latent_dim = 3
    assert widget.dimension == 2
    assert widget.kl.sum().item() == pytest.approx(widget.rate, rel=1e-5)


def test_text_alternatives_follow(open_widget, settle, explorer):
    page = open_widget(explorer(beta=0.5, latent_dim=3))
    said = [page.get_by_role("img").nth(i).get_attribute("aria-label") for i in range(3)]
    assert re.search(r"with β = 0.5 and latent size 3, has rate \d+\.\d\d and distortion \d+\.\d\d", said[0])
    assert said[0].count("; β") == len(BETAS) - 1
    page.get_by_role("slider", name="Weight of the KL").press("End")
    settle(page)
    after = [page.get_by_role("img").nth(i).get_attribute("aria-label") for i in range(3)]
    assert "with β = 4 and" in after[0]
    assert page.get_by_role("img", name="Digit 0 with coordinate 1 at −3", exact=True).count() == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800])
def test_axe_finds_nothing_and_nothing_is_cut_off(open_widget, axe, settle, explorer, theme, width):
    page = open_widget(explorer(), theme=theme, width=width)
    assert axe(page) == []
    page.get_by_role("slider", name="Weight of the KL").press("Home")
    settle(page)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_sweep_of_the_book_is_there_and_fits_the_page():
    widget = RateDistortionExplorer()
    assert (widget.betas[0], widget.betas[-1]) == (0, 16)
    assert (widget.latent_dims[0], widget.latent_dims[-1]) == (1, 32)
    assert len(gzip.compress(widget.static_html().encode())) < BUDGET
    assert widget.difference < TOLERANCE
    titles = {panel.get_title() for panel in widget.picture().axes}
    assert titles == {"β = 1, Z = 8", "Digits, reconstructions, samples", "KL of each coordinate, nats"}


def test_bad_arguments_are_refused(models, images, explorer):
    x, y, shape = images
    some = {pair: model for pair, model in models.items() if pair != (4, 8)}
    point = VAE(VAEConfig(64, 1, (8,), posterior="point"))
    for arguments, sentence in [
        (("models", x, y, shape), "models: expected a dict (beta, latent_dim) -> VAE, got models"),
        (({}, x, y, shape), "models: expected a dict (beta, latent_dim) -> VAE, got {}"),
        (({4: models[4, 8]}, x, y, shape), "models: expected keys (beta, latent_dim), got [4]"),
        (
            (some, x, y, shape),
            "models: expected one for every pair of beta and latent_dim, got none for [(4, 8)]",
        ),
        (({(-1, 8): models[4, 8]}, x, y, shape), "models: expected betas of 0 or more, got -1"),
        (({(1, 8): "VAE"}, x, y, shape), "models[1, 8]: expected a VAE, got str"),
        (({(1, 3): models[4, 8]}, x, y, shape), "models[1, 3]: expected latent_dim 3, got 8"),
        (({(1, 1): point}, x, y, shape), "models[1, 1]: expected a Gaussian posterior, got point"),
        (
            ({(1, 70): VAE(VAEConfig(64, 70, (8,)))}, x, y, shape),
            "models: expected a latent_dim up to 64, got 70",
        ),
        (
            (models | {(4, 8): VAE(VAEConfig(60, 8, (8,)))}, x, y, shape),
            "models[4, 8]: expected data_dim 64 as the",
        ),
        ((models, x[:, :60], y, shape), "x: expected [..., 64]"),
        ((models, 3 * x, y, shape), "x: expected pixels from 0 to 1"),
        ((models, x, y[:5], shape), "labels: expected a tensor with one class for each of the 360 images"),
        ((models, x, y, (8, 9)), "image_shape: expected (height, width) with height * width = 64"),
    ]:
        with pytest.raises(ValueError, match=re.escape(sentence)):
            RateDistortionExplorer(*arguments)
    widget = explorer(latent_dim=3)
    for name, value, sentence in [
        ("beta", 0.3, "beta: expected one of [0.0, 0.5, 4.0], got 0.3"),
        ("beta", -1, "beta: expected a number from 0 to inf, got -1"),
        ("latent_dim", 5, "latent_dim: expected one of [1, 3, 8], got 5"),
        ("dimension", 3, "dimension: expected 0 to 2, got 3"),
        ("digit", 11, "digit: expected a whole number from 0 to 9, got 11"),
    ]:
        with pytest.raises(ValueError, match=re.escape(sentence)):
            setattr(widget, name, value)
    with pytest.raises(ValueError, match="dimension: expected 0 to 0, got 2"):
        explorer(latent_dim=1, dimension=2)
