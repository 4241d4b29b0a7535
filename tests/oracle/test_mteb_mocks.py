"""mteb's text mock tasks through its facts, its tables handed back, and our kinds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

import mteb
from threadpoolctl import threadpool_limits

from benchmark.catalog import load_kind
from benchmark.data.mteb import child, source
from benchmark.data.mteb.facts import content_of
from benchmark.data.sources import load_tables
from benchmark.task import build_task
from tests.oracle.comparing import assert_equal
from tests.oracle.harness import LookupEncoder, ours
from tests.oracle.test_mock_tasks import MOCKS, HashedVectors

pytestmark = pytest.mark.oracle

# The mocks of FollowIR have no changed documents, and mteb has no zero-shot task of text alone.
ABSENT = ("InstructionReranking", "ZeroShotClassification")
NAMES = sorted(name for name, mock in MOCKS.items() if mock.metadata.type not in ABSENT)


@pytest.fixture(autouse=True)
def nothing_loaded() -> Iterator[None]:
    """As a new process begins and ends."""
    source.forget()
    yield
    source.forget()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_mock(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every number that mteb writes for the mock, whose file is made of its facts alone."""
    instance: Any = MOCKS[name]()
    told = json.loads(json.dumps(child._facts(instance, listed=True), default=repr))
    facts = {**told, "code": ["load_data"], "candidates": None}  # all mocks stand in one module
    monkeypatch.setattr(mteb, "get_task", lambda _name, hf_subsets: MOCKS[name]())
    monkeypatch.setattr(
        source, "run_child", lambda verb, folder, **environment: child.main(verb, folder)
    )
    content = content_of(name, facts)
    task = build_task(tmp_path / f"{name}.toml", content, folder=tmp_path)
    kind = load_kind(task.kind)
    parts = {
        (split, subset): load_tables(task, kind, split, subset)
        for split in task.splits
        for subset in task.subsets
    }

    vectors = HashedVectors()
    expected: dict[tuple[str, str], Any] = {}
    with threadpool_limits(1):
        for split, subset in parts:
            found = instance.evaluate(
                LookupEncoder(vectors, "cosine"),
                split,
                subsets_to_run=[subset],
                encode_kwargs={"batch_size": 8},
            )
            expected[split, subset] = found[subset]

    assert task.source.type == "mteb"
    assert_equal(expected, ours(task, parts, vectors))
