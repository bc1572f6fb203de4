"""The widgets in JupyterLab: Python sees what the reader does, and the reader what Python does."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

START_SECONDS = 90
CELLS = [
    "from hvae_lessons.widgets import {name}\nwidget = {name}()\nwidget",
    # Not print: changes go to Python one at a time, and a cell that is run now may come before the last one.
    "from ipywidgets import Label, dlink\nlabel = Label()\n"
    "dlink((widget, '{trait}'), (label, 'value'), lambda value: f'python sees {{value}}')\nlabel",
    "widget.{trait} = {value}",
    "try:\n    widget.{trait} = 99\nexcept ValueError as error:\n    print('refused:', error)",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Address of a JupyterLab with settings of its own, and the folder that it shows."""
    folder = tmp_path_factory.mktemp("lab")
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {f"JUPYTER_{kind}_DIR": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    environment = {**os.environ, **own, "JUPYTER_PREFER_ENV_PATH": "1", "OMP_NUM_THREADS": "1"}
    options = [
        f"--ServerApp.port={port}", f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=",
        "--no-browser", "--allow-root", "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    with (home / "log").open("w") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], env=environment, stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"{address}/api", timeout=2).close()
            break
        except OSError:
            hopeless = running.poll() is not None or time.monotonic() > deadline
            assert not hopeless, (home / "log").read_text()
            time.sleep(0.3)
    yield address, folder
    running.terminate()
    running.wait(20)


@pytest.fixture
def notebook(lab, browser):
    """Open a notebook of cells; run(i) runs the i-th and returns its output area."""
    address, folder = lab
    contexts, complaints = [], []

    def open_one(name, *sources, theme="light"):
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / f"{name}.ipynb")
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        page.on("console", lambda m: m.type == "error" and "hvae" in m.text and complaints.append(m.text))
        page.on(
            "request",
            lambda r: "127.0.0.1" not in r.url and r.url.startswith("http") and complaints.append(r.url),
        )
        page.goto(f"{address}/lab/tree/{name}.ipynb?reset")
        page.locator(".jp-Notebook .jp-CodeCell").nth(len(sources) - 1).wait_for(timeout=60_000)
        page.get_by_text("Python 3 (ipykernel) | Idle").first.wait_for(timeout=60_000)

        def run(i):
            cell = page.locator(".jp-Notebook .jp-CodeCell").nth(i)
            cell.locator(".cm-content").click()
            page.keyboard.press("Control+Enter")
            return cell.locator(".jp-OutputArea-output")

        return page, run

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.parametrize(
    ("name", "trait", "slider", "value", "shown"),
    [
        ("ElboGap", "mean", "Mean of q", -1.5, "−1.50"),
        ("Reparameterization", "mean", "Mean μ", -1.5, "−1.50"),
    ],
)
def test_python_and_reader_move_the_same_widget(notebook, axe, name, trait, slider, value, shown):
    page, run = notebook(name, *(cell.format(name=name, trait=trait, value=value) for cell in CELLS))
    run(0)
    page.locator(".hvae svg").first.wait_for(timeout=60_000)
    control = page.locator(".hvae").get_by_role("slider", name=slider)
    control.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    moved = control.input_value()
    seen = run(1)
    seen.get_by_text(f"python sees {float(moved):g}").wait_for(timeout=20_000)
    run(2)
    page.locator(".hvae .hv-value").get_by_text(shown).first.wait_for(timeout=20_000)
    run(3).get_by_text(f"refused: {trait}: expected a number from").wait_for(timeout=20_000)
    assert axe(page) == []


def test_dark_theme_of_jupyterlab_is_followed(notebook, axe):
    page, run = notebook("dark", CELLS[0].format(name="ElboGap"))
    run(0)
    page.locator(".hvae svg").first.wait_for(timeout=60_000)
    color = "getComputedStyle(document.querySelector('.hvae')).backgroundColor"
    light = page.evaluate(color)
    page.get_by_role("menuitem", name="Settings").click()
    page.get_by_text("Theme", exact=True).hover()
    page.get_by_text("JupyterLab Dark", exact=True).click()
    page.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    assert page.evaluate(color) != light
    assert axe(page) == []


def test_python_and_reader_share_the_code_of_the_explorer(notebook, axe):
    page, run = notebook(
        "explorer",
        CELLS[0].format(name="LatentExplorer"),
        "from ipywidgets import Label, dlink\nlabel = Label()\n"
        "seen = lambda code: f'python sees {code} {widget.image.shape}'\n"
        "dlink((widget, 'code'), (label, 'value'), seen)\nlabel",
        "widget.code = [-1.5, 0.25]",
        "try:\n    widget.code = [0, 99]\nexcept ValueError as error:\n    print('refused:', error)",
    )
    run(0)
    grip = page.get_by_role("button", name="Code in the plane")
    grip.wait_for(timeout=60_000)
    grip.focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowUp"):
        page.keyboard.press(key)
    page.locator(".hv-where").get_by_text("0.50").wait_for(timeout=20_000)
    run(1).get_by_text(re.compile(r"python sees \[0\.[15], 0\.[15]\] torch.Size\(\[8, 8\]\)")).wait_for(
        timeout=20_000
    )
    run(2)
    page.locator(".hvae .hv-value").get_by_text("−1.50").wait_for(timeout=20_000)
    run(3).get_by_text("refused: code: expected 2 numbers from").wait_for(timeout=20_000)
    assert axe(page) == []


def test_python_and_reader_share_the_clusters(notebook, axe):
    page, run = notebook(
        "clusters",
        CELLS[0].format(name="ClusterExplorer"),
        "print('python sees', widget.cluster, widget.names[3], len(widget.code), widget.image.shape)",
        "widget.code = [0.5, -1.25]\nwidget.cluster = 6\nprint(widget.names[6], 'chosen')",
        "try:\n    widget.code = [0, 1, 2]\nexcept ValueError as error:\n    print('refused:', error)",
    )
    run(0)
    choices = page.locator(".hvae .hv-buttons button")
    choices.first.wait_for(timeout=60_000)
    name = choices.nth(3).inner_text()
    choices.nth(3).press("Enter")
    page.locator(".hv-status").get_by_text(f"drawn from cluster {name};").wait_for(timeout=20_000)
    run(1).get_by_text(re.compile(r"python sees \d \w+ 2 torch.Size\(\[8, 8\]\)")).wait_for(timeout=20_000)
    chosen = run(2).get_by_text("chosen")
    chosen.wait_for(timeout=20_000)
    page.locator(".hv-where").get_by_text("(0.50, −1.25)").wait_for(timeout=20_000)
    pressed = page.locator(".hv-buttons [aria-pressed=true]")
    assert pressed.inner_text() == chosen.inner_text().split()[0]
    run(3).get_by_text("refused: code: expected 2 finite numbers").wait_for(timeout=20_000)
    assert axe(page) == []


def test_python_and_reader_share_the_levels(notebook, axe):
    page, run = notebook(
        "levels",
        CELLS[0].format(name="HierarchyExplorer"),
        "from ipywidgets import Label\nlabel = Label()\n"
        "def tell(_):\n    noise = widget.noise[1][widget.coordinate]\n"
        "    label.value = f'python sees {widget.digit} {widget.above} {widget.level} {noise}'\n"
        "widget.observe(tell)\ntell(None)\nlabel",
        "widget.digit = 2\nwidget.level = 3\nwidget.above = 3",
        "try:\n    widget.above = 4\nexcept ValueError as error:\n    print('refused:', error)",
    )
    run(0)
    digit = page.get_by_role("button", name="Take this test digit 7")
    digit.wait_for(timeout=60_000)
    digit.press("Enter")
    page.get_by_role("slider", name="Keep the levels above").press("Home")
    page.get_by_label("Level", exact=True).select_option("2")
    page.get_by_text("of z₂: mean + deviation").wait_for(timeout=20_000)
    slider = page.get_by_role("slider", name="Noise")
    slider.press("End")
    page.get_by_text("the noise of z₂.").wait_for(timeout=20_000)
    end = float(slider.input_value())
    run(1).get_by_text(f"python sees 7 0 2 {end}").wait_for(timeout=20_000)
    run(2)
    page.get_by_role("img", name="Test digit 2", exact=True).wait_for(timeout=20_000)
    page.get_by_text("Nothing is kept: draws from the prior.").wait_for(timeout=20_000)
    assert page.get_by_label("Level", exact=True).input_value() == "3"
    assert page.locator(".hv-pair + .hv-note").inner_text().startswith("Every level is as q drew it")
    run(3).get_by_text("refused: above: expected a level, at most 3, got 4").wait_for(timeout=20_000)
    assert axe(page) == []


def test_python_and_reader_share_the_point_of_a_sweep(notebook, axe):
    page, run = notebook(
        "sweep",
        CELLS[0].format(name="RateDistortionExplorer"),
        "from ipywidgets import Label\nlabel = Label()\n"
        "def tell(_):\n"
        "    point = f'{widget.beta:g} {widget.latent_dim} {widget.dimension}'\n"
        "    label.value = f'python sees {point} {widget.rate:.2f}'\n"
        "widget.observe(tell)\ntell(None)\nlabel",
        "widget.beta, widget.latent_dim = 1, 2",
        "try:\n    widget.beta = 99\nexcept ValueError as error:\n    print('refused:', error)",
    )
    run(0)
    size = page.get_by_role("slider", name="Latent size")
    size.wait_for(timeout=60_000)
    size.press("End")
    page.get_by_label("Coordinate", exact=True).select_option("30")
    page.get_by_role("slider", name="Weight of the KL").press("End")
    rate = page.locator(".hv-term.hv-q b")
    rate.get_by_text("0.00").wait_for(timeout=20_000)
    run(1).get_by_text("python sees 16 32 30 0.00").wait_for(timeout=20_000)
    run(2)
    page.locator(".hv-value").get_by_text("2", exact=True).wait_for(timeout=20_000)
    run(1).get_by_text(f"python sees 1 2 1 {rate.inner_text()}").wait_for(timeout=20_000)
    run(3).get_by_text("refused: beta: expected one of [0.0,").wait_for(timeout=20_000)
    # The address is the notebook's.
    assert "rate_distortion_explorer" not in page.url
    assert axe(page) == []


def test_panel_trains_stops_and_compares_by_keyboard(notebook, axe):
    page, run = notebook(
        "panel",
        "from hvae_lessons.widgets import KernelPanel\npanel = KernelPanel(epochs=5)\npanel",
        "print('python has', [(r.setting.beta, r.interrupted) for r in panel.runs])",
    )
    run(0)
    train = page.get_by_role("button", name="Train")
    train.wait_for(timeout=60_000)
    panel = page.locator(".jp-OutputArea-output .widget-vbox").first
    train.press("Enter")
    panel.get_by_text("Done: 5 epochs").wait_for(timeout=60_000)
    beta, epochs = page.get_by_label("Weight β of KL"), page.get_by_label("Epochs")
    beta.fill("-1")
    beta.press("Tab")
    train.press("Enter")
    panel.get_by_text("beta: expected a finite number, 0 or more, got -1").wait_for(timeout=20_000)
    beta.fill("4")
    beta.press("Tab")
    epochs.fill("2000")
    epochs.press("Tab")
    train.press("Enter")
    panel.get_by_text(re.compile(r"Epoch \d+ of 2000")).wait_for(timeout=60_000)
    page.get_by_role("button", name="Stop").press("Enter")
    panel.get_by_text("Stopped after").wait_for(timeout=60_000)
    assert panel.locator("tbody tr").count() == 2
    decoded = "(image) => image.decode().then(() => image.naturalWidth)"
    assert panel.locator("img").evaluate(decoded) > 600
    run(1).get_by_text("python has [(1.0, False), (4.0, True)]").wait_for(timeout=20_000)
    assert axe(page, ".jp-OutputArea-output .widget-vbox") == []
    page.get_by_role("button", name="Forget the runs").press("Enter")
    panel.get_by_text("Ready.").wait_for(timeout=20_000)
    assert panel.locator("tbody tr").count() == 0


def test_trained_weights_come_back_and_a_model_can_be_sent_in(notebook):
    cells = [
        "from ipywidgets import Label, VBox, dlink\nfrom hvae_lessons.widgets import VAEPlayground\n"
        "playground, label = VAEPlayground(), Label()\n"
        "dlink((playground, 'epoch'), (label, 'value'), lambda epoch: f'python has epoch {epoch:,}, ')\n"
        "VBox([playground, label])",
        "from hvae_lessons.objectives import elbo\nx = playground.images().test_x\n"
        "print('python measures', -elbo(playground.to_torch()(x)).mean().item() < 32, playground.epoch > 0)",
        "from hvae_lessons.models import VAE, VAEConfig\nplayground.load(VAE(VAEConfig(64, 3, (24,))))",
        "playground.running = True",
    ]
    page, run = notebook("playground", *cells)
    run(0)
    counter = page.locator(".hvae .hv-counter")
    counter.get_by_text("epoch 0, step 0").wait_for(timeout=60_000)
    page.locator(".hvae").get_by_role("button", name="Start").press("Enter")
    counter.get_by_text(re.compile(r"epoch ([2-9]\d|\d{3}|\d,\d{3}),")).wait_for(timeout=60_000)
    page.locator(".hvae").get_by_role("button", name="Pause").press("Enter")
    counter.get_by_text(re.compile(r"step [\d,]+$")).wait_for()
    epoch = re.search(r"epoch [\d,]+, ", counter.inner_text())[0]
    page.get_by_text(f"python has {epoch}").wait_for(timeout=30_000)
    run(1).get_by_text("python measures True True").wait_for(timeout=30_000)
    run(2)
    page.locator(".hvae svg").get_by_text("of 3 active").wait_for(timeout=30_000)
    counter.get_by_text("epoch 0, step 0").wait_for(timeout=30_000)
    run(3)
    counter.get_by_text(re.compile(r"epoch [1-9]")).wait_for(timeout=60_000)
