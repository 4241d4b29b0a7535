"""Several processes of one model: the same results, and what happens when one of them ends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from benchmark.catalog import Choice, load_task
from benchmark.cli import main
from benchmark.encode.frames import frame_of_vectors, vectors_of_frame
from benchmark.models.table import Settings
from benchmark.run import RunSettings, run
from tests.test_together import Model, Notes, write_task

MODEL = """
import os, pathlib, time
import numpy as np
print("words of the model's own")
def encode(texts):
    with open("processes.log", "a") as log:
        log.write(f"{os.getpid()}\\n")
    time.sleep(0.05)
    BEFORE
    return np.array([[len(t), sum(t.encode()), 1] for t in texts], dtype="float32")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two tasks, of eight batches and of one."""
    pairs = [(f"text {n}", f"other {n}", float(n % 7)) for n in range(1000)]
    write_task(tmp_path, "Big", pairs)
    write_task(tmp_path, "Small", [("x", "y", 1.0), ("xx", "yyy", 2.0), ("x", "poison", 3.0)])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_model(before: str = "pass") -> str:
    """A model file that does ``before`` in each batch."""
    Path("mine.py").write_text(MODEL.replace("BEFORE", before))
    return "mine.py"


def go(model: str, output: str, workers: int) -> tuple[Any, list[str]]:
    """Rows and notes of a run."""
    notes = Notes()
    choices = [Choice(load_task(Path(f"{name}.toml"))) for name in ("Big", "Small")]
    settings = RunSettings(
        output=Path(output), cache=Path(output) / "cache", model=Settings(workers=workers)
    )
    return list(run([model], choices, settings, notes)), notes.notes


def scores(output: str) -> dict[str, Any]:
    """The scores of every result file."""
    paths = sorted(Path(output).rglob("Big.json")) + sorted(Path(output).rglob("Small.json"))
    return {path.name: json.loads(path.read_text())["scores"] for path in paths}


def test_two_workers_give_equal_results(folder: Path) -> None:
    """Both take part, in processes of their own, and every score is the same."""
    model = write_model()

    rows, notes = go(model, "two", workers=2)
    both = set((folder / "processes.log").read_text().split())
    go(model, "one", workers=1)

    assert ["measured", "measured"] == [row.status for row in rows]
    assert 2 == len(both)
    assert scores("one") == scores("two")
    assert [] == [note for note in notes if "worker" in note]


def test_a_worker_that_ends_leaves_its_batch_to_the_other(folder: Path) -> None:
    """One line says so, and nothing is missing."""
    model = write_model(
        "\n    try: pathlib.Path('first').touch(exist_ok=False)\n"
        "    except FileExistsError: pass\n    else: os._exit(7)"
    )

    rows, notes = go(model, "two", workers=2)
    go(write_model(), "one", workers=1)

    said = [note for note in notes if "worker" in note]
    assert ["measured", "measured"] == [row.status for row in rows]
    assert 1 == len(said)
    assert "(auto) has ended (exit code 7); 1 of 2 workers go on" in said[0]
    assert scores("one") == scores("two")


def test_no_worker_is_left(folder: Path) -> None:
    """Every task has one line that says what happened."""
    rows, _ = go(write_model("os._exit(9)"), "two", workers=2)

    assert ["failed", "failed"] == [row.status for row in rows]
    for row in rows:
        assert "has ended (exit code 9); run with fewer workers" in str(row.error)


def test_a_failure_in_a_worker_is_the_model_s(folder: Path) -> None:
    """It fails the task whose text it is, by type and place; the worker goes on."""
    rows, _ = go(write_model("assert 'poison' not in texts"), "two", workers=2)

    assert ["measured", "failed"] == [row.status for row in rows]
    assert "local/mine failed (AssertionError at mine.py:9)" in str(rows[1].error)


@pytest.mark.parametrize(
    "result", ["return None", "return ['a'] * len(texts)", "return np.zeros((1, 2, 3))"]
)
def test_wrong_vectors_are_named_as_without_workers(folder: Path, result: str) -> None:
    """Shape and type, through the pipe as without one."""
    errors: list[Sequence[str]] = []
    for workers in (1, 2):
        rows, _ = go(write_model(result), f"out{workers}", workers)
        errors.append([str(row.error) for row in rows])

    assert errors[0] == errors[1]


def test_a_list_of_devices_is_a_worker_each(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Through the command; a baseline beside it runs without workers."""
    model = write_model()
    options = ("-o", "out", "--cache", "cache", "--device", "cpu,cpu", "--json")

    code = main(["run", model, "random", "tfidf", "-t", "Big.toml", *options])

    printed = capsys.readouterr().out
    rows = json.loads(printed[printed.index("{") :])["results"]
    assert 0 == code
    assert {"measured"} == {row["status"] for row in rows}
    assert 2 == len(set((folder / "processes.log").read_text().split()))


def test_an_object_is_encoded_here(folder: Path) -> None:
    """It has no URI that a worker could load it by, and a note says so."""
    notes = Notes()
    settings = RunSettings(model=Settings(workers=2))

    rows = run([Model()], [Choice(load_task(Path("Small.toml")))], settings, notes)

    assert ["measured"] == [row.status for row in rows]
    assert "test/model: this process alone encodes; workers load a model by its URI" in notes.notes


@pytest.mark.parametrize("sparse", [False, True])
def test_vectors_pass_unchanged(sparse: bool) -> None:
    """Dense and sparse, with no row and with an empty one."""
    dense = np.array([[0.1, 0, -3], [0, 0, 0]], np.float32)
    for part in (dense, dense[:0]):
        sent: Any = sp.csr_matrix(part) if sparse else part
        header, payload = frame_of_vectors(sent)
        found: Any = vectors_of_frame(json.loads(json.dumps(header)), payload)
        assert part.tolist() == (found.toarray() if sparse else found).tolist()
