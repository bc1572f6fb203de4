"""The house rules, as functions of what they are about; each returns a list of complaints."""

import ast
import json
import re
from pathlib import Path

from book._ext import folded_cells

VAGUE = {"utils", "util", "helpers", "helper", "common", "misc"}
LONGEST_FILE = 350
LONGEST_CELL = 25
# nbval compares the text of the first; the second prints what differs from run to run.
COMPARED = {"nbval-check-output", "nbval-ignore-output"}
PIN = re.compile(r"^[A-Za-z0-9._-]+(\[[a-z0-9,_-]+\])?==[A-Za-z0-9._]+$")
# Hosts that serve scripts, styles and fonts: a page that names one would ask it.
CDN = re.compile(
    r"cdn\.jsdelivr\.net|unpkg\.com|cdnjs\.cloudflare\.com|fonts\.(?:googleapis|gstatic)\.com|esm\.sh|cdn\.skypack"
)


def code_cells(notebook: dict) -> list[tuple[int, str]]:
    """Number and source of every code cell."""
    return [
        (number, "".join(cell["source"]))
        for number, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == "code"
    ]


def without_magics(source: str) -> str:
    """The Python of a cell: lines that only IPython understands left empty."""
    return "\n".join(
        "" if line.lstrip().startswith(("%", "!", "?")) else line for line in source.splitlines()
    )


def long_cells(notebook: dict) -> list[str]:
    """Code cells above the limit."""
    return [
        f"cell {number} has {len(source.splitlines())} lines"
        for number, source in code_cells(notebook)
        if len(source.splitlines()) > LONGEST_CELL
    ]


def definitions(notebook: dict) -> list[str]:
    """Functions and classes that belong in the package."""
    found = []
    for number, source in code_cells(notebook):
        for node in ast.walk(ast.parse(without_magics(source))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.append(f"cell {number} defines {node.name}")
    return found


def uncompared_prints(notebook: dict) -> list[str]:
    """Cells that print, and whose text no test compares (`make outputs` stores it)."""
    return [
        f"cell {number} prints, and its text is not stored"
        for number, source in code_cells(notebook)
        if re.search(r"\b(print|show_table)\(", source)
        and not COMPARED & set(notebook["cells"][number]["metadata"].get("tags", []))
    ]


def folded_without_a_line(notebook: dict) -> list[str]:
    """Folded cells of which the page could not say what they are."""
    found = []
    for number, source in code_cells(notebook):
        if folded_cells.TAG in notebook["cells"][number]["metadata"].get("tags", []):
            try:
                folded_cells.title(source)
            except ValueError as error:
                found.append(f"cell {number}: {error}")
    return found


def headings(notebook: dict) -> list[str]:
    """A chapter opens with its title and has no second one."""
    cells = notebook["cells"]
    first = "".join(cells[0]["source"]) if cells and cells[0]["cell_type"] == "markdown" else ""
    # A label such as (elbo)= may stand before the title.
    opening = [line for line in first.splitlines() if line.strip() and not re.fullmatch(r"\(.+\)=", line)]
    found = [] if opening and opening[0].startswith("# ") else ["does not start with a title"]
    titles = 0
    for cell in cells:
        if cell["cell_type"] == "markdown":
            text = re.sub(r"^(```|~~~|:::).*?^\1", "", "".join(cell["source"]), flags=re.S | re.M)
            titles += len(re.findall(r"^# ", text, re.M))
    return found + ([f"{titles} titles"] if titles > 1 else [])


def kernel(notebook: dict) -> list[str]:
    """The kernel is named python3, which is the one of whoever runs the notebook."""
    name = notebook["metadata"].get("kernelspec", {}).get("name")
    return [] if name == "python3" else [f"kernel {name}"]


def vague_names(files: list[Path]) -> list[str]:
    """Files whose name does not say what they are for."""
    return [str(path) for path in files if path.stem.lower() in VAGUE]


def long_files(files: list[Path]) -> list[str]:
    """Package files above the limit."""
    counts = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    return [f"{path} has {count} lines" for path, count in counts.items() if count > LONGEST_FILE]


def unpinned(requirements: str) -> list[str]:
    """Lines of requirements.txt that leave a version open."""
    lines = [line.partition("#")[0].strip() for line in requirements.splitlines()]
    return [line for line in lines if line and not PIN.match(line)]


def cdn_addresses(text: str) -> list[str]:
    """Addresses of hosts that a page would load from."""
    return CDN.findall(text)


def read_notebook(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))
