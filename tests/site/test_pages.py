"""Every page of the built book, as its HTML says and as a browser shows it."""

from pathlib import Path

import checks_of_pages as checks
import pytest
import yaml
from bs4 import BeautifulSoup
from checks_of_pages import SITE

from tools import chapter_code
from tools.repository import repository

TOC = yaml.safe_load((SITE.parents[1] / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = [TOC["root"], *(entry["file"] for part in TOC["parts"] for entry in part["chapters"])]
GENERATED = ["search", "genindex"]

CONTRAST = (
    Path(__file__).with_name("contrast.js").read_text(encoding="utf-8").partition("\n")[2].strip().rstrip(";")
)


@pytest.fixture
def address(request, site):
    """Where the page lies: as a file, or on the server."""

    def of(origin: str, name: str) -> str:
        base = site.as_uri() if origin == "file" else request.getfixturevalue("server")
        return f"{base}/{name}.html"

    return of


def soup_of(site, name: str) -> BeautifulSoup:
    return BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


@pytest.mark.parametrize("name", CHAPTERS + GENERATED)
@pytest.mark.parametrize("origin", ["file", "server"])
def test_opens_without_error_and_asks_no_other_host(open_page, address, origin, name):
    page = open_page(address(origin, name))
    page.mouse.wheel(0, 20_000)
    page.wait_for_timeout(100)
    assert page.complaints == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_equation_is_rendered(site, name):
    assert checks.equations(soup_of(site, name)) == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_no_directive_or_role_is_left(site, name):
    assert checks.leftovers(soup_of(site, name)) == []


@pytest.mark.parametrize("name", CHAPTERS + GENERATED)
def test_links_images_and_anchors_lead_somewhere(site, name):
    assert checks.links(soup_of(site, name), site / f"{name}.html", site) == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_accessibility_basics(site, name):
    assert checks.accessibility(soup_of(site, name)) == []


@pytest.mark.parametrize("name", CHAPTERS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_phone_does_not_scroll_sideways(open_page, address, theme, name):
    page = open_page(address("file", name), width=360, theme=theme)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    # Solutions are read on phones too.
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    page.evaluate(
        "for (const d of document.querySelectorAll('.toggle-hidden')) d.classList.remove('toggle-hidden')"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    # A box that hides its overflow could cut a line off: the text column itself must fit.
    assert page.evaluate("document.querySelector('article').scrollWidth") <= 360


@pytest.mark.parametrize("name", CHAPTERS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_background(open_page, address, theme, name):
    assert open_page(address("file", name), theme=theme).evaluate(CONTRAST) == []


@pytest.mark.parametrize("origin", ["file", "server"])
def test_search_finds_a_word_of_a_chapter(open_page, address, origin):
    page = open_page(address(origin, "search") + "?q=likelihood")
    page.wait_for_selector("#search-results li a")
    page.wait_for_timeout(500)
    assert page.locator("#search-results li a").count() >= 1
    assert [line for line in page.complaints if "asks:" in line] == []


def test_launch_buttons_follow_the_repository(site):
    known = bool(repository())
    for name in CHAPTERS:
        hrefs = [tag.get("href", "") for tag in soup_of(site, name).find_all("a")]
        is_notebook = (SITE.parents[1] / "book" / f"{name}.ipynb").is_file()
        launches = [href for href in hrefs if "mybinder" in href or "colab.research" in href]
        assert len(launches) == (2 if known and is_notebook else 0), (name, launches)


@pytest.mark.parametrize("name", chapter_code.chapters())
def test_every_chapter_lists_its_code_in_a_folded_box(site, name):
    (details,) = soup_of(site, name).select("details.code-of-chapter")
    assert not details.has_attr("open")
    assert len(details.select("li")) > 1
    assert bool(details.select("a")) == bool(repository())


def test_no_page_is_built_that_is_not_in_the_contents(site):
    built = {path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")}
    built = {name for name in built if not name.startswith("_static/")}
    assert built == {*CHAPTERS, *GENERATED}
