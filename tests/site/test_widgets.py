"""The widgets on the pages of the built book."""

import gzip
import json

import pytest
from bs4 import BeautifulSoup
from checks_of_pages import SITE

from hvae_lessons import widgets
from hvae_lessons.widgets.kit import bundles
from tools import chapter_code

PAGES = sorted(SITE.glob("*.html"))
LARGEST_TRANSFER = 1_000_000


@pytest.fixture(scope="session")
def strict_server(site, serve_strictly):
    return serve_strictly(site)


def widgets_of(path) -> list[str]:
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    return [tag["data-hvae-widget"] for tag in soup.select("[data-hvae-widget]")]


WITH_WIDGETS = [path.stem for path in PAGES if widgets_of(path)]


def imported_widgets() -> dict[str, set[str]]:
    """Chapter -> the front ends of the widgets that it imports."""
    found = {}
    for chapter in chapter_code.chapters():
        notebook = json.loads((SITE.parents[1] / "book" / f"{chapter}.ipynb").read_text(encoding="utf-8"))
        names = {name for used in chapter_code.functions(notebook).values() for name in used}
        classes = [getattr(widgets, name) for name in sorted(names & set(widgets.__all__))]
        found[chapter] = {one.front_end for one in classes if issubclass(one, widgets.LessonWidget)}
    return {chapter: front_ends for chapter, front_ends in found.items() if front_ends}


EXPECTED = imported_widgets()


def wake(page) -> int:
    """Scroll to every widget of a page, wait until it lives, and return how many there are."""
    places = page.locator("[data-hvae-widget]")
    for i in range(places.count()):
        places.nth(i).scroll_into_view_if_needed()
        page.locator("[data-hvae-widget]").nth(i).locator(".hvae").wait_for(timeout=60_000)
    return places.count()


@pytest.mark.parametrize("name", EXPECTED)
def test_the_chapter_shows_the_widgets_that_it_imports(site, name):
    assert EXPECTED[name] <= set(widgets_of(site / f"{name}.html"))


def test_a_panel_that_needs_a_kernel_says_how_to_run_it(open_page, site):
    page = open_page((site / "vae.html").as_uri())
    panel = page.locator(".hvae-kernel-panel")
    assert panel.get_by_text("To train your own, open the chapter in JupyterLab").is_visible()
    assert panel.locator("tbody tr").count() == 3
    assert page.complaints == []


@pytest.mark.parametrize("name", WITH_WIDGETS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lives_on_a_page_opened_from_disk_and_axe_finds_nothing(open_page, site, theme, name):
    page = open_page((site / f"{name}.html").as_uri(), theme=theme)
    wake(page)
    source = (bundles.install_modules() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    page.evaluate(f"(() => {{ {source} }})()")
    found = page.evaluate("axe.run('.hvae-widget', { preload: false })")["violations"]
    assert [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]] == []
    assert page.complaints == []


@pytest.mark.parametrize("name", WITH_WIDGETS)
def test_fits_a_phone(open_page, site, name):
    page = open_page((site / f"{name}.html").as_uri(), width=360)
    wake(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("document.querySelector('article').scrollWidth") <= 360


@pytest.mark.parametrize("name", WITH_WIDGETS)
def test_lives_under_a_strict_policy_and_stays_small(browser, strict_server, name):
    page = browser.new_page()
    complaints, sizes = [], {}
    page.on("console", lambda m: m.type == "error" and complaints.append(m.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    # The answers are read in the end: reading one inside its own event would wait for itself.
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(f"{strict_server}/{name}.html", wait_until="networkidle")
    wake(page)
    page.wait_for_load_state("networkidle")
    for answer in answers:
        if answer.url.startswith(strict_server):
            sizes[answer.url] = len(gzip.compress(answer.body()))
    page.close()
    assert complaints == []
    assert sum(sizes.values()) < LARGEST_TRANSFER, sorted(sizes.items(), key=lambda item: -item[1])[:8]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_page_has_code_of_its_own(path):
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    scripts = [
        tag
        for tag in soup.find_all("script")
        if not tag.get("src") and tag.get("type") in (None, "text/javascript")
    ]
    handlers = [tag.name for tag in soup.find_all(True) for name in tag.attrs if name.startswith("on")]
    assert scripts == []
    assert handlers == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_page_carries_a_copy_of_a_front_end(path):
    assert "widget-state+json" not in path.read_text(encoding="utf-8")
