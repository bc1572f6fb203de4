"""What a screen reader needs of a page and the extensions leave out.

A figure that a cell shows gets a text: the `Description` that was saved with the picture, or else the section
that it is in. An id that several elements of a page share is dropped.
"""

from pathlib import Path

from docutils import nodes
from PIL import Image


def description(path: Path) -> str:
    """The Description among a picture's metadata, or an empty string."""
    if path.suffix != ".png" or not path.is_file():
        return ""
    with Image.open(path) as picture:
        return str(picture.info.get("Description", "")).strip()


def section_title(node: nodes.Node) -> str:
    """The title of the section that a node is in."""
    while node is not None and not isinstance(node, nodes.section):
        node = node.parent
    return node.next_node(nodes.title).astext() if node is not None else ""


def add_alt(app, doctree) -> None:
    """Fill in what is missing, before Sphinx puts the file's name in its place."""
    for image in doctree.findall(nodes.image):
        if not image.get("alt"):
            path = Path(app.srcdir) / image["uri"].lstrip("/")
            image["alt"] = description(path) or f"Figure in the section {section_title(image)!r}"


def drop_shared_ids(app, doctree, docname) -> None:
    """sphinx-exercise gives the content of every exercise one and the same id."""
    for section in doctree.findall(nodes.section):
        if section["ids"] in (["exercise-content"], ["solution-content"]):
            section["ids"] = []


def setup(app):
    # Before Sphinx collects the images (priority 500) and changes their addresses.
    app.connect("doctree-read", add_alt, priority=400)
    app.connect("doctree-resolved", drop_shared_ids, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
