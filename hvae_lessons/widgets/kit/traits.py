"""Traits that refuse a bad value with the package's sentence, from Python and from the page alike."""

import math

import numpy as np
import traitlets

from hvae_lessons.checks import check_choice, expect

EVERY_PAGE = {"failed": "“{title}” has stopped working{reason}. Reload the page to start it again."}


def as_numbers(name, values, size, reach=math.inf):
    """`values` as a list of `size` floats, each from -reach to reach.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `name` | word | the trait that they are for |
    | `values` | [size] | list, tuple, tensor or array |
    | `reach` | number | |
    | returns | list | |

    Raises: ValueError for other values. Source: none.
    """
    values = values.tolist() if hasattr(values, "tolist") else values
    fits = isinstance(values, list | tuple) and len(values) == size
    fits = fits and all(_is_number(value) and abs(value) <= reach for value in values)
    expected = "finite numbers" if reach == math.inf else f"numbers from {-reach:g} to {reach:g}"
    expect(fits, name, f"{size} {expected}", values)
    return [float(value) for value in values]


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


class Number(traitlets.Float):
    """A finite number from `low` to `high`, shared with the page."""

    def __init__(self, default, low, high, **settings):
        self.low, self.high = low, high
        super().__init__(default, **settings)
        self.tag(sync=True)

    def validate(self, obj, value):
        """The value as a float."""
        fits = _is_number(value) and self.low <= value <= self.high
        expect(fits, self.name, f"a number from {self.low:g} to {self.high:g}", value)
        return float(value)


class Whole(Number):
    """A whole number from `low` to `high`, shared with the page."""

    def validate(self, obj, value):
        """The value as an int; the page knows no difference between 3 and 3.0."""
        fits = _is_number(value) and value == int(value) and self.low <= value <= self.high
        expect(fits, self.name, f"a whole number from {self.low} to {self.high}", value)
        return int(value)


class Choice(traitlets.Unicode):
    """One of a few words, shared with the page."""

    def __init__(self, *choices, **settings):
        self.choices = choices
        super().__init__(choices[0], **settings)
        self.tag(sync=True)

    def validate(self, obj, value):
        """The value, unchanged."""
        check_choice(self.name, value, self.choices)
        return value


class Words(traitlets.Dict):
    """What the front end says, shared with the page; in another language, another table of the same keys."""

    def __init__(self, table, **settings):
        self.table = {**EVERY_PAGE, **table}
        super().__init__(default_value=self.table, **settings)
        self.tag(sync=True)

    def validate(self, obj, value):
        """The table, if it has every key and no other."""
        expect(isinstance(value, dict), self.name, "a dict of sentences", type(value).__name__)
        wrong = sorted(self.table.keys() ^ value.keys())
        expect(not wrong, self.name, f"the {len(self.table)} keys of words.py", f"a difference in {wrong}")
        return value


class Array(traitlets.Bytes):
    """Numbers shared with the page as bytes; js/numerics/arrays.js reads them there, by the type's name."""

    def __init__(self, dtype="float32", **settings):
        self.dtype = np.dtype(dtype).newbyteorder("<")
        super().__init__(**settings)
        self.tag(sync=True)

    def validate(self, obj, value):
        """Bytes as they are; tensors, arrays and lists through numpy."""
        if not isinstance(value, bytes | bytearray | memoryview):
            value = np.ascontiguousarray(value, dtype=self.dtype).tobytes()
        expect(
            len(value) % self.dtype.itemsize == 0, self.name, f"bytes of {self.dtype.name} values", len(value)
        )
        return bytes(value)
