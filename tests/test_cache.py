"""The store of vectors: what is written is read, what is damaged is not."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.cache import VectorStore, open_store, text_keys
from benchmark.cache.place import network_type
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


def test_damage_in_the_middle_loses_that_record_alone(tmp_path: Path) -> None:
    """Records after a damaged one are found, and read right, from several segments."""
    path = segment(filled(tmp_path).folder)
    data = bytearray(path.read_bytes())
    data[100] ^= 1  # a vector of the first record
    path.write_bytes(bytes(data))
    store = VectorStore(tmp_path)

    places = store.find(text_keys(TEXTS))

    assert [True] * 5 + [False] * 5 == (places < 0).tolist()
    assert VECTORS[5:].tolist() == store.read(places[5:]).tolist()


def test_a_text_written_again_after_damage_is_found(tmp_path: Path) -> None:
    """The first whole record of a key counts."""
    path = segment(filled(tmp_path).folder)
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(bytes(data))
    again = VectorStore(tmp_path)
    again.append(text_keys(TEXTS[:5]), VECTORS[:5])
    again.close()
    store = VectorStore(tmp_path)

    assert VECTORS.tolist() == store.read(store.find(text_keys(TEXTS))).tolist()


def test_many_records_come_back_in_any_order(tmp_path: Path) -> None:
    """Rows of many segments and records at once, with repeats."""
    draws = np.random.default_rng(1)
    vectors = draws.normal(size=(300, 7)).astype(np.float32)
    keys = text_keys([str(number) for number in range(300)])
    for start in range(0, 300, 100):
        store = VectorStore(tmp_path)
        for at in range(start, start + 100, 9):
            rows = slice(at, min(at + 9, start + 100))
            store.append(keys[rows], vectors[rows])
        store.close()
    store, rows = VectorStore(tmp_path), draws.integers(0, 300, 1000)

    assert vectors[rows].tobytes() == store.read(store.find(keys[rows])).tobytes()


def test_a_store_says_whose_it_is(tmp_path: Path) -> None:
    """``store.json`` holds all that changes a vector besides the text."""
    store = open_store(tmp_path, Identity("a/b", "1", "st/1", {"dim": 64}), "query", "q: ")
    store.append(text_keys(TEXTS), VECTORS)
    store.close()

    expected = {
        "name": "a/b",
        "revision": "1",
        "adapter": "st/1",
        "options": {"dim": 64},
        "role": "query",
        "prompt": "q: ",
    }
    assert expected == json.loads((store.folder / "store.json").read_text())
    assert 0o600 == (store.folder / "store.json").stat().st_mode & 0o777


def test_a_folder_that_was_removed_meanwhile_is_made_again(tmp_path: Path) -> None:
    """Another process may prune between two runs of this one."""
    store = open_store(tmp_path, IDENTITY, None, None)
    store.append(text_keys(TEXTS), VECTORS)
    store.close()
    for path in store.folder.iterdir():
        path.unlink()
    store.folder.rmdir()

    store.append(text_keys(TEXTS), VECTORS)
    store.close()

    assert [".json", ".segment"] == sorted(path.suffix for path in store.folder.iterdir())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_a_segment_of_its_own(tmp_path: Path) -> None:
    """Both write at once, and nothing of either is lost."""
    store, keys = VectorStore(tmp_path), text_keys(TEXTS)
    store.append(keys[:3], VECTORS[:3])
    child = os.fork()
    if child == 0:
        store.append(keys[3:6], VECTORS[3:6])
        store.close()
        os._exit(0)
    os.waitpid(child, 0)
    store.append(keys[6:], VECTORS[6:])
    store.close()
    reader = VectorStore(tmp_path)

    assert 2 == len(list(tmp_path.glob("*.segment")))
    assert VECTORS.tolist() == reader.read(reader.find(keys)).tolist()


def drawn_identity(draws: random.Random) -> tuple[Identity, Any, Any]:
    """An identity, role and prompt of few values each, so that two often differ in one alone."""
    names = ["a/b", "a/b ", "a/b/c", "ab", "a__b"]
    values: list[Any] = [1, "1", 1.0, 1.5, True, None, "", "é", "\ud800"]
    options = {draws.choice("xyz"): draws.choice(values) for _ in range(draws.randrange(3))}
    identity = Identity(
        draws.choice(names),
        draws.choice(["1", "2", "", "a"]),
        draws.choice(["st/1", "st/2", "hf/1"]),
        options,
        draws.choice(["", "slug"]),
        draws.choice([{}, {"max_tokens": 256}, {"max_tokens": 512, "weights": "float32"}]),
    )
    prompts = [None, "", "query: ", "query:", '"', "None", "null"]
    return identity, draws.choice([None, "query", "document"]), draws.choice(prompts)


def test_two_models_never_read_each_others_vectors(tmp_path: Path) -> None:
    """Over 10,000 random pairs: one folder exactly when all that changes a vector is equal."""
    draws = random.Random(5)

    def content(identity: Identity, role: Any, prompt: Any) -> str:
        options = sorted((name, repr(value)) for name, value in identity.options.items())
        effective = sorted(identity.effective.items())
        named = (identity.name, identity.revision, identity.adapter)
        return repr((*named, options, effective, role, prompt))

    equal = 0
    for _ in range(10_000):
        one = drawn_identity(draws)
        other = one if draws.random() < 0.1 else drawn_identity(draws)
        folders = [open_store(tmp_path, *each).folder for each in (one, other)]
        assert (content(*one) == content(*other)) == (folders[0] == folders[1])
        equal += folders[0] == folders[1]

    assert 500 < equal < 9_500


def test_keys_of_texts_are_their_own() -> None:
    """Texts that look alike, or end in what some formats cut off, have keys of their own."""
    texts = [
        "",
        " ",
        "a",
        "a ",
        "a\0",
        "a\n",
        "A",
        "á",
        "a\u0301",
        *(str(n) for n in range(10_000)),
    ]

    assert len(texts) == len(set(text_keys(texts).tolist()))


MOUNTS = [
    "/dev/sda1 / ext4 rw 0 0",
    "server:/home /home nfs4 rw 0 0",
    "tmpfs /home/me/scratch tmpfs rw 0 0",
    "me@host: /mnt/my\\040disk fuse.sshfs rw 0 0",
    "//host/share /mnt/both cifs rw 0 0",
    "/dev/sdb /mnt/both ext4 rw 0 0",
]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/var/cache", ""),
        ("/home/me/.cache", "nfs4"),
        ("/home/me/scratch/cache", ""),
        ("/homely", ""),
        ("/mnt/my disk/cache", "fuse.sshfs"),
        ("/mnt/both/cache", ""),
    ],
)
def test_network_file_systems_are_told_apart(path: str, expected: str) -> None:
    """By the deepest mount above the path, and the last of equal ones."""
    assert expected == network_type(Path(path), MOUNTS)


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the way out, and nothing is made there."""
    monkeypatch.setattr("benchmark.cache.place._network_of", lambda path: "nfs4")

    with pytest.raises(UsageError) as caught:
        open_store(tmp_path / "cache", IDENTITY, None, None)

    expected = (
        f"{tmp_path / 'cache'}: a cache on a network file system (nfs4) is unsafe; "
        "name a folder on a local disk with --cache DIR or use --no-cache"
    )
    assert expected == str(caught.value)
    assert not (tmp_path / "cache").exists()
