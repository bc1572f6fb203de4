"""What every notebook calls: seed and style, the source of a function, the proof of a theorem."""

import inspect
import os

import torch
from IPython import get_ipython
from IPython.display import HTML, Code, display

from hvae_lessons.assertions import explain_failures
from hvae_lessons.checks import expect
from hvae_lessons.figures.style import apply_style
from hvae_lessons.proofs import examine
from hvae_lessons.proofs.rendering import chapter_markdown, theorem_markdown, theorem_text

COMPARED_TABLE = "compared_table"  # in the metadata of an output: its text does not change from run to run


def setup(seed=0):
    """Prepare a notebook and return the source of all its randomness.

    One thread per process: small models are slower with two, and notebooks run side by side.
    Double precision: processors round differently, and in single precision training carries the difference
    into the digits that a chapter prints.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `seed` | whole number | seed of the generator |
    | returns | torch.Generator | pass it to whatever draws at random |

    Source: the settings are the project's own.
    """
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    apply_style()
    if (shell := get_ipython()) is not None:
        explain_failures(shell)
    return torch.Generator().manual_seed(seed)


def show_source(function):
    """Show the code of a function or class of the package, as it is run; its docstring is left out.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `function` | function or class | what to show |

    Raises: TypeError (from inspect) for an object without source.
    Source: read from the installed package, never retyped.
    """
    function = inspect.unwrap(function)  # a decorator such as torch.no_grad() lies elsewhere
    source = inspect.getsource(function)
    if function.__doc__:
        source = _without_docstring(source)
    where = os.path.relpath(inspect.getsourcefile(function), os.path.dirname(os.path.dirname(__file__)))
    display(HTML(f'<p class="source-path"><code>{where}</code></p>'))
    display(Code(source, language="python"))


def show_proof(name, folded=False):
    """Prove a theorem on the code of the package, try its wrong variants, and show what came of it.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `name` | str | of a theorem; `hvae_lessons.proofs.all_theorems` lists them |
    | `folded` | bool | one line that opens on a click, in place of the whole card |

    Raises: ValueError for an unknown name; RuntimeError, after showing it, for a theorem that fails.
    Source: hvae_lessons.proofs.
    """
    examination = examine(name)
    _show_markdown(theorem_markdown(examination, folded), theorem_text(examination))
    if not examination.passed:
        raise RuntimeError(theorem_text(examination))


def show_theorems(examinations, chapter):
    """Show a chapter's theorems: what each is about, how it was proved, and its statement.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `examinations` | list of Examination | results of `hvae_lessons.proofs.examine` |
    | `chapter` | str | which of their chapters |

    Raises: ValueError for a chapter without theorems.
    Source: hvae_lessons.proofs.
    """
    markdown = chapter_markdown(examinations, chapter)
    _show_markdown(markdown, markdown)


def show_table(columns):
    """Show a small table of results; as with what a cell prints, its text is stored and compared.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `columns` | dict | heading -> cells, as many in each column; numbers as the caller has formatted them |

    Raises: ValueError for no columns, or columns of different lengths.
    Source: none.
    """
    heights = {len(cells) for cells in columns.values()}
    expect(len(heights) == 1, "columns", "columns of one length", sorted(heights))
    words = [list(columns), *([str(cell) for cell in row] for row in zip(*columns.values()))]
    lines = ["| " + " | ".join(row) + " |" for row in words]
    lines.insert(1, "|---" * len(columns) + "|")
    widths = [max(map(len, column)) for column in zip(*words)]
    text = "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in words)
    _show_markdown("\n".join(lines), text, {COMPARED_TABLE: True})


def _show_markdown(markdown, text, metadata=None):
    display({"text/markdown": markdown, "text/plain": text}, raw=True, metadata=metadata)


def _without_docstring(source):
    head, _, rest = source.partition('"""')
    _, _, body = rest.partition('"""')
    # A raw docstring leaves its r behind.
    return head.rstrip().removesuffix("r").rstrip() + "\n" + body.lstrip("\n")
