"""The built site, opened from disk and from a server, in a headless Chromium."""

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import chromium
import pytest
from checks_of_pages import SITE, is_elsewhere
from playwright.sync_api import sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves without a line on the screen per request."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def site() -> Path:
    assert (SITE / "index.html").is_file(), "There is no built book: run `make book` first."
    return SITE


@pytest.fixture(scope="session")
def server(site):
    """Address of a local server of the site."""
    handler = functools.partial(QuietHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium.executable(), args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def open_page(browser):
    """Open an address in a fresh window; the page carries the complaints that it caused."""
    contexts = []

    def open_one(address: str, *, width: int = 1280, theme: str = "light"):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=theme)
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        note = page.complaints.append
        page.on("console", lambda message: message.type == "error" and note(f"console: {message.text}"))
        page.on("pageerror", lambda error: note(f"script: {error}"))
        page.on("requestfailed", lambda request: note(f"failed: {request.url}"))
        page.on("response", lambda answer: answer.status >= 400 and note(f"{answer.status}: {answer.url}"))
        origin = address.split("/")[2]
        page.on("request", lambda request: is_elsewhere(request.url, origin) and note(f"asks: {request.url}"))
        page.goto(address, wait_until="networkidle")
        # The theme's script replaces "auto" by what the reader's system prefers.
        page.wait_for_function("document.documentElement.dataset.theme !== 'auto'")
        return page

    yield open_one
    for context in contexts:
        context.close()
