"""Which small errors no test would notice: the package mutated, one place at a time, and its tests run.

    python benchmarks/mutants.py hvae_lessons/formulas/labels.py hvae_lessons/oracles

Works on a copy of the tree. Each mutant meets the tests of its own layer first and stops at the first that
fails. The record goes to mutants.json, or to --record; a second run goes on where the first one ended.
A survivor is either an equivalent program or a test that is missing: that is for a reader to judge.
"""

import argparse
import ast
import copy
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
import pytest
import torch
import torch._dynamo  # what takes seconds to import is imported once: every mutant runs in a fork

ROOT = Path(__file__).resolve().parent.parent
# What takes seconds to import is imported once: every mutant runs in a fork.
SLOW_IMPORTS = ("matplotlib", "scipy.optimize", "sklearn.linear_model", "sklearn.mixture", "torch._dynamo")
SWAPS = {ast.Add: ast.Sub, ast.Mult: ast.Div, ast.Lt: ast.LtE, ast.Gt: ast.GtE, ast.Eq: ast.NotEq}
SWAPS |= {ast.And: ast.Or}
SWAPS |= {new: old for old, new in SWAPS.items()}
NAMES = {"sum": "mean", "mean": "sum"}


def variants(node, argument):
    """Pairs (what was done, the node in its place)."""
    if isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in SWAPS:
        yield from _swapped(node, "op", node.op, SWAPS[type(node.op)]())
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield from _swapped(node, "ops", node.ops[0], [SWAPS[type(node.ops[0])](), *node.ops[1:]])
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
        yield from _swapped(node, "attr", node.attr, NAMES[node.attr])
    elif isinstance(node, ast.Call):
        for keyword in node.keywords:
            rest = [other for other in node.keywords if other is not keyword]
            yield f"without {ast.unparse(keyword)}", ast.Call(node.func, node.args, rest)
    elif isinstance(node, ast.Return) and node.value is not None and argument:
        yield f"return {argument}", ast.Return(ast.Name(argument, ast.Load()))


def _swapped(node, field, old, new):
    changed = copy.copy(node)
    setattr(changed, field, new)
    yield f"{ast.unparse(node)} -> {ast.unparse(changed)}", changed


class Replace(ast.NodeTransformer):
    """Puts another node in the place of one."""

    def __init__(self, old, new):
        self.old, self.new = old, new

    def visit(self, node):
        """The new node for the old one, and every other as it is."""
        return self.new if node is self.old else self.generic_visit(node)


def mutants(source):
    """Triples (line and column, what was done, source of the whole module)."""
    count = len(list(ast.walk(ast.parse(source))))
    for place in range(count):
        choice = 0
        while True:
            tree = ast.parse(source)  # anew, because a transformer changes the tree that it walks
            nodes, owners = list(ast.walk(tree)), {}
            for owner in nodes:
                if isinstance(owner, ast.FunctionDef):
                    names = [a.arg for a in owner.args.args if a.arg not in ("self", "cls")]
                    owners |= {id(node): names[0] for node in ast.walk(owner) if names}
            found = list(variants(nodes[place], owners.get(id(nodes[place]))))
            if choice == len(found):
                break
            words, new = found[choice]
            where = f"{nodes[place].lineno}:{nodes[place].col_offset}"
            changed = ast.fix_missing_locations(Replace(nodes[place], new).visit(tree))
            yield where, words, ast.unparse(changed)
            choice += 1


def outcome(tests, timeout):
    """ "killed", "survived" or "timeout", by tests in a fork of this process."""
    child = os.fork()
    if child == 0:
        signal.alarm(timeout)
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1), os.dup2(sink, 2)
        os._exit(int(pytest.main(["-x", "-q", "--tb=no", "-p", "no:cacheprovider", *tests])))
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return "timeout"
    return "survived" if os.WEXITSTATUS(status) == 0 else "killed"


def tests_for(module):
    """The tests of the layer, those of the module's own name first; then those that cross layers."""
    across = sorted(Path("tests").glob("test_*.py"))
    layer = sorted(Path("tests", module.parts[1]).glob("test_*.py"), key=lambda p: module.stem not in p.stem)
    return [[str(path) for path in step] for step in (layer, across) if step]


def copy_tree(folder):
    """What git tracks, as it stands in the working tree."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, Path(folder, name))


def try_all(module, record, known, timeout):
    """Every mutant of one module that the record does not have yet."""
    original = module.read_text()
    if outcome(tests_for(module)[0], timeout) != "survived":
        sys.exit(f"{module}: its tests fail as it is")
    for where, words, source in mutants(original):
        key = f"{module}:{where}: {words}"
        if key in known:
            continue
        module.write_text(source)
        for step in tests_for(module):
            known[key] = {"result": outcome(step, timeout), "tests": step}
            if known[key]["result"] != "survived":
                break
        module.write_text(original)
        record.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
        print(known[key]["result"], key, flush=True)


def main():
    """Mutate what was named."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("targets", nargs="+", type=Path)
    options.add_argument("--record", type=Path, default=Path("mutants.json"))
    options.add_argument("--timeout", type=int, default=300, help="seconds for one mutant and one step")
    options = options.parse_args()
    record = options.record.resolve()
    known = json.loads(record.read_text()) if record.exists() else {}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    torch.set_num_threads(1)
    for name in SLOW_IMPORTS:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        copy_tree(folder)
        os.chdir(folder)
        sys.path.insert(0, folder)
        sys.dont_write_bytecode = True
        for target in options.targets:
            for module in sorted(target.rglob("*.py")) if target.is_dir() else [target]:
                try_all(module, record, known, options.timeout)


if __name__ == "__main__":
    main()
