"""What tests of several folders share: a headless Chromium and a server of pages, mpmath's 50 digits."""

import contextlib
import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import mpmath
import pytest

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'wasm-unsafe-eval'; "
    "img-src 'self' data:; worker-src blob:"
)


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves without a line on the screen per request."""

    def log_message(self, *_):
        pass


class StrictHandler(QuietHandler):
    """Serves with a policy that allows no code but the site's own files."""

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()


@pytest.fixture(scope="session")
def browser():
    # Imported here, because most tests need no browser.
    from playwright.sync_api import sync_playwright

    from tools import chromium

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium.executable(), args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def serve():
    """Start a local server of a folder; returns its address."""
    with contextlib.ExitStack() as running:

        def start(folder, handler=QuietHandler):
            server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(folder)))
            running.enter_context(server)
            running.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            return f"http://127.0.0.1:{server.server_port}"

        yield start


@pytest.fixture(scope="session")
def serve_strictly(serve):
    """The same under a policy that allows no code but the folder's own files."""
    return functools.partial(serve, handler=StrictHandler)


@pytest.fixture
def fifty_digits():
    """mpmath with 50 digits, for one test."""
    with mpmath.workdps(50):
        yield
