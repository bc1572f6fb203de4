"""What holds for every widget on a page: errors are sentences, scripts come late, print shows the picture."""

import json
import re

import matplotlib.pyplot as plt
import pytest
import traitlets

from hvae_lessons import widgets
from hvae_lessons.widgets import ElboGap, LessonWidget

WIDGETS = [getattr(widgets, name) for name in widgets.__all__ if name != "LessonWidget"]
LESSONS = [widget for widget in WIDGETS if issubclass(widget, LessonWidget)]


@pytest.mark.parametrize("widget", LESSONS)
def test_works_under_a_strict_policy(browser, make_page, serve_strictly, widget):
    address = serve_strictly(make_page(widget()).parent)
    page = browser.new_page()
    complaints = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.goto(f"{address}/page.html")
    page.wait_for_selector(".is-live .hvae")
    page.wait_for_timeout(300)
    page.close()
    assert complaints == []


@pytest.mark.parametrize("widget", LESSONS)
def test_sources_call_nothing_that_a_strict_policy_forbids(widget):
    text = widgets.kit.bundles.read(widget.front_end, "page")
    assert not re.search(r"\beval\(|new Function\(", text)


@pytest.mark.parametrize("widget", LESSONS)
def test_picture_stands_without_script_and_in_print(browser, make_page, widget):
    address = make_page(widget()).as_uri()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    picture = page.locator(".hvae-widget > img")
    assert picture.is_visible()
    assert len(picture.get_attribute("alt")) > 20
    context.close()
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector(".is-live .hvae")
    assert not page.locator(".hvae-widget > img").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".hvae-widget > img").is_visible()
    assert not page.locator(".hvae").first.is_visible()
    page.close()


def test_script_is_asked_for_when_the_reader_comes_near(browser, make_page):
    far = '<p style="height: 5000px">Text</p>'
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(make_page(far, ElboGap()).as_uri())
    page.wait_for_timeout(300)
    assert not any("elbo_gap" in url for url in asked)
    page.locator(".hvae-widget").scroll_into_view_if_needed()
    page.wait_for_selector(".is-live .hvae")
    assert sum("elbo_gap" in url for url in asked) == 1
    page.close()


def test_two_of_a_kind_share_the_script_and_nothing_else(open_widget, settle):
    page = open_widget(ElboGap(mean=0.1), ElboGap(mean=0.2))
    page.wait_for_function("document.querySelectorAll('.is-live').length === 2")
    settle(page)
    sliders = page.get_by_role("slider", name="Mean of")
    sliders.first.press("ArrowRight")
    settle(page)
    assert [sliders.nth(i).input_value() for i in range(2)] == ["0.11", "0.2"]
    assert page.evaluate("document.querySelectorAll('style[data-hvae]').length") == 1


@pytest.fixture
def broken(browser, make_page):
    """Open a page whose HTML was changed, and wait for the words that it should show."""
    pages = []

    def open_changed(change, words):
        path = make_page(ElboGap(), '<p id="rest">The rest of the page.</p>')
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
        page = browser.new_page()
        pages.append(page)
        errors = []
        page.on("pageerror", lambda error: errors.append(error))
        page.goto(path.as_uri())
        page.get_by_text(words).wait_for()
        assert page.locator("#rest").is_visible()
        assert errors == []
        return page

    yield open_changed
    for page in pages:
        page.close()


def test_a_missing_script_leaves_the_picture_and_a_sentence(broken):
    page = broken(
        lambda text: text.replace('data-hvae-widget="elbo_gap"', 'data-hvae-widget="nothing"'),
        "could not be started",
    )
    assert page.locator(".hvae-widget > img").is_visible()


def test_a_broken_state_leaves_the_picture_and_a_sentence(broken):
    page = broken(
        lambda text: text.replace("data-hvae-state='{", "data-hvae-state='{{"), "could not be started"
    )
    assert page.locator(".hvae-widget > img").is_visible()


def test_an_error_while_building_becomes_a_sentence(broken):
    broken(lambda text: text.replace('"codes":', '"cods":'), "has stopped working")


def test_an_error_in_a_callback_becomes_a_sentence(browser, make_page):
    page = browser.new_page()
    uncaught = []
    page.on("pageerror", lambda error: uncaught.append(error))
    page.goto(make_page(ElboGap()).as_uri())
    page.wait_for_selector(".is-live .hvae")
    page.evaluate("() => { Float64Array.prototype.map = () => { throw new Error('no memory') } }")
    page.get_by_role("slider", name="Observation").press("ArrowRight")
    page.get_by_role("alert").wait_for()
    assert "“Bound and gap” has stopped working (no memory)" in page.get_by_role("alert").inner_text()
    assert uncaught == []
    page.close()


@pytest.mark.parametrize("widget", LESSONS)
def test_mimebundle_serves_every_host(widget):
    data, _ = widget()._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "image/png", "text/plain"} <= set(data)
    assert len(data["text/html"]) < 400_000
    state = re.search(r"data-hvae-state='([^']*)'", data["text/html"])[1]
    names = set(json.loads(state.replace("&lt;", "<").replace("&#39;", "'").replace("&amp;", "&")))
    assert names == set(widget().shared_names())
    assert not any(name.startswith("_") or name in ("layout", "tooltip") for name in names)


def test_state_with_quotes_and_tags_survives_the_attribute(open_widget):
    widget = ElboGap()
    widget.add_traits(remark=traitlets.Unicode("<b>'\"&amp;</b>").tag(sync=True))
    page = open_widget(widget)
    state = page.evaluate("JSON.parse(document.querySelector('.hvae-widget').dataset.hvaeState).remark")
    assert state == "<b>'\"&amp;</b>"


def test_showing_a_widget_leaves_no_figure_open():
    before = plt.get_fignums()
    for widget in LESSONS:
        widget()._repr_mimebundle_()
    assert plt.get_fignums() == before
