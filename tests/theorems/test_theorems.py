"""Every theorem is proved for the code and refuted for its wrong variants; no formula is without one."""

import importlib
import json
import pkgutil
import re
from pathlib import Path

import pytest
from rules import code_cells

from hvae_lessons import formulas, measures, models, objectives, oracles, theorems
from hvae_lessons.proofs import all_theorems, formulas_without_theorem, prove
from hvae_lessons.theorems import WITHOUT_THEOREM

ROOT = Path(__file__).parents[2]
THEOREMS = all_theorems()
COVERED = (formulas, objectives)


@pytest.mark.parametrize("name", [entry.name for entry in THEOREMS])
def test_theorem_holds_for_the_code(name):
    verdict = prove(name)
    open_claims = [(claim.step, claim.status, claim.detail) for claim in verdict.claims if not claim.holds]
    assert verdict.holds, open_claims


@pytest.mark.parametrize(
    ("name", "variant"), [(entry.name, label) for entry in THEOREMS for label in entry.wrong_variants]
)
def test_wrong_variant_is_refuted(name, variant):
    verdict = prove(name, variant)
    assert verdict.refuted
    assert not verdict.holds


@pytest.mark.parametrize("entry", THEOREMS, ids=lambda entry: entry.name)
def test_theorem_is_complete(entry):
    assert len(entry.wrong_variants) >= 2
    assert entry.about
    assert entry.source
    assert entry.scope


def test_a_file_of_theorems_has_the_name_of_what_it_is_about():
    about = {module.__name__.rpartition(".")[2] for module in files_of(*COVERED, models, oracles, measures)}
    files = {module.__name__.rpartition(".")[2] for module in files_of(theorems)} - {"theorems"}
    assert files - about == set()


def names_in_notebooks():
    """Notebook and name of every theorem that a cell shows, examines or proves by name."""
    for path in sorted((ROOT / "book").glob("*.ipynb")):
        for _, source in code_cells(json.loads(path.read_text(encoding="utf-8"))):
            for name in re.findall(r'\b(?:show_proof|examine|prove)\("([^"]+)"', source):
                yield path.stem, name


def test_the_theorems_that_chapters_call_exist():
    called = set(names_in_notebooks())
    chapters = {chapter for chapter, _ in called}
    assert {"elbo", "reparameterization", "vae", "mhvae", "topdown", "clustering", "proofs"} <= chapters
    assert {name for _, name in called} - {entry.name for entry in THEOREMS} == set()


def test_every_public_formula_has_a_theorem_or_a_reason_not_to():
    assert formulas_without_theorem(*COVERED) == sorted(WITHOUT_THEOREM)
    assert all(WITHOUT_THEOREM.values())


def files_of(*packages):
    """Every module of these folders, and the folders themselves."""
    for package in packages:
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


@pytest.mark.parametrize("module", list(files_of(*COVERED)), ids=lambda module: module.__name__)
def test_a_formula_without_theorem_is_noticed_in_every_file(module, monkeypatch):
    def kl_of_nothing(x):
        return x

    monkeypatch.setattr(kl_of_nothing, "__module__", module.__name__)
    monkeypatch.setattr(module, "kl_of_nothing", kl_of_nothing, raising=False)
    assert f"{module.__name__}.kl_of_nothing" in formulas_without_theorem(*COVERED)


def test_the_appendix_shows_the_theorems_of_every_chapter():
    notebook = (ROOT / "book" / "proofs.ipynb").read_text(encoding="utf-8")
    shown = set(re.findall(r'show_theorems\(examinations, \\"(\w+)\\"\)', notebook))
    assert shown == {entry.chapter for entry in THEOREMS}
