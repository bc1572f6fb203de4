"""Numbers that chapters quote, and the records of benchmarks that they are quoted from."""

import ast
import json
from pathlib import Path

from hvae_lessons.results import load_results

ROOT = Path(__file__).resolve().parents[1]


def quoted(chapter, name):
    """The literal that a chapter assigns to a name, from its source."""
    notebook = json.loads((ROOT / "book" / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            for node in ast.parse("".join(cell["source"])).body:
                if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
                    return ast.literal_eval(node.value)
    raise AssertionError(name)


def record(benchmark):
    """What benchmarks/<benchmark>.py wrote."""
    return load_results(benchmark)
