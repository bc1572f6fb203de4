"""Which repository builds the book, and the launch buttons that follow from it.

The one place that knows. Binder runs the notebooks of the branch; Colab, which knows neither directives
nor roles, gets the plain edition that tools/colab.py writes and the workflow publishes on `gh-pages`.
"""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
REMOTE = re.compile(r"^(?:https://(?:[^@/]+@)?github\.com/|(?:ssh://)?git@github\.com[:/])(.+?)(?:\.git)?/?$")


def from_environment() -> str | None:
    """owner/name as the environment gives it; HVAE_REPOSITORY= (empty) turns the buttons off."""
    for variable in ("HVAE_REPOSITORY", "GITHUB_REPOSITORY"):
        if variable in os.environ:
            return os.environ[variable] if NAME.fullmatch(os.environ[variable]) else ""
    return None


def from_remote(url: str) -> str:
    """owner/name of a GitHub address, or an empty string."""
    match = REMOTE.match(url.strip())
    return match[1] if match and NAME.fullmatch(match[1]) else ""


def git(*arguments: str) -> str:
    """What git says, or an empty string where there is no git or no repository."""
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def repository() -> str:
    """owner/name on GitHub, or an empty string when it is not known."""
    named = from_environment()
    return from_remote(git("remote", "get-url", "origin")) if named is None else named


def branch() -> str:
    """The branch that Binder should build."""
    return os.environ.get("HVAE_BRANCH") or os.environ.get("GITHUB_REF_NAME") or "main"


def buttons(name: str, page: str) -> list[dict]:
    """The launch menu of one notebook page."""
    binder = f"https://mybinder.org/v2/gh/{name}/{branch()}?urlpath=lab/tree/book/{page}.ipynb"
    colab = f"https://colab.research.google.com/github/{name}/blob/gh-pages/colab/{page}.ipynb"
    return [
        {"type": "link", "text": "Binder", "tooltip": "Run this chapter on Binder",
         "icon": "_static/images/logo_binder.svg", "url": binder},
        {"type": "link", "text": "Colab", "tooltip": "Run this chapter in Colab",
         "icon": "_static/images/logo_colab.png", "url": colab},
    ]  # fmt: skip


def add_buttons(app, pagename, templatename, context, doctree) -> None:
    """Append the launch menu to a notebook page's header."""
    name = app.config.hvae_repository
    is_notebook = doctree is not None and Path(app.env.doc2path(pagename)).suffix == ".ipynb"
    if not name or not is_notebook:
        return
    context["header_buttons"].append(
        {"type": "group", "tooltip": "Run this chapter", "icon": "fas fa-rocket", "label": "launch-buttons",
         "buttons": buttons(name, pagename)}
    )  # fmt: skip


def set_repository(app, config) -> None:
    """Turn on the theme's repository button, which without an address is an error."""
    config.hvae_repository = repository()
    if config.hvae_repository:
        config.html_theme_options |= {
            "repository_url": f"https://github.com/{config.hvae_repository}",
            "repository_branch": branch(),
            "path_to_docs": "book",
            "use_repository_button": True,
            "use_issues_button": True,
        }


def setup(app):
    # Rebuild "html": the buttons are part of a page, not of what was read from its source.
    app.add_config_value("hvae_repository", "", "html", str)
    # jupyter-book sets this for its comment boxes, which the book does not load.
    app.add_config_value("comments_config", {}, "html", dict)
    app.connect("config-inited", set_repository)
    # After the theme (priority 501) has created the list of header buttons.
    app.connect("html-page-context", add_buttons, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
