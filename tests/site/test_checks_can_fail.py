"""The checks of test_pages.py find what they are there to find."""

import checks_of_pages as checks
import pytest
from bs4 import BeautifulSoup
from checks_of_pages import is_elsewhere


def soup(article: str, title: str = "<title>t</title>") -> BeautifulSoup:
    page = f'<html lang="en"><head>{title}</head><body><article>{article}</article></body></html>'
    return BeautifulSoup(page, "html.parser")


def test_a_good_page_has_no_complaint():
    page = soup('<h1>T</h1><img alt="a bell" src="a.png"><p>1 + 1</p><pre>$$ in code</pre>')
    assert checks.equations(page) == checks.leftovers(page) == checks.accessibility(page) == []


@pytest.mark.parametrize(
    "text",
    [
        '<span class="katex-error">x</span>',
        '<span class="math">\\(x\\)</span>',
        "<p>$$ x $$</p>",
        "<p>\\begin{align} x</p>",
    ],
)
def test_an_equation_that_is_not_rendered_is_found(text):
    assert checks.equations(soup(text))


@pytest.mark.parametrize("text", ["{ref}`a`", "{cite:p}`a`", "\n:::{note}", "\n```{exercise}"])
def test_a_leftover_directive_is_found(text):
    assert checks.leftovers(soup(f"<p>{text}</p>"))


@pytest.mark.parametrize(
    "text",
    [
        "<h1>T</h1><img src='a.png'>",
        "<h1>T</h1><img src='a.png' alt='_images/a.png'>",
        "<h1>T</h1><h1>U</h1>",
        "<p>no heading</p>",
        "<h1>T</h1><p id='a'></p><p id='a'></p>",
    ],
)
def test_what_a_screen_reader_misses_is_found(text):
    assert checks.accessibility(soup(text))


@pytest.mark.parametrize(
    "text",
    [
        '<a href="missing.html">',
        '<a href="page.html#nowhere">',
        '<a href="#nowhere">',
        '<img src="missing.png">',
        '<script src="https://elsewhere.example/a.js"></script>',
        '<a href="../outside.html">',
    ],
)
def test_a_dead_link_is_found(tmp_path, text):
    page = tmp_path / "page.html"
    page.write_text('<p id="here"></p>', encoding="utf-8")
    assert checks.links(soup(text), page, tmp_path)
    assert checks.links(soup('<a href="page.html#here">'), page, tmp_path) == []


def test_another_host_is_another_host():
    assert is_elsewhere("https://elsewhere.example/a.js", "127.0.0.1:80")
    assert is_elsewhere("https://elsewhere.example/a.js", "")
    assert not is_elsewhere("file:///a/b.js", "")
    assert not is_elsewhere("data:image/png;base64,AA", "")


def test_a_request_to_another_host_and_a_broken_script_are_noticed(open_page, tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<img src="http://elsewhere.invalid/a.png"><script>nonsense(</script>', encoding="utf-8")
    complaints = open_page(page.as_uri()).complaints
    assert any(line.startswith("asks: http://elsewhere.invalid") for line in complaints)
    assert any(line.startswith("script:") for line in complaints)
