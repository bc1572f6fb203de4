"""MyST to plain Markdown: what Colab shows of a chapter, with every directive and role resolved."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

OPEN = re.compile(r"^(?P<fence>`{3,}|~{3,}|:{3,})\{(?P<name>[\w:-]+)\}[ \t]*(?P<argument>.*)$")
OPTION = re.compile(r"^:(?P<key>[\w-]+):[ \t]*(?P<value>.*)$")
ROLE = re.compile(r"\{(?P<name>[a-z:]+)\}`(?P<text>[^`]+)`")
TITLED = re.compile(r"^(?P<title>.+?)\s*<(?P<target>[^<>]+)>$", re.S)
EQUATION = re.compile(r"\$\$(?P<body>.+?)\$\$[ \t]*\((?P<label>[\w:.-]+)\)[ \t]*$", re.S | re.M)
LABEL = re.compile(r"^\([\w:.-]+\)=[ \t]*\n?", re.M)
LINK = re.compile(r"\]\((?P<page>[\w-]+)\.(?:ipynb|md)(?P<anchor>#[\w:.-]+)?\)")
CODE = re.compile(r"(^```.*?^```[ \t]*$)", re.S | re.M)
ADMONITIONS = {"note", "tip", "hint", "important", "warning", "caution", "attention", "danger", "seealso"}


class Unresolved(ValueError):
    """A directive, role or label that has no plain form."""


@dataclass
class Book:
    """What a chapter refers to beyond itself."""

    # label -> (page, what a reader is shown: a title, an equation's number, an exercise's name)
    labels: dict[str, tuple[str, str]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)  # page -> title
    citations: dict[str, tuple[str, str, str]] = field(
        default_factory=dict
    )  # key -> (authors, year, address)
    address: Callable[[str, str], str] = lambda page, label: f"{page}.ipynb"


def convert(text: str, book: Book) -> str:
    """A Markdown cell with its directives, roles, labels and links between pages resolved."""
    return blocks(text.splitlines(), book).strip("\n")


def blocks(lines: list[str], book: Book) -> str:
    """Resolve directives, the text between them, and what they contain."""
    done, plain, position = [], [], 0
    while position < len(lines):
        opening = OPEN.match(lines[position])
        if not opening:
            fence = re.match(r"^(`{3,}|~{3,})", lines[position])
            end = position + 1
            if fence:  # ordinary code: nothing in it is a directive
                end = closing(lines, position, fence[1]) + 1
            plain += lines[position:end]
            position = end
            continue
        end = closing(lines, position, opening["fence"])
        done += [inline("\n".join(plain), book), directive(opening, lines[position + 1 : end], book)]
        plain, position = [], end + 1
    return "\n".join([*done, inline("\n".join(plain), book)])


def closing(lines: list[str], start: int, fence: str) -> int:
    """Where the fence that opens at `start` closes."""
    depth = 0
    for number in range(start + 1, len(lines)):
        line = lines[number].rstrip()
        # Colon fences of one length may stand inside one another.
        if fence[0] == ":" and line.startswith(fence + "{"):
            depth += 1
        elif set(line) == {fence[0]} and len(line) >= len(fence):
            if depth == 0:
                return number
            depth -= 1
    raise Unresolved(f"{lines[start]!r} is not closed")


def directive(opening: re.Match, body: list[str], book: Book) -> str:
    """One directive as plain Markdown."""
    name, argument = opening["name"], opening["argument"].strip()
    options = {}
    while body and (option := OPTION.match(body[0])):
        options[option["key"]] = option["value"]
        body = body[1:]
    inner = blocks(body, book).strip("\n")
    if "dropdown" in options.get("class", "").split() and name in {"admonition", *ADMONITIONS}:
        return details(inline(argument, book) or name.capitalize(), inner)
    if name in ADMONITIONS:
        title = "See also" if name == "seealso" else name.capitalize()
        return quote(title, f"{inline(argument, book)}\n{inner}".strip())
    if name == "admonition":
        return quote(inline(argument, book), inner)
    if name in ("exercise", "exercise-start"):
        shown = book.labels.get(options.get("label", ""), ("", "Exercise"))[1]
        return quote(f"{shown}. {inline(argument, book)}" if argument else shown, inner)
    if name == "solution":
        return details(f"Solution of {lookup(argument, book)[1].lower()}", inner)
    if name == "solution-start":
        # A heading, because its code follows in cells of its own, which Colab folds under a heading.
        return f"#### Solution of {lookup(argument, book)[1].lower()}\n\n{inner}".rstrip()
    if name in ("exercise-end", "solution-end"):
        return ""
    if name == "dropdown":
        return details(inline(argument, book), inner)
    if name == "math":
        tag = rf" \tag{{{lookup(options['label'], book)[1]}}}" if "label" in options else ""
        return "$$\n" + "\n".join(body).strip() + tag + "\n$$"
    if name in ("code-block", "code"):
        return f"```{argument}\n" + "\n".join(body).strip("\n") + "\n```"
    raise Unresolved(f"the directive {{{name}}} has no plain form")


def quote(title: str, body: str) -> str:
    """A box: a block quote under a bold title."""
    lines = [f"**{title}**", *(["", *body.splitlines()] if body else [])]
    return "\n" + "\n".join(f"> {line}".rstrip() for line in lines) + "\n"


def details(title: str, body: str) -> str:
    """Something to unfold. The blank lines let Markdown through."""
    return f"\n<details><summary><b>{title}</b></summary>\n\n{body}\n\n</details>\n"


def inline(text: str, book: Book) -> str:
    """Labels, numbered equations, roles and links of running text; blocks of code are left alone."""
    parts = CODE.split(text)
    parts[::2] = [running(part, book) for part in parts[::2]]
    return "".join(parts)


def running(text: str, book: Book) -> str:
    """Running text between blocks of code."""
    text = LABEL.sub("", text)
    text = EQUATION.sub(lambda m: f"$${m['body'].rstrip()} \\tag{{{lookup(m['label'], book)[1]}}}$$", text)
    text = ROLE.sub(lambda m: role(m["name"], m["text"], book), text)
    return LINK.sub(lambda m: f"]({book.address(m['page'], (m['anchor'] or '')[1:])})", text)


def role(name: str, text: str, book: Book) -> str:
    """One role as plain Markdown."""
    titled = TITLED.match(text)
    target = titled["target"] if titled else text
    if name == "math":
        return f"${text}$"
    if name == "eq":
        page, number = lookup(target, book)
        return f"[({number})]({book.address(page, 'equation-' + target)})"
    if name in ("ref", "numref", "prf:ref"):
        page, shown = lookup(target, book)
        return f"[{titled['title'] if titled else shown}]({book.address(page, target)})"
    if name == "doc":
        if target not in book.titles:
            raise Unresolved(f"there is no page {target!r}")
        return f"[{titled['title'] if titled else book.titles[target]}]({book.address(target, '')})"
    if name in ("cite", "cite:p", "cite:ps", "cite:t", "cite:ts"):
        return citation([key.strip() for key in text.split(",")], name in ("cite:t", "cite:ts"), book)
    if name == "term":
        return titled["title"] if titled else text
    raise Unresolved(f"the role {{{name}}} has no plain form")


def citation(keys: list[str], textual: bool, book: Book) -> str:
    """Authors and year, linked to where the work can be read."""
    shown = []
    for key in keys:
        if key not in book.citations:
            raise Unresolved(f"there is no reference {key!r}")
        authors, year, address = book.citations[key]
        text = f"{authors} ({year})" if textual else f"{authors}, {year}"
        shown.append(f"[{text}]({address})" if address else text)
    return ", ".join(shown) if textual else "(" + "; ".join(shown) + ")"


def lookup(label: str, book: Book) -> tuple[str, str]:
    """The page of a label and what is shown for it."""
    if label not in book.labels:
        raise Unresolved(f"there is no label {label!r}")
    return book.labels[label]
