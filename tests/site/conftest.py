"""The built site, opened from disk and from a server."""

from pathlib import Path

import pytest
from checks_of_pages import SITE, is_elsewhere


@pytest.fixture(scope="session")
def site() -> Path:
    assert (SITE / "index.html").is_file(), "There is no built book: run `make book` first."
    return SITE


@pytest.fixture(scope="session")
def server(site, serve):
    """Address of a local server of the site."""
    return serve(site)


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
