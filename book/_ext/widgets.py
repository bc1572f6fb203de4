"""The widgets' front ends go into the built site, where book/_static/widget_host.js fetches them on demand.

They lie in a folder of their own: jupyter-book links every script of the root of _static on every page.
"""

import shutil
from pathlib import Path

from hvae_lessons.widgets import LessonWidget
from hvae_lessons.widgets.kit import bundles


def copy_front_ends(app, exception) -> None:
    """Build what has changed and copy the classic scripts, which also work from a page opened as a file."""
    if exception or app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / "widgets"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in bundles.ensure().glob(f"*{bundles.KINDS['page']}"):
        shutil.copy(path, target)
    for widget in LessonWidget.__subclasses__():
        for name, text in widget.page_files().items():
            (target / name).write_text(text, encoding="utf-8")


def setup(app):
    app.connect("build-finished", copy_front_ends)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
