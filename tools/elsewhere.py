"""Run the chapters as if on other processors, and say which printed numbers and which claims change.

    python -m tools.elsewhere                       every chapter on every machine below
    python -m tools.elsewhere vae --on sse          one chapter on one of them
    python -m tools.elsewhere --seeds 1 2           every chapter with its seeds replaced: do its claims hold?

A processor is imitated by telling PyTorch, MKL, oneDNN and NumPy's OpenBLAS which instructions to use. One
that is newer than this machine cannot be imitated: a disturbance of the last bit of every image and every
initial weight stands for it. What is printed is compared with a run on this machine as it is; times are left
out.
"""

import argparse
import asyncio
import configparser
import os
import re
import sys
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import nbformat

from hvae_lessons.notebook import COMPARED_TABLE
from tools.execute import CHAPTERS, ROOT, execute, failed_claims

HERE = "native"
MACHINES = {
    HERE: {},
    "avx2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_CBWR": "AVX2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
    },
    "sse": {
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_CBWR": "COMPATIBLE",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "OPENBLAS_CORETYPE": "Nehalem",
    },
    "last-bit": {},
}
# Run before the first cell of the machine "last-bit".
DISTURB = """
import torch
from hvae_lessons import data, nets

_source = torch.Generator().manual_seed(0)
_drawn, _image_data = nets._drawn, data.images._image_data


def _disturb(x):
    sign = torch.randint(-1, 2, x.shape, generator=_source).to(x.dtype)
    return x * (1 + torch.finfo(x.dtype).eps * sign)


def _disturbed_layer(*arguments):
    layer = _drawn(*arguments)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.copy_(_disturb(weight))
    return layer


def _disturbed_images(name, train_x, train_y, test_x, test_y, **settings):
    images = _image_data(name, train_x, train_y, test_x, test_y, **settings)
    for x in (images.train_x, images.test_x):
        x.copy_(_disturb(x).clamp(0, 1))
    return images


nets._drawn, data.images._image_data = _disturbed_layer, _disturbed_images
"""
MEMORY = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


class Run(NamedTuple):
    """One chapter, executed on one machine."""

    chapter: str
    machine: str
    seconds: float
    mebibytes: float
    error: str
    claims: list  # those that failed
    printed: dict  # cell number -> text, times replaced


def timeless(text: str) -> str:
    """The text with everything replaced that tests/notebooks/sanitize.cfg replaces."""
    rules = configparser.RawConfigParser()
    rules.read(ROOT / "tests" / "notebooks" / "sanitize.cfg", encoding="utf-8")
    for rule in rules.sections():
        text = re.sub(rules[rule]["regex"], rules[rule]["replace"], text)
    return text


def reseeded(source: str, seed: int) -> str:
    """A cell with its seeds replaced."""
    return re.sub(r"(manual_seed\(|\bseed=|\brandom_state=)\d+", rf"\g<1>{seed}", source)


def prepared(path: Path, machine: str, seed: int | None) -> nbformat.NotebookNode:
    """A chapter with a cell before it and one behind it."""
    notebook = nbformat.read(path, as_version=4)
    if seed is not None:
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.source = reseeded(cell.source, seed)
    first = nbformat.v4.new_code_cell(DISTURB if machine == "last-bit" else "")
    notebook.cells = [first, *notebook.cells, nbformat.v4.new_code_cell(MEMORY)]
    return notebook


def text_of(output) -> str:
    """What an output says in words and numbers that should not change: printed lines, or a table."""
    if output.get("name") == "stdout":
        return output.text
    return output.data["text/plain"] + "\n" if COMPARED_TABLE in output.get("metadata", {}) else ""


def printed(cells: list) -> dict[int, str]:
    """What each cell printed or showed as a table."""
    texts = ("".join(map(text_of, cell.get("outputs", []))) for cell in cells)
    return {number: timeless(text) for number, text in enumerate(texts) if text}


async def run(path: Path, machine: str, seed: int | None = None) -> Run:
    """Execute one chapter on one machine."""
    notebook = prepared(path, machine, seed)
    seconds, error = await execute(notebook, **MACHINES[machine])
    *_, last = notebook.cells
    kibibytes = float(last.outputs[0].text) if last.get("outputs") else float("nan")
    notebook.cells = notebook.cells[1:-1]
    claims = failed_claims(path.stem, notebook)
    return Run(path.stem, machine, seconds, kibibytes / 1024, error, claims, printed(notebook.cells))


def differences(reference: Run, other: Run) -> list[str]:
    """The lines that were printed in two ways."""
    found = []
    for cell in sorted(reference.printed.keys() | other.printed.keys()):
        pairs = (run.printed.get(cell, "").splitlines() for run in (reference, other))
        for before, after in zip_longest(*pairs, fillvalue=""):
            if before != after:
                found.append(f"    cell {cell}: {before}\n    {'':{5 + len(str(cell))}} {after}")
    return found


def report(one: Run, reference: Run | None) -> int:
    """Print what a run shows; the number of things that should not be."""
    changed = [] if reference is None or reference is one else differences(reference, one)
    lines = sum(text.count("\n") for text in one.printed.values())
    size = f"{one.seconds:.0f} s, {one.mebibytes:.0f} MiB"
    print(f"{one.chapter} on {one.machine}: {size}, {len(changed)} of {lines} printed lines differ", end="")
    print(f", {len(one.claims)} claims fail" + (", STOPPED BY AN ERROR" if one.error else ""))
    for claim in one.claims:
        print(f"    cell {claim.cell}: {claim.words}")
    print(*changed, *([one.error] if one.error else []), sep="\n", end="\n" if changed or one.error else "")
    sys.stdout.flush()
    return len(changed) + len(one.claims) + bool(one.error)


async def run_all(chapters: list[Path], machines: list[str], seeds: list[int], workers: int) -> int:
    """Run everything, several at a time, and report each run as soon as its reference is there."""
    gate, faults = asyncio.Semaphore(workers), 0

    async def guarded(path: Path, machine: str, seed: int | None):
        async with gate:
            return await run(path, machine, seed)

    async def compared(path: Path, machine: str):
        reference = await references[path]
        return (reference if machine == HERE else await guarded(path, machine, None)), reference

    async def reseeded_run(path: Path, seed: int):
        return await guarded(path, HERE, seed), None

    if seeds:
        todo = [reseeded_run(path, seed) for path in chapters for seed in seeds]
    else:
        references = {path: asyncio.ensure_future(guarded(path, HERE, None)) for path in chapters}
        todo = [compared(path, machine) for machine in machines for path in chapters]
    for finished in asyncio.as_completed(todo):
        faults += report(*(await finished))
    return faults


def main() -> int:
    names = [path.stem for path in CHAPTERS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", metavar="chapter", help=f"of {', '.join(names)}; all of them")
    parser.add_argument("--on", nargs="+", choices=MACHINES, default=list(MACHINES), metavar="machine")
    parser.add_argument("--seeds", nargs="+", type=int, default=[], help="in place of the chapters' own")
    parser.add_argument("--environment", choices=MACHINES, help="only print the variables of a machine")
    arguments = parser.parse_args()
    if arguments.environment:
        print(*(f"{name}={value}" for name, value in MACHINES[arguments.environment].items()))
        return 0
    unknown = set(arguments.chapters) - set(names)
    if unknown:
        parser.error(f"no chapter called {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    workers = int(os.environ.get("HVAE_WORKERS") or min(4, os.cpu_count() or 1))
    chosen = [path for path in CHAPTERS if not arguments.chapters or path.stem in arguments.chapters]
    faults = asyncio.run(run_all(chosen, arguments.on, arguments.seeds, workers))
    print("Nothing differs." if not faults else f"{faults} differences, failed claims or errors.")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
