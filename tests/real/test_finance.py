"""What docs/finance.md shows is what happens on the data that it names."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.cli import main
from tests.real.test_real_tasks import CASES, TASKS
from tests.real.test_your_data import comparable

DOCUMENT = Path(__file__).parents[2] / "docs/finance.md"
TRANSCRIPTS = re.findall(r"```console\n\$ (.*?)\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)


def test_links_lead_somewhere() -> None:
    """Every link to a file names one that exists."""
    links = re.findall(r"\]\(([^)#:]+)\)", DOCUMENT.read_text("utf-8"))

    assert links
    assert [link for link in links if not (DOCUMENT.parent / link).exists()] == []


@pytest.mark.parametrize(("command", "output"), TRANSCRIPTS)
def test_transcript(
    command: str,
    output: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    real_data: Callable[[str], Path],
) -> None:
    """Every command prints what the page shows, seconds apart."""
    pytest.importorskip("bm25s")
    monkeypatch.chdir(tmp_path)
    arguments = shlex.split(command)[1:]
    for case in CASES:
        if f"{case.name}.toml" in arguments:
            assert case.convert is not None
            case.convert(real_data(case.source), tmp_path / case.name)
            shutil.copy(TASKS / f"{case.name}.toml", tmp_path)

    assert main(arguments) == 0
    words, scores = comparable(capsys.readouterr().out)
    expected, shown = comparable(output)
    assert words == expected
    assert scores == pytest.approx(shown, abs=0.1)


def test_the_table_repeats_the_transcripts() -> None:
    """Scores of the bags and of wordllama in the page's table stand in its transcripts too."""
    page = DOCUMENT.read_text("utf-8")
    printed = " ".join(output for _, output in TRANSCRIPTS)
    rows = re.findall(
        r"^\| [\w -]+ \| (\d+\.\d\d) \([\w ]+\) \| (\d+\.\d\d) \|", page, re.MULTILINE
    )

    assert len(rows) == 9
    assert all(score in printed for row in rows for score in row)
