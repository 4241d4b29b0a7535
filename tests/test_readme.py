"""What README and CONTRIBUTING say is what happens: commands, files and code of both."""

from __future__ import annotations
import __future__

import doctest
import json
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

import benchmark.kinds
import benchmark.models
from benchmark import catalog
from benchmark.cli import main
from benchmark.metrics import retrieval
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


def entry(section: str, names: dict[str, Any]) -> dict[str, Any]:
    """The line that a section of CONTRIBUTING adds to a table, as the table would hold it."""
    (line,) = [
        block.text.strip()
        for block in blocks(CONTRIBUTING)
        if block.section == section and re.fullmatch(r'"\w+": .*,', block.text.strip())
    ]
    found: dict[str, Any] = eval(f"{{{line}}}", names)  # noqa: S307 -- our own document
    return found


def test_contributed_model_and_kind_run(
    workshop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The adapter and the kind of CONTRIBUTING work once their line is in its table."""
    write_files(README, workshop)
    write_files(CONTRIBUTING, workshop)
    for package in (benchmark.models, benchmark.kinds):
        inside = workshop / package.__name__.replace(".", "/")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(inside)])
    for held, name, line in (
        (table, "SCHEMES", entry("A model", {"Scheme": table.Scheme})),
        (catalog, "KINDS", entry("A kind", {})),
    ):
        monkeypatch.setattr(held, name, {**getattr(held, name), **line})
    task = (workshop / "tasks/tickets.toml").read_text("utf-8")
    task = task.replace('"sts"', '"margin"').replace("cosine_spearman", "margin")
    (workshop / "tasks/neighbours.toml").write_text(task, "utf-8")
    models = ["letters", "letters?alphabet=aeiou", "tfidf"]
    try:
        code = main(["run", *models, "-t", "neighbours", "-t", "complaints"])
    finally:
        for name in ("models.letters", "kinds.margin"):
            sys.modules.pop(f"benchmark.{name}", None)

    assert code == 0, capsys.readouterr()


def test_contributed_metric_runs(
    workshop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The metric of CONTRIBUTING is in every retrieval's result once its entry is in the table."""
    write_files(CONTRIBUTING, workshop)
    shutil.copytree(ROOT / "docs/examples/retrieval", workshop / "tasks/workshop")
    (block,) = [b for b in blocks(CONTRIBUTING) if b.section == "A metric" and "def " in b.text]
    names = dict(vars(retrieval))
    exec(
        compile(block.text, str(CONTRIBUTING), "exec", __future__.annotations.compiler_flag), names
    )
    function = names["rank_biased_precision"]
    finder = doctest.DocTestFinder().find(function, globs=names)
    failed = sum(doctest.DocTestRunner().run(example).failed for example in finder)
    ((name, _),) = entry("A metric", names).items()
    monkeypatch.setitem(cast("dict[str, Any]", retrieval.PER_QUERY), name, function)

    code = main(["run", "tfidf", "-t", "workshop", "--json"])

    (row,) = json.loads(capsys.readouterr().out)["results"]
    (path,) = workshop.glob("results/*/*/workshop.json")
    (scores,) = json.loads(path.read_text("utf-8"))["scores"]["test"]
    assert (0, 0, 1) == (failed, code, len(finder))
    assert "rbp_at_10" == row["main_score_name"]
    assert 0 < row["main_score"] == scores["rbp_at_10"] < 1
    assert 0.2 >= scores["rbp_at_1"] > 0


@pytest.mark.parametrize("document", [README, CONTRIBUTING, ROOT / "docs/design.md"], ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link names a file that exists."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8"))

    assert [name for name in targets if not (document.parent / name).exists()] == []
