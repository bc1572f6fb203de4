"""A widget on a page of its own, made as the book makes it, and its front end's functions run by Node."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from hvae_lessons.widgets import LessonWidget
from hvae_lessons.widgets.kit import bundles

STATIC = Path(__file__).resolve().parents[2] / "book" / "_static"
PAGE = """<!doctype html>
<html lang="en" data-theme="{theme}">
<head><meta charset="utf-8"><title>One widget</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="_static/widget_host.css">
<script src="_static/widget_host.js"></script></head>
<body style="margin: 8px"><main><h1>One widget</h1>{body}</main></body></html>
"""


@pytest.fixture
def make_page(tmp_path):
    """Write a page with what a cell shows, beside the scripts that the book puts there; returns its path."""

    def make(*widgets, theme="light") -> Path:
        folder = tmp_path / "site"
        front_ends = folder / "_static" / "widgets"
        front_ends.mkdir(parents=True, exist_ok=True)
        for path in bundles.ensure().glob("*.page.js"):
            shutil.copy(path, front_ends)
        for widget in LessonWidget.__subclasses__():
            for name, text in widget.page_files().items():
                (front_ends / name).write_text(text, encoding="utf-8")
        for name in ("widget_host.js", "widget_host.css"):
            shutil.copy(STATIC / name, folder / "_static")
        body = "".join(w if isinstance(w, str) else w._repr_mimebundle_()[0]["text/html"] for w in widgets)
        page = folder / "page.html"
        page.write_text(PAGE.format(theme=theme, body=body), encoding="utf-8")
        return page

    return make


@pytest.fixture
def open_widget(browser, make_page):
    """The page of a widget, opened from disk; in the end it must have no complaint and have asked nobody."""
    contexts, complaints = [], []

    def open_one(*widgets, width=800, theme="light", motion="no-preference"):
        context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion=motion)
        contexts.append(context)
        page = context.new_page()
        page.complaints = complaints
        page.on(
            "console", lambda m: m.type in ("error", "warning") and complaints.append(f"console: {m.text}")
        )
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
        asks = ("http:", "https:", "ws:", "wss:")
        page.on("request", lambda r: r.url.startswith(asks) and complaints.append(f"asks: {r.url}"))
        page.goto(make_page(*widgets, theme=theme).as_uri())
        page.wait_for_selector(".hvae-widget.is-live .hvae")
        settle(page)
        return page

    yield open_one
    # To close a page breaks off what it is loading, which is no fault of the page.
    caused = list(complaints)
    for context in contexts:
        context.close()
    assert caused == []


def settle(page):
    """Wait for what a change draws."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.fixture(name="settle")
def settle_fixture():
    return settle


@pytest.fixture(scope="session")
def axe_source() -> str:
    return (bundles.install_modules() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def axe(axe_source):
    """What axe-core finds wrong with an element of a page: rules, with the elements that break them."""

    def check(page, selector=".hvae") -> list[str]:
        page.evaluate(f"(() => {{ {axe_source} }})()")
        found = page.evaluate("(selector) => axe.run(selector, { preload: false })", selector)["violations"]
        return [
            f"{one['id']}: {node['html'][:120]} {node['failureSummary']}"
            for one in found
            for node in one["nodes"]
        ]

    return check


@pytest.fixture(scope="session")
def run_js():
    """Run a function's body with modules of js/: run_js("return m.f(input.x)", {"m": "js/m.js"}, x=1)."""

    def run(body: str, modules: dict[str, str], **given):
        imports = "".join(
            f"import * as {name} from {json.dumps((bundles.SOURCES / path).as_uri())};\n"
            for name, path in modules.items()
        )
        script = (
            f"{imports}import {{ readFileSync }} from 'node:fs';\n"
            "const input = JSON.parse(readFileSync(0, 'utf8'));\n"
            f"console.log(JSON.stringify((() => {{ {body} }})()));"
        )
        command = [*bundles.node(), "--input-type=module", "--eval", script]
        done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
