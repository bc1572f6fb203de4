"""All the tables of this folder: the calls that work, the calls that are refused.

Each of the other files without a test is the table of a layer, or of a part of one:

- `GOOD`: public function, class or method -> the arguments of a call that works;
- `BAD`: the same, arguments that differ from the good ones, then what the refusal must say: the argument that
  it names, a piece of what was expected and a piece of what came.

They hold the objects themselves, so that one that moves to another module takes its cases along.
"""

import importlib
from pathlib import Path

NO_TABLE = {"inputs", "odd_values", "tables"}


def _tables():
    files = {path.stem for path in Path(__file__).parent.glob("*.py")} - NO_TABLE
    return [importlib.import_module(f"bad_input.{name}") for name in sorted(files) if "test_" not in name]


GOOD = {function: arguments for table in _tables() for function, arguments in table.GOOD.items()}
BAD = [case for table in _tables() for case in table.BAD]


def bare(function):
    """A method without its object."""
    return getattr(function, "__func__", function)


def named(function):
    """Its module and name, for the lists of cases."""
    return f"{bare(function).__module__}.{bare(function).__qualname__}".removeprefix("hvae_lessons.")
