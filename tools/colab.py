"""Write the plain edition of every chapter, for Colab, to _build/colab.

Colab knows neither directives nor roles: tools/plain_markdown.py resolves them. A first cell installs the
package from the repository that builds the book.
"""

import json
import re
import sys
from pathlib import Path

import yaml
from pybtex.database import parse_file

from tools.plain_markdown import EQUATION, Book, Unresolved, convert
from tools.repository import repository

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
TARGET = ROOT / "_build" / "colab"

INSTALL = """\
# Colab starts without the book's package: this installs it, once per runtime.
import importlib.util

if importlib.util.find_spec("hvae_lessons") is None:
    %pip install --quiet "git+https://github.com/{name}"
"""
INSTALL_UNKNOWN = """\
import importlib.util

if importlib.util.find_spec("hvae_lessons") is None:
    print("Upload the project's folder and install it: %pip install ./FOLDER")
"""


def text_of(page: str) -> str:
    """The Markdown of a page, a notebook's cells one after the other."""
    notebook, markdown = BOOK / f"{page}.ipynb", BOOK / f"{page}.md"
    if markdown.is_file():
        return markdown.read_text(encoding="utf-8")
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def chapters() -> dict[str, str]:
    """Every page of the book with its number, empty for a page without one."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    pages, number = {toc["root"]: ""}, 0
    for part in toc["parts"]:
        for entry in part["chapters"]:
            number += bool(part.get("numbered"))
            pages[entry["file"]] = str(number) if part.get("numbered") else ""
    return pages


def labels_of(page: str, text: str, prefix: str) -> dict[str, tuple[str, str]]:
    """What the labels of a page stand for: titles, equation numbers, exercises."""
    labels = {}
    for match in re.finditer(r"^\(([\w:.-]+)\)=\s*\n+#+ +(.+)$", text, re.M):
        labels[match[1]] = (page, match[2].strip())
    equations = [(m.start("label"), m["label"]) for m in EQUATION.finditer(text)]
    equations += [
        (m.start(), m[1]) for m in re.finditer(r"\{math\}.*\n(?::[\w-]+:.*\n)*?:label: *(\S+)", text)
    ]
    for number, (_, label) in enumerate(sorted(equations), 1):
        labels[label] = (page, f"{prefix}.{number}" if prefix else str(number))
    exercises = re.finditer(r"\{exercise(?:-start)?\}.*\n(?::[\w-]+:.*\n)*?:label: *(\S+)", text)
    for number, match in enumerate(exercises, 1):
        labels[match[1]] = (page, f"Exercise {prefix}.{number}" if prefix else f"Exercise {number}")
    return labels


def names(people) -> str:
    """Authors as a reader says them: one, one and another, one et al."""
    last = [" ".join([*person.prelast_names, *person.last_names]).strip("{}") for person in people]
    return last[0] + (f" and {last[1]}" if len(last) == 2 else " et al." if len(last) > 2 else "")


def references() -> dict[str, tuple[str, str, str]]:
    """Authors, year and address of every entry of references.bib."""
    found = {}
    for key, entry in parse_file(BOOK / "references.bib").entries.items():
        fields = entry.fields
        address = fields.get("url", "")
        if not address and "doi" in fields:
            address = f"https://doi.org/{fields['doi']}"
        if not address and "eprint" in fields:
            address = f"https://arxiv.org/abs/{fields['eprint']}"
        people = entry.persons.get("author") or entry.persons.get("editor") or []
        found[key] = (names(people) if people else fields.get("title", key), fields.get("year", ""), address)
    return found


def read_book(name: str) -> Book:
    """Labels, titles and references of the whole book; `name` is the repository, perhaps empty."""
    pages = chapters()
    book = Book(citations=references())
    for page, prefix in pages.items():
        text = text_of(page)
        book.labels |= labels_of(page, text, prefix)
        title = re.search(r"^# +(.+)$", text, re.M)
        book.titles[page] = title[1].strip() if title else page

    def address(page: str, label: str) -> str:
        notebook = (BOOK / f"{page}.ipynb").is_file()
        if not name:
            return f"{page}.{'ipynb' if notebook else 'md'}"
        owner, repo = name.split("/")
        if notebook and not label:
            return f"https://colab.research.google.com/github/{name}/blob/gh-pages/colab/{page}.ipynb"
        return f"https://{owner.lower()}.github.io/{repo}/{page}.html{'#' + label if label else ''}"

    book.address = address
    return book


def plain(notebook: dict, book: Book, name: str) -> dict:
    """The plain edition of one notebook."""
    install = INSTALL.format(name=name) if name else INSTALL_UNKNOWN
    first = {"cell_type": "code", "id": "install", "metadata": {}, "execution_count": None, "outputs": []}
    cells = []
    for cell in notebook["cells"]:
        cell = dict(cell)
        if cell["cell_type"] == "markdown":
            cell["source"] = convert("".join(cell["source"]), book)
            if not cell["source"]:
                continue
        cells.append(cell)
    # After the title, so that a reader sees first what this is.
    cells.insert(1, {**first, "source": install.rstrip()})
    return {**notebook, "cells": cells}


def main() -> int:
    name = repository()
    book = read_book(name)
    TARGET.mkdir(parents=True, exist_ok=True)
    for path in sorted(BOOK.glob("*.ipynb")):
        try:
            edition = plain(json.loads(path.read_text(encoding="utf-8")), book, name)
        except Unresolved as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            return 1
        text = json.dumps(edition, indent=1, ensure_ascii=False) + "\n"
        (TARGET / path.name).write_text(text, encoding="utf-8")
    print(f"The Colab edition: {TARGET}" + ("" if name else " (no repository known: links are relative)"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
