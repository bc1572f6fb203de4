"""Which repository on GitHub builds the book: the one place that knows. A fork's links lead to the fork."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
REMOTE = re.compile(r"^(?:https://(?:[^@/]+@)?github\.com/|(?:ssh://)?git@github\.com[:/])(.+?)(?:\.git)?/?$")


def from_environment() -> str | None:
    """owner/name as the environment gives it; HVAE_REPOSITORY= (empty) turns the links off."""
    for variable in ("HVAE_REPOSITORY", "GITHUB_REPOSITORY"):
        if variable in os.environ:
            return os.environ[variable] if NAME.fullmatch(os.environ[variable]) else ""
    return None


def from_remote(url: str) -> str:
    """owner/name of a GitHub address, or an empty string."""
    match = REMOTE.match(url.strip())
    return match[1] if match and NAME.fullmatch(match[1]) else ""


def git(*arguments: str) -> str:
    """What git says, or an empty string where there is no git or no repository."""
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def repository() -> str:
    """owner/name on GitHub, or an empty string when it is not known."""
    named = from_environment()
    return from_remote(git("remote", "get-url", "origin")) if named is None else named


def branch() -> str:
    """The branch that links lead to and Binder builds."""
    return os.environ.get("HVAE_BRANCH") or os.environ.get("GITHUB_REF_NAME") or "main"
