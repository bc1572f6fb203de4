"""A claim that fails names itself and what was measured; one that holds runs as if nothing were there."""

import ast

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from hvae_lessons.assertions import EXPLAINED, ClaimExplainer, explain_failures, failed_claim


def run(source, **names):
    """Execute source with explained assertions; the names that it leaves."""
    space = {EXPLAINED: failed_claim, "torch": torch, "np": np, **names}
    tree = ClaimExplainer().visit(ast.parse(source))
    exec(compile(tree, "<cell>", "exec"), space)
    return space


def words(source, **names):
    """What the assertion says that fails in source."""
    with pytest.raises(AssertionError) as failure:
        run(source, **names)
    return str(failure.value)


def test_claims_that_hold_run_once_and_say_nothing():
    calls = []
    run("assert look(3) < 4 and look(5) == 5\nassert look(1)", look=lambda n: calls.append(n) or n)
    assert calls == [3, 5, 1]


def test_an_assertion_with_words_of_its_own_keeps_them():
    assert words("assert 2 < 1, 'two is more'") == "two is more"


def test_a_comparison_shows_its_sides_but_no_literal():
    assert words("assert a < b", a=2.5, b=1) == "on this machine: expected a < b; measured a = 2.5, b = 1"
    assert words("assert 0.1 < a < 0.2", a=1 / 3) == (
        "on this machine: expected 0.1 < a < 0.2; measured a = 0.333333"
    )


def test_an_expression_is_measured_as_a_whole():
    assert "measured abs(a - 0.5) = 1.5" in words("assert abs(a - 0.5) < 1e-3", a=2.0)


def test_of_conditions_joined_by_and_only_those_that_failed_are_named():
    said = words("assert a > 0 and a > 10 and b == 1", a=3, b=2)
    assert said == "on this machine: expected a > 10; measured a = 3; expected b == 1; measured b = 2"


def test_a_condition_that_makes_no_sense_after_the_first_is_left_out():
    said = words("assert len(x) > 0 and x[0] > 1", x=[])
    assert said == "on this machine: expected len(x) > 0; measured len(x) = 0"


@pytest.mark.parametrize(
    ("claim", "shown"),
    [
        ("all(v < 3 for v in x)", "x = [1, 5, 2]"),
        ("not any(v > 3 for v in x)", "x = [1, 5, 2]"),
        ("all(a < b for a, b in zip(x, y))", "x = [1, 5, 2], y = [2, 3, 4]"),
        ("all([v < 3 for v in sorted(x)])", "sorted(x) = [1, 2, 5]"),
        ("max(v for v in x) < 3", "max((v for v in x)) = 5"),
        ("sum(x) < 3 or len(x) < 3", "sum(x) = 8, len(x) = 3"),
    ],
)
def test_variables_of_comprehensions_stay_inside(claim, shown):
    said = words(f"assert {claim}", x=[1, 5, 2], y=[2, 3, 4])
    assert said.endswith(f"; measured {shown}")


def test_a_call_shows_what_it_was_given():
    said = words("assert torch.allclose(a, 2 * a, atol=1e-3)", a=torch.tensor([1.0, 2.0]))
    assert said == (
        "on this machine: expected torch.allclose(a, 2 * a, atol=0.001); measured a = [1, 2], 2 * a = [2, 4]"
    )


def test_a_reduced_comparison_shows_its_sides():
    said = words("assert (a < b).all()", a=torch.tensor([1.0, 9.0]), b=torch.tensor(3.0))
    assert said.endswith("; measured a = [1, 9], b = 3")


def test_many_numbers_are_shown_by_their_range():
    assert words("assert (a < 1).all()", a=torch.arange(100.0).reshape(4, 25)).endswith(
        "measured a = 100 numbers from 0 to 99"
    )
    assert words("assert a.all()", a=np.arange(10) > 3).endswith("measured a = 6 of 10 true")
    with_nan = torch.tensor([torch.nan, 1.0, 2.0, 3.0, 4.0])
    assert words("assert a.min() > 0", a=with_nan).endswith("measured a.min() = nan")
    assert words("assert (a > 0).all()", a=with_nan).endswith("a = 5 numbers from 1 to 4, 1 not finite")


def test_zero_dimensional_tensors_are_shown_as_numbers():
    a = torch.tensor(1.23456789, requires_grad=True)
    assert words("assert a > 2", a=a).endswith("measured a = 1.23457")


def test_long_values_are_cut():
    said = words("assert a == 'b'", a="x" * 500)
    assert len(said) < 130
    assert said.endswith("...")


def test_a_walrus_keeps_its_name_and_its_value():
    said = words("assert (n := count()) > 3 and n < 5", count=lambda: 2)
    assert said == "on this machine: expected (n := count()) > 3; measured (n := count()) = 2"
    assert run("assert (n := 4) > 3")["n"] == 4


def test_a_claim_that_raises_when_it_is_measured_again_is_still_a_failed_claim():
    values = iter([5])
    assert "expected next(values) < 3" in words("assert next(values) < 3", values=values)


def test_a_claim_that_holds_the_second_time_says_so():
    values = iter([5, 1, 1])
    said = words("assert next(values) < 3", values=values)
    assert "expected next(values) < 3" in said
    assert "the first time" in said


def test_a_value_that_cannot_be_shown_is_left_out_or_named_by_its_type():
    class Mute:
        def __str__(self):
            raise RuntimeError

    assert words("assert a is b", a=Mute(), b=3).endswith("measured a = a Mute, b = 3")
    assert words("assert a is b", a=object(), b=3).endswith("measured b = 3")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def check(v):\n    local = 2 * v\n    assert local < 1\ncheck(3)", "measured local = 6"),
        ("for v in (1, 2):\n    assert v < 2", "measured v = 2"),
        ("class Claims:\n    v = 2\n    assert v < 2", "expected v < 2"),
        ("if True:\n    with open('/dev/null'):\n        assert a == 4", "measured a = 3"),
    ],
)
def test_assertions_are_found_wherever_they_stand(source, expected):
    assert expected in words(source, a=3)


def test_quotes_and_braces_survive():
    said = words("""assert f"{a['k']!r:>5}" == '"' """, a={"k": 1})
    assert said.endswith(" = 1")


def test_the_traceback_points_at_the_assertion():
    with pytest.raises(AssertionError) as failure:
        run("a = 1\n\nassert a > 2\n")
    assert failure.traceback[-1].lineno + 1 == 3


@pytest.fixture
def shell():
    yield InteractiveShell()
    InteractiveShell.clear_instance()


def test_a_notebook_explains_its_claims_and_only_once(shell):
    explain_failures(shell)
    explain_failures(shell)
    assert sum(isinstance(known, ClaimExplainer) for known in shell.ast_transformers) == 1
    assert shell.run_cell("nats = 150.25\nassert 145 < nats").error_in_exec is None
    failure = shell.run_cell("assert 145 < nats < 148").error_in_exec
    assert isinstance(failure, AssertionError)
    assert str(failure) == "on this machine: expected 145 < nats < 148; measured nats = 150.25"


def test_a_claim_that_waits_is_named(shell):
    explain_failures(shell)
    shell.run_cell("import asyncio\nasync def later(v):\n    return v")
    assert shell.run_cell("assert await later(3) == 3").success
    failure = shell.run_cell("assert await later(3) == 4 and True").error_in_exec
    assert str(failure) == "on this machine: expected await later(3) == 4 and True"
