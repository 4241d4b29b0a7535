"""Vectors made elsewhere: by text, by id, in every file format, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark import evaluate
from benchmark.errors import BenchmarkError, ModelError, UsageError
from benchmark.models import load_model
from benchmark.protocols import Encoder, Lookup, Request
from tests.models.test_composite import CORPUS, write_retrieval

QUERIES = ["red", "pear"]
TEXTS = [*QUERIES, *CORPUS]
IDS = ["q0", "q1", "d0", "d1", "d2", "d3"]
VECTORS = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)

Writer = Callable[[Path, Sequence[str], Any, Sequence[str] | None], Path]


def npz(folder: Path, ids: Sequence[str], vectors: Any, roles: Sequence[str] | None = None) -> Path:
    """Arrays ids, vectors and roles."""
    more = {} if roles is None else {"roles": np.array(roles)}
    np.savez(folder / "made.npz", ids=np.array(ids), vectors=vectors, **more)
    return folder / "made.npz"


def npy(folder: Path, ids: Sequence[str], vectors: Any, roles: Sequence[str] | None = None) -> Path:
    """The vectors, and the ids beside them."""
    np.save(folder / "made.npy", vectors)
    lines = ids if roles is None else [f"{n}\t{role}" for n, role in zip(ids, roles, strict=True)]
    (folder / "made.ids.txt").write_text("".join(f"{line}\n" for line in lines))
    return folder / "made.npy"


def parquet(
    folder: Path, ids: Sequence[str], vectors: Any, roles: Sequence[str] | None = None
) -> Path:
    """Columns id, vector and role, of lists of one length."""
    size = np.shape(vectors)[1]
    flat = pa.array(np.ravel(vectors), pa.float32())
    columns = {"id": pa.array(ids), "vector": pa.FixedSizeListArray.from_arrays(flat, size)}
    pq.write_table(
        pa.table(columns | ({} if roles is None else {"role": roles})), folder / "m.parquet"
    )
    return folder / "m.parquet"


WRITERS: dict[str, Writer] = {"npz": npz, "npy": npy, "parquet": parquet}


def score(uri: str, task: Path, folder: Path) -> float:
    """The main score of a model on a task."""
    (row,) = evaluate(uri, str(task), cache=folder / "cache")
    assert row.error is None, row.error
    return float(row.main_score)


def failure(uri: str, task: Path) -> str:
    """Why a model fails on a task, in one line."""
    (row,) = evaluate(uri, str(task))
    assert row.error is not None
    assert "\n" not in row.error
    return str(row.error)


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """Two queries and four documents."""
    return write_retrieval(tmp_path)


@pytest.mark.parametrize("kind", WRITERS)
def test_by_id_scores_as_by_text(kind: str, task: Path, tmp_path: Path) -> None:
    """The same vectors under ids give the same score, in any order and float type."""
    np.savez(tmp_path / "texts.npz", texts=np.array(TEXTS), vectors=VECTORS)
    turned = WRITERS[kind](tmp_path, IDS[::-1], VECTORS[::-1].astype(np.float64), None)
    expected = score(str(tmp_path / "texts.npz"), task, tmp_path)

    assert expected == score(str(turned), task, tmp_path)
    assert expected == score(f"vectors:{turned}?similarity=cosine", task, tmp_path)
    assert [] == list((tmp_path / "cache").rglob("*.segment"))


@pytest.mark.parametrize("kind", WRITERS)
def test_a_role_tells_equal_ids_apart(kind: str, tmp_path: Path) -> None:
    """Query 1 and document 1 are two texts; without roles that is said, never scored."""
    plan = {
        "queries": Request(pa.array(["red"]), "query", ids=pa.array(["1"])),
        "corpus": Request(pa.array(["red pear", "plum"]), "document", ids=pa.array(["1", "2"])),
    }
    roles = ["query", "document", ""]
    model: Any = load_model(str(WRITERS[kind](tmp_path, ["1", "1", "2"], VECTORS[:3], roles)))
    assert isinstance(model, Lookup)
    assert isinstance(model, Encoder)

    found = model.look_up(plan)

    assert VECTORS[:1].tolist() == found["queries"].tolist()
    assert VECTORS[1:3].tolist() == found["corpus"].tolist()
    bare: Any = load_model(str(WRITERS[kind](tmp_path, ["1", "2"], VECTORS[:2], None)))
    with pytest.raises(ModelError, match=r"1 ids stand for two texts.*\(first: '1'\)"):
        bare.look_up(plan)


def test_an_id_of_another_task_is_not_taken_for_it(tmp_path: Path) -> None:
    """Two subsets that both begin with d0 would be scored on each other's vectors."""
    model: Any = load_model(str(npz(tmp_path, IDS, VECTORS)))
    model.look_up({"corpus": Request(pa.array(["one"]), "document", ids=pa.array(["d0"]))})
    model.look_up({"corpus": Request(pa.array(["one"]), "document", ids=pa.array(["d0"]))})

    with pytest.raises(ModelError, match="1 ids stand for two texts, of two roles, subsets or"):
        model.look_up({"corpus": Request(pa.array(["two"]), "document", ids=pa.array(["d0"]))})


@pytest.mark.parametrize("kind", WRITERS)
def test_missing_ids_are_counted_and_three_named(kind: str, task: Path, tmp_path: Path) -> None:
    """How many of all texts, and the first."""
    path = WRITERS[kind](tmp_path, ["q1", "d3"], VECTORS[:2], None)

    assert (
        f"local/{path.stem}: 4 of 6 ids have no vector in the file (first: 'q0', 'd0', 'd1', ...); "
        "write one for each text that the task reads"
    ) in failure(str(path), task)


def test_missing_texts_are_counted_and_named_by_id_or_row(task: Path, tmp_path: Path) -> None:
    """The ids of the data where there are any, else rows; never a text."""
    np.savez(tmp_path / "texts.npz", texts=np.array(TEXTS[:4]), vectors=VECTORS[:4])
    row = '{"sentence1": "red", "sentence2": "secret", "score": %d}\n'
    rows = row % 1 + row % 2
    (tmp_path / "pairs").mkdir()
    (tmp_path / "pairs" / "test.jsonl").write_text(rows)
    pairs = tmp_path / "Pairs.toml"
    pairs.write_text(
        'kind = "sts"\nmain_score = "cosine_spearman"\nlanguages = ["eng-Latn"]\n'
        '[source]\nfiles = "pairs"\n'
    )
    path = str(tmp_path / "texts.npz")

    assert "2 of 6 texts have no vector in the file (first: 'd2', 'd3')" in failure(path, task)
    said = failure(path, pairs)
    assert "1 of 2 texts have no vector in the file (first: row 1 of 'sentence2');" in said
    assert "secret" not in said


def test_a_kind_without_ids_needs_texts(tmp_path: Path) -> None:
    """Pairs have no ids to find vectors by."""
    model: Any = load_model(str(npz(tmp_path, IDS, VECTORS)))

    with pytest.raises(
        ModelError, match="the texts of 'sentence1' have no ids in this task; write"
    ):
        model.look_up({"sentence1": Request(pa.array(["red"]))})


def test_the_second_stage_of_two_finds_its_ids(task: Path, tmp_path: Path) -> None:
    """The documents that the first stage found keep their ids."""
    path = npz(tmp_path, IDS, VECTORS)

    alone, second = (score(uri, task, tmp_path) for uri in (str(path), f"two:(tfidf)|({path})?k=4"))

    assert alone == second


def test_another_ids_file_is_another_model(tmp_path: Path) -> None:
    """What names the rows is part of the identity, and so is a similarity of one's own."""
    first = load_model(str(npy(tmp_path, IDS, VECTORS))).identity
    second = load_model(str(npy(tmp_path, IDS[::-1], VECTORS))).identity
    dot = load_model(f"vectors:{tmp_path / 'made.npy'}?similarity=dot")

    assert first.revision != second.revision
    assert ("dot", "similarity_dot") == (dot.similarity, dot.identity.slug)


def damaged(folder: Path) -> Path:
    """Half of a .npy file."""
    path = npy(folder, IDS, VECTORS)
    path.write_bytes(path.read_bytes()[:150])
    return path


def without_ids(folder: Path) -> Path:
    """A .npy file alone."""
    np.save(folder / "alone.npy", VECTORS)
    return folder / "alone.npy"


def words(folder: Path) -> Path:
    """A parquet file whose vectors are words."""
    pq.write_table(pa.table({"id": ["a"], "vector": [["x", "y"]]}), folder / "words.parquet")
    return folder / "words.parquet"


def no_vectors(folder: Path) -> Path:
    """A parquet file of ids alone."""
    pq.write_table(pa.table({"id": ["a"]}), folder / "no.parquet")
    return folder / "no.parquet"


def unnamed(folder: Path) -> Path:
    """A row without an id."""
    table = pa.table({"id": ["a", None], "vector": [[1.0], [2.0]]})
    pq.write_table(table, folder / "null.parquet")
    return folder / "null.parquet"


def ragged(folder: Path) -> Path:
    """Vectors of two lengths."""
    pq.write_table(
        pa.table({"id": ["a", "b"], "vector": [[1.0], [1.0, 2.0]]}), folder / "r.parquet"
    )
    return folder / "r.parquet"


def other_ending(folder: Path) -> Path:
    """A file of another kind."""
    (folder / "vectors.csv").write_text("1,2\n")
    return folder / "vectors.csv"


WRONG: dict[str, tuple[Callable[[Path], Path], type[BenchmarkError], str]] = {
    "cut short": (damaged, ModelError, "not a whole .npy file of numbers; write it again"),
    "no ids": (without_ids, ModelError, "needs the ids of its rows in alone.ids.txt beside it"),
    "words": (words, ModelError, "not a whole parquet file with the columns 'text' or 'id', and"),
    "no vectors": (no_vectors, ModelError, "not a whole parquet file with the columns"),
    "no id": (unnamed, ModelError, "1 rows have no id; fill them or drop them"),
    "ragged": (ragged, ModelError, "vectors of different lengths; write one length for all"),
    "too few ids": (
        lambda folder: npz(folder, IDS[:5], VECTORS),
        ModelError,
        "5 ids but vectors of shape (6, 5) and type float32; write one row of numbers for each",
    ),
    "an id twice": (
        lambda folder: npy(folder, [*IDS[:5], "q0"], VECTORS),
        ModelError,
        "1 rows give another vector to a text or id that has one (first: rows 1 and 6)",
    ),
    "an unknown role": (
        lambda folder: npz(folder, IDS, VECTORS, ["passage"] * 6),
        ModelError,
        "a role must be query, document or empty",
    ),
    "another ending": (other_ending, UsageError, "use .npz, .npy or .parquet"),
    "no file": (lambda folder: folder / "absent.npy", UsageError, "no such file; check the path"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_file_is_one_line(name: str, tmp_path: Path) -> None:
    """Where, what, what to do now."""
    write, error, message = WRONG[name]

    with pytest.raises(error) as caught:
        load_model(f"vectors:{write(tmp_path)}")

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_vector_that_is_no_number_is_named(task: Path, tmp_path: Path) -> None:
    """By its row in the task, when it is needed."""
    broken = VECTORS.copy()
    broken[3, 1] = np.nan

    assert "NaN or infinite vector for row 2 of 'corpus'" in failure(
        str(npz(tmp_path, IDS, broken)), task
    )
