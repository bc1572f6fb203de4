"""A folded cell is one line of the page that says what it checks; a failed claim is never folded."""

from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.core import publish_from_doctree
from docutils.utils import new_document

from book._ext import folded_cells
from tools.execute import BOX


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("assert x", "1 claim checked"),
        ("# the curve\nassert x\nfor y in z:\n    assert y, 'why'", "2 claims checked: the curve"),
        ("# Imports\nimport math", "Imports"),
        ("assert a and b  # both\nassert True", "2 claims checked"),
    ],
)
def test_the_line_counts_the_claims_and_repeats_the_comment(source, line):
    assert folded_cells.title(source) == line


def test_a_cell_that_checks_nothing_and_says_nothing_is_refused():
    with pytest.raises(ValueError, match="got: import math"):
        folded_cells.title("import math")


def page(*outputs, tags=("tag_folded",)):
    """A page with one cell, after the extension has seen it."""
    source = nodes.container("", nodes.literal_block("", "# a < b\nassert a < b"), classes=["cell_input"])
    shown = nodes.container("", *(nodes.raw("", output, format="html") for output in outputs))
    document = new_document("page")
    document += nodes.container("", source, shown, classes=["cell", *tags])
    folded_cells.fold(SimpleNamespace(), document)
    return BeautifulSoup(publish_from_doctree(document, writer_name="html5"), "html.parser")


def test_a_tagged_cell_is_closed_and_whole_behind_its_line():
    (details,) = page("<p>Output.</p>").select("details")
    assert not details.has_attr("open")
    assert details.summary.get_text() == "1 claim checked: a < b"
    assert "assert a < b" in details.get_text()
    assert "Output." in details.get_text()


def test_other_cells_and_failed_claims_are_not_folded():
    assert page(tags=()).select("details") == []
    assert page(BOX.format("a < b: expected a < b, measured a = 2, b = 1")).select("details") == []
