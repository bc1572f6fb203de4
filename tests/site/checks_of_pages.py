"""What is wrong with a page: functions of its HTML, each returning a list of complaints."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"
RAW_MATH = re.compile(r"\$\$|\\begin\{|\\\(|\\\[|\\frac|\\mathbb")
RAW_MYST = re.compile(r"\{(?:ref|eq|doc|cite(?::[tp])?|math|numref|term)\}`|^:::|^```\{", re.M)


def article(soup: BeautifulSoup):
    """The page's own text."""
    return soup.find("article") or soup.body


def prose(soup: BeautifulSoup) -> str:
    """The text that is read as text: no code, no script, no source of an equation."""
    copy = BeautifulSoup(str(article(soup)), "html.parser")
    for tag in copy.find_all(["code", "pre", "script", "style", "annotation"]):
        tag.decompose()
    return copy.get_text("\n")


def equations(soup: BeautifulSoup) -> list[str]:
    """Equations that are not rendered."""
    found = [f"KaTeX error: {tag.get_text()[:80]}" for tag in soup.select(".katex-error")]
    found += [
        f"not rendered: {tag.get_text()[:80]}"
        for tag in soup.select("span.math, div.math")
        if not tag.select_one(".katex-html")
    ]
    found += [f"raw: {hit[0]!r}" for hit in RAW_MATH.finditer(prose(soup))]
    return found


def leftovers(soup: BeautifulSoup) -> list[str]:
    """Directives and roles that reached the reader."""
    return [f"raw: {hit[0]!r}" for hit in RAW_MYST.finditer(prose(soup))]


def links(soup: BeautifulSoup, page: Path, site: Path) -> list[str]:
    """Links, images, scripts and styles that lead nowhere inside the site."""
    found = []
    addresses = [(tag, tag.get("href") or tag.get("src")) for tag in soup.select("[href], [src]")]
    for tag, address in addresses:
        parts = urlsplit(address or "")
        if parts.scheme or parts.netloc:
            if tag.name in ("script", "img", "link", "iframe") and parts.scheme != "data":
                found.append(f"loads from elsewhere: {address}")
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        if target.is_dir():
            target = target / "index.html"
        if not target.is_file() or not target.is_relative_to(site):
            found.append(f"no file: {address}")
        elif parts.fragment and target.suffix == ".html" and not has_anchor(target, unquote(parts.fragment)):
            found.append(f"no anchor: {address}")
    return found


def has_anchor(page: Path, name: str) -> bool:
    """Whether a page has an element of this id."""
    return f'id="{name}"' in page.read_text(encoding="utf-8")


def accessibility(soup: BeautifulSoup) -> list[str]:
    """The basics that a screen reader needs."""
    found = []
    for image in article(soup).find_all("img"):
        text = (image.get("alt") or "").strip()
        if not text or text.endswith((".png", ".svg", ".jpg", ".jpeg")):
            found.append(f"no text for {image.get('src')}")
    if (count := len(article(soup).find_all("h1"))) != 1:
        found.append(f"{count} headings of the first level")
    if not soup.html.get("lang"):
        found.append("no language")
    if not (soup.title and soup.title.get_text().strip()):
        found.append("no title")
    ids = [tag["id"] for tag in article(soup).select("[id]")]
    found += [f"id twice: {name}" for name in sorted({name for name in ids if ids.count(name) > 1})]
    return found


def is_elsewhere(url: str, origin: str) -> bool:
    """Whether a request leaves the place the page came from."""
    if url.startswith(("data:", "blob:", "about:")):
        return False
    return url.split("/")[2] != origin
