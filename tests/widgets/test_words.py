"""What a reader sees in words stands in a widget's words.py and only there: a language is a table."""

import importlib
import re

import pytest
from drawn_words import drawn_words

from hvae_lessons import widgets
from hvae_lessons.widgets import ElboGap, LessonWidget
from hvae_lessons.widgets.kit import bundles

LESSONS = [getattr(widgets, name) for name in widgets.__all__ if name not in ("LessonWidget", "KernelPanel")]
SCRIPTS = sorted([*bundles.SOURCES.glob("*/front_end.js"), *bundles.SOURCES.glob("js/ui/*.js")])
DRAWINGS = sorted([*bundles.SOURCES.glob("*/picture.py"), *bundles.SOURCES.glob("*/widget.py")])

# A comment, or the inside of a string; a template's values are cut out of it below.
TOKENS = re.compile(r'//[^\n]*|/\*.*?\*/|"((?:\\.|[^"\\\n])*)"|`((?:\\.|[^`\\])*)`', re.DOTALL)
SENTENCE = re.compile(r"[A-Za-z]{2,}[,:.;]? +[A-Za-z]{2,}|^[A-Z][a-z]+$")
# Names in style sheets have hyphens.
NO_WORDS = re.compile(r"\b[a-z]+(-[a-z\d]+)+\b")


def sentences(script):
    """The strings of a script that read like words for a person."""
    texts = [text or template for text, template in TOKENS.findall(script) if text or template]
    texts = [part for text in texts for part in re.split(r"\$\{[^}]*\}?", text)]
    return [text for text in texts if SENTENCE.search(NO_WORDS.sub("", text))]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_script_of_the_page_has_no_sentence(path):
    assert sentences(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    ['button(view, "Reset", f);', 'line.say("No more samples.");', "note(`At ${x} the nearest is ${y}`);"],
)
def test_a_sentence_in_a_script_is_found(line):
    assert sentences(line) != []


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_picture_has_no_sentence_of_its_own(path):
    assert drawn_words(path) == []


@pytest.mark.parametrize("widget", LESSONS)
def test_every_sentence_of_a_table_is_said_and_no_other(widget):
    name = widget.front_end
    words = importlib.import_module(f"hvae_lessons.widgets.{name}.words")
    script = (bundles.SOURCES / name / "front_end.js").read_text(encoding="utf-8")
    said = set(re.findall(r'\b(?:say|rich)\("(\w+)"', script))
    assert said <= words.PAGE.keys()
    assert words.PAGE.keys() - {"title"} <= set(re.findall(r'"(\w+)"', script))


@pytest.mark.parametrize("widget", LESSONS)
def test_a_page_speaks_the_language_of_its_table(open_widget, widget):
    table = {key: f"⟦{text}⟧" for key, text in widget().words.items()}
    page = open_widget(widget(words=table))
    page.wait_for_timeout(500)
    shown = page.evaluate(
        """() => [...document.querySelectorAll(".hvae *")].flatMap((element) => [
          element.getAttribute("aria-label") ?? "",
          ...[...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data),
        ])"""
    )
    foreign = [text for text in shown if SENTENCE.search(text) and not re.search("⟦|⟧", text)]
    assert foreign == []
    assert any("⟦" in text for text in shown)
    assert [text for text in shown if re.search(r"undefined|\{|\}", text)] == []


def test_a_table_with_a_sentence_missing_is_refused():
    table = dict(ElboGap().words)
    del table["reset"]
    with pytest.raises(
        ValueError, match=r"words: expected the \d+ keys of words.py, got a difference in \['reset'\]"
    ):
        ElboGap(words=table)
    with pytest.raises(ValueError, match="words: expected a dict"):
        ElboGap(words=["Reset"])


def test_every_front_end_has_a_table():
    assert sorted(widget.front_end for widget in LessonWidget.__subclasses__()) == bundles.names()
