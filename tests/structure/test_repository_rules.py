"""The tree keeps the house rules (tests/structure/rules.py)."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import repository
import rules
import yaml
from strip_notebooks import strip

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
PACKAGE = sorted((ROOT / "hvae_lessons").rglob("*.py"))
SKIPPED = {".git", ".venv", "_build", "__pycache__", "node_modules", ".ipynb_checkpoints"}


def tree(*suffixes: str) -> list[Path]:
    """The project's own files with one of these endings."""
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and path.suffix in suffixes and not SKIPPED & set(path.relative_to(ROOT).parts)
    ]


def named(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_notebook_is_stripped(path):
    notebook = rules.read_notebook(path)
    assert strip(notebook) == notebook, "run `make strip`"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
@pytest.mark.parametrize("rule", [rules.long_cells, rules.definitions, rules.headings, rules.kernel])
def test_notebook_keeps(rule, path):
    assert rule(rules.read_notebook(path)) == []


def test_package_files_are_short():
    assert rules.long_files(PACKAGE) == []


def test_every_file_has_a_name_that_says_what_it_is_for():
    assert rules.vague_names(tree(".py", ".js", ".ts", ".ipynb", ".md")) == []


def test_no_file_names_a_host_that_serves_scripts():
    files = [path for path in tree(".py", ".js", ".ts", ".css", ".html", ".yml", ".md", ".ipynb", ".svg")]
    files = [path for path in files if path.parent != Path(__file__).parent]
    found = {str(path): rules.cdn_addresses(path.read_text(encoding="utf-8")) for path in files}
    assert {path: hits for path, hits in found.items() if hits} == {}


def test_every_requirement_is_pinned():
    assert rules.unpinned((ROOT / "requirements.txt").read_text(encoding="utf-8")) == []


def test_every_dependency_of_the_package_is_among_the_pins():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.match(r"[A-Za-z0-9_.-]+", line)[0].lower() for line in project["dependencies"]}
    pins = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.M)
    assert wanted <= set(pins)


def test_the_contents_list_every_chapter_and_nothing_else():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = {toc["root"], *(entry["file"] for part in toc["parts"] for entry in part["chapters"])}
    there = {path.stem for path in (ROOT / "book").iterdir() if path.suffix in (".ipynb", ".md")}
    assert listed == there


def test_imports_run_one_way():
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def test_katex_styles_are_of_the_version_that_renders():
    from sphinxcontrib.katex import katex_version

    style = (ROOT / "book/_static/katex/katex.min.css").read_text(encoding="utf-8")
    assert f'"{katex_version}"' in style
    fonts = set(re.findall(r"url\(fonts/([^)]+)\)", style))
    assert fonts == {path.name for path in (ROOT / "book/_static/katex/fonts").iterdir()}


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/someone/a-book.git", "someone/a-book"),
        ("https://github.com/someone/a-book", "someone/a-book"),
        ("https://token@github.com/someone/a-book", "someone/a-book"),
        ("git@github.com:someone/a.book.git", "someone/a.book"),
        ("ssh://git@github.com/someone/a-book.git", "someone/a-book"),
        ("https://gitlab.com/someone/a-book.git", ""),
        ("https://github.com.evil.example/someone/a-book", ""),
        ("/srv/git/a-book.git", ""),
        ("", ""),
    ],
)
def test_repository_is_read_from_a_github_address_only(address, name):
    assert repository.from_remote(address) == name


def test_environment_names_the_repository_first(monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "someone/a-book")
    monkeypatch.delenv("HVAE_REPOSITORY", raising=False)
    assert repository.repository() == "someone/a-book"
    monkeypatch.setenv("HVAE_REPOSITORY", "class/fork")
    assert repository.repository() == "class/fork"
    monkeypatch.setenv("HVAE_REPOSITORY", "")
    assert repository.repository() == ""
