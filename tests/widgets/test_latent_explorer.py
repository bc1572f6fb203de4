"""The latent explorer: the page's decoder is the model's, and every way to move the code moves it."""

import re

import numpy as np
import pytest
import torch

from hvae_lessons.data import load_digits, load_mnist
from hvae_lessons.models import MHVAE, VAE, MHVAEConfig, VAEConfig
from hvae_lessons.training import fit
from hvae_lessons.widgets import LatentExplorer
from hvae_lessons.widgets.kit.packed_nets import TOLERANCE, pack_decoder

DECODER = """
  const bytes = (text) => new DataView(Uint8Array.from(Buffer.from(text, "base64")).buffer);
  const packed = { ...input.state };
  for (const name of ["weights", "scales", "biases"]) packed[name] = bytes(packed[name].$bytes);
  const { decoder } = n.nets((name) => packed[name]);
  return input.codes.map((code) => Array.from(decoder(code)));
"""


def digits_model(seed=0, epochs=2, **config):
    generator = torch.Generator().manual_seed(seed)
    model = VAE(VAEConfig(data_dim=64, **config), generator=generator)
    fit(model, load_digits().train_x, epochs=epochs, learning_rate=5e-3, generator=generator, progress=False)
    return model


def explorer(model, **state):
    images = load_digits()
    return LatentExplorer(model, images.test_x, images.test_y, images.image_shape, **state)


@pytest.fixture(scope="module")
def wide():
    """Three coordinates: a plane and one more."""
    return digits_model(latent_dim=3, hidden=(32,), epochs=8)


@pytest.fixture(scope="module")
def chapter():
    """The chapter's decoder, 2-200-200-784, trained for a moment."""
    generator = torch.Generator().manual_seed(0)
    model = VAE(VAEConfig(), generator=generator)
    fit(model, load_mnist().train_x, epochs=3, learning_rate=2e-3, generator=generator, progress=False)
    return model


def decoded_by_the_page(run_js, widget, codes):
    return np.array(
        run_js(DECODER, {"n": "js/numerics/nets.js"}, state=widget.shared_state(), codes=codes.tolist())
    )


def somewhere(widget, count=200):
    size = widget.model.config.latent_dim
    shape = (count, size)
    return widget.reach * (2 * torch.rand(shape, generator=torch.Generator().manual_seed(9)) - 1)


def code_of(page):
    return [
        float(page.get_by_role("slider").nth(i).input_value())
        for i in range(page.get_by_role("slider").count())
    ]


def pixels(page, label):
    """Opacity of the ink of a canvas, from 0 to 1."""
    script = """(canvas) => {
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
      return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 3] / 255);
    }"""
    return np.array(page.get_by_role("img", name=re.compile(label)).evaluate(script))


@pytest.mark.parametrize(
    "config",
    [
        {"latent_dim": 2, "hidden": (64,)},
        {"latent_dim": 5, "hidden": (48, 32), "activation": "tanh"},
        {"latent_dim": 2, "hidden": (24,), "activation": "softplus", "likelihood": "gaussian"},
        {"latent_dim": 3, "hidden": ()},
    ],
    ids=["relu", "tanh", "softplus-gaussian", "linear"],
)
def test_page_decodes_as_torch_does(run_js, config):
    widget = explorer(digits_model(**config))
    codes = somewhere(widget)
    with torch.no_grad():
        exact = widget.model.decode(codes).mean.numpy()
    assert np.abs(decoded_by_the_page(run_js, widget, codes) - exact).max() < TOLERANCE


def test_the_chapters_decoder_takes_eight_bits_a_weight(run_js, chapter):
    images = load_mnist()
    widget = LatentExplorer(chapter, images.test_x, images.test_y, images.image_shape)
    assert widget.bits == 8
    assert len(widget.weights) == 2 * 200 + 200 * 200 + 200 * 784
    codes = somewhere(widget)
    with torch.no_grad():
        exact = chapter.decode(codes).mean.numpy()
    assert np.abs(decoded_by_the_page(run_js, widget, codes) - exact).max() < 0.02
    assert len(widget.static_html()) < 360_000


@pytest.mark.parametrize(("larger", "bits"), [(40, 10), (1000, 16)])
def test_where_eight_bits_would_show_more_are_taken(run_js, larger, bits):
    model = digits_model(latent_dim=2, hidden=(64, 64))
    with torch.no_grad():
        model.decoder[-1].weight.mul_(larger)
    widget = explorer(model)
    assert widget.bits == bits
    codes = somewhere(widget)
    with torch.no_grad():
        exact = model.decode(codes).mean.numpy()
    assert np.abs(decoded_by_the_page(run_js, widget, codes) - exact).max() < 0.02


def test_compensation_beats_plain_rounding():
    model = digits_model(latent_dim=2, hidden=(64, 64), epochs=10)
    codes = 1.5 * torch.randn(2000, 2, generator=torch.Generator().manual_seed(1))
    plain, compensated = digits_model(latent_dim=2, hidden=(64, 64), epochs=10), pack_decoder(model, codes)
    with torch.no_grad():
        for layer in plain.decoder[::2]:
            scale = layer.weight.abs().amax(1, keepdim=True) / 127
            layer.weight.copy_((layer.weight / scale).round() * scale)
        difference = (plain.decode(codes[1::2]).mean - model.decode(codes[1::2]).mean).abs().max().item()
    assert compensated.bits == 8
    assert compensated.difference < difference


def test_page_shows_the_image_at_the_code(open_widget, wide):
    widget = explorer(wide, code=[1.0, -0.5, 0.3])
    page = open_widget(widget)
    assert pixels(page, "Decoded image") == pytest.approx(widget.image.flatten().numpy(), abs=0.02)


def test_sliders_move_every_coordinate_by_keyboard(open_widget, settle, wide):
    widget = explorer(wide)
    page = open_widget(widget)
    for rank, dimension in enumerate(widget.order):
        before = pixels(page, "Decoded image")
        slider = page.get_by_role("slider").nth(rank)
        slider.focus()
        for _ in range(8):
            page.keyboard.press("ArrowRight")
        settle(page)
        code = list(widget.code)
        code[dimension] = float(slider.input_value())
        widget.code = code
        after = pixels(page, "Decoded image")
        assert after == pytest.approx(widget.image.flatten().numpy(), abs=0.02)
        assert np.abs(after - before).max() > 0.01
    assert max(widget.code) == pytest.approx(0.4, abs=0.06)


def test_arrow_keys_move_the_grip_in_the_plane(open_widget, settle):
    page = open_widget(LatentExplorer())
    grip = page.get_by_role("button", name="Code in the plane")
    grip.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowLeft", "Shift+ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    settle(page)
    note = page.locator(".hv-where").inner_text().replace("−", "-")
    x, y = (float(value) for value in re.search(r"\((.*), (.*)\)", note).groups())
    place = sorted([x, y])
    assert place == pytest.approx([-0.5, -0.4])
    assert sorted(code_of(page)) == pytest.approx([-0.5, -0.4], abs=0.03)


def test_the_plane_can_be_clicked_and_the_grip_dragged(open_widget, settle):
    page = open_widget(LatentExplorer())
    box = page.locator(".hv-plane svg").bounding_box()
    grip = page.get_by_role("button", name="Code in the plane")

    def center():
        place = grip.bounding_box()
        return place["x"] + place["width"] / 2, place["y"] + place["height"] / 2

    target = box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"]
    page.mouse.click(*target)
    settle(page)
    assert center() == pytest.approx(target, abs=1.5)
    page.mouse.move(*center())
    page.mouse.down()
    page.mouse.move(target[0] - 80, target[1] + 60, steps=5)
    page.mouse.up()
    page.mouse.move(target[0], target[1])
    settle(page)
    assert center() == pytest.approx((target[0] - 80, target[1] + 60), abs=1.5)
    page.mouse.move(*center())
    page.mouse.down()
    page.mouse.move(box["x"] + 3 * box["width"], box["y"] - 200, steps=5)
    page.mouse.up()
    settle(page)
    reach = LatentExplorer().reach
    assert code_of(page) == pytest.approx([reach, reach], abs=0.06)


def test_a_finger_on_the_plane_moves_the_code_and_can_still_scroll(browser, make_page, settle):
    context = browser.new_context(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(make_page(LatentExplorer()).as_uri())
    page.wait_for_selector(".is-live .hvae")
    settle(page)
    box = page.locator(".hv-plane svg").bounding_box()
    target = box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"]
    page.touchscreen.tap(*target)
    settle(page)
    place = page.get_by_role("button", name="Code in the plane").bounding_box()
    assert (place["x"] + 20, place["y"] + 20) == pytest.approx(target, abs=2)
    assert page.evaluate("getComputedStyle(document.querySelector('.hv-plane')).touchAction") == "auto"
    assert page.evaluate("getComputedStyle(document.querySelector('.hv-grip')).touchAction") == "none"
    context.close()


def test_a_test_digit_is_dropped_in(open_widget, settle, wide):
    widget = explorer(wide)
    page = open_widget(widget)
    assert not page.locator(".hv-given").is_visible()
    images = load_digits()
    chosen = images.test_x[(images.test_y == 6).nonzero()[0]]
    button = page.get_by_role("button", name="Encode this test digit 6")
    button.press("Enter")
    settle(page)
    with torch.no_grad():
        mean = wide.encode(chosen).mean
        widget.code = mean[0].clamp(-widget.reach, widget.reach)
    assert button.get_attribute("aria-pressed") == "true"
    assert pixels(page, "Test digit 6") == pytest.approx(chosen[0].numpy(), abs=0.01)
    assert pixels(page, "Decoded image") == pytest.approx(widget.image.flatten().numpy(), abs=0.02)
    page.get_by_role("slider").first.press("ArrowRight")
    settle(page)
    assert button.get_attribute("aria-pressed") == "false"
    assert not page.locator(".hv-given").is_visible()


def test_prior_and_origin(open_widget, settle, wide):
    page = open_widget(explorer(wide))
    page.get_by_role("button", name="Draw from the prior").press("Enter")
    settle(page)
    drawn = code_of(page)
    assert any(drawn)  # the slider shows steps of 0.05, so that one of three may well read 0
    page.get_by_role("button", name="Draw from the prior").press("Enter")
    settle(page)
    assert code_of(page) != drawn
    page.get_by_role("button", name="To the origin").press("Enter")
    settle(page)
    assert code_of(page) == [0, 0, 0]


def test_the_planes_axes_can_be_chosen_and_are_never_the_same(open_widget, settle, wide):
    widget = explorer(wide)
    page = open_widget(widget)
    across, up = page.get_by_label("Across"), page.get_by_label("Up", exact=True)
    first, second, third = (str(dimension) for dimension in widget.order)
    assert (across.input_value(), up.input_value()) == (first, second)
    plane = page.locator(".hv-plane svg")
    before = plane.get_attribute("aria-label")
    across.select_option(third)
    settle(page)
    assert (across.input_value(), up.input_value()) == (third, second)
    assert plane.get_attribute("aria-label") != before
    across.select_option(second)
    settle(page)
    assert (across.input_value(), up.input_value()) == (second, third)


def test_two_coordinates_need_no_choice_of_axes(open_widget):
    page = open_widget(LatentExplorer())
    assert page.get_by_role("combobox").count() == 0
    assert page.get_by_role("slider").count() == 2


def test_idle_coordinates_wait_in_a_fold(open_widget, settle, axe):
    model = digits_model(latent_dim=4, hidden=(16,), epochs=1)
    with torch.no_grad():
        model.encoder[-1].weight[:4] *= 5
        model.encoder[-1].weight[2] = 0
        model.encoder[-1].bias[2] = 0
    widget = explorer(model)
    assert widget.order[-1] == 2
    assert widget.active == 3
    page = open_widget(widget)
    slider = page.get_by_role("slider", name="Idle z₃")
    assert not slider.is_visible()
    page.get_by_text("Idle dimensions").press("Enter")
    slider.press("ArrowRight")
    settle(page)
    assert slider.get_attribute("aria-valuetext") == "0.05"
    assert axe(page) == []


def test_text_alternatives_follow_the_code(open_widget, settle):
    page = open_widget(LatentExplorer())
    images = page.get_by_role("img")
    before = [images.nth(i).get_attribute("aria-label") for i in range(2)]
    page.get_by_role("slider").first.press("PageUp")
    settle(page)
    after = [images.nth(i).get_attribute("aria-label") for i in range(2)]
    assert all(a != b for a, b in zip(before, after, strict=True))
    assert "nearest" in after[1]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800])
def test_axe_finds_nothing_and_nothing_is_cut_off(open_widget, axe, settle, wide, theme, width):
    page = open_widget(explorer(wide), theme=theme, width=width)
    assert axe(page) == []
    page.get_by_role("button", name="Encode this test digit 2").click()
    settle(page)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_bad_arguments_are_refused():
    images = load_digits()
    x, y, shape = images.test_x, images.test_y, images.image_shape
    model = digits_model(latent_dim=2, hidden=(8,), epochs=1)
    for arguments, sentence in [
        (("VAE", x, y, shape), "model: expected a VAE, got str"),
        ((MHVAE(MHVAEConfig(data_dim=64)), x, y, shape), "model: expected a VAE, got MHVAE"),
        ((VAE(VAEConfig(data_dim=64, latent_dim=1)), x, y, shape), "model: expected 2 to 32 latent"),
        ((model, x[:, :60], y, shape), "x: expected [..., 64]"),
        ((model, 3 * x, y, shape), "x: expected pixels from 0 to 1"),
        ((model, x, y[:5], shape), "labels: expected a tensor with one class for each of the 360 images"),
        ((model, x, y + 9, shape), "labels: expected classes from 0 to 9"),
        ((model, x, y, (8, 9)), "image_shape: expected (height, width) with height * width = 64"),
    ]:
        with pytest.raises(ValueError, match=re.escape(sentence)):
            LatentExplorer(*arguments)
    widget = LatentExplorer(model, x, y, shape)
    for code in ([0.0], [0.0, 99.0], [0.0, float("nan")], "ab", 3):
        with pytest.raises(ValueError, match="code: expected 2 numbers from"):
            widget.code = code
    assert widget.code == [0.0, 0.0]
    with pytest.raises(ValueError, match="across: expected a dimension, 0 to 1, got 5"):
        widget.across = 5
    widget.code = torch.tensor([0.5, 1.0])
    assert widget.code == [0.5, 1.0]
