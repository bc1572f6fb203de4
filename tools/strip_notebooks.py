"""Strip outputs and execution counts from the chapters, or with --check only say which carry some.

Cells tagged `keep_output` or `nbval-check-output` keep their output, which the tests compare.
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEEP = {"keep_output", "nbval-check-output"}
# What an editor leaves behind; the kernel's exact version would change with every save.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_METADATA = {"execution", "ExecuteTime", "collapsed", "scrolled"}


def strip(notebook: dict) -> dict:
    """The notebook as it is committed."""
    notebook = json.loads(json.dumps(notebook))
    notebook["metadata"] = {**{k: v for k, v in notebook["metadata"].items() if k == "mystnb"}, **METADATA}
    for cell in notebook["cells"]:
        for key in CELL_METADATA:
            cell["metadata"].pop(key, None)
        if cell["cell_type"] != "code":
            continue
        cell["execution_count"] = None
        if KEEP & set(cell["metadata"].get("tags", [])):
            # nbval takes a cell with outputs and no number for one that was never run.
            cell["execution_count"] = 1 if cell["outputs"] else None
            for output in cell["outputs"]:
                if "execution_count" in output:
                    output["execution_count"] = None
        else:
            cell["outputs"] = []
    return notebook


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, default=sorted((ROOT / "book").glob("*.ipynb")))
    parser.add_argument("--check", action="store_true", help="change nothing, fail if there is one to strip")
    arguments = parser.parse_args()
    unstripped = 0
    for path in arguments.notebooks:
        before = json.loads(path.read_text(encoding="utf-8"))
        after = strip(before)
        if before == after:
            continue
        unstripped += 1
        print(path.name, "is not stripped" if arguments.check else "stripped")
        if not arguments.check:
            path.write_text(json.dumps(after, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return int(arguments.check and unstripped > 0)


if __name__ == "__main__":
    sys.exit(main())
