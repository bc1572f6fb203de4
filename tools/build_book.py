"""Run what changed, build the web book into _build/html with every warning an error, and say where it is.

A claim that does not hold on this machine does not keep the book from being built. It is named at the end,
and it is a failure under continuous integration (CI) or with STRICT=1.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tools import execute
from tools.repository import repository

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"


def main() -> int:
    jupyter_book = Path(sysconfig.get_path("scripts")) / "jupyter-book"
    # The sources are in book/, so that a page's address is /elbo.html and not /book/elbo.html; the two
    # settings files stay where people look for them. Sphinx wants the table of contents as a full path.
    command = [jupyter_book, "build", ROOT / "book", "--path-output", ROOT]
    command += ["--config", ROOT / "_config.yml", "--toc", ROOT / "_toc.yml"]
    command += ["-W", "-n", "--keep-going", "-q"]
    # First the notebooks, on their own: a failing cell is then the last thing on the screen.
    if execute.main() != 0:
        return 1
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    if built.returncode != 0:
        # Sphinx would not look again at pages that have not changed, and the second build would pass.
        shutil.rmtree(ROOT / "_build" / ".doctrees", ignore_errors=True)
        print("The book was not built: the reason is above.", file=sys.stderr)
        return 1
    print(f"\nThe book: {SITE / 'index.html'}")
    print("Open that file, or serve it: make serve, then http://localhost:8000")
    return report(execute.claims_that_failed())


def report(claims: list[execute.FailedClaim]) -> int:
    """Name the claims that do not hold here, and say whom to tell; 1 if that is to count as a failure."""
    if not claims:
        return 0
    name = repository()
    where = f"https://github.com/{name}/issues" if name else "whoever gave you this book"
    print(f"\nThe book is complete, but {len(claims)} of its claims do not hold on this machine:")
    for claim in claims:
        print(f"  {claim.chapter}, cell {claim.cell}: {claim.words}")
    print(
        f"The pages show them where they stand. Please report these lines, with your processor, to {where}."
    )
    return int(any(os.environ.get(name, "") not in ("", "0", "false") for name in ("CI", "STRICT")))


if __name__ == "__main__":
    sys.exit(main())
