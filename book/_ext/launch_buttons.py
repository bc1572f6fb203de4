"""The launch buttons of a chapter and the theme's repository button, for the repository that builds the book.

Binder runs the notebooks of the branch; Colab, which knows neither directives nor roles, gets the plain
edition that tools/colab.py writes and the workflow publishes on `gh-pages`. Without a known repository there
are no buttons.
"""

from pathlib import Path

from tools.repository import branch, repository


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
