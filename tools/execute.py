"""Run the chapters that changed, several at a time, and keep their outputs for the build of the book.

myst-nb keeps executed notebooks in a jupyter-cache and finds them by their code cells and kernel. It runs
what is missing one after the other, and it does not see that the package below a notebook has changed. So
here the cache's folder carries a fingerprint of the package and is filled before the pages are read;
book/_ext/execution.py tells myst-nb which folder it is.

A claim of a chapter that does not hold on this machine stops nothing: the page says so where it stands, and
the build says so at its end. Any other error stops the build.
"""

import asyncio
import hashlib
import html
import os
import shutil
import sys
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
CACHES = ROOT / "_build" / ".jupyter_cache"
CHAPTERS = sorted(BOOK.glob("*.ipynb"))
CELL_TIMEOUT = 900  # seconds; a chapter takes one minute, but perhaps on a machine that is busy
FAILED = "failed_claim"  # in the metadata of an output: the words of a claim that does not hold
FAILED_BOX = "failed-claim"  # class of the box that says so on the page
BOX = (
    f'<div class="admonition warning {FAILED_BOX}">'
    '<p class="admonition-title">This claim does not hold on your machine</p>'
    "<p>{}</p><p>The text around it describes what was measured elsewhere. The end of the build says how to "
    "report it.</p></div>"
)


def fingerprint(root: Path = ROOT) -> str:
    """Changes with everything that an output depends on besides the notebook itself."""
    package = root / "hvae_lessons"
    results = package / "results"
    stored = [package / "data" / "_data", results / "records", results / "weights"]
    files = [root / "requirements.txt", *package.rglob("*.py")]
    files += [path for folder in stored for path in folder.rglob("*")]
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(path for path in files if path.is_file() and "__pycache__" not in path.parts):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Where the outputs belong that the package as it is now produces."""
    return CACHES / fingerprint()


def missing(cache, notebooks: list[Path]) -> list[Path]:
    """The notebooks whose outputs the cache does not hold."""
    todo = []
    for path in notebooks:
        try:
            cache.match_cache_notebook(nbformat.read(path, as_version=4))
        except KeyError:
            todo.append(path)
    return todo


async def execute(notebook: nbformat.NotebookNode, **environment: str) -> tuple[float, str]:
    """Execute a notebook in place, as one of the book's; returns its seconds and its error, empty if none.

    An assertion that fails is no error; the cell keeps it as its output.
    """
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        allow_error_names=["AssertionError"],
        resources={"metadata": {"path": str(BOOK)}},
        extra_arguments=["--log-level=ERROR"],
        # The page needs no copy of what a kernel's widgets hold, each with its whole front end.
        store_widget_state=False,
        record_timing=False,  # times would become part of what the cache looks a notebook up by
    )
    # One thread each: several kernels with a thread per core slow one another down.
    threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    start, error = time.perf_counter(), ""
    try:
        await client.async_execute(env={**os.environ, **threads, **environment})
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as failure:
        error = str(failure) or type(failure).__name__
    return time.perf_counter() - start, error


class FailedClaim(NamedTuple):
    """A claim of a chapter that does not hold on this machine."""

    chapter: str
    cell: int  # counted from 0, text and code
    words: str


def failed_claims(chapter: str, notebook: nbformat.NotebookNode) -> list[FailedClaim]:
    """The assertions that failed, from the outputs of an executed notebook, marked or not."""
    found = []
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error" and output.ename == "AssertionError":
                found.append(FailedClaim(chapter, number, output.evalue or "an assertion without words"))
            elif FAILED in output.get("metadata", {}):
                found.append(FailedClaim(chapter, number, output.metadata[FAILED]))
    return found


def mark_failed_claims(notebook: nbformat.NotebookNode) -> None:
    """Put a box with the words of the claim where the traceback of an assertion stands."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error" and output.ename == "AssertionError":
                words = output.evalue or "an assertion without words"
                page = BOX.format(html.escape(words))
                data = {"text/plain": f"This claim does not hold here: {words}", "text/html": page}
                output.clear()
                output.update(nbformat.v4.new_output("display_data", data, metadata={FAILED: words}))


def claims_that_failed() -> list[FailedClaim]:
    """Those of all chapters, as the cache holds them."""
    cache, found = get_cache(str(cache_folder())), []
    for path in CHAPTERS:
        notebook = nbformat.read(path, as_version=4)
        executed = cache.get_cache_bundle(cache.match_cache_notebook(notebook).pk).nb
        found += failed_claims(path.stem, executed)
    return found


async def run_all(cache, notebooks: list[Path], workers: int) -> list[str]:
    """Execute the notebooks, keep each that succeeds, and return what went wrong in the others."""
    gate = asyncio.Semaphore(workers)

    async def guarded(path: Path):
        notebook = nbformat.read(path, as_version=4)
        async with gate:
            return path, notebook, *await execute(notebook)

    failures = []
    for finished in asyncio.as_completed([guarded(path) for path in notebooks]):
        path, notebook, seconds, error = await finished
        print(f"  {path.name}: {'FAILED after' if error else 'executed in'} {seconds:.0f} s", flush=True)
        if error:
            failures.append(f"A cell failed in {path.relative_to(ROOT).as_posix()}\n\n{error}")
            continue
        mark_failed_claims(notebook)
        bundle = CacheBundleIn(notebook, str(path), data={"execution_seconds": seconds})
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    return failures


def main() -> int:
    # The kernel named python3 must be this interpreter's, whatever kernels the user has installed.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    os.environ.pop("JUPYTER_PATH", None)
    folder = cache_folder()
    for old in CACHES.glob("*"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)
    cache = get_cache(str(folder))
    todo = missing(cache, CHAPTERS)
    if not todo:
        return 0
    workers = int(os.environ.get("HVAE_WORKERS") or min(4, os.cpu_count() or 1))
    print(f"Executing {', '.join(path.stem for path in todo)}, {workers} at a time", flush=True)
    failures = asyncio.run(run_all(cache, todo, workers))
    print("\n\n".join(failures), file=sys.stderr, end="\n" if failures else "")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
