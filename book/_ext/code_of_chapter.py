"""A folded box at the end of every chapter: the files of the package that it uses, and its theorems.

With a known repository each file is a link to it there; without one, its name. What the box says follows the
notebook and the package: after a change of either, Sphinx reads the page again (see execution.py).
"""

import json
from pathlib import Path

from docutils import nodes

from tools.chapter_code import Uses, functions, theorems
from tools.repository import branch

OPEN = '<details class="code-of-chapter"><summary>Code of this chapter</summary>'


def listed(uses: Uses, name: str) -> nodes.bullet_list:
    """The files, each with what is used of it; `name` is the repository, perhaps empty."""
    items = nodes.bullet_list()
    for path, used in uses.items():
        shown = nodes.literal("", path.partition("/")[2])
        if name:
            kind = "blob" if path.endswith(".py") else "tree"
            address = f"https://github.com/{name}/{kind}/{branch()}/{path}"
            shown = nodes.reference("", "", shown, refuri=address)
        line = nodes.paragraph("", "", shown)
        for number, word in enumerate(used):
            line += [nodes.Text(", " if number else ": "), nodes.literal("", word)]
        items += nodes.list_item("", line)
    return items


def box(notebook: dict, name: str) -> list[nodes.Node]:
    """What is put into the page; nothing for a notebook that does not use the package."""
    parts = {
        "What it imports from hvae_lessons, by file:": functions(notebook),
        "Theorems that it shows, by file:": theorems(notebook),
    }
    content = []
    for words, uses in parts.items():
        if uses:
            content += [nodes.paragraph("", words), listed(uses, name)]
    if not content:
        return []
    return [nodes.raw("", OPEN, format="html"), *content, nodes.raw("", "</details>", format="html")]


def add_box(app, doctree, docname) -> None:
    """Before the sources, or at the end of a page that has none."""
    path = Path(app.env.doc2path(docname))
    if path.suffix != ".ipynb":
        return
    chapter = doctree.next_node(nodes.section)
    sections = [child for child in chapter.children if isinstance(child, nodes.section)]
    sources = [section for section in sections if section[0].astext().startswith("Sources")]
    position = chapter.index(sources[-1]) if sources else len(chapter)
    notebook = json.loads(path.read_text(encoding="utf-8"))
    chapter[position:position] = box(notebook, app.config.hvae_repository)


def setup(app):
    # Not when the page is read: the links change with the repository, and then pages are only written again.
    app.connect("doctree-resolved", add_box)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
