"""Tasks encoded together and ahead: every text once, failures apart, memory that runs out."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.ahead import run_ahead
from benchmark.catalog import Choice, load_task
from benchmark.encode import Piece, Wanted, encode_together, joint_groups, open_session
from benchmark.guard import is_out_of_memory
from benchmark.models.tokens import count_plan
from benchmark.prepare import prepare
from benchmark.protocols import Identity, Role
from benchmark.results.frame import Row
from benchmark.run import RunSettings, Silent, run
from tests.test_encode import TASK, lengths, request

Pairs = Sequence[tuple[str, str, float]]
FIRST: Pairs = [("a cat", "a dog", 1.0), ("red", "red car", 5.0), ("one", "four", 0.5)]
SECOND: Pairs = [("a cat", "the sea", 2.0), ("red", "reds", 4.0), ("two", "three", 3.0)]


def write_task(folder: Path, name: str, rows: Pairs) -> Path:
    """An STS task of these rows, one text a line."""
    (folder / name).mkdir()
    keys = ("sentence1", "sentence2", "score")
    lines = [json.dumps(dict(zip(keys, row, strict=True))) for row in rows]
    (folder / name / "test.jsonl").write_text("\n".join(lines))
    path = folder / f"{name}.toml"
    path.write_text(
        f'kind = "sts"\nmain_score = "cosine_spearman"\nlanguages = ["eng-Latn"]\n'
        f'[source]\nfiles = "{name}"\n'
    )
    return path


@dataclass
class Model:
    """A model with a version that remembers its batches; ``before`` sees each of them first."""

    before: Callable[[Sequence[str]], None] = lambda texts: None
    identity: Identity = Identity("test/model", "1", "test/1")
    similarity: str = "cosine"
    batches: list[list[str]] = field(default_factory=list)

    def encode(self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None) -> Any:
        """Length and first letter."""
        self.before(texts)
        self.batches.append(list(texts))
        return np.hstack([lengths(texts), np.ones((len(texts), 1), np.float32)])


class Notes(Silent):
    """A listener that keeps what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        """Keep it."""
        self.notes.append(message)


def go(model: Any, paths: Sequence[Path], cache: Path | None, **options: Any) -> list[Row]:
    """One model on these tasks."""
    choices = [Choice(load_task(path)) for path in paths]
    return list(run([model], choices, RunSettings(cache=cache, **options), Notes()))


@pytest.fixture
def tasks(tmp_path: Path) -> list[Path]:
    """Two small tasks that share two texts."""
    return [write_task(tmp_path, "First", FIRST), write_task(tmp_path, "Second", SECOND)]


@pytest.fixture
def one_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every task is encoded alone, before the next."""
    monkeypatch.setattr("benchmark.jobs._WINDOW_BYTES", 1)


UNVERSIONED = Identity("local/object", "unversioned", "py/1")


@pytest.mark.parametrize("identity", [Model.identity, UNVERSIONED])
@pytest.mark.parametrize("cached", [True, False])
def test_small_tasks_are_one_batch(
    tmp_path: Path, tasks: list[Path], identity: Identity, cached: bool
) -> None:
    """Texts of several tasks go to the model together, each once, with and without a cache."""
    model = Model(identity=identity)

    rows = go(model, tasks, tmp_path / "cache" if cached else None)

    assert ["measured", "measured"] == [row.status for row in rows]
    texts = {text for pairs in (FIRST, SECOND) for *both, _ in pairs for text in both}
    assert [sorted(texts)] == [sorted(batch) for batch in model.batches]
    kept = bool(list(tmp_path.glob("cache/*/*.segment")))
    assert (identity is not UNVERSIONED and cached) == kept


def test_a_text_of_an_earlier_window_is_not_encoded_again(
    tmp_path: Path, tasks: list[Path], one_a_window: None
) -> None:
    """Nor is the batch that it would have been in: batches are planned over new texts alone."""
    model = Model()

    go(model, tasks, tmp_path / "cache")

    encoded = [text for batch in model.batches for text in batch]
    assert sorted(set(encoded)) == sorted(encoded)
    assert 2 == len(model.batches)


def test_a_temporary_store_is_removed(
    tmp_path: Path, tasks: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a cache vectors lie in a folder that ends with the run."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made: list[Path] = []

    go(Model(before=lambda texts: made.extend(tmp_path.glob("embedmark-*"))), tasks, None)

    assert 1 == len(made)
    assert not made[0].exists()


@pytest.mark.parametrize("bad", ["four", "the sea"])
def test_a_text_on_which_the_model_fails_fails_its_task_alone(
    tmp_path: Path, tasks: list[Path], bad: str
) -> None:
    """Both tasks were in one batch; the other is encoded again without that text."""

    def fail(texts: Sequence[str]) -> None:
        if bad in texts:
            raise ValueError(bad)

    rows = go(Model(before=fail), tasks, tmp_path / "cache")

    failed = {row.task for row in rows if row.status == "failed"}
    assert {"First" if bad == "four" else "Second"} == failed
    assert 2 == len(rows)
    assert "ValueError" in str(next(row.error for row in rows if row.error))


@pytest.mark.parametrize(("cached", "batches"), [(True, 4), (False, 1)])
def test_a_model_that_always_fails_is_not_asked_for_everything(
    tmp_path: Path, cached: bool, batches: int
) -> None:
    """After three batches in a row the pass ends, and each task meets the error once.

    A task alone, with no cache, has no pass before it.
    """
    rows = [(f"text {n}", f"other {n}", float(n)) for n in range(2000)]
    asked: list[int] = []

    def fail(texts: Sequence[str]) -> None:
        asked.append(len(texts))
        raise ValueError

    cache = tmp_path / "cache" if cached else None
    found = go(Model(before=fail), [write_task(tmp_path, "Big", rows)], cache)

    assert ["failed"] == [row.status for row in found]
    assert batches == len(asked)


def test_results_are_those_of_a_run_in_sequence(
    tmp_path: Path, tasks: list[Path], one_a_window: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes whether tasks are encoded ahead or one after the other."""

    @contextmanager
    def in_sequence(make: Callable[[Callable[[], None]], Iterator[Any]]) -> Iterator[Iterator[Any]]:
        yield make(lambda: None)

    go(Model(), tasks, tmp_path / "c1", output=tmp_path / "ahead")
    monkeypatch.setattr("benchmark.jobs.run_ahead", in_sequence)
    go(Model(), tasks, tmp_path / "c2", output=tmp_path / "sequence")

    found = []
    for folder in ("ahead", "sequence"):
        contents = {}
        for path in sorted((tmp_path / folder).rglob("*.json")):
            content = json.loads(path.read_text())
            if "scores" in content:
                del content["date"], content["evaluation_time"], content["embedmark"]["cost"]
            contents[path.name] = json.dumps(content)
        found.append(contents)
    assert found[0] == found[1]
    assert {"First.json", "Second.json"} <= set(found[0])


def test_a_task_is_scored_while_the_next_is_encoded(
    tmp_path: Path, tasks: list[Path], one_a_window: None
) -> None:
    """The model waits, in the second task, until the first one's result is there."""
    output = tmp_path / "out"

    def wait(texts: Sequence[str]) -> None:
        if "three" in texts:
            end = time.monotonic() + 60
            while not list(output.rglob("First.json")):
                assert time.monotonic() < end
                time.sleep(0.01)

    rows = go(Model(before=wait), tasks, tmp_path / "cache", output=output)

    assert ["measured", "measured"] == [row.status for row in rows]


def test_an_interrupt_ends_both_threads(tmp_path: Path, one_a_window: None) -> None:
    """Ctrl-C while a task is scored: the thread that encodes ends too, and no text is lost."""
    paths = [write_task(tmp_path, f"Task{n}", [(f"{n} a", f"{n} b", 1.0)] * 3) for n in range(6)]

    class Interrupts(Notes):
        def rows(self, rows: Sequence[Row]) -> None:
            raise KeyboardInterrupt

    choices = [Choice(load_task(path)) for path in paths]
    model = Model()
    with pytest.raises(KeyboardInterrupt):
        run([model], choices, RunSettings(cache=tmp_path / "cache"), Interrupts())

    assert "ahead" not in {thread.name for thread in threading.enumerate()}
    assert len(model.batches) < 6


def test_an_error_of_the_iterator_comes_in_its_turn() -> None:
    """After the items before it, whatever it is."""

    def make(check: Callable[[], None]) -> Iterator[int]:
        yield 1
        yield 2
        raise KeyboardInterrupt

    with run_ahead(make) as items:
        assert [1, 2] == [next(items), next(items)]
        with pytest.raises(KeyboardInterrupt):
            next(items)


class OnnxError(Exception):
    """As onnxruntime's own, which derive from Exception."""


OnnxError.__module__ = "onnxruntime.capi.onnxruntime_pybind11_state"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory. Tried to allocate ..."),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("MPS backend out of memory (MPS allocated: 8 GB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        OnnxError("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Failed to allocate memory for 8"),
        OnnxError("[ONNXRuntimeError] : 6 : std::bad_alloc"),
    ],
    ids=lambda error: type(error).__name__ + str(error)[:20],
)
def test_memory_that_runs_out_halves_the_batches(tmp_path: Path, error: Exception) -> None:
    """The run goes on with smaller batches, every vector is right, and it is said once."""
    rows = [(f"text {n}", f"other {n}", float(n)) for n in range(300)]

    def small(texts: Sequence[str]) -> None:
        if len(texts) > 70:
            raise error

    assert is_out_of_memory(error)
    model = Model(before=small)
    notes = Notes()
    path = write_task(tmp_path, "Big", rows)
    found = list(run([model], [Choice(load_task(path))], RunSettings(), notes))
    other = go(Model(), [path], None)

    assert ["measured"] == [row.status for row in found]
    assert other[0].main_score == found[0].main_score
    assert sorted({len(batch) for batch in model.batches}) == [22, 64]
    said = [note for note in notes.notes if "memory" in note]
    assert 1 == len(said)
    assert said[0].startswith("test/model ran out of memory on a batch of 256 texts; batches are")


def test_a_text_that_does_not_fit_alone_fails_its_task(tmp_path: Path, tasks: list[Path]) -> None:
    """One line that says which text and what to do; the other task is scored."""

    def never(texts: Sequence[str]) -> None:
        if "four" in texts:
            raise MemoryError

    rows = go(Model(before=never), tasks, tmp_path / "cache")

    assert ["failed", "measured"] == [row.status for row in rows]
    assert (
        "test/model on First: test/model ran out of memory on row 3 of 'sentence2' alone; cut long "
        "texts (max_tokens=), or use a device with more memory" == rows[0].error
    )


def test_shares_add_up(tmp_path: Path) -> None:
    """A plan's share of the pass is by the characters that were encoded for it."""
    pieces: list[Piece] = []
    plans = [{"a": request("aaaa", "b")}, {"a": request("cc", "b", "b")}]
    with open_session(Model(), tmp_path, print) as session:
        groups = joint_groups(Model(), [Wanted(plan, TASK, "STS") for plan in plans])
        first = encode_together(session, groups, 2, pieces.append)
        second = encode_together(session, groups, 2, lambda piece: None)

    assert [Piece(0, 0), Piece(7, 3, None, True)] == pieces
    assert [2, 2] == [share.encoded for share in first]
    assert first[0].seconds > first[1].seconds > 0
    assert [(0, 0.0)] * 2 == [(share.encoded, share.seconds) for share in second]


@pytest.mark.parametrize("windows", [1, 3])
def test_a_run_tells_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, windows: int
) -> None:
    """From 0 to 1 over all models and tasks, never back, and how many texts a second."""
    if windows > 1:
        monkeypatch.setattr("benchmark.jobs._WINDOW_BYTES", 1)
    pairs = [(f"text {n}", f"other {n}", float(n)) for n in range(400)]
    paths = [write_task(tmp_path, name, pairs[start::3]) for start, name in enumerate("ABC")]
    told: list[tuple[float, str]] = []

    class Follows(Notes):
        def progress(self, share: float, pace: str) -> None:
            told.append((share, pace))

    models = [Model(), Model(identity=Identity("test/other", "1", "test/1"))]
    run(models, [Choice(load_task(path)) for path in paths], RunSettings(), Follows())

    shares = [share for share, _ in told]
    assert sorted(shares) == shares
    assert shares[0] < 0.5 < 1 == shares[-1]
    assert any(pace.startswith("test/other ") and pace.endswith(" texts/s") for _, pace in told)


@dataclass
class Counts(Model):
    """A model that counts a token a letter, holds 40 of them a batch and cuts at 6."""

    batch_tokens: int = 40
    max_tokens: int = 6
    identity: Identity = Identity("test/counts", "1", "test/1")

    def count_tokens(self, texts: Sequence[str]) -> Any:
        """A letter each."""
        return np.array([len(text) for text in texts])


def test_tokens_are_counted_once_and_right(tmp_path: Path, tasks: list[Path]) -> None:
    """Batches hold so many with padding; a result has what counting its texts alone gives."""
    model = Counts()

    rows = go(model, tasks, tmp_path / "cache", output=tmp_path / "out")

    for path, row in zip(tasks, rows, strict=True):
        prepared = prepare(Choice(load_task(path)))
        part = prepared.parts[0]
        alone = count_plan(model, part.plan, {})
        assert alone
        content = json.loads(Path(str(row.path)).read_text())
        assert alone.to_json() == content["embedmark"]["subsets"]["test/default"]["tokens"]
        assert 0 < alone.truncated < alone.texts
    held = [len(batch) * min(6, max(map(len, batch))) for batch in model.batches]
    assert 20 < max(held) <= 40
