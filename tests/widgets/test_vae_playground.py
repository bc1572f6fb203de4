"""The playground: loss, gradient and Adam are PyTorch's, it learns as well, every control does its work."""

import base64
import re

import numpy as np
import pytest
import torch

from hvae_lessons.data import ImageData, binarize, load_digits, load_mnist
from hvae_lessons.formulas.reparameterizations import gaussian_sample
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import beta_elbo, elbo, free_bits
from hvae_lessons.trace import Gaussian, Layer, Trace
from hvae_lessons.training import fit
from hvae_lessons.training.schedules import linear_warm_up
from hvae_lessons.widgets import VAEPlayground
from hvae_lessons.widgets.vae_playground.image_pack import pack_images, packed, page_images

PARTS = {
    "v": "js/numerics/vae.js",
    "t": "js/numerics/training.js",
    "i": "js/numerics/image_pack.js",
    "r": "js/numerics/random.js",
    "c": "js/numerics/playground_constants.js",
}
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'wasm-unsafe-eval'; "
    "img-src 'self' data:; worker-src blob:"
)
CLOSE = 1e-5
# One pass of the whole path: loss, its parts and gradient, then steps of Adam, each with noise of its own.
STEPS = """
  const { config, beta, nats, rate, rows } = input;
  const flat = Float32Array.from(input.weights);
  const [x, noise] = [input.x, input.noise[0]].map((values) => v.matrix(Float32Array.from(values), rows));
  const given = [v.unflatten(config, flat), x, noise, v.scalar(beta), v.scalar(nats)];
  const [[loss, [logPx, kl]], gradient] = v.lossAndGradient(...given);
  const model = v.trainer(config, flat);
  const after = input.noise.map((values) => {
    model.step({ x: Float32Array.from(input.x), noise: Float32Array.from(values), rows, beta, nats, rate });
    return Array.from(model.weights());
  });
  return {
    loss: loss.js(), logPx: logPx.js(), kl: kl.js(), gradient: Array.from(v.flatten(gradient)), after,
    count: c.countOf(config), initial: v.initial(config, r.random(1)).length,
  };
"""
LEARN = """
  const images = i.unpackImages(new Uint8Array(Buffer.from(input.images, "base64")));
  const settings = { beta: input.beta, warmUp: 0, nats: 0, rate: input.rate };
  const { latent, hidden, seed } = input;
  const model = t.training({ images, latent, hidden, seed }, () => settings);
  while (model.steps() < input.epochs * model.stepsPerEpoch) model.step();
  const { score, kl, epoch, history, shown } = model.snapshot();
  return { score, kl: Array.from(kl), epoch, history, shown, weights: Array.from(model.weights()) };
"""


def flat_gradient(model):
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


def flat_weights(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def trace_with(model, x, noise):
    """What model(x) returns when its noise is this: [B, Z] or [K, B, Z]."""
    q_z = model.encode(x)
    z = gaussian_sample(q_z.mean, q_z.log_var, noise)
    return Trace(model.decode(z).log_prob(x), (Layer(z, q_z, Gaussian.standard_like(q_z)),))


@pytest.mark.parametrize(
    ("pixels", "latent", "hidden", "rows"), [(64, 2, 64, 32), (64, 16, 40, 128), (784, 1, 24, 16)]
)
@pytest.mark.parametrize(("beta", "nats"), [(1.0, 0.0), (0.0, 0.0), (16.0, 0.0), (0.37, 0.25), (4.0, 0.02)])
def test_loss_gradient_and_adam_are_those_of_the_package(run_js, pixels, latent, hidden, rows, beta, nats):
    generator = torch.Generator().manual_seed(latent)
    model = VAE(VAEConfig(pixels, latent, (hidden,)), generator)
    x = torch.rand(rows, pixels, generator=generator).round()
    noise = torch.randn(3, rows, latent, generator=generator)
    got = run_js(
        STEPS,
        PARTS,
        config={"pixels": pixels, "latent": latent, "hidden": hidden},
        weights=flat_weights(model).tolist(),
        x=x.flatten().tolist(),
        noise=noise.flatten(1).tolist(),
        rows=rows,
        beta=beta,
        nats=nats,
        rate=0.003,
    )
    assert got["count"] == got["initial"] == len(flat_weights(model))
    # In double precision torch is the reference, and what differs is the page's rounding.
    model, x, noise = model.double(), x.double(), noise.double()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for step in range(3):
        trace = trace_with(model, x, noise[step])
        objective = free_bits(trace, nats, per="dimension", clamp="batch", beta=beta)
        loss = -objective.mean()
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            assert got["loss"] == pytest.approx(loss.item(), rel=CLOSE)
            assert got["logPx"] == pytest.approx(trace.log_px_given_z.mean().item(), rel=CLOSE)
            kl = trace.layers[0].kl_per_dimension.mean(0)
            assert got["kl"] == pytest.approx(kl.tolist(), rel=CLOSE, abs=CLOSE * kl.max().item())
            gradient, wanted = torch.tensor(got["gradient"], dtype=torch.float64), flat_gradient(model)
            assert (gradient - wanted).norm() <= CLOSE * wanted.norm()
            if nats == 0:
                assert loss.item() == pytest.approx(-beta_elbo(trace, beta).mean().item(), rel=1e-12)
        optimizer.step()
        after, wanted = torch.tensor(got["after"][step], dtype=torch.float64), flat_weights(model)
        assert (after - wanted).norm() <= CLOSE * wanted.norm()


@pytest.mark.parametrize("beta", [0.5, 4.0])
@pytest.mark.parametrize("warm_up", [0, 3])
def test_warm_up_is_the_packages_schedule(run_js, beta, warm_up):
    body = "return input.steps.map((step) => t.betaAt({ beta: input.beta, warmUp: input.warmUp }, step, 11));"
    steps = [0, 1, 10, 32, 33, 34, 500]
    got = run_js(body, PARTS, beta=beta, warmUp=warm_up, steps=steps)
    schedule = linear_warm_up(warm_up * 11) if warm_up else lambda _: 1.0
    assert got == pytest.approx([beta * schedule(step) for step in steps], rel=1e-12)


def test_training_reads_the_settings_before_every_step(run_js):
    body = """
      const images = i.unpackImages(new Uint8Array(Buffer.from(input.images, "base64")));
      const begin = () => t.training({ images, latent: 2, hidden: 8, seed: 3 }, () => settings);
      const settings = { beta: 1, warmUp: 0, nats: 0, rate: 0.01 };
      const run = (changes) => {
        Object.assign(settings, { beta: 1, warmUp: 0, nats: 0, rate: 0.01 });
        const model = begin();
        model.step();
        Object.assign(settings, changes);
        model.step();
        model.step();
        return Array.from(model.weights());
      };
      return [{}, {}, { beta: 5 }, { nats: 0.5 }, { rate: 0.001 }, { warmUp: 10 }].map(run);
    """
    images = base64.b64encode(packed("digits")).decode()
    plain, again, *changed = (np.array(weights) for weights in run_js(body, PARTS, images=images))
    assert (plain == again).all()
    assert all(np.abs(weights - plain).max() > 1e-5 for weights in changed)


@pytest.mark.parametrize("seed", [0])
def test_learns_as_well_as_torch(run_js, seed):
    """A short version of benchmarks/playground_convergence.py."""
    images = page_images("digits")
    given = {"latent": 4, "hidden": 64, "beta": 1.0, "rate": 0.005, "seed": seed, "epochs": 60}
    got = run_js(LEARN, PARTS, images=base64.b64encode(packed("digits")).decode(), **given)
    playground = VAEPlayground(latent=4, weights=np.array(got["weights"]))
    page_model = playground.to_torch()
    generator = torch.Generator().manual_seed(seed)
    model = VAE(page_model.config, generator)
    train(model, images.train_x, given, generator)
    noise = torch.randn(20, 360, 4, generator=generator)
    page, torch_ = (-elbo(trace_with(one, images.test_x, noise)).mean().item() for one in (page_model, model))
    assert page == pytest.approx(torch_, rel=0.02)
    # What the page says of its model is what the package says of it, up to the noise of one sample.
    shown = got["score"]["rate"] - got["score"]["logPx"]
    assert shown == pytest.approx(page, rel=0.02)
    kl = page_model(images.test_x, generator=generator).layers[0].kl_per_dimension.mean(0)
    assert got["kl"] == pytest.approx(kl.tolist(), rel=1e-4)
    assert got["epoch"] == len(got["history"]) == 60


def train(model, x, given, generator):
    """training.fit without its last incomplete batch, as in the page."""
    whole = len(x) // 128 * 128

    def prepare(x, generator):
        return binarize(x[torch.randperm(len(x), generator=generator)[:whole]], generator)

    settings = {
        "epochs": given["epochs"],
        "batch_size": 128,
        "learning_rate": given["rate"],
        "progress": False,
    }
    fit(model, x, prepare=prepare, objective=elbo, generator=generator, **settings)


def test_shown_coordinates_are_the_first_two_active_ones(run_js):
    body = "return input.kls.map((kl) => t.shownOf(kl));"
    kls = [[1, 1], [0, 1, 0, 2, 3], [0, 0, 0], [0, 0, 5], [0.3]]
    assert run_js(body, PARTS, kls=kls) == [[0, 1], [1, 3], [0, 1], [0, 2], [0]]


def test_grid_of_codes_has_its_corners_where_they_belong(run_js):
    body = "return [Array.from(t.gridCodes(3, [0, 2])), Array.from(t.gridCodes(1, [0]))];"
    plane, line = run_js(body, PARTS)
    codes = np.array(plane).reshape(11, 11, 3)
    assert codes[0, 0].tolist() == [-2.5, 0, 2.5]
    assert codes[-1, -1].tolist() == [2.5, 0, -2.5]
    assert np.diff(line) == pytest.approx(5 / 120, abs=1e-6)


def test_random_numbers_are_normal_uniform_and_a_permutation(run_js):
    body = """
      const [a, b] = [r.random(5), r.random(5)];
      const whole = Array.from(a.normals(20000));
      const parts = [...b.normals(8), ...b.normals(92)];
      const u = r.random(6);
      const uniform = Array.from({ length: 20000 }, u.uniform);
      return { whole, parts, uniform, order: Array.from(u.order(50)) };
    """
    got = run_js(body, PARTS)
    whole, uniform = np.array(got["whole"]), np.array(got["uniform"])
    assert got["parts"] == got["whole"][:100]
    assert abs(whole.mean()) < 4 / np.sqrt(20_000)
    assert abs(whole.var() - 1) < 4 * np.sqrt(2 / 20_000)
    assert abs((whole**4).mean() - 3) < 4 * np.sqrt(96 / 20_000)
    assert abs(uniform.mean() - 0.5) < 4 / np.sqrt(12 * 20_000)
    assert abs(uniform.var() - 1 / 12) < 4 / np.sqrt(180 * 20_000)
    assert sorted(got["order"]) == list(range(50)) != got["order"]


@pytest.mark.parametrize("name", ["digits", "mnist"])
def test_images_arrive_as_they_were_packed(run_js, name):
    body = """
      const got = i.unpackImages(new Uint8Array(Buffer.from(input.images, "base64")));
      const last = (values) => Array.from(values.subarray(-5 * got.pixels));
      const [train, test] = [last(got.train), last(got.test)];
      const sum = got.train.reduce((a, b) => a + b, 0);
      return { ...got, train, test, sum, labels: Array.from(got.labels) };
    """
    got = run_js(body, PARTS, images=base64.b64encode(packed(name)).decode())
    images = page_images(name)
    assert (got["trainCount"], got["testCount"]) == (len(images.train_x), len(images.test_x))
    assert got["train"] == pytest.approx(images.train_x[-5:].flatten().tolist(), abs=1e-6)
    assert got["test"] == images.test_x[-5:].flatten().tolist()
    assert got["labels"] == images.test_y.tolist()
    assert got["sum"] == pytest.approx(images.train_x.double().sum().item(), rel=1e-5)


def test_every_kernel_is_instantiated_once(run_js):
    body = """
      const images = i.unpackImages(new Uint8Array(Buffer.from(input.images, "base64")));
      const settings = { beta: 1, warmUp: 0, nats: 0, rate: 0.01 };
      const model = t.training({ images, latent: 2, hidden: 8, seed: 3 }, () => settings);
      let calls = 0;
      const known = new Set();
      WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
        construct(Instance, given) {
          calls += 1;
          const one = new Instance(...given);
          known.add(one);
          return one;
        },
      });
      return [1, 2, 3].map(() => {
        model.step();
        model.snapshot();
        return [calls, known.size];
      });
    """
    first, _, last = run_js(body, PARTS, images=base64.b64encode(packed("digits")).decode())
    assert last[0] > 2 * first[0]
    assert last[1] == first[1]


def test_page_trains_on_real_digits():
    digits, mnist = page_images("digits"), page_images("mnist")
    assert torch.equal(digits.train_x, load_digits().train_x)
    rows = {tuple((row * 15).round().int().tolist()) for row in load_mnist().train_x}
    assert all(tuple((row * 15).round().int().tolist()) in rows for row in mnist.train_x[:50])
    assert (mnist.test_y.bincount() > 20).all()


def test_pixels_that_do_not_fit_are_refused():
    x, y = torch.full((2, 4), 0.3), torch.zeros(2, dtype=torch.int64)
    with pytest.raises(ValueError, match="images: expected training pixels in steps of 1 / 16"):
        pack_images(ImageData("gray", x, y, x.round(), y, (2, 2)), 16)
    with pytest.raises(ValueError, match="images: expected binary test pixels"):
        pack_images(ImageData("gray", x.round(), y, x, y, (2, 2)), 16)


@pytest.mark.parametrize(("pixels", "latent", "hidden"), [(64, 2, 64), (64, 5, 17), (784, 16, 256)])
def test_torch_model_goes_in_and_comes_out(pixels, latent, hidden):
    model = VAE(VAEConfig(pixels, latent, (hidden,)), torch.Generator().manual_seed(1))
    playground = VAEPlayground(model, beta=3)
    back = playground.to_torch()
    assert back.config == model.config
    for name, value in model.state_dict().items():
        assert torch.equal(value, back.state_dict()[name])
    other = VAE(VAEConfig(64, 3, (9,)), torch.Generator().manual_seed(2))
    playground.load(other)
    assert (playground.data, playground.latent, playground.hidden) == ("digits", 3, 9)
    assert torch.equal(flat_weights(playground.to_torch()), flat_weights(other))
    assert playground.beta == 3


def test_shown_model_is_the_one_sent_in(open_widget):
    generator = torch.Generator().manual_seed(4)
    model = VAE(VAEConfig(64, 3, (32,)), generator)
    with torch.no_grad():
        model.encoder[-1].bias += 1.5
    playground = VAEPlayground(model)
    page = open_widget(playground)
    ready(page)
    images = playground.images()
    kl = model(images.test_x, generator=generator).layers[0].kl_per_dimension.mean(0)
    text = drawing(page, 1)
    assert [float(value) for value in re.findall(r"z. (\d+\.\d+)", text)] == pytest.approx(
        kl.tolist(), abs=6e-3
    )


def test_without_weights_there_is_no_model_to_return():
    with pytest.raises(ValueError, match="weights: expected 8772 numbers from the page, got 0"):
        VAEPlayground().to_torch()
    with pytest.raises(ValueError, match="weights: expected"):
        VAEPlayground(VAE(VAEConfig(64, 2, (64,))), latent=3).to_torch()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"beta": 17}, "beta: expected a number from 0 to 16, got 17"),
        ({"latent": 0}, "latent: expected a whole number from 1 to 16, got 0"),
        ({"hidden": 1000}, "hidden: expected a whole number from 8 to 256, got 1000"),
        ({"data": "faces"}, "data: expected one of 'digits', 'mnist', got 'faces'"),
        ({"learning_rate": 0}, "learning_rate: expected a number"),
        ({"free_bits": -1}, "free_bits: expected a number from 0 to 2, got -1"),
        ({"model": "vae"}, "model: expected a VAE, got str"),
        ({"model": VAE(VAEConfig(100, 2, (64,)))}, "model: expected data_dim 64 or 784, got 100"),
        ({"model": VAE(VAEConfig(64, 2, (64, 64)))}, "model: expected one hidden layer of 8 to 256"),
        ({"model": VAE(VAEConfig(64, 2, (64,), "gaussian"))}, "model: expected Bernoulli"),
        ({"model": VAE(VAEConfig(64, 17, (64,)))}, "model: expected a latent_dim up to 16, got 17"),
    ],
)
def test_bad_arguments_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        VAEPlayground(**arguments)


# In the page

SHOWN_STEP = (
    "Number(document.querySelector('.hv-counter').textContent.match(/step ([\\d,]+)/)[1].replace(',', ''))"
)


def counter(page):
    """Epoch and step that the page shows."""
    text = page.locator(".hv-counter").inner_text()
    found = re.match(r"epoch ([\d,]+), step ([\d,]+)", text)
    return [int(number.replace(",", "")) for number in found.groups()] if found else None


def drawing(page, i):
    return page.locator("svg[role=img]").nth(i).get_attribute("aria-label")


def pictures(page):
    """What the four canvases show."""
    return page.locator("canvas").evaluate_all("(all) => all.map((one) => one.toDataURL())")


def ready(page):
    page.wait_for_function("/epoch/.test(document.querySelector('.hv-counter')?.textContent)", timeout=60_000)


def wait_steps(page, least):
    page.wait_for_function(f"(least) => {SHOWN_STEP} >= least", arg=least, timeout=60_000)


def wait_rest(page):
    """The last picture of a training that was paused: it alone no longer says how fast it goes."""
    page.wait_for_function("/step [\\d,]+$/.test(document.querySelector('.hv-counter').textContent)")


def watch_falls(page):
    """Count how often the shown step falls, which is when a training begins anew."""
    page.evaluate(
        f"""() => {{
          let last = {SHOWN_STEP};
          window.falls = 0;
          new MutationObserver(() => {{
            const now = {SHOWN_STEP};
            if (now < last) window.falls += 1;
            last = now;
          }}).observe(document.querySelector(".hv-counter"), {{ childList: true, characterData: true }});
        }}"""
    )


def press(page, name):
    page.get_by_role("button", name=name).press("Enter")


def test_start_pause_step_and_reset_by_keyboard(open_widget):
    page = open_widget(VAEPlayground())
    ready(page)
    assert counter(page) == [0, 0]
    first = pictures(page)
    press(page, "Step")
    wait_steps(page, 1)
    assert counter(page) == [0, 1]
    press(page, "Start")
    wait_steps(page, 60)
    page.get_by_role("button", name="Pause").press("Enter")
    page.get_by_text("Paused").wait_for()
    wait_rest(page)
    stopped = counter(page)
    page.wait_for_timeout(300)
    assert counter(page) == stopped
    assert stopped[0] == stopped[1] // 11 > 4
    assert all(old != new for old, new in zip(first, pictures(page), strict=True))
    press(page, "Reset")
    page.wait_for_function("/step 0$/.test(document.querySelector('.hv-counter').textContent)")
    assert pictures(page) == first
    assert page.get_by_role("button", name="Start").is_visible()


def test_learning_shows_in_the_numbers(open_widget):
    page = open_widget(VAEPlayground(running=True))
    ready(page)
    wait_steps(page, 330)
    page.get_by_role("button", name="Pause").click()
    wait_rest(page)
    total, distortion, rate, _ = (float(text) for text in page.locator(".hv-term b").all_inner_texts())
    assert total == pytest.approx(distortion + rate, abs=0.011)
    assert total < 30 < 64 * np.log(2)
    assert page.locator("svg .hv-name").get_by_text("of 2 active").is_visible()
    assert "reconstruction" in drawing(page, 0)


@pytest.mark.parametrize(
    ("label", "keys", "what"),
    [
        ("Latent size", ["ArrowRight"], "begins"),
        ("Hidden width", ["ArrowLeft"], "begins"),
        ("Learning rate", ["End"], "goes on"),
        ("Weight of the KL", ["End"], "goes on"),
        ("KL warm-up", ["End"], "goes on"),
        ("Free bits", ["End"], "goes on"),
    ],
)
def test_sliders_work_by_keyboard_while_it_trains(open_widget, label, keys, what):
    page = open_widget(VAEPlayground(running=True))
    ready(page)
    wait_steps(page, 120)
    watch_falls(page)
    slider = page.get_by_role("slider", name=label)
    before = slider.get_attribute("aria-valuetext")
    slider.focus()
    for key in keys:
        page.keyboard.press(key)
    if what == "begins":
        page.wait_for_function("window.falls === 1")
        wait_steps(page, 20)
    else:
        wait_steps(page, counter(page)[1] + 30)
        assert page.evaluate("window.falls") == 0
    assert slider.get_attribute("aria-valuetext") != before


def test_beta_takes_effect_at_once_while_it_trains(open_widget):
    page = open_widget(VAEPlayground(latent=4, running=True, learning_rate=0.01))
    ready(page)
    wait_steps(page, 400)
    beta = page.locator(".hv-term b").last
    assert beta.inner_text() == "1"
    page.get_by_role("slider", name="Weight of the KL").press("End")
    page.wait_for_function("document.querySelector('.hv-term:last-child b').textContent === '16'")
    # All in one look: a coordinate at the threshold may be active again in the next picture.
    page.wait_for_function(
        """/: 0 of 4 active/.test(document.querySelectorAll("svg .hv-name")[2].textContent)
        && document.querySelectorAll(".hv-collapsed").length === 4
        && !document.querySelector("svg rect.hv-fill-q")""",
        timeout=60_000,
    )


def wait_stays(page, pattern):
    """Wait until the picture of the way says this, and return what it says."""
    matches = "(text) => new RegExp(text).test(document.querySelectorAll('svg[role=img]')[2].ariaLabel)"
    page.wait_for_function(matches, arg=pattern, timeout=60_000)
    return drawing(page, 2)


STAY = r"with β = (\S+) to rate (\S+), distortion (\d+\.\d)"


@pytest.mark.parametrize("width", [360, 800])
def test_a_change_of_beta_leaves_a_mark_on_the_way(open_widget, width):
    page = open_widget(VAEPlayground(latent=4, running=True, learning_rate=0.01), width=width)
    ready(page)
    wait_steps(page, 400)
    page.get_by_role("slider", name="Weight of the KL").press("End")
    wait_stays(page, r"β = 1 .*; with β = 16 to rate 0\.0,")
    wait_steps(page, counter(page)[1] + 150)
    page.get_by_role("slider", name="Weight of the KL").press("Home")
    wait_stays(page, r"β = 16 to .*; with β = 0 to rate [1-9]")
    page.get_by_role("button", name="Pause").click()
    wait_rest(page)
    stays = [[float(number) for number in stay] for stay in re.findall(STAY, drawing(page, 2))]
    assert [beta for beta, _, _ in stays][-3:] == [1, 16, 0]
    (_, rate_1, distortion_1), (_, rate_16, distortion_16), (_, rate_0, distortion_0) = stays[-3:]
    assert rate_16 < rate_1 < rate_0
    assert distortion_1 < distortion_16
    said = re.search(r"reconstruction (\d+\.\d) and KL (\d+\.\d)", drawing(page, 0))
    assert [distortion_0, rate_0] == [float(number) for number in said.groups()]
    # Each mark has its name, and no name is cut off.
    plane = page.locator("svg[role=img]").nth(2)
    names = plane.get_by_text(re.compile("^β = "))
    assert names.count() == plane.locator("circle").count() == len(stays)
    box = plane.bounding_box()
    for name in (names.nth(i).bounding_box() for i in range(len(stays))):
        assert box["x"] <= name["x"]
        assert name["x"] + name["width"] <= box["x"] + box["width"]


def test_the_way_begins_anew_with_the_training(open_widget):
    page = open_widget(VAEPlayground(running=True))
    ready(page)
    wait_stays(page, r"with β = 1 to rate \d")
    press(page, "Reset")
    wait_stays(page, "no epoch yet")
    assert page.locator("svg[role=img]").nth(2).locator("circle").count() == 0


def test_every_epoch_is_told_with_its_beta(run_js):
    body = """
      const images = i.unpackImages(new Uint8Array(Buffer.from(input.images, "base64")));
      const settings = { beta: 1, warmUp: 50, nats: 0, rate: 0.01 };
      const model = t.training({ images, latent: 2, hidden: 8, seed: 3 }, () => settings);
      for (const beta of [1, 0.3, 16]) {
        settings.beta = beta;
        for (let k = 0; k < model.stepsPerEpoch; k += 1) model.step();
      }
      return model.snapshot().history;
    """
    history = run_js(body, PARTS, images=base64.b64encode(packed("digits")).decode())
    assert [row[2] for row in history] == [1, 0.3, 16]


def test_free_bits_and_warm_up_are_named(open_widget, settle):
    page = open_widget(VAEPlayground(free_bits=0.5, warm_up=10))
    ready(page)
    assert page.get_by_text("averaged over the batch, is below λ is charged λ").is_visible()
    assert page.locator("svg").get_by_text("free up to λ").is_visible()
    for _ in range(2):
        press(page, "Step")
    wait_steps(page, 2)
    assert float(page.locator(".hv-term b").last.inner_text()) == pytest.approx(2 / 110, rel=0.01)


def test_seed_begins_another_training(open_widget):
    page = open_widget(VAEPlayground())
    ready(page)
    before = pictures(page)
    seed = page.get_by_label("Seed")
    seed.fill("7")
    seed.press("Enter")
    page.wait_for_function("(old) => document.querySelector('canvas').toDataURL() !== old", arg=before[0])


def test_large_digits_are_fetched_when_they_are_asked_for(open_widget):
    asked = []
    page = open_widget(VAEPlayground(hidden=16))
    page.on("request", lambda request: asked.append(request.url))
    ready(page)
    assert not any("mnist" in url for url in asked)
    page.get_by_role("combobox", name="Images").select_option("28×28 MNIST")
    page.get_by_text("Codes of 400 test images").wait_for(timeout=60_000)
    assert [url.rsplit("/", 1)[-1] for url in asked if "blob:" not in url] == ["mnist.data.js"]
    press(page, "Step")
    wait_steps(page, 1)
    page.get_by_role("combobox", name="Images").select_option("8×8 digits")
    page.get_by_text("Codes of 360 test images").wait_for(timeout=60_000)


def test_broken_weights_stop_the_training_with_a_sentence(open_widget):
    model = VAE(VAEConfig(64, 2, (16,)))
    with torch.no_grad():
        model.encoder[-1].bias[2:] = 500.0
    page = open_widget(VAEPlayground(model, running=True))
    page.get_by_text("the loss is not finite").wait_for(timeout=60_000)
    assert page.get_by_role("button", name="Start").is_visible()
    press(page, "Reset")
    page.get_by_text("new weights").wait_for()
    press(page, "Step")
    wait_steps(page, 1)


def test_trains_under_a_strict_policy(browser, make_page):
    folder = make_page(VAEPlayground(running=True)).parent
    page = browser.new_page()
    complaints = []
    page.on("console", lambda m: m.type == "error" and complaints.append(m.text))

    def serve(route):
        path = folder / route.request.url.split("/", 3)[-1]
        kind = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}[path.suffix]
        headers = {"Content-Security-Policy": POLICY, "Content-Type": kind}
        route.fulfill(body=path.read_bytes(), headers=headers)

    page.route("http://book.test/**", serve)
    page.goto("http://book.test/page.html")
    # By its text: to wait for a condition in words of JavaScript would be forbidden here.
    page.get_by_text(re.compile(r"epoch [1-9]")).wait_for(timeout=60_000)
    page.close()
    assert complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800])
def test_axe_finds_nothing_and_nothing_is_cut_off(open_widget, axe, theme, width):
    page = open_widget(VAEPlayground(latent=16, free_bits=0.5), theme=theme, width=width)
    ready(page)
    press(page, "Step")
    wait_steps(page, 1)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_pictures_have_words_before_the_first_training_step(browser, make_page, axe):
    page = browser.new_page()
    # A worker that never answers: the slowest machine there can be.
    page.add_init_script("window.Worker = class extends EventTarget { postMessage() {} terminate() {} }")
    page.goto(make_page(VAEPlayground()).as_uri())
    page.wait_for_selector(".hvae-widget.is-live .hvae")
    assert page.locator("[role=img]").count() == 7
    assert axe(page) == []
    page.close()


def test_pictures_follow_the_theme(open_widget):
    page = open_widget(VAEPlayground())
    ready(page)
    before = pictures(page)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function("(old) => document.querySelector('canvas').toDataURL() !== old", arg=before[0])
