"""The hierarchy explorer: the page's generator is the model's, and every control does what it says."""

import base64
import re

import numpy as np
import pytest
import torch
from torch import nn

from hvae_lessons.data import load_digits, load_mnist
from hvae_lessons.models import MHVAE, ConvTopDownConfig, MHVAEConfig, TopDown, TopDownConfig
from hvae_lessons.nets import BatchNorm
from hvae_lessons.training import fit
from hvae_lessons.widgets import HierarchyExplorer
from hvae_lessons.widgets.kit import packed_nets
from hvae_lessons.widgets.kit.packed_nets import TOLERANCE, pack

STATE = """
  const bytes = (text) => new DataView(Uint8Array.from(Buffer.from(text, "base64")).buffer);
  const get = (name) => (input.state[name].$bytes ? bytes(input.state[name].$bytes) : input.state[name]);
"""
WALK = (
    STATE
    + """
  const start = new Float32Array(get("start").buffer);
  const { walk } = h.hierarchy({ sizes: get("sizes"), start, nets: n.nets(get) });
  const plain = (arrays) => arrays.flatMap((array) => Array.from(array));
  return input.noise.map((noise) => {
    const { means, deviations, z, image } = walk(noise);
    return { means: plain(means), deviations: plain(deviations), z: plain(z), image: Array.from(image) };
  });
"""
)
NETS = STATE + "return input.inputs.map((one) => Array.from(n.nets(get).net(one)));"
MODULES = {"h": "js/numerics/hierarchy.js", "n": "js/numerics/nets.js"}


def digits_model(epochs=3, seed=0, **config):
    generator = torch.Generator().manual_seed(seed)
    settings = {"data_dim": 64, "latent_dims": (6, 4, 2), "width": 24, "batch_norm": True} | config
    model = TopDown(TopDownConfig(**settings), generator)
    fit(model, load_digits().train_x, epochs=epochs, learning_rate=5e-3, generator=generator, progress=False)
    return model


def explorer(model, **state):
    images = load_digits()
    return HierarchyExplorer(model, images.test_x, images.test_y, images.image_shape, **state)


@pytest.fixture(scope="module")
def deep():
    """Three levels that say something."""
    return digits_model(epochs=8)


def somewhere(model, count=40):
    generator = torch.Generator().manual_seed(7)
    return tuple(torch.randn(count, size, generator=generator) for size in model.config.latent_dims)


def walked_by_the_page(run_js, widget, noise):
    rows = [[part[i].tolist() for part in noise] for i in range(len(noise[0]))]
    found = run_js(WALK, MODULES, state=widget.shared_state(), noise=rows)
    return {name: torch.tensor([one[name] for one in found], dtype=torch.float32) for name in found[0]}


def walked_by_torch(model, noise):
    with torch.no_grad():
        z = model.generate(noise)
        p = model.prior(z)
        return {
            "means": torch.cat([of.mean for of in p], -1),
            "deviations": torch.cat([(0.5 * of.log_var).exp() for of in p], -1),
            "z": torch.cat(z, -1),
            "image": model.decode(z).mean,
        }


def ink(page, selector):
    script = """(canvas) => {
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
      return Array.from(data).filter((_, i) => i % 4 === 3);
    }"""
    return np.array(page.locator(selector).evaluate(script)) / 255


def decoded(page):
    return ink(page, ".hv-pair canvas >> nth=1")


def draw(page, i):
    return ink(page, f"[aria-label^='Draw {i}:'] canvas")


def pixels(widget):
    return widget.image.clamp(0, 1).flatten().numpy()


def bars(page):
    """Width of each level's bar in pixels, and whether it is solid, from z_1 up."""
    found = page.locator("rect.hv-level").evaluate_all(
        "bars => bars.map((bar) => [Number(bar.getAttribute('width')), bar.classList.contains('hv-fill-q')])"
    )
    return [width for width, _ in found], [solid for _, solid in found]


def costs(widget):
    kl = np.frombuffer(widget.example_kl, "<f4").reshape(-1, len(widget.sizes))
    return kl[list(widget.example_labels).index(widget.digit)]


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"batch_norm": False, "blocks": 2, "activation": "tanh", "reading": "ladder"},
        {"blocks": 0, "latent_dims": (5, 3), "reading": "merge"},
        {"likelihood": "gaussian", "activation": "softplus"},
        {"latent_dims": (4,)},
        {"latent_dims": (3, 3, 2, 2, 1)},
    ],
    ids=["three levels", "two blocks", "affine", "gaussian", "one level", "five levels"],
)
def test_page_walks_as_torch_does(run_js, monkeypatch, config):
    # With 16 bits what rounding leaves is far below what any mistake in a formula would do.
    monkeypatch.setattr(packed_nets, "BITS", (16,))
    widget = explorer(digits_model(epochs=1, **config))
    noise = somewhere(widget.model)
    found, exact = walked_by_the_page(run_js, widget, noise), walked_by_torch(widget.model, noise)
    for name, values in exact.items():
        assert torch.allclose(found[name], values, rtol=2e-3, atol=2e-3), name


def test_the_chapters_kind_of_model_takes_eight_bits_and_little_room(run_js):
    images, generator = load_mnist(), torch.Generator().manual_seed(0)
    model = TopDown(TopDownConfig(latent_dims=(16, 8, 4), width=64, batch_norm=True), generator)
    fit(model, images.train_x, epochs=2, learning_rate=4e-3, generator=generator, progress=False)
    widget = HierarchyExplorer(model, images.test_x, images.test_y, images.image_shape)
    assert widget.bits == 8
    assert widget.difference < TOLERANCE
    assert len(widget.static_html()) < 200_000
    noise = somewhere(model)
    found, exact = walked_by_the_page(run_js, widget, noise), walked_by_torch(model, noise)
    assert (found["image"] - exact["image"]).abs().max() < TOLERANCE


class Normalized(nn.Module):
    """Nothing but a net with normalizations in all places, and statistics as after training."""

    def __init__(self, generator):
        super().__init__()
        self.net = nn.Sequential(
            BatchNorm(5), nn.ReLU(), nn.Linear(5, 7), BatchNorm(7), nn.Tanh(), nn.Linear(7, 3), BatchNorm(3)
        )
        with torch.no_grad():
            for tensor in self.state_dict().values():
                if tensor.is_floating_point():
                    tensor.copy_(0.2 + torch.rand(tensor.shape, generator=generator))


def test_batch_normalization_becomes_affine(run_js):
    model = Normalized(torch.Generator().manual_seed(0)).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    inputs = torch.randn(400, 5, generator=torch.Generator().manual_seed(1))
    packed = pack(model, lambda model: {"net": model.net}, lambda model, x: model.net(x), inputs)
    assert packed.nets == {"net": [[5], "relu", [5, 7], "tanh", [7, 3]]}
    traits = packed_nets.WithPackedNets(**packed.state())
    state = {"nets": traits.nets, "bits": traits.bits}
    for name in ("weights", "scales", "biases"):
        state[name] = {"$bytes": base64.b64encode(getattr(traits, name)).decode()}
    found = torch.tensor(run_js(NETS, MODULES, state=state, inputs=inputs[:50].tolist()))
    with torch.no_grad():
        assert (found - model.net(inputs[:50])).abs().max() < TOLERANCE
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_net_of_other_layers_is_refused():
    model = nn.Sequential(nn.Linear(2, 2), nn.GELU())
    with pytest.raises(ValueError, match="model: expected linear layers, BatchNorm and relu.*, got GELU"):
        pack(model, lambda model: {"net": model}, lambda model, x: model(x), torch.zeros(4, 2))


def test_page_shows_digit_reconstruction_costs_and_draws(open_widget, deep):
    widget = explorer(deep, digit=4)
    page = open_widget(widget)
    images = load_digits()
    x = images.test_x[(images.test_y == 4).nonzero()[0]]
    assert ink(page, ".hv-pair canvas >> nth=0") == pytest.approx(x[0].numpy(), abs=0.01)
    assert decoded(page) == pytest.approx(pixels(widget), abs=TOLERANCE)
    widths, solid = bars(page)
    assert solid == [False, False, True]
    assert np.array(widths) / widths[2] == pytest.approx(costs(widget) / costs(widget)[2], abs=0.02)
    total, top = costs(widget).sum(), costs(widget)[2]
    assert page.get_by_text(f"{top:.1f} of {total:.1f} nats kept").is_visible()


def test_costs_and_noise_are_those_of_one_sampled_path(deep):
    widget = explorer(deep)
    images = load_digits()
    firsts = [int((images.test_y == digit).nonzero()[0]) for digit in range(10)]
    with torch.no_grad():
        trace = deep(images.test_x[firsts], generator=torch.Generator().manual_seed(0))
        kl = torch.stack([layer.kl for layer in trace.layers], -1)
        z = [layer.z for layer in trace.layers]
    assert np.frombuffer(widget.example_kl, "<f4").reshape(10, 3) == pytest.approx(kl.numpy(), abs=1e-5)
    for digit in (0, 7):
        widget.digit = digit
        for found, exact in zip(widget.z, z):
            assert torch.allclose(found, exact[digit], atol=1e-4)


@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_a_digit_is_picked(open_widget, settle, deep, way):
    widget = explorer(deep, digit=4, above=1)
    page = open_widget(widget)
    before = decoded(page), bars(page)[0], draw(page, 1)
    button = page.get_by_role("button", name="Take this test digit 7")
    if way == "mouse":
        button.click()
    else:
        button.press("Enter")
    settle(page)
    widget.digit = 7
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator(".hv-ten [aria-pressed=true]").count() == 1
    assert decoded(page) == pytest.approx(pixels(widget), abs=TOLERANCE)
    assert page.get_by_role("img", name="Test digit 7", exact=True).is_visible()
    assert np.abs(decoded(page) - before[0]).max() > 0.05
    assert np.abs(draw(page, 1) - before[2]).max() > 0.05
    assert bars(page)[0] != pytest.approx(before[1])
    assert page.get_by_text(f"of {costs(widget).sum():.1f} nats kept").is_visible()


def test_levels_are_kept_or_drawn_anew(open_widget, settle, deep):
    widget = explorer(deep, digit=3)
    page = open_widget(widget)
    slider = page.get_by_role("slider", name="Keep the levels above")
    slider.press("Home")
    for above in range(4):
        settle(page)
        assert bars(page)[1] == [level > above for level in (1, 2, 3)]
        rest = costs(widget)[above:].sum()
        assert page.get_by_text(f"{rest:.1f} of {costs(widget).sum():.1f} nats kept").is_visible()
        draws = np.array([draw(page, i) for i in range(1, 11)])
        apart = np.abs(draws - decoded(page)).max()
        assert (apart == 0) == (above == 0)
        assert decoded(page) == pytest.approx(pixels(widget), abs=TOLERANCE)
        assert page.get_by_role("button", name="Draw again").is_disabled() == (above == 0)
        text = slider.get_attribute("aria-valuetext")
        assert text == ["0: keep all", "1: keep z₃ and z₂", "2: keep z₃", "3: keep none"][above]
        slider.press("ArrowRight")


def test_a_draw_keeps_the_levels_above_and_can_be_looked_at(open_widget, settle, deep):
    page = open_widget(explorer(deep, digit=3, above=1))
    changes = page.locator(".hv-pair + .hv-note")
    slider = page.get_by_role("slider", name="Keep the levels above")
    for above, names in [(1, "z₁"), (2, "z₂ and z₁"), (3, "z₃, z₂ and z₁")]:
        element = page.get_by_role("button", name="Draw 2:")
        element.press("Enter")
        settle(page)
        assert element.get_attribute("aria-pressed") == "true"
        assert (decoded(page) == draw(page, 2)).all()
        assert changes.inner_text() == f"No longer as q drew it: the noise of {names}."
        page.get_by_role("button", name="Back to the digit’s code").press("Enter")
        settle(page)
        assert changes.inner_text().startswith("Every level is as q drew it")
        slider.press("ArrowRight")
        settle(page)
        assert bars(page)[1].count(True) == max(0, 2 - above)


@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_draws_are_made_again(open_widget, settle, deep, way):
    page = open_widget(explorer(deep, digit=3, above=3))
    first, own = draw(page, 1), decoded(page)
    button = page.get_by_role("button", name="Draw again")
    if way == "mouse":
        button.click()
    else:
        button.press("Space")
    settle(page)
    assert np.abs(draw(page, 1) - first).max() > 0.05
    assert (decoded(page) == own).all()


@pytest.mark.parametrize("level", [1, 2, 3])
def test_one_coordinate_slides_and_the_levels_below_keep_their_noise(open_widget, settle, deep, level):
    widget = explorer(deep, digit=8, above=0)
    page = open_widget(widget)
    page.get_by_label("Level", exact=True).select_option(str(level))
    settle(page)
    page.get_by_label("Coordinate", exact=True).select_option("1")
    settle(page)
    slider = page.get_by_role("slider", name="Noise")
    widget.level, widget.coordinate = level, 1
    for key in ("End", "ArrowLeft"):
        slider.press(key)
    settle(page)
    noise = [list(part) for part in widget.noise]
    noise[level - 1][1] = float(slider.input_value())
    assert noise[level - 1][1] == pytest.approx(widget.reach - 0.05)
    widget.noise = noise
    assert decoded(page) == pytest.approx(pixels(widget), abs=TOLERANCE)
    assert (draw(page, 5) == decoded(page)).all()
    sentence = page.get_by_text(f"Coordinate 2 of {['z₁', 'z₂', 'z₃'][level - 1]}").inner_text()
    shown = [float(number) for number in re.findall(r"-?\d+\.\d+", sentence.replace("−", "-"))]
    with torch.no_grad():
        p = widget.model.prior(tuple(part.unsqueeze(0) for part in widget.z))[level - 1]
    mean, deviation = float(p.mean[0, 1]), float((0.5 * p.log_var[0, 1]).exp())
    assert shown[2] == pytest.approx(noise[level - 1][1])
    assert shown[:2] + shown[3:] == pytest.approx([mean, deviation, float(widget.z[level - 1][1])], abs=0.1)
    assert page.locator(".hv-pair + .hv-note").inner_text().endswith(f"the noise of z{'₁₂₃'[level - 1]}.")
    for i, value in enumerate((-3, 0, 3)):
        noise[level - 1][1] = value
        widget.noise = noise
        found = ink(page, f".hv-strip canvas >> nth={3 * i}")
        assert found == pytest.approx(pixels(widget), abs=TOLERANCE)


def test_the_slider_follows_the_mouse(open_widget, settle, deep):
    page = open_widget(explorer(deep, digit=8))
    slider = page.get_by_role("slider", name="Noise")
    before = decoded(page)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    settle(page)
    right = decoded(page)
    page.mouse.click(box["x"] + 0.1 * box["width"], box["y"] + box["height"] / 2)
    settle(page)
    assert np.abs(right - before).max() > 0.02
    assert np.abs(decoded(page) - right).max() > 0.05


def test_busiest_coordinates_come_first(open_widget, settle, deep):
    widget = explorer(deep)
    page = open_widget(widget)
    use = np.split(np.frombuffer(widget.use, "<f4"), np.cumsum(widget.sizes)[:-1])
    for level in (1, 2, 3):
        page.get_by_label("Level", exact=True).select_option(str(level))
        settle(page)
        options = page.get_by_label("Coordinate", exact=True).locator("option")
        offered = [int(options.nth(i).get_attribute("value")) for i in range(options.count())]
        assert offered == sorted(range(widget.sizes[level - 1]), key=lambda k: -use[level - 1][k])
        widget.level = level
        assert (
            int(page.get_by_label("Coordinate", exact=True).input_value()) == widget.coordinate == offered[0]
        )


def test_python_sets_every_part_of_the_state(open_widget, deep):
    noise = [[0.5] * 6, [-1.0, 0.0, 1.0, 2.0], torch.tensor([1.5, -0.5])]
    widget = explorer(deep, digit=5, above=2, level=2, coordinate=3, noise=noise, draws=4)
    assert widget.noise[2] == [1.5, -0.5]
    page = open_widget(widget)
    assert page.get_by_label("Coordinate", exact=True).input_value() == "3"
    assert page.get_by_role("slider", name="Noise").input_value() == "2"
    assert decoded(page) == pytest.approx(pixels(widget), abs=TOLERANCE)
    assert page.get_by_text("But z₃ has been changed since q drew it.").is_visible()
    widget.digit = 2
    own = widget.noise
    assert own != noise
    widget.noise = noise
    widget.digit = 2
    assert widget.noise[0] == [0.5] * 6
    widget.digit = 5
    assert widget.noise != own


def test_text_alternatives_are_there_at_once_and_follow(open_widget, settle, deep):
    page = open_widget(explorer(deep, digit=1))
    said = [page.get_by_role("img").nth(i).get_attribute("aria-label") for i in range(3)]
    assert said[0] == "Test digit 1"
    assert "reconstruction" in said[1]
    assert re.search(r"z₃ \d+\.\d nats, kept; z₂ \d+\.\d nats, drawn anew", said[2])
    page.get_by_role("slider", name="Noise").press("End")
    page.get_by_role("slider", name="Keep the levels above").press("Home")
    settle(page)
    after = [page.get_by_role("img").nth(i).get_attribute("aria-label") for i in range(3)]
    assert after[0] == said[0]
    assert "No longer as q drew it: the noise of z₃" in after[1]
    assert "drawn anew" not in after[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800])
def test_axe_finds_nothing_and_nothing_is_cut_off(open_widget, axe, settle, deep, theme, width):
    page = open_widget(explorer(deep), theme=theme, width=width)
    assert axe(page) == []
    page.get_by_role("button", name="Draw 4:").click()
    settle(page)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_needs_no_argument_and_has_a_picture():
    widget = HierarchyExplorer(digit=6, above=1)
    assert widget.image.shape == (8, 8)
    titles = {panel.get_title() for panel in widget.picture().axes}
    assert titles == {"Test digit", "Decoded", "Draws that keep $z_3$, $z_2$", "KL of each level, nats"}
    assert "<img" in widget.static_html()


def test_training_that_goes_on_leaves_the_explorer_alone(deep):
    widget = explorer(deep)
    before = widget.image
    with torch.no_grad():
        deep.backbone.head[-1].bias.add_(1)
        after = widget.image
        deep.backbone.head[-1].bias.sub_(1)
    assert torch.equal(before, after)


def test_bad_arguments_are_refused(deep):
    images = load_digits()
    x, y, shape = images.test_x, images.test_y, images.image_shape
    pixels_in_rows = TopDown(ConvTopDownConfig(image_shape=(8, 8), levels=((4, 1), (2, 1))))
    constant = TopDown(TopDownConfig(data_dim=64, latent_dims=(2, 2), constant_variance=True))
    wide = TopDown(TopDownConfig(data_dim=64, latent_dims=(65, 2), width=8))
    many = TopDown(TopDownConfig(data_dim=64, latent_dims=(2,) * 7, width=8))
    for arguments, sentence in [
        (("TopDown", x, y, shape), "model: expected a TopDown, got str"),
        ((MHVAE(MHVAEConfig(data_dim=64)), x, y, shape), "model: expected a TopDown, got MHVAE"),
        ((pixels_in_rows, x, y, shape), "model: expected a TopDown of vectors, got ConvTopDownConfig"),
        ((constant, x, y, shape), "model: expected variances that depend on the levels above"),
        ((wide, x, y, shape), "model: expected at most 64 dimensions in a level, got 65"),
        ((many, x, y, shape), "model: expected at most 6 levels, got 7"),
        ((deep, x[:, :60], y, shape), "x: expected [..., 64]"),
        ((deep, 3 * x, y, shape), "x: expected pixels from 0 to 1"),
        ((deep, x, y[:5], shape), "labels: expected a tensor with one class for each of the 360 images"),
        ((deep, x, y + 9, shape), "labels: expected classes from 0 to 9"),
        ((deep, x, y, (8, 9)), "image_shape: expected (height, width) with height * width = 64"),
    ]:
        with pytest.raises(ValueError, match=re.escape(sentence)):
            HierarchyExplorer(*arguments)
    some = y < 5
    widget = HierarchyExplorer(deep, x[some], y[some], shape, level=3)
    for name, value, sentence in [
        ("digit", 7, "digit: expected one of [0, 1, 2, 3, 4], got 7"),
        ("digit", 12, "digit: expected a whole number from 0 to 9, got 12"),
        ("above", 4, "above: expected a level, at most 3, got 4"),
        ("level", 4, "level: expected a level, at most 3, got 4"),
        ("level", 0, "level: expected a whole number from 1 to 6, got 0"),
        ("coordinate", 2, "coordinate: expected 0 to 1 at level 3, got 2"),
        ("noise", [[0.0]], "noise: expected 3 levels, got"),
        ("noise", 3, "noise: expected 3 levels, got 3"),
        ("noise", [[0.0] * 6, [0.0] * 4, [0.0, float("nan")]], "noise: expected 2 finite numbers, got"),
    ]:
        with pytest.raises(ValueError, match=re.escape(sentence)):
            setattr(widget, name, value)
    with pytest.raises(ValueError, match=re.escape("digit: expected one of [0, 1, 2, 3, 4], got 9")):
        HierarchyExplorer(deep, x[some], y[some], shape, digit=9)
    with pytest.raises(ValueError, match="level: expected"):
        explorer(deep, level=9)
