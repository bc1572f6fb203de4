"""What a claim of a chapter says when it does not hold: the claim, and what was measured instead.

A chapter states its claims as plain assertions. In a notebook `explain_failures` gives each of them its
words. The condition itself runs unchanged; only when it has failed is it taken apart and measured again.
"""

import ast
import math
import re
from copy import deepcopy

EXPLAINED = "__claim_that_failed__"
MOST_CHARACTERS = 60
ADDRESS = re.compile(r" at 0x[0-9a-f]+")  # of an object that has no words for itself
SUSPENDS = (ast.Await, ast.Yield, ast.YieldFrom)
LOOPS = (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)


def explain_failures(shell):
    """From the next cell on, an assertion that fails names the claim and the values in it.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `shell` | IPython shell | what runs the cells; a second call changes nothing |

    Raises: nothing.
    Source: IPython's `ast_transformers`; pytest does the same to the assertions of tests.
    """
    shell.user_ns[EXPLAINED] = failed_claim
    if not any(isinstance(known, ClaimExplainer) for known in shell.ast_transformers):
        shell.ast_transformers.append(ClaimExplainer())


def failed_claim(parts):
    """The words for a failed assertion.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `parts` | list of (words, holds, values) | conditions joined by "and": () -> bool, name -> () |
    | returns | str | of those conditions that do not hold, with what was measured |

    Behind a condition that failed the next may make no sense: what raises is left out.

    Raises: nothing.
    Source: none.
    """
    sentences = [_sentence(words, values) for words, holds, values in parts if not _attempt(holds, True)]
    if not sentences:
        together = " and ".join(words for words, _, _ in parts)
        sentences = [f"expected {together}, which did not hold the first time"]
    return "on this machine: " + "; ".join(sentences)


def _sentence(words, values):
    measured = {name: _attempt(value, None) for name, value in values.items()}
    shown = {name: _shown(value) for name, value in measured.items() if value is not None}
    known = [f"{name} = {text}" for name, text in shown.items() if not ADDRESS.search(text)]
    return f"expected {words}" + (f"; measured {', '.join(known)}" if known else "")


def _attempt(function, otherwise):
    """What a function returns, or `otherwise` if it cannot."""
    try:
        value = function()
        return bool(value) if otherwise is True else value
    except Exception:
        # Whatever a second evaluation runs into, what failed is the claim, and that must be said.
        return otherwise


def _shown(value):
    """A value in at most 60 characters; of many numbers the shape and the range."""
    try:
        if hasattr(value, "tolist") and hasattr(value, "shape"):
            return _shown_numbers(tuple(value.shape), value.tolist())
        text = f"{value:.6g}" if isinstance(value, float) else " ".join(str(value).split())
    except Exception:
        text = f"a {type(value).__name__}"
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 3] + "..."


def _shown_numbers(shape, numbers):
    if not shape:
        return _shown(numbers)
    for _ in shape[1:]:
        numbers = [number for row in numbers for number in row]
    if len(numbers) <= 4 and len(shape) == 1:
        return f"[{', '.join(map(_shown, numbers))}]"
    if all(isinstance(number, bool) for number in numbers):
        return f"{sum(numbers)} of {len(numbers)} true"
    finite = [number for number in numbers if math.isfinite(number)]
    odd = f", {len(numbers) - len(finite)} not finite" if len(finite) < len(numbers) else ""
    span = f" from {_shown(min(finite))} to {_shown(max(finite))}" if finite else ""
    return f"{len(numbers)} numbers{span}{odd}"


class ClaimExplainer(ast.NodeTransformer):
    """Gives every assertion without a message one that is made when it fails."""

    def visit_Assert(self, node):
        """assert a and b  ->  assert a and b, failed_claim([("a", lambda: a, {...}), ("b", ...)])"""
        if node.msg is None:
            entries = ast.List([_entry(part) for part in _parts(node.test)], ast.Load())
            message = ast.Call(ast.Name(EXPLAINED, ast.Load()), [entries], [])
            node.msg = ast.fix_missing_locations(ast.copy_location(message, node))
        return node


def _parts(test):
    """The conditions that "and" joins."""
    joined = isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And)
    # What waits for something cannot be put into a lambda.
    return test.values if joined and not _suspends(test) else [test]


def _suspends(test):
    return any(isinstance(leaf, SUSPENDS) for leaf in ast.walk(test))


def _entry(part):
    """The expression (words, lambda: holds, {name: lambda: value})."""
    words = ast.Constant(ast.unparse(part))
    if _suspends(part):
        return ast.Tuple([words, _lambda(ast.Constant(False)), ast.Dict([], [])], ast.Load())
    values = {ast.unparse(side): side for side in _measured(part) if _has_name(side)}
    names = [ast.Constant(name) for name in values]
    table = ast.Dict(names, [_lambda(side) for side in values.values()])
    return ast.Tuple([words, _lambda(part), table], ast.Load())


def _measured(part):
    """What a condition looks at: the sides of a comparison, the arguments of a call."""
    if isinstance(part, ast.Compare):
        return [part.left, *part.comparators]
    if isinstance(part, ast.UnaryOp):
        return _measured(part.operand)
    if isinstance(part, ast.BoolOp):
        return [side for value in part.values for side in _measured(value)]
    if isinstance(part, ast.Call):
        return _measured_in_call(part)
    return []


def _measured_in_call(call):
    """all(f(v) for v in values) looks at `values`, (a < b).all() at a and b, close(a, b) at a and b."""
    if not call.args and isinstance(call.func, ast.Attribute):
        owner = call.func.value
        return _measured(owner) if isinstance(owner, ast.Compare | ast.BoolOp) else [owner]
    sides = []
    for argument in call.args:
        if isinstance(argument, LOOPS):
            source = argument.generators[0].iter
            paired = isinstance(source, ast.Call) and getattr(source.func, "id", "") in ("zip", "enumerate")
            sides += source.args if paired else [source]
        elif isinstance(argument, ast.Compare | ast.BoolOp):
            sides += _measured(argument)
        else:
            sides.append(argument)
    return [side for side in sides if not isinstance(side, ast.Starred)]


def _has_name(side):
    """Whether there is something to measure: the value of a number is what it says."""
    return any(isinstance(leaf, ast.Name) for leaf in ast.walk(side))


def _lambda(body):
    nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.Lambda(nothing, deepcopy(body))
