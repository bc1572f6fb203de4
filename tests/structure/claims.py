"""The list of comparative sentences, tests/claims/<chapter>.yml, and what is wrong with an entry.

- sentence: "its exact words, as they stand in the chapter"
  record: vae_seeds                                   # hvae_lessons/results/records/vae_seeds.json
  first: {name: "Z = 20, warm-up", key: negative_elbo}
  second: {name: "Z = 20", key: negative_elbo}
  relation: smaller                                   # than second, in a paired test; or larger, same
  by_at_least: 1.0                                    # optional, of the median difference
- sentence: "..."
  record: vae_seeds
  first: {name: "Z = 2", key: rate}
  between: [5, 7]                                     # every seed
  slow: true                                          # a run takes over five minutes: 5 seeds will do
"""

import json
from pathlib import Path

import yaml

from hvae_lessons.results import by_seed, compare, load_results, spread

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "claims"
KEYS = {"sentence", "record", "first", "second", "relation", "by_at_least", "between", "slow"}


def entries(chapter):
    """The list of a chapter."""
    return yaml.safe_load((FOLDER / f"{chapter}.yml").read_text(encoding="utf-8")) or []


def prose(chapter):
    """All text cells of a chapter, line breaks as spaces."""
    notebook = json.loads((ROOT / "book" / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    return " ".join(" ".join(cells).split())


def complaints(entry, text):
    """What is wrong with one entry, given the chapter's prose: a list, empty if nothing is."""
    unknown = entry.keys() - KEYS
    found = [f"unknown key {key}" for key in sorted(unknown)]
    if " ".join(entry["sentence"].split()) not in text:
        found.append("the chapter does not say this")
    runs, least = load_results(entry["record"])["runs"], 5 if entry.get("slow") else 10
    values = {side: _values(runs, entry[side]) for side in ("first", "second") if side in entry}
    found += [f"{side}: {len(seeds)} seeds" for side, seeds in values.items() if len(seeds) < least]
    if "between" in entry:
        low, high = entry["between"]
        outside = [value for value in values["first"] if not low <= value <= high]
        found += [f"{value:g} is not between {low:g} and {high:g}" for value in outside]
    if ("relation" in entry) != ("second" in entry) or not {"relation", "between"} & entry.keys():
        found.append("a second with its relation, or a range: nothing is claimed")
    elif "relation" in entry:
        found += _relation(entry, values["first"], values["second"])
    return found


def _values(runs, chosen):
    chosen = dict(chosen)
    key = chosen.pop("key")
    return by_seed(runs, tuple(key) if isinstance(key, list) else key, **chosen)


def _relation(entry, first, second):
    measured = compare(first, second)
    difference = measured.difference
    told = f"difference {difference:.3g}, p = {measured.p_value:.2g}"
    widest = max(part.high - part.low for part in (spread(first), spread(second)))
    holds = {
        "smaller": measured.is_smaller,
        "larger": measured.is_larger,
        "same": abs(difference.median) < widest,
    }
    if entry["relation"] not in holds:
        return [f"no relation called {entry['relation']}"]
    found = [] if holds[entry["relation"]] else [f"not {entry['relation']}: {told}"]
    if abs(difference.median) < entry.get("by_at_least", 0):
        found.append(f"not by {entry['by_at_least']}: {told}")
    return found
