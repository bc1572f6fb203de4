"""The scripts that make calls. Run one from the project's folder: `python -m tools.elsewhere`."""
