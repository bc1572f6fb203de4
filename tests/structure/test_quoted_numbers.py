"""The numbers that chapters quote: records agree with themselves, and chapters run what was measured.

What chapters say about the records is in tests/claims, held by test_claims.py.
"""

import ast
import json
import math
from pathlib import Path

import pytest

from hvae_lessons.results import by_seed, load_results

BOUNDS = [
    run
    for name in ("vae_seeds", "vae_plane", "vae_likelihoods")
    for run in load_results(name)["runs"]
    if "negative_elbo" in run
]


def test_the_measured_terms_add_up_to_the_measured_bound():
    for run in BOUNDS:
        assert run["negative_elbo"] == pytest.approx(run["distortion"] + run["rate"], abs=0.002)


def test_a_measured_run_knows_more_than_before_training():
    assert all(run["negative_elbo"] < 784 * math.log(2) and run["rate"] >= 0 for run in BOUNDS)


def test_the_measured_spectra_add_up_to_the_rate():
    runs = [run for run in load_results("vae_seeds")["runs"] if "rate" in run]
    assert all(sum(run["kl_per_dimension"]) == pytest.approx(run["rate"], abs=0.003) for run in runs)
    assert all(run["active"] == sum(value > 0.05 for value in run["kl_per_dimension"]) for run in runs)
    half = [run["reported_at_beta_half"] - run["distortion"] - 0.5 * run["rate"] for run in runs]
    assert half == pytest.approx([0] * len(half), abs=0.002)


def test_measured_gaps_are_positive_and_skewed():
    for run in load_results("vae_plane")["runs"]:
        for part in ("train", "test"):
            assert 0 < run[f"median_gap_{part}"] < run[f"gap_{part}"] < run[f"largest_gap_{part}"]


NOTEBOOK = Path(__file__).parents[2] / "book" / "clustering.ipynb"


def calls(function):
    """The settings that the chapter spells out in its calls of a function, in their order."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    trees = [ast.parse("".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"]
    return [
        {word.arg: word.value.value for word in node.keywords if isinstance(word.value, ast.Constant)}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == function
    ]


def test_the_chapter_runs_what_was_measured():
    recipes = load_results("clustering_seeds")["settings"]["recipes"]
    starts = [recipe["start"] | {"seed": 0} for recipe in recipes.values()]
    assert calls("start_mixture") == starts
    steps = [recipe[step] for recipe in recipes.values() for step in ("pretraining", "training")]
    fits = [call for call in calls("fit") if "learning_rate" in call]
    assert fits == [{key: step[key] for key in ("epochs", "learning_rate")} for step in steps]


def test_the_mixture_on_pixels_has_the_best_setting_of_its_grid():
    record = load_results("clustering_pixels")
    for data, best in record["settings"]["best"].items():
        measured = {run["name"] for run in record["runs"]}
        settings = record["settings"]["grid"].items()
        grid = {name: setting for name, (of, *setting) in settings if of == data and name in measured}
        found = {name: by_seed(record["runs"], "mixture on pixels", name=name).mean() for name in grid}
        assert len(found) > 1
        assert grid[max(found, key=found.get)] == best
