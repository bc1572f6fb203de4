"""Create .venv and install everything the book needs, unless that is already done.

Run by the system's Python, so it uses the standard library only: `python -m tools.install`.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed-for"
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
OLDEST = (3, 11)


def wanted() -> str:
    """What the stamp of a finished installation says: these files, installed for this folder."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in ("requirements.txt", "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def works() -> bool:
    """Whether .venv is an environment of this folder with a Python that is new enough."""
    probe = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    try:
        running = subprocess.run([PYTHON, "-c", probe], capture_output=True, timeout=60).returncode == 0
        # Scripts carry the path that the environment was made for: a moved or copied one is of no use.
        script = PYTHON.with_name("pip.exe" if os.name == "nt" else "pip").read_bytes()
    except (OSError, subprocess.TimeoutExpired):
        return False
    return running and str(VENV).encode() in script


def pip(*arguments: str) -> int:
    """Run the environment's pip."""
    quiet = ["--disable-pip-version-check", "--no-input", "-q"]
    return subprocess.run([PYTHON, "-m", "pip", "install", *quiet, *arguments], cwd=ROOT).returncode


def install_cpu_torch() -> None:
    """On Linux the default torch brings gigabytes for a graphics card; PyTorch's own index has a small one.

    No retries, so that a machine that cannot reach the index falls back within seconds.
    """
    if not sys.platform.startswith("linux"):
        return
    pin = re.search(r"^torch==\S+", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.M)[0]
    options = ["--no-deps", "--index-url", CPU_WHEELS, "--retries", "0", "--timeout", "10"]
    if pip(pin, *options) != 0:
        print("PyTorch's CPU index did not answer with this version: taking torch from the default index.")


def main() -> None:
    if sys.version_info < OLDEST:
        sys.exit(
            f"The book needs Python {OLDEST[0]}.{OLDEST[1]} or newer, and this is {sys.version.split()[0]} "
            f"({sys.executable}). Install a newer one, or name it: make book PYTHON=/path/to/python3.12"
        )
    if works() and STAMP.is_file() and STAMP.read_text() == wanted():
        return
    if not works():
        print("Creating .venv", flush=True)
        if VENV.exists() or VENV.is_symlink():
            VENV.unlink() if VENV.is_symlink() else shutil.rmtree(VENV)
        try:
            venv.create(VENV, with_pip=True)
        except subprocess.CalledProcessError:
            sys.exit("Python could not put pip into .venv. On Debian or Ubuntu: apt-get install python3-venv")
    STAMP.unlink(missing_ok=True)
    print("Installing the book's requirements (a few minutes, once)", flush=True)
    install_cpu_torch()
    if pip("-r", "requirements.txt") != 0 or pip("--no-deps", "-e", ".") != 0:
        sys.exit("The installation failed: pip says why above.")
    STAMP.write_text(wanted())


if __name__ == "__main__":
    main()
