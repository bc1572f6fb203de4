"""Code cells with the tag `folded` stand on the page as one line, which opens on a click or a key.

The line says what the cell checks, "3 claims checked", counted from its assertions; a comment in its first
line adds what they are about, or names a cell that checks nothing: "# Imports". A cell whose claim does not
hold where the book was built is not folded. In JupyterLab and Colab these are ordinary cells.
"""

import ast
import html

from docutils import nodes

from tools.execute import FAILED_BOX

TAG = "folded"


def claims(source: str) -> int:
    """How many assertions a cell has; one in a loop counts once."""
    return sum(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(source)))


def title(source: str) -> str:
    """The line that stands for a cell."""
    first = source.lstrip().splitlines()[0]
    about = first.removeprefix("#").strip() if first.startswith("#") else ""
    count = claims(source)
    if not count and not about:
        raise ValueError(f"a folded cell checks something or says in a comment what it is, got: {first}")
    checked = f"{count} claim{'s' if count > 1 else ''} checked"
    return ": ".join(part for part in (checked if count else "", about) if part)


def shows_a_failed_claim(cell: nodes.container) -> bool:
    """Whether tools/execute.py has put its box into the cell's output."""
    return any(FAILED_BOX in raw.astext() for raw in cell.findall(nodes.raw))


def fold(app, doctree) -> None:
    """Put the tagged cells of a page into `<details>`."""
    for cell in list(doctree.findall(nodes.container)):
        if f"tag_{TAG}" not in cell["classes"] or shows_a_failed_claim(cell):
            continue
        line = html.escape(title(next(cell.findall(nodes.literal_block)).astext()))
        opening = f'<details class="folded-cell"><summary>{line}</summary>'
        page, position = cell.parent, cell.parent.index(cell)
        page.insert(position + 1, nodes.raw("", "</details>", format="html"))
        page.insert(position, nodes.raw("", opening, format="html"))


def setup(app):
    app.connect("doctree-read", fold)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
