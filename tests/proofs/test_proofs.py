"""The engine of the proofs is not fooled."""

import importlib
import re

import mpmath
import pytest
import sympy
import torch

from hvae_lessons.notebook import show_proof
from hvae_lessons.proofs import (
    Theorem,
    Verdict,
    all_theorems,
    equal,
    examine,
    formulas_without_theorem,
    prove,
    theorem,
    true,
)
from hvae_lessons.proofs.claims import PROVED, REFUTED, UNDECIDED, canonical, row_by_row
from hvae_lessons.proofs.integrals import integral
from hvae_lessons.proofs.moments import noise_mean, quadratic_noise_mean
from hvae_lessons.proofs.rendering import chapter_markdown, theorem_markdown
from hvae_lessons.symbolic import SymbolicTensor, real

THEOREMS = all_theorems()

u, a, b, z = sympy.symbols("u a b z", real=True)
s = sympy.Symbol("s", positive=True)


def test_a_formula_that_the_package_re_exports_is_noticed_where_it_is_defined(tmp_path, monkeypatch):
    folder = tmp_path / "re_exporting" / "below"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("from re_exporting.below.terms import half\n")
    (folder / "__init__.py").write_text("")
    (folder / "terms.py").write_text("def half(x):\n    return x / 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    package = importlib.import_module("re_exporting")
    assert formulas_without_theorem(package) == ["re_exporting.below.terms.half"]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((a + b) ** 2, a**2 + 2 * a * b + b**2),
        (sympy.log(1 + sympy.exp(a)), a + sympy.log(1 + sympy.exp(-a))),
        (1 / (1 + sympy.exp(-a)), sympy.exp(a) / (1 + sympy.exp(a))),
        (sympy.log(s**2), 2 * sympy.log(s)),
        (sympy.exp(a / 2) ** 2, sympy.exp(a)),
        (sympy.sqrt(s) * sympy.sqrt(s), s),
        (sympy.sin(a) ** 2 + sympy.cos(a) ** 2, 1),
    ],
)
def test_equal_expressions_are_proved_equal(left, right):
    assert equal("", left, right).status == PROVED


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (a**2, a**3),
        (sympy.log(1 + sympy.exp(a)), a),
        (a, a + sympy.Rational(1, 10**12)),
        (a, sympy.Abs(a)),
        (sympy.oo, sympy.Integer(1)),
        (sympy.sqrt(a**2), a),
        (sympy.FiniteSet(1), sympy.FiniteSet(1, 2)),
    ],
)
def test_different_expressions_are_refuted(left, right):
    claim = equal("", left, right)
    assert claim.status == REFUTED
    assert claim.detail


def test_numbers_alone_never_prove():
    """f(z) has no numbers to put in, and the integral has no closed form: undecided, not proved."""
    f = sympy.Function("f")
    assert equal("", f(z), f(z + 1)).status == UNDECIDED
    unknown = sympy.Integral(sympy.exp(-(z**4) - z), (z, 0, a))
    assert equal("", unknown, a).status == UNDECIDED


def test_a_difference_below_the_evaluation_threshold_is_not_proved():
    assert equal("", a, a + sympy.Rational(1, 10**30)).status != PROVED


def test_shapes_must_agree():
    assert equal("", real("a", 2), real("a", 2, 2)).status == REFUTED
    assert equal("", real("a", 2).sum(), real("a", 2)).status == REFUTED
    assert equal("", real("a", 2), list(real("a", 2).entries)).status == PROVED


def test_canonical_is_zero_for_zero_only():
    assert canonical(sympy.log(sympy.exp(a) + sympy.exp(b)) - a - sympy.log(1 + sympy.exp(b - a))) == 0
    assert canonical(sympy.log(sympy.exp(a) + sympy.exp(b)) - a) != 0


@pytest.mark.parametrize(
    ("relation", "status"),
    [
        (sympy.Gt(1 / s**2, 0), PROVED),
        (sympy.Ge(a**2 - 2 * a * b + b**2, 0), PROVED),
        (sympy.Gt(s - 1, 0), REFUTED),
        (sympy.Lt(a**2, 0), REFUTED),
        (sympy.true, PROVED),
        (sympy.false, REFUTED),
    ],
)
def test_relations_are_decided(relation, status):
    assert true("", relation).status == status


def test_a_function_that_mixes_rows_is_refuted():
    assert row_by_row(lambda x: x.sum(-1), real("x", 2, 2)).status == PROVED
    assert row_by_row(lambda x: x.sum(0), real("x", 2, 2)).status == REFUTED
    assert row_by_row(lambda x: torch.softmax(x, 0).sum(-1), real("x", 2, 2)).status == REFUTED


@pytest.mark.parametrize("factor", [1, z, z**2, (z - 1) ** 3 + u * z, z**4])
def test_integral_agrees_with_quadrature(factor):
    """Independent of sympy's integration: mpmath's quadrature at one point."""
    weight = -((z - a) ** 2) / (2 * s**2) + b
    point = {a: sympy.Rational(3, 10), b: sympy.Rational(-1, 5), s: sympy.Rational(7, 5), u: 2}
    exact = float(integral(weight, factor, z).subs(point))
    integrand = sympy.lambdify(z, (sympy.exp(weight) * factor).subs(point), "mpmath")
    assert exact == pytest.approx(float(mpmath.quad(integrand, [-20, -5, 0, 5, 20])), rel=1e-10)


def test_integral_says_when_it_diverges_or_does_not_know():
    assert integral(z**2, 1, z) == sympy.oo
    assert isinstance(integral(-a * z**2, 1, z), sympy.Integral)


def test_the_short_way_to_a_quadratic_mean_is_the_integral():
    noise = real("epsilon", 2)
    e, f = noise.entries
    quadratic = a * (1 + b * e - f) ** 2 / s + u * e * f
    assert equal("", quadratic_noise_mean(quadratic, noise), noise_mean(quadratic, noise)).status == PROVED
    with pytest.raises(ValueError, match="expression: expected degree two"):
        quadratic_noise_mean(e**2 * f, noise)


def entry_with(prover):
    return Theorem("x", "elbo", (abs,), "", "", "", prover)


def test_no_claims_is_no_proof():
    assert not Verdict(entry_with(list), (), 0.0).holds


def test_one_open_claim_leaves_a_theorem_open():
    claims = equal("", a, a), equal("", sympy.Function("f")(a), a)
    assert not Verdict(entry_with(list), claims, 0.0).holds
    assert not Verdict(entry_with(list), claims, 0.0).refuted


def test_examine_asks_for_wrong_variants_that_fail():
    examination = examine("categorical-mass")
    assert examination.passed
    assert set(examination.wrong) == set(examination.verdict.theorem.wrong_variants)
    assert not examination._replace(wrong={}).passed
    assert not examination._replace(wrong={"right after all": examination.verdict}).passed


def test_an_error_inside_a_proof_is_not_swallowed(monkeypatch):
    entry = next(entry for entry in THEOREMS if entry.name == "gaussian-entropy")
    monkeypatch.setitem(entry.wrong_variants, "broken", (lambda log_var: torch.erf(log_var),))
    with pytest.raises(NotImplementedError, match="erf"):
        prove("gaussian-entropy", "broken")


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="name: expected one of"):
        prove("gaussian-lk")
    with pytest.raises(ValueError, match="variant: expected one of"):
        prove("gaussian-kl", "no such mistake")
    with pytest.raises(ValueError, match="name: expected a new theorem"):
        theorem("gaussian-kl", chapter="elbo", about=(), statement="", source="", scope="")(list)
    with pytest.raises(ValueError, match="chapter: expected one of"):
        theorem("new", chapter="no such chapter", about=(), statement="", source="", scope="")(list)


def test_the_well_known_trap_passes_the_obvious_check_and_is_negative():
    """log sigma^2 in the formula for log sigma: zero at q = p, and 1/2 - log 2 at sigma_q^2 = 2 sigma_p^2."""
    trap = next(e for e in THEOREMS if e.name == "gaussian-kl").wrong_variants[
        "log sigma^2 in the formula for log sigma"
    ][1]
    zero = SymbolicTensor([0])
    assert trap(zero, zero, zero, zero).item() == 0
    assert trap(zero, SymbolicTensor([sympy.log(2)]), zero, zero).item() == sympy.Rational(1, 2) - sympy.log(
        2
    )


def test_a_shown_proof_has_statement_expression_and_verdict():
    markdown = theorem_markdown(examine("gaussian-kl-nonnegative"))
    assert r"\mathrm{KL}(q \,\|\, p) \ge 0" in markdown
    assert r"\frac{t^{2}}{2} + \frac{u}{2}" in markdown
    assert "Proved; 3 of 3 wrong variants refuted" in markdown
    assert '<div class="proof">' in markdown


def test_a_folded_proof_has_one_line_and_everything_behind_it():
    examination = examine("gaussian-kl-nonnegative")
    folded, whole = theorem_markdown(examination, folded=True), theorem_markdown(examination)
    opening, _, rest = folded.partition("</summary>")
    assert opening.startswith('<details class="proof"><summary>')
    assert "gaussian-kl-nonnegative" in opening
    assert "proved in" in opening
    assert rest.removesuffix("</details>") == whole.removeprefix('<div class="proof">').removesuffix("</div>")
    failed = examination._replace(wrong={})
    assert theorem_markdown(failed, folded=True) == theorem_markdown(failed)


def test_showing_a_theorem_that_fails_stops_the_notebook(monkeypatch):
    entry = next(entry for entry in THEOREMS if entry.name == "uniform-kl")
    monkeypatch.setitem(entry.wrong_variants, "not wrong at all", entry.about)
    with pytest.raises(RuntimeError, match="3 of 4 wrong variants refuted"):
        show_proof("uniform-kl")


def test_a_chapters_table_has_a_heading_for_every_column():
    table = [
        line for line in chapter_markdown([examine("uniform-kl")], "divergences").splitlines() if "|" in line
    ]
    assert len(table) >= 3
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table[:3]}) == 1
