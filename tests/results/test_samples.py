"""The records of examples: kept with a result, whole, and told from damaged ones."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.protocols import Identity
from benchmark.results.record import Part, Result
from benchmark.results.samples import as_stored, digest_of, read_samples, samples_path
from benchmark.results.store import read_result, save_result

IDENTITY = Identity("org/model", "1", "made/1")


def part(subset: str, columns: dict[str, Any], fingerprint: str = "sha256:1") -> Part:
    """A part whose main score is f1."""
    kept = as_stored(columns, "f1")
    return Part(
        "test", subset, ("eng-Latn",), {"f1": 0.5}, 0.5, 3, fingerprint,
        samples=kept, samples_digest=digest_of(kept), seconds={"encode": 1.0},
    )  # fmt: skip


def result(*parts: Part) -> Result:
    """A result of some parts."""
    known = {each.key: each for each in parts}
    return Result("Small", "bitext", "f1", "digest", IDENTITY, known, date=1.0)


ENGLISH = {
    "f1": np.array([0.5, 1.0, 0.0]),
    "top": np.array([[1, 2], [3, -1], [7, 9]], dtype=np.int32),
    "id": np.array(["q1", "q-2", "ü"]),
    "right": np.array([True, False, True]),
}
GERMAN = {"f1": np.array([0.25, 0.75]), "row": np.array([4, 9])}


def digests(path: Path) -> dict[str, str]:
    """What a result file says of its records."""
    found = read_result(path)
    assert found is not None
    return {key: each.samples_digest for key, each in found.parts.items()}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Every column of every part, with its type, and nothing of the other part's."""
    path = save_result(tmp_path, result(part("en", ENGLISH), part("de", GERMAN)))
    found, problems = read_samples(samples_path(path), digests(path))

    assert ([], {"test/en", "test/de"}) == (problems, set(found))
    for key, columns in (("test/en", ENGLISH), ("test/de", GERMAN)):
        expected = as_stored(columns, "f1")
        assert list(expected) == list(found[key])
        for name, values in expected.items():
            np.testing.assert_array_equal(values, found[key][name])


def test_only_the_owner_may_look(tmp_path: Path) -> None:
    """Folder and file."""
    path = samples_path(save_result(tmp_path, result(part("en", ENGLISH))))

    assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_a_part_measured_later_keeps_the_others(tmp_path: Path) -> None:
    """Also when one part is measured on its own."""
    save_result(tmp_path, result(part("en", ENGLISH)))
    path = save_result(tmp_path, result(part("de", GERMAN)))
    found, problems = read_samples(samples_path(path), digests(path))

    assert ([], {"test/en", "test/de"}) == (problems, set(found))


def test_other_data_take_the_old_records_to_history(tmp_path: Path) -> None:
    """Beside the result that they belong to."""
    path = save_result(tmp_path, result(part("en", ENGLISH)))
    old = digests(path)
    save_result(tmp_path, result(part("en", GERMAN, "sha256:2")))
    (kept,) = (path.parent / "history").glob("*.json")

    assert {"test/en"} == set(read_samples(samples_path(kept), old)[0])
    assert {"test/en"} == set(read_samples(samples_path(path), digests(path))[0])


@pytest.mark.parametrize("damage", ["cut", "text", "missing", "other"])
def test_a_damaged_file_is_named_and_the_result_stays(tmp_path: Path, damage: str) -> None:
    """Half a file, no parquet, none, or the records of another run."""
    path = save_result(tmp_path, result(part("en", ENGLISH)))
    file, known = samples_path(path), digests(path)
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-100])
    elif damage == "text":
        file.write_text("nothing")
    elif damage == "missing":
        file.unlink()
    else:
        known = {"test/en": "sha256:0"}
    found, problems = read_samples(file, known)

    assert {} == found
    (problem,) = problems
    assert problem.startswith(str(file))
    assert read_result(path) is not None


def test_a_result_of_before_has_none(tmp_path: Path) -> None:
    """No records, no interval, no file, and no complaint."""
    bare = replace(part("en", ENGLISH), samples={}, samples_digest="")
    path = save_result(tmp_path, result(bare))

    assert "samples" not in json.loads(path.read_text("utf-8"))["embedmark"]["subsets"]["test/en"]
    assert not samples_path(path).exists()
    assert ({}, []) == read_samples(samples_path(path), digests(path))
