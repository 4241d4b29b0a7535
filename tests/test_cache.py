"""The store of vectors: what is written is read, what is damaged is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.cache import VectorStore, open_store, text_keys
from benchmark.errors import UsageError
from benchmark.protocols import Identity

TEXTS = [f"text {number}" for number in range(10)]
VECTORS = np.arange(40, dtype=np.float32).reshape(10, 4)
IDENTITY = Identity("a/b", "1", "st/1")


def filled(folder: Path) -> VectorStore:
    """A store with two records of five texts each, closed."""
    store = VectorStore(folder)
    keys = text_keys(TEXTS)
    store.append(keys[:5], VECTORS[:5])
    store.append(keys[5:], VECTORS[5:])
    store.close()
    return VectorStore(folder)


def segment(folder: Path) -> Path:
    """The only segment file."""
    (path,) = folder.glob("*.segment")
    return path


def test_vectors_come_back_in_any_order(tmp_path: Path) -> None:
    """Reading permuted keys gives the permuted vectors, bit for bit."""
    store = filled(tmp_path)
    order = np.random.default_rng(0).permutation(10)

    places = store.find(text_keys([TEXTS[row] for row in order]))

    assert VECTORS[order].tobytes() == store.read(places).tobytes()


def test_unknown_texts_have_no_place(tmp_path: Path) -> None:
    """A text that was never encoded is -1, also in an empty store."""
    keys = text_keys(["never", TEXTS[3]])

    assert [-1, 3] == filled(tmp_path).find(keys).tolist()
    assert [-1, -1] == VectorStore(tmp_path / "absent").find(keys).tolist()


@pytest.mark.parametrize("cut", [1, 16, 17, 60, 100])
def test_a_record_cut_short_is_as_if_never_written(tmp_path: Path, cut: int) -> None:
    """A kill in mid-write loses that record alone."""
    path = segment(filled(tmp_path).folder)
    path.write_bytes(path.read_bytes()[:-cut])

    places = VectorStore(tmp_path).find(text_keys(TEXTS))

    assert [0, 1, 2, 3, 4, -1, -1, -1, -1, -1] == places.tolist()


@pytest.mark.parametrize("offset", range(176, 352, 13))
def test_a_damaged_byte_is_never_read(tmp_path: Path, offset: int) -> None:
    """Whichever byte of the second record flips, the first five vectors are all there is."""
    path = segment(filled(tmp_path).folder)
    data = bytearray(path.read_bytes())
    assert 352 == len(data)  # two records of 16 (header) + 5 * 16 (keys) + 5 * 4 * 4 bytes
    data[offset] ^= 0x40
    path.write_bytes(bytes(data))

    places = VectorStore(tmp_path).find(text_keys(TEXTS))

    assert [0, 1, 2, 3, 4, -1, -1, -1, -1, -1] == places.tolist()


def test_two_writers_share_a_folder(tmp_path: Path) -> None:
    """Every writer has a file of its own; a later reader sees both."""
    first, second = VectorStore(tmp_path), VectorStore(tmp_path)
    keys = text_keys(TEXTS)
    first.append(keys[:5], VECTORS[:5])
    second.append(keys[5:], VECTORS[5:])
    first.close()
    second.close()

    store = VectorStore(tmp_path)
    found = store.read(store.find(keys))

    assert VECTORS.tolist() == found.tolist()


def test_folders_and_files_are_private(tmp_path: Path) -> None:
    """Only the owner may read what was encoded."""
    store = open_store(tmp_path / "cache", IDENTITY, None, None)
    store.append(text_keys(TEXTS), VECTORS)
    store.close()

    assert 0o700 == (tmp_path / "cache").stat().st_mode & 0o777
    assert 0o700 == store.folder.stat().st_mode & 0o777
    assert 0o600 == segment(store.folder).stat().st_mode & 0o777


@pytest.mark.parametrize(
    "other",
    [
        open_store(Path("c"), Identity("a/c", "1", "st/1"), None, None),
        open_store(Path("c"), Identity("a/b", "2", "st/1"), None, None),
        open_store(Path("c"), Identity("a/b", "1", "hf/1"), None, None),
        open_store(Path("c"), Identity("a/b", "1", "st/1", {"dim": 64}), None, None),
        open_store(Path("c"), IDENTITY, "query", None),
        open_store(Path("c"), IDENTITY, None, "query: "),
    ],
    ids=["name", "revision", "adapter", "options", "role", "prompt"],
)
def test_whatever_changes_a_vector_changes_its_folder(other: VectorStore) -> None:
    """No model, option, role or prompt ever reads another's vectors."""
    assert open_store(Path("c"), IDENTITY, None, None).folder != other.folder


def test_a_cache_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    """A file where the folder should be is a usage error that names the way out."""
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match=r"--cache DIR or use --no-cache"):
        open_store(tmp_path / "file" / "cache", IDENTITY, None, None)
