"""The commit of our own code: of the checkout that runs, or the one it was installed from."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_CHECKOUT = Path(__file__).parents[2]


@cache
def own_commit() -> str:
    """Its digits; '' where nothing says it. Changes that are not committed are not in it."""
    return commit_of(_CHECKOUT) or _installed_from()


def commit_of(checkout: Path) -> str:
    """The commit that a checkout of git stands at, from git's files; '' where it is none."""
    try:
        git = checkout / ".git"
        if git.is_file():  # a worktree, whose references lie in the repository that it is of
            git = checkout / git.read_text("utf-8").removeprefix("gitdir:").strip()
        common = git / "commondir"
        shared = git / common.read_text("utf-8").strip() if common.is_file() else git
        head = (git / "HEAD").read_text("utf-8").strip()
        if not head.startswith("ref: "):
            return _checked(head)
        name = head.removeprefix("ref: ")
        for folder in (git, shared):
            if (folder / name).is_file():
                return _checked((folder / name).read_text("utf-8"))
        lines = (shared / "packed-refs").read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return ""
    return next((_checked(line.split()[0]) for line in lines if line.endswith(f" {name}")), "")


def _installed_from() -> str:
    """What pip wrote when it installed from a repository (PEP 610)."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        origin = json.loads(distribution("embedmark").read_text("direct_url.json") or "{}")
        return _checked(str(origin["vcs_info"]["commit_id"]))
    except (PackageNotFoundError, OSError, ValueError, KeyError, TypeError):
        return ""


def _checked(text: str) -> str:
    found = text.strip()
    return found if _COMMIT.fullmatch(found) else ""
