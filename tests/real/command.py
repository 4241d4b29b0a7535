"""Run the command in this process and read what it prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli import main


class Command:
    """``embedmark`` with results and cache below ``folder``; every call must exit with 0."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder, self._capsys = folder, capsys

    def __call__(self, *arguments: str | Path) -> str:
        """Run a command and return its stdout."""
        code = main([str(argument) for argument in arguments])
        printed = self._capsys.readouterr()
        assert (code, printed.err if code else "") == (0, "")
        return printed.out

    def json(self, *arguments: str | Path) -> dict[str, Any]:
        """Run a command with ``--json`` and return its object."""
        found: dict[str, Any] = json.loads(self(*arguments, "--json"))
        return found

    def check(self, task: Path) -> list[str]:
        """The warnings of ``tasks check``; an error would have failed the command."""
        return [finding["message"] for finding in self.json("tasks", "check", task)["findings"]]

    def sizes(self, task: Path) -> dict[tuple[str, str], int]:
        """Rows by subset and table."""
        (facts,) = self.json("tasks", "show", task)["tasks"]
        found = facts["sizes"]
        return {(size["subset"], size["table"]): size["rows"] for size in found}

    def run(
        self, task: Path, *models: str, options: tuple[str | Path, ...] = ()
    ) -> list[dict[str, Any]]:
        """The rows of a run into ``folder``, all measured."""
        places = ("-o", self._folder / "results", "--cache", self._folder / "cache")
        rows: list[dict[str, Any]] = self.json("run", *models, "-t", task, *places, *options)[
            "results"
        ]
        assert {row["status"] for row in rows} == {"measured"}
        return rows
