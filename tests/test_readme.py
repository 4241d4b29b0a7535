"""What README and CONTRIBUTING say is what happens: commands, files and code of both."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmark import catalog
from benchmark.cli import main
from benchmark.models import table

ROOT = Path(__file__).parent.parent
README, CONTRIBUTING = ROOT / "README.md", ROOT / "CONTRIBUTING.md"
SET_UP = ["pip install -e '.[starter]' && embedmark run", "pip install nox && nox -s tests"]
# Sections whose commands run on what the document itself provides.
RUNNABLE = {"Run a model", "Add a task", "Make a leaderboard", "A task", "A model"}


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its section, language, the file that it shows ('' for none) and text."""

    section: str
    language: str
    file: str
    text: str


def blocks(document: Path) -> Iterator[Block]:
    """The fenced blocks of a Markdown document, in order."""
    section = ""
    pattern = r"^## ([^\n]+)$|^```(\w+)(?: (\S+))?\n(.*?)^```$"
    for match in re.finditer(pattern, document.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        heading, language, file, text = match.groups()
        if heading:
            section = heading
        else:
            yield Block(section, language, file or "", text)


def write_files(document: Path, folder: Path) -> None:
    """Write every file that a document shows below ``folder``."""
    for block in blocks(document):
        if block.file:
            target = folder / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, "utf-8")


def commands(document: Path) -> list[list[str]]:
    """The arguments of every ``embedmark`` line in the sections that can run."""
    return [
        shlex.split(line)[1:]
        for block in blocks(document)
        if block.language == "sh" and block.section in RUNNABLE
        for line in block.text.splitlines()
        if line.startswith("embedmark")
    ]


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_set_up_is_two_commands() -> None:
    """The README sets up with two commands, and CI runs both parts of each."""
    found = [b.text.strip() for b in blocks(README) if b.section == "Set up"]
    script = (ROOT / ".ci/run").read_text("utf-8")

    assert found == SET_UP
    assert "pip install --quiet -e '.[starter]'\nembedmark run" in script
    assert "pip install --quiet nox\nnox -s " in script


@pytest.mark.parametrize("document", [README, CONTRIBUTING], ids=lambda path: path.stem)
def test_recipes_run(document: Path, workshop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command of a recipe exits 0 on the files that the recipe shows."""
    pytest.importorskip("wordllama")
    write_files(document, workshop)
    # The one command without a task would measure the whole starter suite.
    small = ["-t", "LeeNewsSimilarity"]
    for arguments in commands(document):
        whole = arguments[0] == "run" and "-t" not in arguments
        code = main(arguments + small if whole else arguments)

        assert (arguments, code) == (arguments, 0), capsys.readouterr()


def test_python_example_runs(workshop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The Python of the README runs and prints the score of its task."""
    pytest.importorskip("wordllama")
    pytest.importorskip("pandas")
    write_files(README, workshop)
    (example,) = [b for b in blocks(README) if b.language == "python"]
    exec(compile(example.text, str(README), "exec"), {})

    assert len(example.text.strip().splitlines()) == 5
    assert "tickets" in capsys.readouterr().out


def test_contributed_model_and_kind_run(
    workshop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The adapter and the kind of CONTRIBUTING work once their line is in its table."""
    write_files(README, workshop)
    write_files(CONTRIBUTING, workshop)
    monkeypatch.syspath_prepend(str(workshop / "benchmark/models"))
    monkeypatch.syspath_prepend(str(workshop / "benchmark/kinds"))
    scheme = table.Scheme("letters", "", "how often each letter occurs")
    monkeypatch.setattr(table, "SCHEMES", {**table.SCHEMES, "letters": scheme})
    monkeypatch.setattr(catalog, "KINDS", {**catalog.KINDS, "margin": "margin"})
    task = (workshop / "tasks/tickets.toml").read_text("utf-8")
    task = task.replace('"sts"', '"margin"').replace("cosine_spearman", "margin")
    (workshop / "tasks/neighbours.toml").write_text(task, "utf-8")
    models = ["letters", "letters?alphabet=aeiou", "tfidf"]
    try:
        code = main(["run", *models, "-t", "neighbours", "-t", "complaints"])
    finally:
        for name in ("letters", "margin"):
            sys.modules.pop(name, None)

    assert code == 0, capsys.readouterr()


@pytest.mark.parametrize("document", [README, CONTRIBUTING, ROOT / "docs/design.md"], ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link names a file that exists."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8"))

    assert [name for name in targets if not (document.parent / name).exists()] == []
