"""Which small errors no test would notice: the package mutated, one place at a time, and its tests run.

    python benchmarks/mutants.py --sample 90            # of every layer below; or name layers
    python benchmarks/mutants.py --count                # how many there are; runs nothing
    python benchmarks/mutants.py --again                # the survivors once more, after tests were added

Works on a copy of the tree. First every test runs once, to learn which lines of the package it runs; then a
mutant meets the tests that run its line, and stops at the first that fails. Those are the tests of its layer,
the tests that cross layers, bad input, and the theorems (without the wrong variants, which replace the code).

The sample is spread over the modules of a layer in proportion to their mutants, and drawn with a fixed seed;
a larger one holds the smaller one. What counts as a mutant: mutations.py.

`--record`, a working file, has a line per mutant; a second run goes on where the first one ended. From it the
script writes mutants.json beside itself: counts per layer, and the survivors with the explanations that a
person gave. An explanation is kept as long as its mutant survives; a survivor without one is printed.
"""

import argparse
import collections
import compileall
import importlib
import json
import os
import pickle
import py_compile
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
import coverage
import pytest
import torch
from mutations import drawn, mutated

ROOT = Path(__file__).resolve().parent.parent
REPORT = Path(__file__).with_suffix(".json")
LAYERS = ("formulas", "objectives", "models", "oracles", "training", "measures")
ACROSS = ("tests/test_*.py", "tests/bad_input/test_*.py", "tests/theorems/test_*.py")
# What takes seconds to import is imported once: every mutant runs in a fork.
SLOW_IMPORTS = (
    "matplotlib.pyplot",
    "mpmath",
    "scipy.optimize",
    "sklearn.linear_model",
    "sklearn.mixture",
    "sympy",
    "torch._dynamo",
)


class LinesOfTests:
    """A pytest plugin: the lines of the package that each test runs, and the seconds it takes.

    What a file's fixtures run counts for all of its tests.
    """

    def __init__(self):
        self.seconds = {}
        self.coverage = coverage.Coverage(data_file=None, source=["hvae_lessons"], config_file=False)
        self.coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item):
        """The fixtures."""
        self.begun = time.process_time()
        self.coverage.switch_context(item.nodeid.partition("::")[0])
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        """The test itself."""
        self.coverage.switch_context(item.nodeid)
        result = yield
        self.coverage.switch_context("")
        self.seconds[item.nodeid] = time.process_time() - self.begun
        return result

    def tables(self):
        """Module -> line -> tests or files, and test -> seconds."""
        self.coverage.stop()
        data, lines = self.coverage.get_data(), {}
        for path in data.measured_files():
            module = str(Path(path).relative_to(Path.cwd()))
            lines[module] = {line: set(names) - {""} for line, names in data.contexts_by_lineno(path).items()}
        return lines, self.seconds


class Selected:
    """A pytest plugin: runs these tests only, the files that take the least time first."""

    def __init__(self, seconds):
        self.seconds, self.files = seconds, collections.Counter()
        for test, needed in seconds.items():
            self.files[test.partition("::")[0]] += needed

    def pytest_collection_modifyitems(self, items):
        """Sorted by the time of the file, and within it as they stand there."""
        items[:] = [item for item in items if item.nodeid in self.seconds]
        items.sort(key=lambda item: self.files[item.nodeid.partition("::")[0]])


def pytest_in_fork(files, plugin, limit, answer=None):
    """Exit status of pytest in a fork, or "timeout" after `limit` seconds; calls `answer` before it ends."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))  # of this process, whatever else runs
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1), os.dup2(sink, 2)
        quiet = ["-q", "--tb=no", "-p", "no:cacheprovider"]
        status = pytest.main(["-x", *quiet, "-k", "not wrong_variant", *files], plugins=[plugin])
        if answer:
            answer()
        os._exit(int(status))
    status = os.waitpid(child, 0)[1]
    return "timeout" if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def measure_lines(path):
    """Run every test that may be needed once, and write the tables of `LinesOfTests` to a file."""
    patterns = [f"tests/{layer}/test_*.py" for layer in LAYERS] + list(ACROSS)
    files = sorted(str(path) for pattern in patterns for path in Path().glob(pattern))
    plugin = LinesOfTests()
    if pytest_in_fork(files, plugin, 3000, lambda: path.write_bytes(pickle.dumps(plugin.tables()))) != 0:
        sys.exit("the tests fail as they are")


def tests_of(mutant, module, lines, seconds):
    """The tests that may notice: test -> seconds. For a line that runs at import, those of its layer."""
    layer = f"tests/{module.parts[1]}/"
    touching = set().union(*(lines.get(str(module), {}).get(line, ()) for line in mutant.lines))
    if not touching:
        return {test: needed for test, needed in seconds.items() if test.startswith(layer)}
    near = (layer, "tests/test_", "tests/bad_input/", "tests/theorems/")
    return {
        test: needed
        for test, needed in seconds.items()
        if test.startswith(near) and (test in touching or test.partition("::")[0] in touching)
    }


def result_of(mutant, module, seconds):
    """ "killed", "survived" or "timeout"."""
    source = module.read_text()
    files = {test.partition("::")[0] for test in seconds}
    module.write_text(mutated(source, mutant))
    try:
        status = pytest_in_fork(files, Selected(seconds), 60 + int(5 * sum(seconds.values())))
    finally:
        module.write_text(source)
    return {0: "survived", "timeout": "timeout"}.get(status, "killed")


def copy_tree(folder):
    """What git tracks, as it stands in the working tree."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, Path(folder, name))
    # Bytecode is checked against the text, not its time: a mutant may be as old and as long as the original.
    by_hash = py_compile.PycInvalidationMode.CHECKED_HASH
    compileall.compile_dir(folder, quiet=1, invalidation_mode=by_hash)


def try_all(chosen, record, results, again):
    """Every chosen mutant that the record does not have yet; the survivors among the others, if `again`."""
    done = {"killed", "timeout"} if again else {"killed", "timeout", "survived"}
    tables = record.with_suffix(".pickle")
    if again or not tables.exists():
        measure_lines(tables)
    lines, seconds = pickle.loads(tables.read_bytes())
    for module, mutant in (pair for pairs in chosen.values() for pair in pairs):
        if results.get(mutant.key) not in done:
            results[mutant.key] = result_of(mutant, module, tests_of(mutant, module, lines, seconds))
            record.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
            print(results[mutant.key], mutant.key, flush=True)


def report(chosen, results):
    """What is stored: counts per layer, the survivors explained, and those that a test has caught since."""
    old = json.loads(REPORT.read_text()) if REPORT.exists() else {"survivors": {}, "caught_since": {}}
    words = old["caught_since"] | old["survivors"]
    layers, survivors, caught = {}, {}, {}
    for layer, pairs in chosen.items():
        tried = [mutant.key for _, mutant in pairs if mutant.key in results]
        found = [results[key] for key in tried]
        layers[layer] = {"mutants": len(drawn(layer, None)), "tried": len(tried)}
        layers[layer] |= {result: found.count(result) for result in ("killed", "timeout", "survived")}
        for key in tried:
            if results[key] == "survived":
                survivors[key] = words.pop(key, "")
            elif key in words:
                caught[key] = words.pop(key)
    content = {"layers": layers, "survivors": survivors, "caught_since": caught}
    REPORT.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    print(*(f"not explained: {key}" for key, words in survivors.items() if not words), sep="\n")
    print(*(f"explained, but not among these mutants: {key}" for key in words), sep="\n")


def main():
    """Mutate the layers that were named."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("layers", nargs="*", default=LAYERS, help="all, unless named")
    options.add_argument("--sample", type=int, help="mutants of each layer; without it, every one")
    options.add_argument(
        "--count", action="store_true", help="say how many mutants there are, and run nothing"
    )
    options.add_argument("--again", action="store_true", help="try the survivors once more")
    options.add_argument("--record", type=Path, default=ROOT / "_build" / "mutants.json")
    options = options.parse_args()
    record = options.record.resolve()
    record.parent.mkdir(exist_ok=True)
    results = json.loads(record.read_text()) if record.exists() else {}
    os.chdir(ROOT)
    chosen = {layer: drawn(layer, options.sample) for layer in options.layers}
    if options.count:
        print(*(f"{layer}: {len(drawn(layer, None))}" for layer in options.layers), sep="\n")
        return
    torch.set_num_threads(1)
    sys.dont_write_bytecode = False
    for name in SLOW_IMPORTS:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        copy_tree(folder)
        os.chdir(folder)
        sys.path.insert(0, folder)
        try_all(chosen, record, results, options.again)
        os.chdir(ROOT)
    if tuple(options.layers) == LAYERS:
        report(chosen, results)


if __name__ == "__main__":
    main()
