"""Training speed of the playground in headless Chromium beside PyTorch, one thread each.

The page trains as the reader's does, pictures included, opened as a file. What it shows is watched for
`SECONDS`: the steps done, the pictures drawn, the longest time that the page was busy with one thing.
PyTorch takes the same steps (binarization, forward, backward, Adam) with `training.fit`. The two run in turn,
`ROUNDS` times; the best round counts, and the load of the machine stands beside the numbers.

Writes hvae_lessons/results/records/playground_speed.json.
"""

import json
import os
import platform
import shutil
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import sync_playwright
from seeded_runs import path_of

from hvae_lessons.data import binarize
from hvae_lessons.models import VAE, VAEConfig
from hvae_lessons.training import fit
from hvae_lessons.widgets import VAEPlayground
from hvae_lessons.widgets.kit import bundles
from hvae_lessons.widgets.vae_playground.image_pack import page_images
from tools import chromium

ROOT = Path(__file__).resolve().parents[1]

SECONDS, ROUNDS, BATCH = 5, 3, 128
SIZES = (
    {"data": "digits", "latent": 2, "hidden": 64},
    {"data": "digits", "latent": 16, "hidden": 128},
    {"data": "mnist", "latent": 2, "hidden": 256},
)
STATIC = ROOT / "book" / "_static"
# A loop of animation frames would itself force sixty frames a second; this only listens.
PICTURES = """(seconds) => new Promise((done) => {
  const [times, long, start] = [[], [], performance.now()];
  const durations = (list) => list.getEntries().map((task) => task.duration);
  const tasks = new PerformanceObserver((list) => long.push(...durations(list)));
  tasks.observe({ type: "longtask" });
  const seen = new MutationObserver(() => times.push(performance.now()));
  seen.observe(document.querySelector(".hv-counter"), { childList: true, characterData: true });
  setTimeout(() => {
    seen.disconnect();
    tasks.disconnect();
    const waits = times.slice(1).map((time, i) => time - times[i]).sort((a, b) => a - b);
    const [median, longest] = [waits[waits.length >> 1], waits.at(-1)];
    const pictures = (1000 * times.length) / (performance.now() - start);
    done({ pictures, median, longest, blocked: Math.max(0, ...long) });
  }, 1000 * seconds);
})"""


def write_page(folder, size):
    """The widget on a page of its own, as the book has it."""
    front_ends = folder / "_static" / "widgets"
    front_ends.mkdir(parents=True, exist_ok=True)
    shutil.copy(bundles.ensure() / "vae_playground.page.js", front_ends)
    for name, text in VAEPlayground.page_files().items():
        (front_ends / name).write_text(text)
    for name in ("widget_host.js", "widget_host.css"):
        shutil.copy(STATIC / name, folder / "_static")
    links = (
        '<link rel="stylesheet" href="_static/widget_host.css"><script src="_static/widget_host.js"></script>'
    )
    page = folder / "page.html"
    page.write_text(f'<!doctype html><meta charset="utf-8">{links}{VAEPlayground(**size).static_html()}')
    return page.as_uri()


def steps_of(page):
    return int(page.locator(".hv-counter").inner_text().split("step ")[1].split(" ")[0].replace(",", ""))


def measure_page(browser, address):
    """Steps and pictures a second, waits between pictures and the page's longest task, in ms."""
    page = browser.new_page(viewport={"width": 800, "height": 1300})
    page.goto(address)
    page.wait_for_function("/epoch/.test(document.querySelector('.hv-counter')?.textContent)")
    page.get_by_role("button", name="Start").click()
    page.wait_for_function(
        "/a second/.test(document.querySelector('.hv-counter').textContent)", timeout=60_000
    )
    first, start = steps_of(page), time.perf_counter()
    seen = page.evaluate(PICTURES, SECONDS)
    rate = (steps_of(page) - first) / (time.perf_counter() - start)
    page.close()
    return {"steps": rate, **seen}


def measure_torch(images, size):
    """Steps a second of `fit`."""
    generator = torch.Generator().manual_seed(0)
    model = VAE(VAEConfig(images.train_x.shape[1], size["latent"], (size["hidden"],)), generator)
    whole = len(images.train_x) // BATCH * BATCH
    epochs = 20 if size["data"] == "digits" else 4
    settings = {"batch_size": BATCH, "prepare": binarize, "generator": generator, "progress": False}
    fit(model, images.train_x[:whole], epochs=1, **settings)
    start = time.perf_counter()
    fit(model, images.train_x[:whole], epochs=epochs, **settings)
    return epochs * (whole // BATCH) / (time.perf_counter() - start)


def main():
    torch.set_num_threads(1)
    rows = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium.executable(), args=flags)
        for size in SIZES:
            address, images = write_page(Path(folder), size), page_images(size["data"])
            rounds, torch_rates, loads = [], [], []
            for _ in range(ROUNDS):
                rounds.append(measure_page(browser, address))
                torch_rates.append(measure_torch(images, size))
                loads.append(round(os.getloadavg()[0], 1))
            best, reference = max(rounds, key=lambda one: one["steps"]), max(torch_rates)
            row = {
                **size,
                "page_steps_per_second": round(best["steps"], 1),
                "page_epochs_per_second": round(best["steps"] / (len(images.train_x) // BATCH), 1),
                "torch_steps_per_second": round(reference, 1),
                "page_relative_to_torch": round(best["steps"] / reference, 2),
                "pictures_per_second": round(best["pictures"], 1),
                "median_wait_for_a_picture_ms": round(best["median"]),
                "longest_wait_for_a_picture_ms": round(best["longest"]),
                "longest_task_of_the_page_over_50_ms": round(best["blocked"]),
                "page_steps_per_second_of_each_round": [round(one["steps"], 1) for one in rounds],
                "torch_steps_per_second_of_each_round": [round(rate, 1) for rate in torch_rates],
                "load_of_the_machine": loads,
            }
            rows.append(row)
            print(json.dumps(row))
        browser.close()
    result = {
        "what": __doc__.splitlines()[0],
        "results": rows,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "processor_count": os.cpu_count(),
    }
    path = path_of(__file__)
    path.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
