"""What the benchmarks measured over many seeds, as the chapters quote it: medians, ranges, paired tests.

Scripts in benchmarks/ write the records, one JSON file each; chapters read them here and retype no number.
One writes the weights of a sweep, for a widget.
"""

import json
import math
from importlib import resources
from typing import NamedTuple

import numpy as np

from hvae_lessons.checks import Shown, check_choice, expect, is_whole

FOLDER = resources.files("hvae_lessons") / "results" / "records"
WEIGHTS = resources.files("hvae_lessons") / "results" / "weights"


class Spread(NamedTuple):
    """Median and range of one number over seeds."""

    median: float
    low: float
    high: float
    count: int

    def __format__(self, digits):
        """ "112.5 (111.9 to 113.0)", with the digits of a format such as ".1f"."""
        return f"{self.median:{digits}} ({self.low:{digits}} to {self.high:{digits}})"


class Comparison(NamedTuple):
    """A paired difference over seeds: its median and range, and Wilcoxon's two-sided p-value."""

    difference: Spread
    p_value: float

    @property
    def is_larger(self):
        """Whether the first is larger than the second, by more than chance explains one time in a hundred."""
        return self.p_value < 0.01 and self.difference.median > 0

    @property
    def is_smaller(self):
        """The same in the other direction."""
        return self.p_value < 0.01 and self.difference.median < 0


def load_results(name):
    """The record of benchmarks/<name>.py.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `name` | str | of the script |
    | returns | dict | what it wrote |

    Raises: ValueError for a name without a record.
    Source: measured by the project.
    """
    files = (path.name for path in FOLDER.iterdir())
    known = sorted(file.removesuffix(".json") for file in files if file.endswith(".json"))
    check_choice("name", name, known)
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def by_seed(runs, key, **chosen):
    """One number of every chosen run, in the order of the seeds.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `runs` | list of dict | each with a "seed" |
    | `key` | str | which number; (key, index) for one entry of a list |
    | `chosen` | | the runs in which these keys have these values: name="2 levels" |
    | returns | [S] array | one entry per seed |

    Raises: ValueError if no run is chosen or a seed twice, and for a number that was not recorded.
    Source: none.
    """
    are_runs = isinstance(runs, tuple | list) and all(isinstance(run, dict) and "seed" in run for run in runs)
    expect(are_runs, "runs", "dicts with a seed each", Shown(runs))
    for name in chosen:
        check_choice("chosen", name, tuple(dict.fromkeys(known for run in runs for known in run)))
    picked = [run for run in runs if all(run.get(name) == value for name, value in chosen.items())]
    picked.sort(key=lambda run: run["seed"])
    seeds = [run["seed"] for run in picked]
    expect(len(picked) > 0 and len(set(seeds)) == len(seeds), "chosen", "one run for each seed", chosen)
    name, index = key if isinstance(key, tuple) and len(key) == 2 else (key, None)
    check_choice("key", name, [known for known in picked[0] if all(known in run for run in picked)])
    values = [run[name] for run in picked]
    if index is not None:
        lists = all(isinstance(value, list) for value in values)
        expect(lists, "key", f"the name of a number, {name!r}, without an index", Shown(key))
        shortest = min(map(len, values))
        fits = is_whole(index) and -shortest <= index < shortest
        expect(fits, "key", f"an index into {shortest} numbers", Shown(index))
        values = [value[index] for value in values]
    return np.array(values, dtype=float)


def spread(values):
    """Median and range.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `values` | [S] | one number per seed |
    | returns | Spread | f"{spread(values):.1f}" prints it |

    Raises: ValueError for no values, or one that is not finite.
    Source: none.
    """
    values = _numbers("values", values)
    return Spread(float(np.median(values)), float(values.min()), float(values.max()), len(values))


def compare(first, second):
    r"""Is the first number larger or smaller than the second, seed by seed?

    Wilcoxon's signed-rank test: under the hypothesis that the differences are symmetric around zero, how
    often are their ranks as one-sided as these, or more? With ten seeds of one sign p = 2 / 2^10 = 0.002.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `first`, `second` | [S] | paired: entry s of both comes from seed s |
    | returns | Comparison | of first minus second |

    Raises: ValueError for unequal lengths, fewer than five pairs, or values that are not finite.
    Source: Wilcoxon (1945), by SciPy.
    """
    first, second = _numbers("first", first), _numbers("second", second)
    expect(len(first) == len(second) >= 5, "second", f"{max(len(first), 5)} values", len(second))
    from scipy.stats import wilcoxon  # takes a second to import

    difference = first - second
    p_value = wilcoxon(difference).pvalue if np.any(difference) else 1.0
    return Comparison(spread(difference), float(p_value))


def _numbers(name, values):
    try:
        values = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        expect(False, name, "finite numbers, one per seed", Shown(values))
    finite = values.ndim == 1 and len(values) > 0 and all(math.isfinite(value) for value in values)
    expect(finite, name, "finite numbers, one per seed", values)
    return values
