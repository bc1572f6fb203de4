"""Each house rule finds what it forbids, and lets through what it allows."""

import copy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import rules

from tools import execute
from tools.strip_notebooks import strip

ROOT = Path(__file__).resolve().parents[2]


def notebook(*cells: tuple[str, str]) -> dict:
    """A small notebook of (kind, source) cells."""
    kinds = {"code": {"execution_count": None, "outputs": []}, "markdown": {}}
    return {
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
        "cells": [
            {"cell_type": k, "metadata": {}, "source": [s], **copy.deepcopy(kinds[k])} for k, s in cells
        ],
    }


GOOD = notebook(
    ("markdown", "(label)=\n# Title\n\n```python\n# comment\n```"), ("code", "%time\nx = 1\nf = lambda: 2")
)

FOLDED = notebook(("code", "x = 1"))
FOLDED["cells"][0]["metadata"]["tags"] = ["folded"]


@pytest.mark.parametrize(
    "rule",
    [
        rules.long_cells,
        rules.definitions,
        rules.headings,
        rules.kernel,
        rules.uncompared_prints,
        rules.folded_without_a_line,
    ],
)
def test_a_good_notebook_passes(rule):
    assert rule(GOOD) == []


@pytest.mark.parametrize(
    ("rule", "bad"),
    [
        (rules.long_cells, notebook(("code", "x = 1\n" * 26))),
        (rules.definitions, notebook(("code", "def f():\n    pass"))),
        (rules.definitions, notebook(("code", "if True:\n    class A: pass"))),
        (rules.uncompared_prints, notebook(("code", "if x:\n    print(x)"))),
        (rules.uncompared_prints, notebook(("code", "show_table(columns)"))),
        (rules.folded_without_a_line, FOLDED),
        (rules.headings, notebook(("markdown", "## Section"))),
        (rules.headings, notebook(("code", "1"), ("markdown", "# Title"))),
        (rules.headings, notebook(("markdown", "# Title"), ("markdown", "# Another"))),
        (rules.kernel, {"metadata": {"kernelspec": {"name": "my-env"}}, "cells": []}),
    ],
)
def test_a_bad_notebook_does_not(rule, bad):
    assert rule(bad)


def test_strip_removes_outputs_and_counts_but_keeps_what_is_compared():
    run = notebook(("code", "1"), ("code", "2"))
    for cell in run["cells"]:
        cell["execution_count"] = 7
        cell["outputs"] = [
            {"output_type": "execute_result", "execution_count": 7, "data": {}, "metadata": {}}
        ]
    run["cells"][1]["metadata"]["tags"] = ["nbval-check-output"]
    stripped = strip(run)
    assert stripped != run
    assert stripped["cells"][0]["outputs"] == []
    assert len(stripped["cells"][1]["outputs"]) == 1
    assert "7" not in str(stripped)
    assert strip(stripped) == stripped
    assert strip(GOOD) == GOOD


def test_vague_names_long_files_open_versions_and_hosts_are_found(tmp_path):
    long_file = tmp_path / "long.py"
    long_file.write_text("x = 1\n" * 351)
    assert rules.long_files([long_file])
    assert rules.vague_names([Path("a/utils.py"), Path("a/Helpers.js")]) == ["a/utils.py", "a/Helpers.js"]
    assert rules.vague_names([Path("a/checks.py")]) == []
    assert rules.unpinned("a==1.0\nb>=2  # why\nc\n") == ["b>=2", "c"]
    assert rules.cdn_addresses('<script src="https://unpkg.com/x">')
    assert not rules.cdn_addresses("https://github.com/someone/a-book")


def test_an_import_against_the_layers_is_found(tmp_path):
    for name in ("hvae_lessons", "pyproject.toml"):
        source = ROOT / name
        copy_tree = shutil.copytree if source.is_dir() else shutil.copy
        copy_tree(source, tmp_path / name)
    with (tmp_path / "hvae_lessons" / "formulas" / "divergences.py").open("a", encoding="utf-8") as file:
        file.write("\nfrom hvae_lessons import training  # noqa\n")
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env={"PYTHONPATH": str(tmp_path)}
    )
    assert done.returncode == 1
    assert "hvae_lessons.formulas.divergences -> hvae_lessons.training" in done.stdout


def test_the_cache_of_outputs_follows_package_data_and_pins(tmp_path):
    package = tmp_path / "hvae_lessons"
    results = package / "results"
    stored = [package / "data" / "_data", results / "records", results / "weights"]
    for folder in stored:
        folder.mkdir(parents=True)
    inside = [stored[0] / "b.bin", stored[1] / "c.json", stored[2] / "d.npz"]
    files = [package / "a.py", *inside, tmp_path / "requirements.txt"]
    for path in files:
        path.write_text("one")
    seen = {execute.fingerprint(tmp_path)}
    for path in files:
        path.write_text("two")
        seen.add(execute.fingerprint(tmp_path))
    assert len(seen) == 6
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "a.pyc").write_text("three")
    assert execute.fingerprint(tmp_path) in seen
