"""Looking after the cache: what it holds, its bound, and damage found and removed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from benchmark.cache import VectorStore, open_store, text_keys
from benchmark.cache.upkeep import holdings, misplaced, prune, read_size, verify
from benchmark.catalog import Choice, load_task
from benchmark.cli import main
from benchmark.protocols import Identity
from benchmark.run import RunSettings, Silent, run

TEXTS = [f"text {number}" for number in range(6)]
VECTORS = np.arange(24, dtype=np.float32).reshape(6, 4)
RECORD = 16 + 3 * 16 + 3 * 4 * 4  # header, keys, vectors


def fill(root: Path, name: str, when: float) -> VectorStore:
    """A store with one segment of two records, last used at a time."""
    store = open_store(root, Identity(name, "1", "st/1"), "query", "q: ")
    keys = text_keys(TEXTS)
    store.append(keys[:3], VECTORS[:3])
    store.append(keys[3:], VECTORS[3:])
    store.close()
    for path in store.folder.glob("*.segment"):
        os.utime(path, (when, when))
    return store


def flip(store: VectorStore, offset: int) -> Path:
    """Damage one byte of the only segment."""
    (path,) = store.folder.glob("*.segment")
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(bytes(data))
    return path


def test_holdings_are_counted_by_model(tmp_path: Path) -> None:
    """Vectors, width and bytes of every store, by name; other folders are left alone."""
    fill(tmp_path, "b/second", 200)
    fill(tmp_path, "a/first", 100)
    (tmp_path / "not a store").mkdir()

    found = holdings(tmp_path)

    assert ["a/first", "b/second"] == [held.about["name"] for held in found if held.about]
    assert [(6, 4, 2 * RECORD, 1, 100.0), (6, 4, 2 * RECORD, 1, 200.0)] == [
        (held.vectors, held.dimensions, held.bytes, held.segments, held.used) for held in found
    ]
    assert [] == holdings(tmp_path / "absent")


def test_what_was_longest_not_used_goes_first(tmp_path: Path) -> None:
    """Until the rest fits; a store without segments is gone."""
    old, new = fill(tmp_path, "a/old", 100), fill(tmp_path, "a/new", 200)

    assert (0, 0) == prune(tmp_path, 4 * RECORD)
    assert (1, 2 * RECORD) == prune(tmp_path, 4 * RECORD - 1)
    assert (False, True) == (old.folder.exists(), new.folder.exists())
    assert (1, 2 * RECORD) == prune(tmp_path, 0)
    assert [] == list(tmp_path.iterdir())


def test_a_use_counts_as_one(tmp_path: Path) -> None:
    """A store that was read lately outlives one that was written later."""
    old, new = fill(tmp_path, "a/old", 100), fill(tmp_path, "a/new", 200)
    VectorStore(old.folder).find(text_keys(TEXTS))

    prune(tmp_path, 2 * RECORD)

    assert (True, False) == (old.folder.exists(), new.folder.exists())


def test_a_segment_being_written_stays(tmp_path: Path) -> None:
    """Neither pruned nor called damaged while its process appends to it."""
    pytest.importorskip("fcntl")
    store = open_store(tmp_path, Identity("a/b", "1", "st/1"), None, None)
    store.append(text_keys(TEXTS), VECTORS)
    (path,) = store.folder.glob("*.segment")
    with path.open("ab") as stream:
        stream.write(b"EMV1")

    assert (0, 0) == prune(tmp_path, 0)
    assert [] == verify(tmp_path, repair=True)
    store.close()
    assert [6 * 16 + 16 + 96] == [damage.start for damage in verify(tmp_path)]


@pytest.mark.parametrize("offset", [20, 70, RECORD - 1])
def test_damage_is_named_and_removed(tmp_path: Path, offset: int) -> None:
    """A record whose checksum differs; the records after it stay."""
    path = flip(fill(tmp_path, "a/b", 100), offset)

    (found,) = verify(tmp_path)
    (repaired,) = verify(tmp_path, repair=True)

    assert f"{path}: record at byte 0: 3 vectors damaged" == str(found)
    assert f"{found}; removed" == str(repaired)
    assert [] == verify(tmp_path)
    store = VectorStore(path.parent)
    places = store.find(text_keys(TEXTS))
    assert [-1, -1, -1] == places[:3].tolist()
    assert VECTORS[3:].tolist() == store.read(places[3:]).tolist()


def test_an_end_that_is_cut_off_is_removed(tmp_path: Path) -> None:
    """What no header leads to cannot be told apart."""
    store = fill(tmp_path, "a/b", 100)
    (path,) = store.folder.glob("*.segment")
    path.write_bytes(path.read_bytes()[:-1])

    (found,) = verify(tmp_path, repair=True)

    assert (RECORD, None) == (found.start, found.texts)
    assert RECORD == path.stat().st_size


def test_a_segment_without_a_whole_record_goes(tmp_path: Path) -> None:
    """And so does its store."""
    path = flip(fill(tmp_path, "a/b", 100), 0)

    verify(tmp_path, repair=True)

    assert not path.parent.exists()


def test_a_store_under_a_wrong_name_is_said(tmp_path: Path) -> None:
    """Nothing reads it there."""
    store = fill(tmp_path, "a/b", 100)
    moved = store.folder.rename(tmp_path / ("0" * 32))

    assert [moved] == misplaced(tmp_path)


@pytest.mark.parametrize("text", ["", "GB", "-1", "1.2.3", "5 apples", "1e9"])
def test_what_is_no_size_is_refused(text: str) -> None:
    """ValueError, which the command turns into a usage error."""
    with pytest.raises(ValueError):
        read_size(text)


def test_the_command_shows_prunes_and_checks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``info``, ``verify`` and ``prune``, as tables and as JSON."""
    store = fill(tmp_path, "a/b", 100)
    folder = ["--cache", str(tmp_path)]

    assert 0 == main(["cache", "info", *folder])
    shown = capsys.readouterr().out
    assert "a/b" in shown
    assert f"6 vectors, {2 * RECORD} B, in {tmp_path}" in shown
    assert 0 == main(["cache", "info", "--json", *folder])
    (told,) = json.loads(capsys.readouterr().out)["stores"]
    assert ("a/b", 6, 4) == (told["about"]["name"], told["vectors"], told["dimensions"])
    assert 0 == main(["cache", "verify", *folder])
    assert f"6 vectors in {tmp_path}; all are whole\n" == capsys.readouterr().out
    flip(store, 70)
    assert 1 == main(["cache", "verify", *folder])
    assert "record at byte 0: 3 vectors damaged\n" in capsys.readouterr().out
    assert 0 == main(["cache", "verify", "--repair", "--json", *folder])
    assert 3 == json.loads(capsys.readouterr().out)["vectors"]
    assert 0 == main(["cache", "prune", "--cache-size", "1kB", *folder])
    expected = f"0 segments removed (0 B); {RECORD} B left in {tmp_path}\n"
    assert expected == capsys.readouterr().out
    assert 0 == main(["cache", "prune", "--cache-size", "0", "--json", *folder])
    pruned = json.loads(capsys.readouterr().out)
    assert (1, RECORD, 0) == (pruned["segments"], pruned["bytes"], pruned["left"])


class Notes(Silent):
    """A listener that keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        """Keep it."""
        self.notes.append(message)


def test_a_run_keeps_its_cache_below_the_bound(tmp_path: Path) -> None:
    """What was longest not used goes when a task is done, and a note says so."""
    old = fill(tmp_path / "cache", "a/old", 100)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "test.jsonl").write_text(
        "".join(f'{{"sentence1": "a{n}", "sentence2": "b", "score": {n}}}\n' for n in range(3))
    )
    path = tmp_path / "Pairs.toml"
    path.write_text(
        'kind = "sts"\nmain_score = "cosine_spearman"\nlanguages = ["eng-Latn"]\n'
        '[source]\nfiles = "data"\n'
    )
    model = tmp_path / "mine.py"
    model.write_text(
        "import numpy as np\ndef encode(texts):\n    return np.ones((len(texts), 2))\n"
    )
    # The run adds four vectors of two numbers, which alone fit.
    settings = RunSettings(cache=tmp_path / "cache", cache_size=2 * RECORD)
    listener = Notes()

    run([str(model)], [Choice(load_task(path))], settings, listener)

    assert not old.folder.exists()
    assert [4] == [held.vectors for held in holdings(tmp_path / "cache")]
    expected = (
        "the cache was above 224 B, so 224 B that were longest not used are removed; "
        "--cache-size allows more"
    )
    assert expected in listener.notes
