"""What docs/your_data.md shows is what happens on the data that it names."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmark.cli import main
from tests.real import convert

DOCUMENT = Path(__file__).parents[2] / "docs/your_data.md"
TASKS = Path(__file__).parent / "tasks"
# Folder in the transcripts -> where the data is, and how it gets there.
FOLDERS: dict[str, tuple[str, Callable[[Path, Path], object]]] = {
    "cran": ("smart_collections/data/cran", convert.smart_cran),
    "abstracts": ("smart_collections/data/cran", convert.abstracts),
    "stsb": ("stsb_multi_mt/data", shutil.copytree),
    "msr": ("sick_sts_mrpc_wang/data/para/msr", shutil.copytree),
    "banking77": ("banking77/banking_data", shutil.copytree),
    "short_texts": ("short_text_clustering", convert.short_texts),
    "tatoeba": ("tatoeba_laser", convert.tatoeba),
    "qmsum": ("qmsum", convert.qmsum),
}


def sections() -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Heading, text, and the commands with their outputs, of every section with a transcript."""
    for section in DOCUMENT.read_text("utf-8").split("\n## ")[1:]:
        steps = [
            (step.split("\n", 1)[0], step.split("\n", 1)[1])
            for block in re.findall(r"```console\n\$ (.*?)```", section, re.DOTALL)
            for step in re.split(r"^\$ ", block, flags=re.MULTILINE)
        ]
        if steps:
            yield section.split("\n", 1)[0], section, steps


def comparable(text: str) -> tuple[list[str], list[float]]:
    """Words without scores, seconds and what their width changes; and the scores."""
    lines = [line.rstrip() for line in text.splitlines() if line and set(line) != {"─"}]
    words = [word for line in lines for word in re.sub(r" \d+\.\d$", "", line).split()]
    scores = [float(found) for word in words for found in re.findall(r"^\d+\.\d\d", word)]
    return [re.sub(r"^\d+\.\d\d", "score", word) for word in words], scores


def test_task_files_are_those_of_the_tests() -> None:
    """The page shows the files that the tests of real data use, whole."""
    shown = re.findall(r"```toml (\S+)\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)

    assert len(shown) == 4
    for name, text in shown:
        assert (TASKS / name).read_text("utf-8") == text


def test_links_lead_somewhere() -> None:
    """Every link names a file that exists."""
    links = re.findall(r"\]\(([^)#]+)\)", DOCUMENT.read_text("utf-8"))

    assert [link for link in links if not (DOCUMENT.parent / link).is_file()] == []


@pytest.mark.parametrize(
    ("text", "steps"), [pytest.param(text, steps, id=name) for name, text, steps in sections()]
)
def test_transcript(
    text: str,
    steps: list[tuple[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    real_data: Callable[[str], Path],
) -> None:
    """Every command of a section prints what the page shows."""
    pytest.importorskip("bm25s")
    monkeypatch.chdir(tmp_path)
    for name, (source, make) in FOLDERS.items():
        if re.search(rf'--data {name}$|^files = "{name}"$', text, re.MULTILINE):
            make(real_data(source), tmp_path / name)
    for name, content in re.findall(r"```toml (\S+)\n(.*?)```", text, re.DOTALL):
        (tmp_path / name).write_text(content, "utf-8")
    for command, output in steps:
        program, *arguments = shlex.split(command)
        if program == "cat":
            printed = Path(arguments[0]).read_text("utf-8")
        else:
            assert main(arguments) == 0
            printed = capsys.readouterr().out.replace(str(tmp_path), "/data")

        words, scores = comparable(printed)
        expected, shown = comparable(output)
        assert words == expected
        # Scores move a little with the processor and the versions of libraries, k-means by more.
        assert scores == pytest.approx(shown, abs=3.0 if "clustering" in text else 0.1)


def test_a_folder_of_plain_documents(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], real_data: Callable[[str], Path]
) -> None:
    """Transcripts of earnings calls as they lie: no file is written beside them."""
    folder = real_data("ectsum/data/final/val/ects")
    beside = sorted(folder.parent.iterdir())

    run = ["run", "tfidf", "random", "--data", str(folder), "--subset", "opening", "--no-cache"]
    assert main([*run, "--json", "-o", str(tmp_path)]) == 0

    out, err = capsys.readouterr()
    rows = {row["model"]: row for row in json.loads(out)["results"]}
    assert f"read as documents without labels ({len(list(folder.iterdir()))} .txt; " in err
    assert rows["tfidf"]["main_score"] > rows["random"]["main_score"] + 0.1
    assert sorted(folder.parent.iterdir()) == beside
