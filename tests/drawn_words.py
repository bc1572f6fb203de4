"""The words that a Python file draws: literals given to what matplotlib and ipywidgets show to a reader."""

import ast
import re

WRITES = {"text", "annotate", "suptitle", "supxlabel", "supylabel"} | {
    f"set_{name}"
    for name in ("title", "xlabel", "ylabel", "label", "xticks", "yticks", "xticklabels", "yticklabels")
}
SHOWS = {"title", "label", "xlabel", "ylabel", "description"}


def drawn_words(path):
    """Literals with a word in them, formulas between dollar signs and values of f-strings aside."""
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
    if isinstance(value, ast.Call | ast.Subscript):
        return ""
    texts = [node.value for node in ast.walk(value) if isinstance(node, ast.Constant)]
    text = re.sub(r"\$[^$]*\$", "", "".join(text for text in texts if isinstance(text, str)))
    return text if re.search("[A-Za-z]{2,}", text) else ""
