"""Run what changed, build the web book into _build/html with every warning an error, and say where it is."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

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
    executed = subprocess.run([sys.executable, ROOT / "tools" / "execute.py"], cwd=ROOT)
    if executed.returncode != 0:
        return 1
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    if built.returncode != 0:
        # Sphinx would not look again at pages that have not changed, and the second build would pass.
        shutil.rmtree(ROOT / "_build" / ".doctrees", ignore_errors=True)
        print("The book was not built: the reason is above.", file=sys.stderr)
        return 1
    print(f"\nThe book: {SITE / 'index.html'}")
    print("Open that file, or serve it: make serve, then http://localhost:8000")
    return 0


if __name__ == "__main__":
    sys.exit(main())
