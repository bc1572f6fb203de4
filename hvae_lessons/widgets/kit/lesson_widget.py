"""What all widgets of the book share: front end, static picture, and the state for pages without a kernel."""

import base64
import html
import json
from abc import abstractmethod

import anywidget

from hvae_lessons.checks import expect
from hvae_lessons.widgets.kit import bundles
from hvae_lessons.widgets.kit.png import as_png


class LessonWidget(anywidget.AnyWidget):
    """Base of the book's widgets; the package's docstring says what a subclass defines."""

    # The name of the folder in which its front_end.js lies.
    front_end = ""
    # What a screen reader says in place of the static picture.
    alternative = ""

    def __init__(self, **state):
        unknown = sorted(set(state) - set(self.trait_names()))
        known = ", ".join(sorted(self.shared_names()))
        expect(not unknown, type(self).__name__, f"some of the arguments {known}", ", ".join(unknown))
        super().__init__(**state)

    @property
    def _esm(self):
        # anywidget reads this once per object and turns it into a trait.
        return bundles.read(self.front_end)

    @abstractmethod
    def picture(self):
        """The matplotlib Figure that stands for the widget in print and without JavaScript."""

    def shared_names(self):
        """Names of the traits that the page sees."""
        ours = self.trait_names(sync=True)
        return [
            name for name in ours if not name.startswith("_") and name not in LessonWidget.class_trait_names()
        ]

    def shared_state(self):
        """The state for a page without a kernel; bytes become base64 text."""
        return {name: _as_json(getattr(self, name)) for name in sorted(self.shared_names())}

    @classmethod
    def page_files(cls):
        """Scripts that lie beside the front end for a page to fetch on demand: file name -> text.

        NAME.data.js sets `(globalThis.hvaeData ??= {}).NAME` to base64; `model.file(NAME)` gives its bytes.
        """
        return {}

    def static_html(self, png=None):
        """The <div> that book/_static/widget_host.js brings to life, with the picture inside."""
        png = as_png(self.picture) if png is None else png
        state = json.dumps(self.shared_state(), separators=(",", ":"), allow_nan=False)
        # Single quotes around the attribute: JSON is full of double ones.
        state = state.replace("&", "&amp;").replace("'", "&#39;").replace("<", "&lt;")
        source = "data:image/png;base64," + base64.b64encode(png).decode()
        return (
            f'<div class="hvae-widget" data-hvae-widget="{self.front_end}" data-hvae-state=\'{state}\'>'
            f'<img src="{source}" alt="{html.escape(self.alternative)}"></div>'
        )

    def _repr_mimebundle_(self, **settings):
        """Live in a notebook; the <div> on a page; the picture in formats that know neither."""
        bundle, metadata = super()._repr_mimebundle_(**settings)
        png = as_png(self.picture)
        static = {"text/html": self.static_html(png), "image/png": base64.b64encode(png).decode()}
        return {**bundle, **static}, metadata


def _as_json(value):
    if isinstance(value, bytes | bytearray | memoryview):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, list):
        return [_as_json(one) for one in value]
    if isinstance(value, dict):
        return {name: _as_json(one) for name, one in value.items()}
    return value
