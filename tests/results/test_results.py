"""Medians, ranges and paired tests over seeds, against numbers worked out by hand."""

import itertools
import json

import numpy as np
import pytest
from scipy.stats import rankdata

from hvae_lessons import results
from hvae_lessons.results import by_seed, compare, load_results, spread

RUNS = [
    {"name": "b", "seed": 1, "nats": 4.0, "per_level": [1.0, 3.0]},
    {"name": "a", "seed": 1, "nats": 2.0, "per_level": [0.5, 1.5]},
    {"name": "a", "seed": 0, "nats": 1.0, "per_level": [0.25, 0.75]},
]


def test_numbers_come_in_the_order_of_the_seeds():
    assert by_seed(RUNS, "nats", name="a").tolist() == [1.0, 2.0]
    assert by_seed(RUNS, ("per_level", 1), name="a").tolist() == [0.75, 1.5]
    assert by_seed(RUNS, "nats", name="b").tolist() == [4.0]


def test_one_run_for_each_seed():
    with pytest.raises(ValueError, match=r"chosen: expected one run for each seed"):
        by_seed(RUNS, "nats")


def test_no_run_is_an_error():
    with pytest.raises(ValueError, match=r"chosen: expected one run for each seed, got .*'c'"):
        by_seed(RUNS, "nats", name="c")


@pytest.mark.parametrize(("key", "chosen"), [("bits", {"name": "a"}), ("nats", {"names": "a"})])
def test_a_number_that_was_not_recorded_is_named(key, chosen):
    known = "one of 'name', 'seed', 'nats', 'per_level', got '(bits|names)'"
    with pytest.raises(ValueError, match=known):
        by_seed(RUNS, key, **chosen)


def test_an_entry_that_a_list_does_not_have_is_refused():
    with pytest.raises(ValueError, match="key: expected an index into 2 numbers, got 2"):
        by_seed(RUNS, ("per_level", 2), name="a")


def test_runs_need_not_all_have_the_same_numbers():
    runs = [*RUNS, {"name": "c", "seed": 0, "bits": 8.0, "wide": True}]
    assert by_seed(runs, "nats", name="a").tolist() == [1.0, 2.0]
    assert by_seed(runs, "bits", wide=True).tolist() == [8.0]


def test_median_and_range_by_hand():
    found = spread([3.0, -1.0, 10.0, 4.0])
    assert found == (3.5, -1.0, 10.0, 4)
    assert f"{found:.1f}" == "3.5 (-1.0 to 10.0)"
    assert f"{spread([2.0]):.0f}" == "2 (2 to 2)"


@pytest.mark.parametrize("values", [[], [1.0, float("nan")], [[1.0, 2.0]], 3.0])
def test_a_spread_needs_numbers(values):
    with pytest.raises(ValueError, match=r"values: expected finite numbers, one per seed"):
        spread(values)


def test_ten_differences_of_one_sign():
    first = np.arange(10.0)
    smaller, larger = compare(first, first + 1 + 0.1 * first), compare(first + 1 + 0.1 * first, first)
    assert smaller.p_value == larger.p_value == pytest.approx(2 / 1024)
    assert smaller.is_smaller
    assert not smaller.is_larger
    assert larger.is_larger
    assert not larger.is_smaller
    assert smaller.difference.median == pytest.approx(-1.45)


def test_equal_differences_of_one_sign_are_as_sure():
    assert compare(np.ones(10), np.zeros(10)).p_value == pytest.approx(2 / 1024)


def test_five_pairs_cannot_be_sure():
    found = compare(np.arange(5.0) + 1, np.zeros(5))
    assert found.p_value == pytest.approx(2 / 32)
    assert not found.is_larger


def test_no_difference():
    found = compare([1.0] * 10, [1.0] * 10)
    assert (found.p_value, found.is_larger, found.is_smaller) == (1.0, False, False)


def exact_p(difference):
    """Every choice of signs, counted: how many rank sums are as far from the middle, or farther."""
    ranks = rankdata(np.abs(difference[difference != 0]))
    sums = np.array([(signs * ranks).sum() for signs in itertools.product((-1, 1), repeat=len(ranks))])
    return np.mean(np.abs(sums) >= abs((np.sign(difference[difference != 0]) * ranks).sum()) - 1e-9)


@pytest.mark.parametrize("digits", [8, 0], ids=["all different", "ties and zeros"])
def test_p_value_counts_signs(digits):
    generator = np.random.default_rng(0)
    for _ in range(5):
        first, second = generator.normal(0.8, 1.5, 10).round(digits), np.zeros(10)
        assert compare(first, second).p_value == pytest.approx(exact_p(first), abs=1e-9)


@pytest.mark.parametrize(
    ("first", "second"),
    [([1.0] * 5, [1.0] * 6), ([1.0] * 4, [2.0] * 4), ([1.0] * 5, [float("inf")] * 5)],
    ids=["unequal", "too few", "infinite"],
)
def test_a_comparison_needs_pairs(first, second):
    with pytest.raises(ValueError, match=r"^second: expected"):
        compare(first, second)


def test_every_record_is_read():
    names = [path.name.removesuffix(".json") for path in results.FOLDER.iterdir()]
    assert names
    for name in names:
        assert load_results(name) == json.loads((results.FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def test_an_unknown_record_is_refused_with_those_that_exist():
    with pytest.raises(ValueError, match=r"name: expected one of .*'vae_seeds'.*, got 'vae'"):
        load_results("vae")
