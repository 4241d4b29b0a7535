"""A run's first step on a task of the hub: what it tells, and what names the data."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from benchmark.catalog import Choice, load_task
from benchmark.errors import DataError
from benchmark.prepare import bytes_to_fetch, prepare
from tests.hub.client import forget
from tests.hub.files import card, write
from tests.hub.server import Hub

COMMIT = "d" * 40


def choice_of(hub: Hub, folder: Path) -> Choice:
    """A classification with a table to learn from, in csv."""
    table = pa.table({"text": ["a cat", "a car", "a dog", "a bus"], "label": ["x", "y", "x", "y"]})
    for split in ("train", "test"):
        write(hub.root / "org/set" / COMMIT / f"{split}.csv", table)
    (folder / "T.toml").write_text(
        'kind = "classification"\nmain_score = "accuracy"\nlanguages = ["eng-Latn"]\n[source]\n'
        f'hub = "org/set"\nrevision = "{COMMIT[:8]}"\n[options]\nsamples_per_label = 1\n'
    )
    return Choice(load_task(folder / "T.toml"))


def test_a_download_is_told_and_the_commit_kept(hub: Hub, tmp_path: Path) -> None:
    """All files of a task are one download; then nothing is left to fetch."""
    choice = choice_of(hub, tmp_path)
    total = sum(path.stat().st_size for path in (hub.root / "org/set" / COMMIT).iterdir())
    told: list[tuple[int, int]] = []
    assert total == bytes_to_fetch(choice)

    prepared = prepare(choice, download=lambda done, whole: told.append((done, whole)))

    (part,) = prepared.parts
    assert part.error is None
    assert COMMIT == prepared.pinned
    assert (total, total) == told[-1]
    assert 0 == bytes_to_fetch(choice)
    forget()
    told.clear()
    assert COMMIT == prepare(choice, download=lambda *done: told.append(done)).pinned  # type: ignore[arg-type]
    assert all(done == (total, total) for done in told)


def test_what_fails_is_said_once_per_part(hub: Hub, tmp_path: Path) -> None:
    """A split that is absent fails its part, and names those that there are."""
    choice = choice_of(hub, tmp_path)
    (hub.root / "org/set" / COMMIT / "train.csv").unlink()

    (part,) = prepare(choice, download=lambda done, whole: None).parts

    assert part.error is not None
    assert "T: org/set@ddddddd: the config 'default' has no split 'train'" in part.error


def test_names_that_a_terminal_would_obey(hub: Hub) -> None:
    """Names of files and configs with control characters are as good as absent."""
    from benchmark.data.hub_layout import find_config
    from benchmark.data.hub_repository import open_repository

    folder = hub.root / "org/odd" / COMMIT
    write(folder / "a\x1b[31m.csv", pa.table({"a": ["1"]}))
    write(folder / "b.csv", pa.table({"a": ["1"]}))
    card(folder, {"good": {"test": "b.csv"}, '"bad\\e[31m"': {"test": "b.csv"}})

    repository = open_repository("org/odd", COMMIT)

    assert ["README.md", "b.csv"] == repository.paths
    with pytest.raises(DataError) as error:
        find_config(repository.paths, repository.card, "x", "org/odd")
    assert "org/odd: has no config 'x'; known: good" == str(error.value)
