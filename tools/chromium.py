"""Find a Chromium for the tests of the built site, install one if there is none, and print its path."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ADVICE = (
    "The tests of the built site need Chromium, and none was found or could be installed. Install the "
    "package `chromium` (or Google Chrome) and put it on PATH, or set CHROMIUM to its path."
)


def playwrights_own() -> str | None:
    """The browser that `playwright install` has put in its own folder."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def find() -> str | None:
    """$CHROMIUM, then PATH, then Playwright's own."""
    if named := os.environ.get("CHROMIUM"):
        if not (found := shutil.which(named)):
            sys.exit(f"CHROMIUM names {named}, which cannot be run.")
        return found
    return next(filter(None, map(shutil.which, NAMES)), None) or playwrights_own()


def install() -> None:
    """Playwright's build, or as root on Debian the system's package."""
    commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        commands = [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"], *commands]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in commands:
        print("installing Chromium:", " ".join(command), file=sys.stderr)
        try:
            subprocess.run(command, env=environment, stdout=sys.stderr, stdin=subprocess.DEVNULL, timeout=900)
        except (OSError, subprocess.TimeoutExpired) as error:
            print(error, file=sys.stderr)
        if find():
            return


def executable() -> str:
    """The path of a Chromium that is there."""
    if not (path := find()):
        install()
        path = find()
    return path or sys.exit(ADVICE)


if __name__ == "__main__":
    print(executable())
