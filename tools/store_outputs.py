"""Write into the chapters what their cells print, for the tests to compare: `make outputs`.

A code cell that prints, and shows nothing else, is tagged `nbval-check-output` and keeps its text; any other
loses tag and outputs. A number that changes is then a line in the diff of a commit.
"""

import json
import sys

from jupyter_cache import get_cache
from nbformat import read

from hvae_lessons.notebook import COMPARED_TABLE
from tools.execute import CHAPTERS, cache_folder
from tools.strip_notebooks import strip

COMPARED = "nbval-check-output"
IGNORED = "nbval-ignore-output"  # set by hand where a cell prints what differs from run to run


def with_outputs(notebook: dict, executed: dict) -> dict:
    """A chapter as it is committed, with the text of the cells that print."""
    notebook = json.loads(json.dumps(notebook))
    # The cache keeps code cells only.
    chapter, done = (
        [cell for cell in pages["cells"] if cell["cell_type"] == "code"] for pages in (notebook, executed)
    )
    for cell, run in zip(chapter, done, strict=True):
        tags = [tag for tag in cell["metadata"].get("tags", []) if tag != COMPARED]
        outputs = [output for output in run["outputs"] if output.get("name") != "stderr"]
        prints = bool(outputs) and all(output.get("name") == "stdout" for output in outputs)
        shows_tables = bool(outputs) and all(
            COMPARED_TABLE in output.get("metadata", {}) for output in outputs
        )
        if (prints or shows_tables) and IGNORED not in tags:
            tags.append(COMPARED)
        if prints:
            lines = "".join(output["text"] for output in outputs).splitlines(keepends=True)
            cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": lines}]
        elif shows_tables:
            cell["outputs"] = outputs
        cell["metadata"].pop("tags", None)
        if tags:
            cell["metadata"]["tags"] = tags
    return strip(notebook)


def main() -> int:
    cache = get_cache(str(cache_folder()))
    for path in CHAPTERS:
        text = path.read_text(encoding="utf-8")
        try:
            known = cache.match_cache_notebook(read(path, as_version=4))
        except KeyError:
            print(f"{path.name} has not been executed as it is now: make book first.", file=sys.stderr)
            return 1
        executed = json.loads(json.dumps(cache.get_cache_bundle(known.pk).nb))
        after = json.dumps(with_outputs(json.loads(text), executed), indent=1, ensure_ascii=False) + "\n"
        if after != text:
            path.write_text(after, encoding="utf-8")
            print(path.name, "stored")
    return 0


if __name__ == "__main__":
    sys.exit(main())
