"""What a chapter uses of the package is read from its notebook, and stands in a box before its sources."""

import json
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from docutils.core import publish_doctree, publish_from_doctree

from book._ext import code_of_chapter
from tools.chapter_code import functions, theorems


def notebook(*sources):
    return {"cells": [{"cell_type": "code", "source": [source]} for source in sources]}


CHAPTER = notebook(
    "%matplotlib inline\nfrom hvae_lessons import data\nfrom hvae_lessons.models import VAE as Model",
    "from hvae_lessons.proofs import CHAPTERS\nfrom hvae_lessons.notebook import setup, show_proof",
    'x = data.load_digits().train_x\nshow_proof("standard-gaussian-kl")',
)


def test_a_chapter_uses_the_files_that_define_what_it_imports():
    assert functions(CHAPTER) == {
        "hvae_lessons/data/images.py": ["load_digits"],
        "hvae_lessons/models/vae.py": ["VAE"],
        "hvae_lessons/proofs/__init__.py": ["CHAPTERS"],
    }


def test_a_module_of_which_nothing_is_called_is_used_all_the_same():
    assert functions(notebook("from hvae_lessons import nets")) == {"hvae_lessons/nets.py": []}


def test_an_import_that_would_be_overlooked_is_refused():
    with pytest.raises(ValueError, match="import hvae_lessons.nets"):
        functions(notebook("import hvae_lessons.nets"))


def test_theorems_are_those_whose_proofs_are_shown():
    (names,) = theorems(CHAPTER).values()
    assert names == ["standard-gaussian-kl"]
    assert theorems(notebook("all_theorems()")) == {"hvae_lessons/theorems": []}
    assert theorems(notebook("show = 1")) == {}


def page(tmp_path, chapter, name, suffix=".ipynb", last="Sources and further reading"):
    """The HTML of a small page, after the box was added."""
    path = tmp_path / f"chapter{suffix}"
    path.write_text(json.dumps(chapter), encoding="utf-8")
    text = f"=====\nTitle\n=====\n\nExercises\n=========\n\ntext\n\n{last}\n{'=' * len(last)}\n\nbooks\n"
    settings = {"doctitle_xform": False}
    document = publish_doctree(text, settings_overrides=settings)
    app = SimpleNamespace(
        env=SimpleNamespace(doc2path=lambda docname: str(path)), config=SimpleNamespace(hvae_repository=name)
    )
    code_of_chapter.add_box(app, document, "chapter")
    return BeautifulSoup(publish_from_doctree(document, writer_name="html5"), "html.parser")


def test_the_box_is_folded_and_stands_before_the_sources(tmp_path):
    soup = page(tmp_path, CHAPTER, "")
    (details,) = soup.select("details")
    assert not details.has_attr("open")
    assert details.find().name == "summary"
    assert details.summary.get_text() == "Code of this chapter"
    heading = ["h2", "h3"]
    assert details.find_previous(heading).get_text() == "Exercises"
    assert details.find_next(heading).get_text() == "Sources and further reading"
    assert [line.get_text() for line in details.select("li")][:2] == [
        "data/images.py: load_digits",
        "models/vae.py: VAE",
    ]
    assert details.select("a") == []  # nobody knows where the files could be read


def test_files_are_linked_in_the_repository_that_builds_the_book(tmp_path, monkeypatch):
    monkeypatch.setenv("HVAE_BRANCH", "autumn")
    soup = page(tmp_path, CHAPTER, "class/fork")
    addresses = [tag["href"] for tag in soup.select("details a")]
    assert addresses[0] == "https://github.com/class/fork/blob/autumn/hvae_lessons/data/images.py"
    assert all(address.startswith("https://github.com/class/fork/blob/autumn/") for address in addresses)
    (folder,) = page(tmp_path, notebook("all_theorems()"), "class/fork").select("details a")
    assert folder["href"] == "https://github.com/class/fork/tree/autumn/hvae_lessons/theorems"


def test_a_page_without_sources_has_it_last_and_one_without_code_has_none(tmp_path):
    article = page(tmp_path, CHAPTER, "", last="Summary").select_one("details").find_next_siblings()
    assert article == []
    assert page(tmp_path, notebook("x = 1"), "").select("details") == []
    assert page(tmp_path, CHAPTER, "", suffix=".md").select("details") == []
