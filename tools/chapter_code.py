"""What of the package each chapter uses, read from its notebook: `make map` writes README's table of it.

book/_ext/code_of_chapter.py puts the same on the chapter's page.
"""

import ast
import importlib
import inspect
import json
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import yaml

import hvae_lessons
from hvae_lessons.proofs import all_theorems

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PACKAGE = hvae_lessons.__name__
THEOREMS = f"{PACKAGE}/theorems"
EVERYWHERE = f"{PACKAGE}/notebook.py"  # seed, sources and proofs: of no chapter in particular
TABLE = re.compile(r"^\| chapter \|.*?\n(?=\n)", re.S | re.M)

# A file or folder of the package, as a path below the project's folder -> what is used of it.
Uses = dict[str, list[str]]


def nodes_of(notebook: dict) -> list[ast.AST]:
    """The syntax of the code cells, without the lines that only IPython understands."""
    cells = ("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    sources = (re.sub(r"^\s*[%!?].*$", "", source, flags=re.M) for source in cells)
    return [node for source in sources for node in ast.walk(ast.parse(source))]


def path_of(module: str) -> str:
    """The file of a module of the package, such as hvae_lessons/models/vae.py."""
    file = Path(inspect.getfile(importlib.import_module(module))).resolve()
    return file.relative_to(Path(hvae_lessons.__file__).resolve().parents[1]).as_posix()


def imported(nodes: list[ast.AST]) -> tuple[dict[str, ModuleType], set[tuple[str, str]]]:
    """What a chapter imports of the package: modules by the names they have there, and (module, name)."""
    modules, found = {}, set()
    for node in nodes:
        if isinstance(node, ast.Import) and any(name.name.split(".")[0] == PACKAGE for name in node.names):
            raise ValueError(f"chapters write `from {PACKAGE} import ...`, got {ast.unparse(node)!r}")
        if not isinstance(node, ast.ImportFrom) or node.module.split(".")[0] != PACKAGE:
            continue
        source = importlib.import_module(node.module)
        for name in node.names:
            if not hasattr(source, name.name):  # a module that nothing has imported yet
                importlib.import_module(f"{node.module}.{name.name}")
            if isinstance(module := getattr(source, name.name), ModuleType):
                modules[name.asname or name.name] = module
            else:
                found.add((node.module, name.name))
    return modules, found


def functions(notebook: dict) -> Uses:
    """What a chapter imports, or calls as `module.name`, by the file that defines it."""
    nodes = nodes_of(notebook)
    modules, found = imported(nodes)
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id)
            if hasattr(module, node.attr) and not isinstance(getattr(module, node.attr), ModuleType):
                found.add((module.__name__, node.attr))
    uses = {path_of(module.__name__): set() for module in modules.values()}
    for module, name in found:
        # Packages hand on what their files define; a constant does not know where it comes from.
        home = getattr(getattr(importlib.import_module(module), name), "__module__", "")
        uses.setdefault(path_of(home if home.startswith(PACKAGE) else module), set()).add(name)
    handed_on = {path for path, names in uses.items() if not names and path.endswith("__init__.py")}
    return {path: sorted(uses[path]) for path in sorted(uses.keys() - handed_on - {EVERYWHERE})}


@cache
def homes() -> dict[str, str]:
    """Name of a theorem -> its file."""
    return {entry.name: path_of(entry.prover.__module__) for entry in all_theorems()}


def theorems(notebook: dict) -> Uses:
    """The theorems whose proofs a chapter shows, by file; the folder alone where it shows all of them."""
    calls = [node for node in nodes_of(notebook) if isinstance(node, ast.Call)]
    if any(getattr(node.func, "id", "") == "all_theorems" for node in calls):
        return {THEOREMS: []}
    names = {node.args[0].value for node in calls if getattr(node.func, "id", "") == "show_proof"}
    uses = {path: [] for path in sorted({homes()[name] for name in names})}
    for name in sorted(names):
        uses[homes()[name]].append(name)
    return uses


def chapters() -> list[str]:
    """The notebooks, in the order of the book."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    pages = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    return [page for page in pages if (ROOT / "book" / f"{page}.ipynb").is_file()]


def cell(uses: Uses, folder: str = PACKAGE) -> str:
    """A cell of the table: the files below a folder, without what each has at its end."""
    names = (path.removeprefix(f"{folder}/").removesuffix("/__init__.py") for path in uses)
    return ", ".join(f"`{name.removesuffix('.py')}`" for name in names)


def table() -> str:
    """README's map of chapters to modules."""
    rows = ["| chapter | modules it uses | `theorems/` it shows |", "|---|---|---|"]
    for page in chapters():
        notebook = json.loads((ROOT / "book" / f"{page}.ipynb").read_text(encoding="utf-8"))
        link = f"[{page}](book/{page}.ipynb)"
        proofs = theorems(notebook)
        shown = "all" if THEOREMS in proofs else cell(proofs, THEOREMS)
        rows.append(f"| {link} | {cell(functions(notebook))} | {shown} |")
    return "\n".join([*rows, f"| all | {cell({EVERYWHERE: []})} | |"]) + "\n"


def main() -> int:
    before = README.read_text(encoding="utf-8")
    after = TABLE.sub(lambda _: table(), before)
    if after != before:
        README.write_text(after, encoding="utf-8")
        print("README.md: the map of chapters to modules is written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
