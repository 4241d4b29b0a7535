"""Where the files of a task's tables are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.data.layout import find_table, inside
from benchmark.errors import DataError
from benchmark.task import Source


def source(folder: Path, **settings: str) -> Source:
    """A ``files`` source in a folder."""
    return Source("files", {"files": "data", **settings}, folder)


def touch(folder: Path, *names: str) -> None:
    """Empty files below ``data``."""
    for name in names:
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.parametrize(
    ("present", "table", "split", "subset", "expected"),
    [
        (("test.jsonl",), "rows", "test", "default", "data/test.jsonl"),
        (("test/test.csv",), "rows", "test", "default", "data/test/test.csv"),
        (("de/test.tsv",), "rows", "test", "de", "data/de/test.tsv"),
        (("de/test/test.tsv",), "rows", "test", "de", "data/de/test/test.tsv"),
        (("train.csv.gz", "test.csv"), "train", "train", "default", "data/train.csv.gz"),
        (("corpus.jsonl",), "corpus", "test", "default", "data/corpus.jsonl"),
        (("de/corpus.jsonl", "corpus.jsonl"), "corpus", "test", "de", "data/de/corpus.jsonl"),
        (("corpus.jsonl",), "corpus", "test", "de", "data/corpus.jsonl"),
        (("test/corpus.parquet",), "corpus", "test", "default", "data/test/corpus.parquet"),
        (("qrels/dev.tsv", "qrels/test.tsv"), "qrels", "dev", "default", "data/qrels/dev.tsv"),
        (("qrels.tsv",), "qrels", "test", "default", "data/qrels.tsv"),
        (("top_ranked.tsv",), "top_ranked", "test", "default", "data/top_ranked.tsv"),
        (("top_ranked/test.tsv",), "top_ranked", "test", "de", "data/top_ranked/test.tsv"),
        (("changed.tsv",), "changed", "test", "default", "data/changed.tsv"),
        (("references.csv",), "references", "test", "default", "data/references.csv"),
        (("references/dev.csv",), "references", "dev", "default", "data/references/dev.csv"),
        (("candidates.csv",), "candidates", "test", "de", "data/candidates.csv"),
        (("v1.0.jsonl",), "rows", "v1.0", "default", "data/v1.0.jsonl"),
    ],
)
def test_the_usual_places(
    present: tuple[str, ...], table: str, split: str, subset: str, expected: str, tmp_path: Path
) -> None:
    """A split's file, in the subset's folder or the split's; BEIR's names for a retrieval."""
    touch(tmp_path, *present)

    path, label = find_table(source(tmp_path), table, split, subset)

    assert (tmp_path / expected, expected) == (path, label)


def test_queries_of_a_subset_are_never_those_of_another(tmp_path: Path) -> None:
    """Corpus and judgements may be shared by subsets, queries may not."""
    touch(tmp_path, "queries.jsonl", "qrels.tsv")

    assert "data/qrels.tsv" == find_table(source(tmp_path), "qrels", "test", "de")[1]
    with pytest.raises(DataError, match="no file for the queries of split 'test', subset 'de'"):
        find_table(source(tmp_path), "queries", "test", "de")


def test_a_pattern_without_tables_names_the_rows_alone(tmp_path: Path) -> None:
    """Descriptions of labels are not read from the file of the texts."""
    touch(tmp_path, "reviews.csv", "candidates.csv")
    found = source(tmp_path, pattern="reviews.csv")

    assert "data/reviews.csv" == find_table(found, "rows", "test", "default")[1]
    assert "data/candidates.csv" == find_table(found, "candidates", "test", "default")[1]


@pytest.mark.parametrize(
    ("pattern", "present"),
    [
        ("stsb-{subset}-{split}.csv", "stsb-de-test.csv"),
        ("{subset}/{table}.{split}", "de/rows.test.jsonl.zst"),
        ("{split}_{subset}", "test_de.parquet"),
        ("{split}.{subset}.tsv.gz", "test.de.tsv.gz"),
    ],
)
def test_a_pattern_names_other_arrangements(pattern: str, present: str, tmp_path: Path) -> None:
    """With or without the ending."""
    touch(tmp_path, present)

    _, label = find_table(source(tmp_path, pattern=pattern), "rows", "test", "de")

    assert f"data/{present}" == label


def test_one_file_may_be_the_rows(tmp_path: Path) -> None:
    """But never two tables at once: a classification would be tested on what it learns from."""
    (tmp_path / "data.csv").touch()
    whole = source(tmp_path, files="data.csv")

    assert (tmp_path / "data.csv", "data.csv") == find_table(whole, "rows", "test", "default")
    with pytest.raises(DataError) as caught:
        find_table(whole, "train", "train", "default")
    expected = "data.csv: one file holds no separate table 'train'; name a folder in [source]"
    assert expected == str(caught.value)


def test_what_was_looked_for_and_what_there_is_are_named(tmp_path: Path) -> None:
    """By names of files, at most a dozen of them."""
    touch(tmp_path, *(f"{number:02}.txt" for number in range(20)))

    with pytest.raises(DataError) as caught:
        find_table(source(tmp_path), "qrels", "test", "default")

    names = ", ".join(f"{number:02}.txt" for number in range(12))
    assert (
        "data: no file for the qrels of split 'test', subset 'default' (looked for "
        "test/qrels/test, qrels/test, test/qrels, qrels, test/qrels/test_qrels, qrels/test_qrels "
        f"with .jsonl, .csv, .tsv or .parquet; found {names}); add the file or set pattern in "
        "[source]"
    ) == str(caught.value)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "link/x", "link"])
def test_a_path_that_leaves_is_refused(name: str, tmp_path: Path) -> None:
    """By dots, from the root, or by a link."""
    folder = tmp_path / "task"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)

    with pytest.raises(DataError, match="leaves the folder of the task file"):
        inside(folder, name)


def test_a_split_or_subset_cannot_leave_either(tmp_path: Path) -> None:
    """Their names are part of the path."""
    (tmp_path / "task/data").mkdir(parents=True)
    (tmp_path / "secret.jsonl").touch()

    with pytest.raises(DataError, match="leaves the folder of the task file"):
        find_table(source(tmp_path / "task"), "rows", "../../secret", "default")


def test_links_within_the_folder_are_followed(tmp_path: Path) -> None:
    """As a cache of a hub makes them."""
    touch(tmp_path, "blobs/123.csv")
    (tmp_path / "data/test.csv").symlink_to(tmp_path / "data/blobs/123.csv")

    assert "data/test.csv" == find_table(source(tmp_path), "rows", "test", "default")[1]
