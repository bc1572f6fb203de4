"""Tell myst-nb which cache holds the outputs of the package as it is now (see tools/execute.py)."""

from tools.execute import cache_folder


def name_cache(app, config) -> None:
    """The folder's name is a setting: with another one, Sphinx reads every page again."""
    config.nb_execution_cache_path = str(cache_folder())


def setup(app):
    app.connect("config-inited", name_cache)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
