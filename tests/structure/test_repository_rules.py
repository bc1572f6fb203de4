"""The tree keeps the house rules (tests/structure/rules.py)."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import rules
import yaml

from tools import chapter_code, repository
from tools.strip_notebooks import strip

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
PACKAGE = sorted((ROOT / "hvae_lessons").rglob("*.py"))
SAID = re.compile(r"^\.venv/bin/python -m pytest (.+)$", re.M)
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


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_notebook_is_stripped(path):
    notebook = rules.read_notebook(path)
    assert strip(notebook) == notebook, "run `make strip`"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
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
    assert rules.unpinned(text_of("requirements.txt")) == []


def test_every_dependency_of_the_package_is_among_the_pins_and_on_binder():
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    wanted = {re.match(r"[A-Za-z0-9_.-]+", line)[0].lower() for line in project["dependencies"]}
    pins = set(re.findall(r"^([a-z0-9-]+)==", text_of("requirements.txt"), re.M))
    on_binder = set(re.findall(r"^([a-z0-9-]+)$", text_of("binder/requirements.txt"), re.M))
    assert wanted <= on_binder <= pins


def test_the_instructions_name_the_tests_that_make_runs():
    made = re.findall(r"^\t(?:env \$\(KERNELS\) )?\$\(PYTEST\) (.+)$", text_of("Makefile"), re.M)
    made = {line.removeprefix("--dist loadfile ").replace("$(NOTEBOOKS)", "book/*.ipynb") for line in made}
    said = {page: set(SAID.findall(text_of(page))) for page in ("book/howto.md", "README.md")}
    assert said["book/howto.md"] == made
    assert said["README.md"] == {line for line in made if "nbval" not in line}


def test_the_instructions_name_the_commands_that_make_knows():
    known = set(re.findall(r"^([a-z-]+):.*## ", text_of("Makefile"), re.M))
    table = set(re.findall(r"^\| `make ([a-z-]+)` \|", text_of("book/howto.md"), re.M))
    (others,) = re.findall(r"`make help` lists the others: (.+)\.", text_of("README.md"))
    assert table == known - {"help"}
    assert set(re.findall(r"`([a-z-]+)`", others)) == known - {"help", "book", "test"}


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#:]+)\)", text_of(page))
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_readme_maps_every_chapter_to_the_modules_it_uses():
    assert chapter_code.table() in text_of("README.md"), "run `make map`"


def test_the_contents_list_every_chapter_and_nothing_else():
    toc = yaml.safe_load(text_of("_toc.yml"))
    listed = {toc["root"], *(entry["file"] for part in toc["parts"] for entry in part["chapters"])}
    there = {path.stem for path in (ROOT / "book").iterdir() if path.suffix in (".ipynb", ".md")}
    assert listed == there


def test_the_cover_links_every_chapter():
    linked = set(re.findall(r"^:link: (\w+)$|\]\((\w+)\.ipynb\)", text_of("book/index.md"), re.M))
    assert {path.stem for path in NOTEBOOKS} <= {name for pair in linked for name in pair}


def test_the_layers_are_drawn_as_they_are_checked():
    (layers,) = (
        contract["layers"]
        for contract in tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )
    drawing = re.search(r"^## Layers$.*?^```text\n(.*?)^```", text_of("CONTRIBUTING.md"), re.M | re.S)[1]
    drawn = [re.split(r"  +", line)[0] for line in drawing.splitlines() if line.strip() != "↓"]
    assert drawn == layers


def test_the_example_of_a_new_model_names_files_that_exist():
    example = text_of("CONTRIBUTING.md").partition("## A model with its chapter")[2].partition("\n## ")[0]
    named = re.findall(r"`([\w./]+\.(?:py|js|json|ipynb|yml|md|bib))`", example)
    assert [name for name in named if not (ROOT / name).is_file()] == []
    tables = re.findall(r"^\*\*.*? (\d+) files\.\*\*$(.*?)(?=^\*\*)", example, re.M | re.S)
    assert [int(count) for count, _ in tables] == [
        len(re.findall(r"^\| `", table, re.M)) for _, table in tables
    ]
    assert len(tables) == 2


def test_imports_run_one_way():
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def test_extensions_import_tools_and_not_the_other_way():
    extensions, tools = ((path.read_text(encoding="utf-8") for path in (ROOT / folder).glob("*.py"))
                         for folder in ("book/_ext", "tools"))  # fmt: skip
    assert not any("sys.path" in text for text in extensions)
    assert not any("sys.path" in text or "book._ext" in text for text in tools)


def test_katex_styles_are_of_the_version_that_renders():
    from sphinxcontrib.katex import katex_version

    style = text_of("book/_static/katex/katex.min.css")
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
