"""Tell myst-nb which cache holds the outputs of the package as it is now (see tools/execute.py)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from execute import cache_folder  # noqa: E402


def name_cache(app, config) -> None:
    """The folder's name is a setting: with another one, Sphinx reads every page again."""
    config.nb_execution_cache_path = str(cache_folder())


def setup(app):
    app.connect("config-inited", name_cache)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
