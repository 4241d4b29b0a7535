"""A task file written of a folder: its comments, languages and name."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from benchmark.catalog import KINDS, load_kind, load_task
from benchmark.data.detect import Shape
from benchmark.data.new_task import render_task, task_of_folder

PAIRS = "sentence1,sentence2,score\n" + "".join(
    f"This is pair {n}.,That is pair {n}.,{n % 5}.5\n" for n in range(12)
)


def languages(*subsets: str) -> list[list[str]]:
    """The languages that are written for subsets of these names."""
    text = render_task(Shape("sts", ("test",), subsets), "data", load_kind("sts"))
    return list(tomllib.loads(text)["subsets"].values())


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_rendered_file_loads(kind: str, tmp_path: Path) -> None:
    """For every kind, with its usual main score."""
    path = tmp_path / "T.toml"
    path.write_text(render_task(Shape(kind, ("test",)), "data", load_kind(kind)), "utf-8")

    task = load_task(path)

    assert (kind, load_kind(kind).MAIN_SCORE, ("und-Zyyy",)) == (
        task.kind,
        task.main_score,
        task.languages,
    )


def test_the_whole_file() -> None:
    """What is written, comments included."""
    shape = Shape(
        "sts",
        ("test",),
        ("de", "mine"),
        ("dev",),
        "{subset}-{split}.csv",
        ("sentence1", "column2", "sentence2"),
        {"score": 'a "b"'},
    )

    lines = render_task(shape, "my data", load_kind("sts")).splitlines()

    assert [
        'splits = ["test"]  # also there: dev',
        "[source]",
        'files = "my data"  # a folder beside this file',
        'pattern = "{subset}-{split}.csv"',
        'header = ["sentence1", "column2", "sentence2"]  # the files have no header row',
        "[columns]  # field = column of the file",
        'score = "a \\"b\\""',
        "[subsets]  # name = languages (ISO 639-3 and script)",
        '"de" = ["deu-Latn"]',
        '"mine" = ["und-Zyyy"]',
    ] == [line for line in lines[2:] if line and not line.startswith("#")]
    assert 'kind = "sts"' == lines[0]
    assert lines[1].startswith('main_score = "cosine_spearman"  # or one of: ')


def test_languages_are_read_from_names_of_subsets() -> None:
    """Two letters, three letters or a pair; anything else is not determined."""
    names = ("de", "deu", "EN", "de-en", "deu_eng", "stsb", "de-news", "de-en-fr")

    assert [
        ["deu-Latn"],
        ["deu-Latn"],
        ["eng-Latn"],
        ["deu-Latn", "eng-Latn"],
        ["deu-Latn", "eng-Latn"],
        ["und-Zyyy"],
        ["und-Zyyy"],
        ["und-Zyyy"],
    ] == languages(*names)


def test_a_clustering_embeds_all_of_a_small_set(tmp_path: Path) -> None:
    """mteb's 4 % of a folder of one's own would be next to nothing."""
    text = render_task(Shape("clustering", ("test",)), "data", load_kind("clustering"))

    assert {"max_document_to_embed": "all"} == tomllib.loads(text)["options"]


@pytest.mark.parametrize(
    ("folder", "name"), [("tickets", "tickets"), (".my data!", "my_data_"), ("日本", "data")]
)
def test_the_task_of_a_folder_has_a_name_that_may_be(
    folder: str, name: str, tmp_path: Path
) -> None:
    """Whatever the folder is called; nothing is written."""
    data = tmp_path / folder
    data.mkdir()
    (data / "test.csv").write_text(PAIRS, "utf-8")

    task, seen = task_of_folder(data, None, load_kind)

    assert (name, tmp_path / f"{name}.toml") == (task.name, task.path)
    assert seen.startswith(f"{folder}: read as sts from test.csv (split test; ")
    assert ["test.csv"] == [path.name for path in tmp_path.rglob("*") if path.is_file()]


def test_the_current_folder_has_a_name_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``--data .`` is the folder that it stands for."""
    data = tmp_path / "tickets"
    data.mkdir()
    (data / "test.csv").write_text(PAIRS, "utf-8")
    monkeypatch.chdir(data)

    task, _ = task_of_folder(Path("."), None, load_kind)

    assert ("tickets", tmp_path, "tickets") == (
        task.name,
        task.source.folder,
        task.source.settings["files"],
    )
