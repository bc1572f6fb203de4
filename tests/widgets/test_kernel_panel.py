"""The kernel panel: its fields are what is trained, Stop stops, mistakes are sentences, pages show runs."""

import asyncio
import base64
import io
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from PIL import Image

from hvae_lessons.data import binarize, binarize_static, load_digits
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.objectives import beta_elbo, elbo
from hvae_lessons.training import fit
from hvae_lessons.widgets import KernelPanel
from hvae_lessons.widgets.kernel_panel.training_runs import Setting, make_vae, train

LONG = 3000  # epochs: nobody waits for their end


def words(panel):
    return BeautifulSoup(panel._line.value, "html.parser").get_text()


def rows(markup):
    body = BeautifulSoup(markup, "html.parser").select("tbody tr")
    return [[cell.get_text() for cell in row.select("th, td")] for row in body]


def shown_png(markup):
    return base64.b64decode(BeautifulSoup(markup, "html.parser").img["src"].split(",")[1])


def in_a_loop(press):
    """Run a coroutine in a loop of its own; the browser of other tests keeps one in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, press()).result()


async def until(condition, seconds=60):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def small(images, latent_dim, generator):
    return VAE(VAEConfig(data_dim=64, latent_dim=latent_dim, hidden=(16,)), generator=generator)


def test_a_run_is_what_the_package_trains():
    setting = Setting(beta=0.5, latent_dim=3, epochs=2, seed=5)
    run = train(setting, make_vae)
    generator = torch.Generator().manual_seed(5)
    images = load_digits()
    model = make_vae(images, 3, generator)
    history = fit(
        model,
        images.train_x,
        epochs=2,
        batch_size=50,
        learning_rate=2e-3,
        objective=beta_elbo,
        schedules={"beta": lambda step: 0.5},
        prepare=binarize,
        generator=generator,
        progress=False,
    )
    assert torch.equal(run.model.decoder[0].weight, model.decoder[0].weight)
    assert run.curve == pytest.approx(history.kl[:, 0] - history.log_px_given_z)
    with torch.no_grad():
        trace = model(binarize_static(images.test_x), generator=generator)
    assert run.negative_elbo == pytest.approx(-elbo(trace).mean().item(), rel=1e-6)
    assert run.rate == pytest.approx(trace.kl.mean().item(), rel=1e-6)
    assert run.samples.shape == (10, 8, 8)


def test_progress_reports_the_elbo_of_each_epoch():
    seen = []
    run = train(Setting(epochs=3, beta=4.0), small, on_epoch=lambda epoch, bound: seen.append((epoch, bound)))
    assert [epoch for epoch, _ in seen] == [0, 1, 2]
    assert [-bound for _, bound in seen] == pytest.approx(run.curve.tolist(), rel=1e-5)


def test_stopping_keeps_the_epochs_done():
    stopping = threading.Event()
    run = train(Setting(epochs=LONG), small, stopping, lambda epoch, _: epoch == 2 and stopping.set())
    assert (run.epochs, len(run.curve), run.interrupted) == (3, 3, True)


def test_runs_stand_side_by_side():
    panel = KernelPanel({"small": small}, epochs=2)
    first, second = panel.run(), panel.run(beta=4.0, latent_dim=5)
    assert panel.runs == [first, second]
    shown = rows(panel._table.value)
    assert [row[0] for row in shown] == ["1", "2"]
    assert [row[3:6] for row in shown] == [["1", "2", "2"], ["4", "5", "2"]]
    assert float(shown[1][9]) == pytest.approx(second.negative_elbo, abs=0.06)
    assert Image.open(io.BytesIO(shown_png(panel._figure.value))).size[0] > 600
    panel.clear()
    assert panel.runs == []
    assert panel._table.value == ""
    assert panel._figure.value == ""


def test_buttons_train_in_the_background():
    looked = threading.Event()

    def patient(images, latent_dim, generator):
        # Were the training in the notebook's own thread, nobody could look.
        assert looked.wait(60)
        return small(images, latent_dim, generator)

    panel = KernelPanel({"small": patient}, epochs=3, beta=2.0)

    async def press():
        panel.start()
        assert panel._train.disabled
        assert not panel._stop.disabled
        panel.start()  # a second press while it trains does nothing
        await asyncio.sleep(0)
        looked.set()
        await until(panel._task.done)

    in_a_loop(press)
    assert len(panel.runs) == 1
    assert panel.runs[0].setting == Setting("small", "digits", 2.0, 2, 3, 0)
    assert panel._progress.value == panel._progress.max == 3
    assert words(panel).startswith("Done: 3 epochs")
    assert not panel._train.disabled
    assert panel._stop.disabled


def test_stop_ends_a_run_and_the_panel_can_go_on():
    async def press():
        panel = KernelPanel({"small": small}, epochs=LONG)  # its buttons act in the loop that it is made in
        panel._train.click()
        await until(lambda: panel._progress.value >= 2)
        panel._stop.click()
        await until(panel._task.done)
        panel._fields["epochs"].value = 1
        panel._train.click()
        await until(lambda: len(panel.runs) == 2 and panel._task.done())
        return panel

    panel = in_a_loop(press)
    assert [run.interrupted for run in panel.runs] == [True, False]
    assert 2 <= panel.runs[0].epochs < LONG
    assert words(panel).startswith("Done: 1 epoch in")


def test_a_click_waits_for_the_number_that_was_typed_before_it():
    async def press():
        panel = KernelPanel({"small": small}, epochs=1)
        # As JupyterLab does: the field's first message goes to the main thread, the click to another.
        await asyncio.to_thread(panel._train.click)
        panel._fields["beta"].value = 4.0
        await until(lambda: panel.runs and panel._task.done())
        return panel

    panel = in_a_loop(press)
    assert [run.setting.beta for run in panel.runs] == [4.0]
    assert not panel._train.disabled


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("beta", -1.0, "beta: expected a finite number, 0 or more, got -1.0"),
        ("beta", float("nan"), "beta: expected a finite number"),
        ("latent_dim", 0, "latent_dim: expected a whole number, 1 or more, got 0"),
        ("latent_dim", 9999, "latent_dim: expected at most 200, got 9999"),
        ("epochs", -3, "epochs: expected a whole number, 1 or more, got -3"),
        ("seed", -1, "seed: expected a whole number, 0 or more, got -1"),
    ],
)
def test_a_bad_field_gets_a_sentence_and_nothing_is_trained(field, value, sentence):
    panel = KernelPanel()
    panel._fields[field].value = value
    panel.start()
    assert sentence in words(panel)
    assert panel._task is None
    assert panel.runs == []
    with pytest.raises(ValueError, match=re.escape(sentence)):
        panel.run()


def test_what_a_model_raises_becomes_a_sentence():
    def broken(images, latent_dim, generator):
        raise RuntimeError("no such layer")

    def exploding(images, latent_dim, generator):
        model = small(images, latent_dim, generator)
        with torch.no_grad():
            model.decoder[0].weight.fill_(torch.nan)
        return model

    for factory, sentence in ((broken, "RuntimeError: no such layer"), (exploding, "is not finite")):
        panel = KernelPanel({"own": factory})

        async def press(panel=panel):
            panel.start()
            await until(panel._task.done)

        in_a_loop(press)
        assert sentence in words(panel)
        assert not panel._train.disabled
        assert panel.runs == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"models": {}}, "models: expected name -> function"),
        ({"models": {"VAE": "VAE"}}, "models: expected name -> function"),
        ({"model": "GAN"}, "model: expected one of 'VAE', got 'GAN'"),
        ({"data": "cats"}, "data: expected one of 'digits', 'mnist'"),
        ({"betta": 2}, "KernelPanel: expected some of the settings"),
        ({"epochs": 0}, "epochs: expected a whole number"),
        ({"beta": "much"}, "beta: expected a number, 0 or more, got 'much'"),
    ],
)
def test_bad_arguments_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        KernelPanel(**arguments)


def test_a_page_without_kernel_shows_the_runs_and_says_how_to_make_more(browser, make_page, axe):
    panel = KernelPanel({"small": small}, epochs=2)
    panel.run()
    panel.run(beta=4.0)
    data = panel._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    page = browser.new_page(viewport={"width": 800, "height": 900})
    complaints = []
    page.on("console", lambda m: complaints.append(m.text))
    page.goto(make_page(data["text/html"]).as_uri())
    place = page.locator(".hvae-kernel-panel")
    assert place.get_by_text("make lab").is_visible()
    assert len(rows(data["text/html"])) == 2
    assert page.get_by_role("img").evaluate("(image) => image.naturalWidth") > 600
    assert axe(page, ".hvae-kernel-panel") == []
    assert complaints == []
    page.close()


def test_a_panel_without_runs_still_says_how(make_page):
    markup = KernelPanel().static_html()
    assert "make lab" in markup
    assert "<img" not in markup


def test_the_picture_numbers_its_runs():
    panel = KernelPanel({"small": small}, epochs=1)
    for beta in (0.5, 1.0, 2.0):
        panel.run(beta=beta)
    figure = panel.picture()
    left, right = figure.axes
    assert sorted(text.get_text() for text in left.texts) == ["1", "2", "3"]
    assert [label.get_text() for label in right.get_yticklabels()] == ["1", "2", "3"]
    places = sorted(text.xyann[1] + text.xy[1] for text in left.texts)
    assert np.diff(places).min() > 0
    assert shown_png(panel.static_html())[:4] == b"\x89PNG"
