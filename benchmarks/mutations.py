"""The mutants of a module: one place changed in each, as a person might get it wrong.

Left out is what no test should hold: messages of refusals, annotations, numbers that are defaults (a choice,
not a result), `strict=` of zip.
"""

import ast
import collections
import copy
import random
from pathlib import Path
from typing import NamedTuple

SWAPS = {ast.Add: ast.Sub, ast.Mult: ast.Div, ast.Lt: ast.LtE, ast.Gt: ast.GtE, ast.Eq: ast.NotEq}
SWAPS |= {ast.And: ast.Or}
SWAPS |= {new: old for old, new in SWAPS.items()}
NAMES = {"sum": "mean", "mean": "sum"}


class Mutant(NamedTuple):
    """One place of a module changed. The key names it by what it says, not by its line: lines move."""

    key: str
    lines: range  # of its statement
    place: int  # number of the node in ast.walk
    choice: int  # number of the change at this node
    argument: str | None  # first of the function that it is in


def variants(node, argument):
    """Pairs (what was done, the node in its place)."""
    if isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in SWAPS:
        yield from _swapped(node, "op", SWAPS[type(node.op)]())
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield from _swapped(node, "ops", [SWAPS[type(node.ops[0])](), *node.ops[1:]])
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield f"{ast.unparse(node)} without its sign", node.operand
        if ast.unparse(node) == "-1":
            yield "-1 -> 0", ast.Constant(0)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float, bool):
        new = not node.value if isinstance(node.value, bool) else node.value + 1
        yield f"{node.value} -> {new}", ast.Constant(new)
        if node.value == 0 and type(node.value) is int:
            yield "0 -> -1", ast.Constant(-1)
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield from _swapped(node, "attr", NAMES[node.attr])
    elif isinstance(node, ast.Call):
        for keyword in node.keywords:
            rest = [other for other in node.keywords if other is not keyword]
            if keyword.arg != "strict":
                yield f"without {ast.unparse(keyword)}", ast.Call(node.func, node.args, rest)
    elif isinstance(node, ast.Return) and node.value is not None and argument:
        yield f"return {argument}", ast.Return(ast.Name(argument, ast.Load()))


def _swapped(node, field, new):
    changed = copy.copy(node)
    setattr(changed, field, new)
    yield f"{ast.unparse(node)} -> {ast.unparse(changed)}", changed


def left_out(tree):
    """Identities of the nodes that no test should hold."""
    for node in ast.walk(tree):
        parts = []
        if isinstance(node, ast.Raise | ast.JoinedStr):
            parts = [node]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "expect":
            parts = node.args[1:]
        elif isinstance(node, ast.arguments):
            parts = [argument.annotation for argument in ast.walk(node) if isinstance(argument, ast.arg)]
            parts += [default for default in node.defaults + node.kw_defaults if _is_number(default)]
        elif isinstance(node, ast.AnnAssign):
            parts = [node.annotation, node.value if _is_number(node.value) else None]
        elif isinstance(node, ast.keyword) and node.arg == "strict":
            parts = [node]
        yield from (id(inner) for part in parts if part is not None for inner in ast.walk(part))


def _is_number(node):
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def mutants(module):
    """Every mutant of a module, in the order of `ast.walk`."""
    tree = ast.parse(module.read_text())
    parents = {id(inner): node for node in ast.walk(tree) for inner in ast.iter_child_nodes(node)}
    skipped, seen = set(left_out(tree)), collections.Counter()

    def enclosing(node, fits):
        while node is not None and not fits(node):
            node = parents.get(id(node))
        return node

    for place, node in enumerate(ast.walk(tree)):
        if id(node) in skipped or isinstance(node, ast.Module):
            continue
        function = enclosing(node, lambda n: isinstance(n, ast.FunctionDef))
        arguments = [a.arg for a in function.args.args if a.arg not in ("self", "cls")] if function else []
        argument = arguments[0] if arguments else None
        for choice, (words, _) in enumerate(variants(node, argument)):
            context = enclosing(node, lambda n: isinstance(n, ast.stmt) or len(ast.unparse(n)) >= 30)
            name = function.name if function else "module"
            key = f"{module.relative_to('hvae_lessons')} {name}: {words}"
            key += f" in `{ast.unparse(context).splitlines()[0][:80]}`" if len(words) < 30 else ""
            seen[key] += 1
            key += f" ({seen[key]})" if seen[key] > 1 else ""
            lines = _lines(enclosing(node, lambda n: isinstance(n, ast.stmt)))
            yield Mutant(key, lines, place, choice, argument)


def _lines(statement):
    """Of an `if` or a loop the head only: its body has statements of its own."""
    body = getattr(statement, "body", None)
    end = body[0].lineno - 1 if body else statement.end_lineno
    return range(statement.lineno, max(end, statement.lineno) + 1)


class Replace(ast.NodeTransformer):
    """Puts another node in the place of one."""

    def __init__(self, old, new):
        self.old, self.new = old, new

    def visit(self, node):
        """The new node for the old one, and every other as it is."""
        return self.new if node is self.old else self.generic_visit(node)


def mutated(source, mutant):
    """Source of the module with the mutant in it."""
    tree = ast.parse(source)
    node = list(ast.walk(tree))[mutant.place]
    _, new = list(variants(node, mutant.argument))[mutant.choice]
    return ast.unparse(ast.fix_missing_locations(Replace(node, new).visit(tree)))


def drawn(layer, size, seed=0):
    """Pairs (module, mutant) of a layer, `size` of them, spread over its modules."""
    places = []
    for module in sorted(Path("hvae_lessons", layer).rglob("*.py")):
        found = list(mutants(module))
        random.Random(f"{seed} {module}").shuffle(found)
        places += [((rank + 0.5) / len(found), module, mutant) for rank, mutant in enumerate(found)]
    places.sort(key=lambda place: place[:2])
    return [place[1:] for place in places[:size]]
