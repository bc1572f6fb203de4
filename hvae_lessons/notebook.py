"""What every notebook calls: seed and style, the source of a function, the proof of a theorem."""

import inspect
import os

import torch
from IPython.display import HTML, Code, display

from hvae_lessons.figures.style import apply_style


def setup(seed=0):
    """Prepare a notebook and return the source of all its randomness.

    One thread per process: small models are slower with two, and notebooks run side by side.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `seed` | whole number | seed of the generator |
    | returns | torch.Generator | pass it to whatever draws at random |

    Raises: nothing of its own.
    Source: the settings are the project's own.
    """
    torch.set_num_threads(1)
    apply_style()
    return torch.Generator().manual_seed(seed)


def show_source(function, docstring=False):
    """Show the code of a function or class of the package, as it is run.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `function` | function or class | what to show |
    | `docstring` | bool | keep its docstring |

    Raises: TypeError (from inspect) for an object without source.
    Source: read from the installed package, never retyped.
    """
    source = inspect.getsource(function)
    if not docstring and function.__doc__:
        source = _without_docstring(source)
    where = os.path.relpath(inspect.getsourcefile(function), os.path.dirname(os.path.dirname(__file__)))
    display(HTML(f'<p class="source-path"><code>{where}</code></p>'))
    display(Code(source, language="python"))


def _without_docstring(source):
    head, _, rest = source.partition('"""')
    _, _, body = rest.partition('"""')
    # A raw docstring leaves its r behind.
    return head.rstrip().removesuffix("r").rstrip() + "\n" + body.lstrip("\n")
