"""Run the chapters that changed, several at a time, and keep their outputs for the build of the book.

myst-nb keeps executed notebooks in a jupyter-cache and finds them by their code cells and kernel. It runs
what is missing one after the other, and it does not see that the package below a notebook has changed. So
here the cache's folder carries a fingerprint of the package and is filled before the pages are read;
book/_ext/execution.py tells myst-nb which folder it is.
"""

import asyncio
import hashlib
import os
import shutil
import sys
import time
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
CACHES = ROOT / "_build" / ".jupyter_cache"
CELL_TIMEOUT = 900  # seconds; a chapter takes one minute, but perhaps on a machine that is busy


def fingerprint(root: Path = ROOT) -> str:
    """Changes with everything that an output depends on besides the notebook itself."""
    package = root / "hvae_lessons"
    files = [root / "requirements.txt", *package.rglob("*.py"), *(package / "_data").rglob("*")]
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


async def run_one(path: Path) -> tuple[Path, nbformat.NotebookNode, float, str]:
    """Execute one notebook in its own folder; the last entry is the error, empty if none."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--log-level=ERROR"],
        # The page needs no copy of what a kernel's widgets hold, each with its whole front end.
        store_widget_state=False,
        record_timing=False,  # times would become part of what the cache looks a notebook up by
    )
    # One thread each: several kernels with a thread per core slow one another down.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    start, error = time.perf_counter(), ""
    try:
        await client.async_execute(env=environment)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as failure:
        error = str(failure) or type(failure).__name__
    return path, notebook, time.perf_counter() - start, error


async def run_all(cache, notebooks: list[Path], workers: int) -> list[str]:
    """Execute the notebooks, keep each that succeeds, and return what went wrong in the others."""
    gate = asyncio.Semaphore(workers)

    async def guarded(path: Path):
        async with gate:
            return await run_one(path)

    failures = []
    for finished in asyncio.as_completed([guarded(path) for path in notebooks]):
        path, notebook, seconds, error = await finished
        print(f"  {path.name}: {'FAILED after' if error else 'executed in'} {seconds:.0f} s", flush=True)
        if error:
            failures.append(f"A cell failed in {path.relative_to(ROOT).as_posix()}\n\n{error}")
            continue
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
    todo = missing(cache, sorted(BOOK.glob("*.ipynb")))
    if not todo:
        return 0
    workers = int(os.environ.get("HVAE_WORKERS") or min(4, os.cpu_count() or 1))
    print(f"Executing {', '.join(path.stem for path in todo)}, {workers} at a time", flush=True)
    failures = asyncio.run(run_all(cache, todo, workers))
    print("\n\n".join(failures), file=sys.stderr, end="\n" if failures else "")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
