"""``mteb:NAME``: a model of mteb's registry gets from us what mteb gives it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from mteb.models.model_implementations import MODEL_REGISTRY

from benchmark.cli import main
from benchmark.encode import encode_plan
from benchmark.errors import ModelError, UsageError
from benchmark.models import load_model
from benchmark.models.mteb import RegistryModel
from benchmark.models.prompts import INSTRUCTIONS
from benchmark.models.table import Settings
from benchmark.protocols import Encoder, Identity, Request
from tests.oracle.harness import make_task

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

RANDOM = "mteb:mteb/baseline-random-encoder"
TEXTS = ["one cat", "two dogs", "", "drei Hunde 🐕"]


class Recorder:
    """An encoder in mteb's form that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def encode(self, inputs: Any, *, task_metadata: Any, prompt_type: Any, **_: Any) -> Any:
        """As many vectors as texts."""
        texts = [text for batch in inputs for text in batch["text"]]
        role = prompt_type.value if prompt_type else None
        told = (task_metadata.name, task_metadata.type, task_metadata.prompt, role, tuple(texts))
        self.told.append(told)
        return np.ones((len(texts), 2))


def test_a_baseline_loads_and_encodes() -> None:
    """Its name, revision and similarity are those of the registry; each text has its vector."""
    model = load_model(RANDOM)
    assert isinstance(model, Encoder)
    meta = MODEL_REGISTRY["mteb/baseline-random-encoder"]

    together = np.asarray(model.encode(TEXTS))
    alone = np.concatenate([np.asarray(model.encode([text])) for text in TEXTS])

    assert (meta.name, meta.revision) == (model.identity.name, model.identity.revision)
    assert ("mteb/1", "adapter_mteb") == (model.identity.adapter, model.identity.slug)
    assert np.float32 == together.dtype
    assert together.tobytes() == alone.tobytes()


@pytest.mark.parametrize(
    ("kind", "task_type", "role", "prompts", "expected"),
    [
        ("sts", "STS", None, {}, INSTRUCTIONS["STS"]),
        ("sts", "STS", None, {"text": "Compare"}, "Compare"),
        ("retrieval", "Retrieval", "query", {}, INSTRUCTIONS["Retrieval"]),
        ("retrieval", "Retrieval", "query", {"query": "Find"}, {"query": "Find"}),
        ("retrieval", "Retrieval", "document", {"query": "Find"}, {"query": "Find"}),
    ],
)
def test_a_model_is_told_task_type_role_and_prompt(
    kind: str, task_type: str, role: Any, prompts: dict[str, str], expected: Any
) -> None:
    """Through the engine, as mteb's evaluators tell it."""
    recorder = Recorder()
    model = RegistryModel(Identity("a/b", "1", "mteb/1"), recorder, "cosine", 32)
    task = make_task(kind, {("test", "default"): {}}, "main", {})
    object.__setattr__(task, "prompt", prompts)

    encode_plan(model, {"texts": Request(pa.array(TEXTS), role)}, task, task_type, cache=None)

    (told,) = recorder.told
    assert ("Memory", task_type, expected, role) == told[:4]
    assert sorted(TEXTS) == sorted(told[4])


def test_another_task_is_another_place_in_the_cache() -> None:
    """A model may embed one text in two ways for two tasks."""
    model = load_model(RANDOM)
    assert isinstance(model, RegistryModel)

    one = model.prompt_for("A", "STS", None, {})

    assert one == model.prompt_for("A", "STS", None, {})
    assert one != model.prompt_for("B", "STS", None, {})
    assert one != model.prompt_for("A", "Clustering", None, {})
    assert one != model.prompt_for("A", "STS", None, {"text": "x"})


@pytest.mark.parametrize(
    ("uri", "error", "message"),
    [
        ("mteb:", UsageError, "needs a name of mteb's registry: mteb:org/model"),
        (
            "mteb:mteb/baseline-random-encodr",
            UsageError,
            "registry has no such model; did you mean 'mteb/baseline-random-encoder'?",
        ),
        (f"{RANDOM}@9", UsageError, "has another revision of it; leave out '@9'"),
        ("mteb:nomic-ai/nomic-embed-text-v1", ModelError, "run with --trust, which pins commit"),
        ("mteb:mteb/baseline-random-cross-encoder", ModelError, "gives no vectors"),
    ],
)
def test_what_does_not_load_is_one_line(uri: str, error: type[Exception], message: str) -> None:
    """And nothing is fetched."""
    with pytest.raises(error) as caught:
        load_model(uri)

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """A model of the registry that calls a service; what it was told."""
    recorder = Recorder()
    meta = SimpleNamespace(
        name="org/served",
        revision="1",
        loader_kwargs={},
        similarity_fn_name=None,
        framework=["API"],
        load_model=lambda **_: recorder,
    )
    monkeypatch.setattr("mteb.get_model_meta", lambda name, revision=None: meta)
    return recorder


def test_a_service_is_asked_for(served: Recorder) -> None:
    """Texts leave this machine only with consent, as for any endpoint."""
    model = load_model("mteb:org/served")
    assert isinstance(model, Encoder)

    with pytest.raises(UsageError, match="to the service behind org/served"):
        model.encode(TEXTS)

    asked: list[Any] = []
    agreed = load_model("mteb:org/served", Settings(consent=asked.append))
    assert isinstance(agreed, Encoder)
    for _ in range(2):
        agreed.encode(TEXTS)
    assert [len(TEXTS)] == [outgoing.texts for outgoing in asked]


def test_all_that_a_service_would_be_sent_is_counted_first(
    served: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """By the command, before any task runs; with --yes the cache spares it the second time."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pairs").mkdir()
    rows = [{"sentence1": f"one {n}", "sentence2": "two", "score": n} for n in range(3)]
    (tmp_path / "pairs" / "test.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (tmp_path / "Pairs.toml").write_text(
        'kind = "sts"\nmain_score = "cosine_spearman"\nlanguages = ["eng-Latn"]\n'
        '[source]\nfiles = "pairs"\n'
    )
    line = ["run", "mteb:org/served", "-t", "Pairs.toml", "--cache", "cache", "--price", "2"]

    assert 2 == main(line)
    said = (
        "4 texts (18 characters, at most about 7 tokens, $0.0000) to the service behind org/served"
    )
    assert f"org/served: this sends {said}" in capsys.readouterr().err
    assert [] == served.told
    assert 1 == main([*line, "--max-cost", "1"])
    assert "so --max-cost cannot stop it" in capsys.readouterr().err
    assert 0 == main([*line, "--yes"])
    assert 1 == capsys.readouterr().err.count("this sends")
    assert 1 == len(served.told)
    assert 0 == main([*line, "--fresh"])
    assert "this sends" not in capsys.readouterr().err
    (path,) = tmp_path.rglob("Pairs.json")
    assert ["model_can_change"] == json.loads(path.read_text())["embedmark"]["notes"]
