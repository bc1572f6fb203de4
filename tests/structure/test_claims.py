"""Comparative sentences rest on records over seeds, and an entry that does not hold is found."""

import claims
import pytest
import yaml

CHAPTERS = sorted(path.stem for path in claims.FOLDER.glob("*.yml"))
ENTRIES = [(chapter, number) for chapter in CHAPTERS for number in range(len(claims.entries(chapter)))]


@pytest.mark.parametrize(("chapter", "number"), ENTRIES, ids=lambda part: str(part))
def test_a_sentence_rests_on_its_record(chapter, number):
    assert claims.complaints(claims.entries(chapter)[number], claims.prose(chapter)) == []


def test_every_list_belongs_to_a_chapter_that_is_trained():
    trained = {path.stem for path in (claims.ROOT / "book").glob("*.ipynb")} - {"proofs"}
    assert set(CHAPTERS) == trained


@pytest.fixture
def record(monkeypatch):
    runs = [
        {"name": name, "seed": seed, "nats": base + 0.1 * seed, "levels": [base, seed]}
        for name, base in (("a", 1.0), ("b", 3.0), ("c", 1.05))
        for seed in range(10)
    ]
    runs += [{"name": "few", "seed": seed, "nats": 1.0, "levels": [0, 0]} for seed in range(5)]
    monkeypatch.setattr(claims, "load_results", lambda name: {"runs": runs})


GOOD = """
- {sentence: A is below B, record: r, first: {name: a, key: nats}, second: {name: b, key: nats}, relation: smaller, by_at_least: 1.9}
- {sentence: A is below B, record: r, first: {name: b, key: nats}, second: {name: a, key: nats}, relation: larger}
- {sentence: A is below B, record: r, first: {name: a, key: nats}, second: {name: c, key: nats}, relation: same}
- {sentence: A is below B, record: r, first: {name: a, key: [levels, 1]}, between: [0, 9]}
- {sentence: A is below B, record: r, first: {name: few, key: nats}, between: [0, 9], slow: true}
"""  # noqa: E501
BAD = """
- {sentence: B is below A, record: r, first: {name: a, key: nats}, between: [0, 9]}
- {sentence: A is below B, record: r, first: {name: b, key: nats}, second: {name: a, key: nats}, relation: smaller}
- {sentence: A is below B, record: r, first: {name: a, key: nats}, second: {name: b, key: nats}, relation: smaller, by_at_least: 2.1}
- {sentence: A is below B, record: r, first: {name: a, key: nats}, second: {name: b, key: nats}, relation: same}
- {sentence: A is below B, record: r, first: {name: a, key: nats}, second: {name: b, key: nats}}
- {sentence: A is below B, record: r, first: {name: a, key: nats}}
- {sentence: A is below B, record: r, first: {name: a, key: [levels, 1]}, between: [0, 8]}
- {sentence: A is below B, record: r, first: {name: few, key: nats}, between: [0, 9]}
- {sentence: A is below B, record: r, first: {name: a, key: nats}, between: [0, 9], seeds: 3}
"""  # noqa: E501


@pytest.mark.parametrize("entry", yaml.safe_load(GOOD), ids=str)
def test_an_entry_that_holds_passes(entry, record):
    assert claims.complaints(entry, "We say: A is below B, always.") == []


@pytest.mark.parametrize("entry", yaml.safe_load(BAD), ids=str)
def test_an_entry_that_does_not_hold_is_found(entry, record):
    assert len(claims.complaints(entry, "We say: A is below B, always.")) == 1
