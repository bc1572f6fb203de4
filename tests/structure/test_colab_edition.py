"""The plain edition for Colab: every directive and role resolved, nothing lost."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from tools import colab
from tools.plain_markdown import Book, Unresolved, convert

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "book").glob("*.ipynb"))
BOOK = Book(
    labels={"bound": ("elbo", "The bound"), "eq-elbo": ("elbo", "1.2"), "ex-one": ("elbo", "Exercise 1")},
    titles={"elbo": "The bound", "vae": "The VAE"},
    citations={
        "kingma": ("Kingma and Welling", "2014", "https://arxiv.org/abs/1312.6114"),
        "x": ("X", "1", ""),
    },
    address=lambda page, label: f"{page}.html#{label}" if label else f"{page}.html",
)


@pytest.mark.parametrize(
    ("myst", "plain"),
    [
        ("(bound)=\n# The bound", "# The bound"),
        ("see {ref}`bound`", "see [The bound](elbo.html#bound)"),
        ("see {ref}`this <bound>` and `code`", "see [this](elbo.html#bound) and `code`"),
        ("by {eq}`eq-elbo`", "by [(1.2)](elbo.html#equation-eq-elbo)"),
        ("$$\nx\n$$ (eq-elbo)", "$$\nx \\tag{1.2}$$"),
        ("$x$ and $$y$$", "$x$ and $$y$$"),
        ("{doc}`vae`, {doc}`there <vae>`", "[The VAE](vae.html), [there](vae.html)"),
        ("[a](vae.ipynb) [b](elbo.ipynb#bound)", "[a](vae.html) [b](elbo.html#bound)"),
        ("{cite:p}`kingma,x`", "([Kingma and Welling, 2014](https://arxiv.org/abs/1312.6114); X, 1)"),
        ("{cite:t}`kingma`", "[Kingma and Welling (2014)](https://arxiv.org/abs/1312.6114)"),
        ("{math}`x^2`", "$x^2$"),
        ("```python\n{ref}`bound`\n```", "```python\n{ref}`bound`\n```"),
        (":::{note}\nText\n:::", "> **Note**\n>\n> Text"),
        ("```{admonition} Watch *out*\n:class: warning\n{eq}`eq-elbo`\n```",
         "> **Watch *out***\n>\n> [(1.2)](elbo.html#equation-eq-elbo)"),
        (":::{admonition} Answers\n:class: tip dropdown\n1. Yes.\n:::",
         "<details><summary><b>Answers</b></summary>\n\n1. Yes.\n\n</details>"),
        ("```{exercise} Jensen\n:label: ex-one\nShow.\n```", "> **Exercise 1. Jensen**\n>\n> Show."),
        ("````{solution} ex-one\n:class: dropdown\nSo:\n```python\n1\n```\n````",
         "<details><summary><b>Solution of exercise 1</b></summary>\n\nSo:\n```python\n1\n```\n\n</details>"),
        ("```{solution-start} ex-one\n:class: dropdown\n```", "#### Solution of exercise 1"),
        ("```{solution-end}\n```", ""),
        ("::::{note}\n:::{tip}\nIn\n:::\n::::", "> **Note**\n>\n> > **Tip**\n> >\n> > In"),
        ("```{math}\n:label: eq-elbo\nx\n```", "$$\nx \\tag{1.2}\n$$"),
    ],
)  # fmt: skip
def test_becomes_plain(myst, plain):
    assert convert(myst, BOOK) == plain


@pytest.mark.parametrize(
    "text",
    [
        "{ref}`nowhere`",
        "{eq}`nowhere`",
        "{cite}`nobody`",
        "{unknown}`x`",
        "```{unknown}\n```",
        ":::{note}\nx",
    ],
)
def test_what_has_no_plain_form_is_an_error_not_raw_text(text):
    with pytest.raises(Unresolved):
        convert(text, BOOK)


def test_labels_are_numbered_in_the_order_of_the_page():
    text = "(top)=\n# T\n\n$$a$$ (eq-a)\n\n```{math}\n:label: eq-b\nb\n```\n\n$$c$$\n\n"
    text += "```{exercise}\n:label: ex\n```"
    assert colab.labels_of("p", text, "3") == {
        "top": ("p", "T"), "eq-a": ("p", "3.1"), "eq-b": ("p", "3.2"), "ex": ("p", "Exercise 3.1"),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["", "someone/a-book"])
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_chapter_has_a_valid_plain_edition(path, name):
    source = json.loads(path.read_text(encoding="utf-8"))
    edition = colab.plain(source, colab.read_book(name), name)
    nbformat.validate(nbformat.reads(json.dumps(edition), as_version=4))
    code = [cell for cell in edition["cells"] if cell["cell_type"] == "code"]
    assert "pip install" in code[0]["source"]
    assert (name or "FOLDER") in code[0]["source"]
    assert [cell["source"] for cell in code[1:]] == [
        cell["source"] for cell in source["cells"] if cell["cell_type"] == "code"
    ]
    for cell in edition["cells"]:
        if cell["cell_type"] == "markdown":
            assert not re.search(r"\{[a-z:]+\}`|^(```|:::+)\{|^\([\w-]+\)=", cell["source"], re.M)
            assert cell["source"].count("$$") % 2 == 0
