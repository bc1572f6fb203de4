"""The record of the mutation test is whole: it adds up, and every mutant that survived is explained."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECORD = json.loads((ROOT / "benchmarks" / "mutants.json").read_text(encoding="utf-8"))


def test_every_survivor_is_explained():
    assert [mutant for mutant, words in RECORD["survivors"].items() if not words] == []


@pytest.mark.parametrize("layer", RECORD["layers"])
def test_the_counts_add_up(layer):
    counts = RECORD["layers"][layer]
    survivors = [mutant for mutant in RECORD["survivors"] if mutant.startswith(f"{layer}/")]
    assert counts["killed"] + counts["timeout"] + counts["survived"] == counts["tried"]
    assert counts["survived"] == len(survivors)


@pytest.mark.parametrize("mutant", RECORD["caught_since"])
def test_what_has_been_caught_since_names_the_test(mutant):
    file, name = re.match(r"(tests/\S+\.py)::(\w+)", RECORD["caught_since"][mutant]).groups()
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")
