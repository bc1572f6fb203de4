"""What is changed in the finished pages, because it comes from the templates of several packages.

- Code that themes write into a page moves into files, so that the site can be served with
  `script-src 'self'`. Each piece stays where it was in the order of execution: a script without `defer` or
  `async` runs where it stands.
- The state of the kernel's widgets goes, each with a copy of its front end: nothing on the page reads it.
- The theme's icon script goes: it weighs half a megabyte, and the theme's font has the same icons.
"""

import hashlib
import re
from pathlib import Path

SCRIPT = re.compile(r"<script(?P<attributes>(?:\s+[\w-]+(?:=\"[^\"]*\")?)*)\s*>(?P<body>.*?)</script>", re.S)
# Handlers in attributes count as inline scripts too; book/_static/handlers.js does the same from a file.
HANDLER = re.compile(r'\sonclick="window\.print\(\)"')
ICONS = re.compile(r"<(script|link)\b[^>]*scripts/fontawesome\.js[^>]*>(?:</script>)?\s*")
WIDGET_STATE = re.compile(r'<script type="application/vnd[^"]*widget-state\+json">.*?</script>\s*', re.S)
FOLDER = "_static/inline"


def is_code(attributes: str) -> bool:
    """Whether the browser would run it: no address of its own, and no other language than JavaScript."""
    kind = re.search(r'type="([^"]*)"', attributes)
    return "src=" not in attributes and (kind is None or kind[1] in ("", "text/javascript"))


def move_out(html: str, up: str) -> tuple[str, dict[str, str]]:
    """The page without what goes and without code of its own, and the files that it now asks for.

    The files are name -> text; `up` leads from the page to the root of the site.
    """
    files = {}

    def replace(match: re.Match) -> str:
        attributes, body = match["attributes"], match["body"]
        if not is_code(attributes) or not body.strip():
            return match[0]
        name = hashlib.sha256(body.encode()).hexdigest()[:12] + ".js"
        files[name] = body
        return f'<script{attributes} src="{up}{FOLDER}/{name}"></script>'

    html = SCRIPT.sub(replace, WIDGET_STATE.sub("", ICONS.sub("", html)))
    return HANDLER.sub(' data-prints="page"', html), files


def clean_pages(app, exception) -> None:
    """Rewrite every page that was written in this build."""
    if exception or app.builder.format != "html":
        return
    root = Path(app.outdir)
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    for page in root.rglob("*.html"):
        if page.is_relative_to(root / "_static"):
            continue
        before = page.read_text(encoding="utf-8")
        after, files = move_out(before, "../" * (len(page.relative_to(root).parts) - 1))
        for name, body in files.items():
            (root / FOLDER / name).write_text(body, encoding="utf-8")
        if after != before:
            page.write_text(after, encoding="utf-8")


def setup(app):
    app.connect("build-finished", clean_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
