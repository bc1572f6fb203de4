"""What the chapters' figures say stands in one table per file, WORDS: another language is another table."""

import importlib
import re
from pathlib import Path

import pytest
from drawn_words import drawn_words

from hvae_lessons import figures

FILES = sorted(Path(figures.__file__).parent.rglob("*.py"))
CHAPTERS = sorted(path for path in FILES if path.parent.name == "chapters" and path.stem != "__init__")


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_figure_draws_a_word_of_its_own(path):
    assert drawn_words(path) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_word_of_the_table_is_drawn(path):
    words = importlib.import_module(f"hvae_lessons.figures.chapters.{path.stem}").WORDS
    used = set(re.findall(r'WORDS\["([^"]+)"\]', path.read_text(encoding="utf-8")))
    named = {"pathwise", "score function", "score function with baseline"}  # by the caller's data
    assert used <= words.keys()
    assert words.keys() - used <= named


@pytest.mark.parametrize(
    "line",
    [
        'ax.set_title("One peak")',
        'ax.set(xlabel="code $z$")',
        'ax.text(0, 0, f"mean {x:.1f}")',
        'f.suptitle("a" "b")',
    ],
)
def test_a_word_that_is_drawn_is_found(tmp_path, line):
    path = tmp_path / "figure.py"
    path.write_text(line)
    assert len(drawn_words(path)) == 1


@pytest.mark.parametrize(
    "line",
    [
        'ax.set_title(WORDS["peak"])',
        r'ax.set(xlabel=r"$\log p$")',
        'ax.text(0, 0, f"{x:.1f}")',
        'ax.plot(x, color="red")',
    ],
)
def test_what_is_no_word_is_not(tmp_path, line):
    path = tmp_path / "figure.py"
    path.write_text(line)
    assert drawn_words(path) == []
