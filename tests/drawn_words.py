"""The words that a Python file draws: literals given to what matplotlib and ipywidgets show to a reader."""

import ast
import re

WRITES = {"text", "annotate", "suptitle", "supxlabel", "supylabel"} | {
    f"set_{name}"
    for name in ("title", "xlabel", "ylabel", "label", "xticks", "yticks", "xticklabels", "yticklabels")
}
SHOWS = {"title", "label", "xlabel", "ylabel", "description"}


def drawn_words(path):
    """Literals with a word in them; formulas between dollar signs are none."""
    found = []
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        given = [word.value for word in call.keywords if word.arg in SHOWS]
        if getattr(call.func, "attr", "") in WRITES:
            given += call.args
        found += [text for value in given if (text := _words_of(value))]
    return found


def _words_of(value):
    """The literal text of an expression, if it has a word."""
    text = re.sub(r"\$[^$]*\$", "", "".join(_texts(value)))
    return text if re.search("[A-Za-z]{2,}", text) else ""


def _texts(node):
    """String literals in an expression, but for the arguments and keys in it."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.Call | ast.Subscript):
        return []
    parts = [node.value] if isinstance(node, ast.FormattedValue) else ast.iter_child_nodes(node)
    return [text for part in parts for text in _texts(part)]
