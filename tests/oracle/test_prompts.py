"""The strings that reach a model are those that mteb sends, for every kind and role.

No weights: a module of sentence-transformers that writes down what it is asked to embed stands in
for each model, loaded by mteb's own wrapper with the arguments of mteb's registry.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from benchmark.encode import encode_plan
from benchmark.models.facts import facts_of
from benchmark.models.prompts import prompting_of
from benchmark.models.st import SentenceTransformerModel
from benchmark.protocols import Identity, Request, Role
from benchmark.task import Source, Task

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

MODELS = [
    "sentence-transformers/all-MiniLM-L6-v2",
    "intfloat/e5-base-v2",
    "intfloat/multilingual-e5-small",
    "intfloat/multilingual-e5-large-instruct",
    "intfloat/e5-mistral-7b-instruct",
    "BeastyZ/e5-R-mistral-7b",
    "BAAI/bge-small-en-v1.5",
    "BAAI/bge-base-zh-v1.5",
    "BAAI/bge-m3",
    "thenlper/gte-base",
    "Alibaba-NLP/gte-Qwen2-1.5B-instruct",
    "Qwen/Qwen3-Embedding-0.6B",
    "nomic-ai/nomic-embed-text-v1.5",
    "nomic-ai/nomic-embed-code",
    "mixedbread-ai/mxbai-embed-large-v1",
    "Snowflake/snowflake-arctic-embed-m-v1.5",
    "Salesforce/SFR-Embedding-Mistral",
    "GritLM/GritLM-7B",
    "cl-nagoya/ruri-base-v2",
    "cl-nagoya/ruri-v3-30m",
    "ai-forever/ru-en-RoSBERTa",
    "ai-forever/FRIDA",
    "VPLabs/SearchMap_Preview",
    "MongoDB/mdbr-leaf-ir",
    "jinaai/jina-embeddings-v2-base-en",
]
# One task of mteb's a type; the abstract task behind it gives the instruction of the type.
TYPES = {
    "Retrieval": "retrieval",
    "Reranking": "reranking",
    "InstructionRetrieval": "instruction_retrieval",
    "InstructionReranking": "instruction_reranking",
    "STS": "sts",
    "PairClassification": "pair_classification",
    "Classification": "classification",
    "MultilabelClassification": "multilabel_classification",
    "Clustering": "clustering",
    "BitextMining": "bitext",
    "Regression": "regression",
    "Summarization": "summarization",
    "ZeroShotClassification": "zero_shot_classification",
}
ROLES: tuple[Role, ...] = ("query", "document", None)
# Prompts that a model ships, in its config_sentence_transformers.json, as sentence-transformers
# reads them; and one that none of the roles has.
SHIPPED: list[tuple[dict[str, str], str | None]] = [
    ({"query": "q: ", "document": "d: "}, None),
    ({"query": "q: ", "passage": "p: "}, None),
    ({"STS": "s: ", "Retrieval-query": "rq: ", "Retrieval": "r: "}, None),
    ({"plain": "x: ", "query": "q: "}, "plain"),
]


def recorder(prompts: dict[str, str] | None, default: str | None, seen: list[str]) -> Any:
    """A SentenceTransformer whose only module keeps the texts it is shown."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Module

    class Recording(Module):
        max_seq_length = 8
        # What mteb's loader of Qwen3 looks at.
        auto_model = SimpleNamespace(config=SimpleNamespace(_attn_implementation="sdpa"))

        def preprocess(self, inputs: list[str], prompt: str | None = None, **_: Any) -> Any:
            seen.extend((prompt or "") + text for text in inputs)
            return {"sentence_embedding": torch.ones(len(inputs), 2)}

        def tokenize(self, texts: list[str], **_: Any) -> Any:
            return self.preprocess(texts)

        def forward(self, features: Any, **_: Any) -> Any:
            return features

        def save(self, *_: Any, **__: Any) -> None:
            """Never saved."""

    return SentenceTransformer(
        modules=[Recording()], prompts=prompts, default_prompt_name=default, device="cpu"
    )


def metadata(task_type: str) -> Any:
    """The metadata of one of mteb's tasks of a type, whose own prompt is taken away."""
    from mteb.abstasks.aggregated_task import AbsTaskAggregate
    from mteb.get_tasks import get_tasks

    found = get_tasks(task_types=[task_type], modalities=["text"], exclude_superseded=False)
    task = next(task for task in found if not isinstance(task, AbsTaskAggregate))
    return task.metadata.model_copy(update={"prompt": None})


def sent_by_mteb(loaded: Any, about: Any, role: Role, seen: list[str]) -> list[str]:
    """What reaches the model when mteb encodes two texts of a task."""
    from mteb.types import PromptType

    seen.clear()
    texts = SimpleNamespace(features={"text": None})
    inputs = _Loader([{"text": ["one", "two"]}], texts)
    kind = PromptType(role) if role else None
    loaded.encode(inputs, task_metadata=about, hf_split="test", hf_subset="default",
                  prompt_type=kind, show_progress_bar=False)  # fmt: skip
    return sorted(seen)


class _Loader(list[Any]):
    """The batches of a DataLoader, and the dataset that mteb asks for its features."""

    def __init__(self, batches: list[Any], dataset: Any) -> None:
        super().__init__(batches)
        self.dataset = dataset


def sent_by_us(
    name: str, model: Any, about: Any, role: Role, seen: list[str], prompt: dict[str, str]
) -> list[str]:
    """What reaches the model when we encode the same texts of a task file of the same name."""
    seen.clear()
    ours = SentenceTransformerModel(
        identity=Identity(name, "0" * 40, "st/1"),
        model=model,
        prompting=prompting_of(name, {}, model.prompts, model.default_prompt_name),
        batch_size=32,
        similarity="cosine",
    )
    kind = TYPES[about.type]
    task = Task(about.name, kind, "x", Source("files", {}, Path()), ("test",), {}, {}, {}, prompt)
    plan = {"texts": Request(pa.array(["one", "two"]), role)}
    encode_plan(ours, plan, task, about.type, cache=None)
    return sorted(seen)


def load_by_mteb(name: str, model: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The wrapper that mteb's registry names, around our model."""
    import sentence_transformers
    from mteb.models.get_model_meta import get_model_meta

    meta = get_model_meta(name)
    monkeypatch.setattr(sentence_transformers, "SentenceTransformer", lambda *_, **__: model)
    kept = {
        key: value
        for key, value in (meta.loader_kwargs or {}).items()
        if key not in {"model_kwargs", "tokenizer_kwargs", "config_kwargs", "trust_remote_code"}
    }
    return meta.loader(name, meta.revision, **kept)


@pytest.mark.parametrize("name", MODELS)
def test_the_strings_sent_are_mtebs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kind and role, letter by letter; a task without a prompt of its own."""
    seen: list[str] = []
    mtebs = recorder(None, None, seen)
    loaded = load_by_mteb(name, mtebs, monkeypatch)
    monkeypatch.undo()
    ours = recorder(None, None, seen)
    for task_type in TYPES:
        about = metadata(task_type)
        for role in ROLES:
            expected = sent_by_mteb(loaded, about, role, seen)
            found = sent_by_us(name, ours, about, role, seen, {})
            assert (task_type, role, expected) == (task_type, role, found)


@pytest.mark.parametrize("name", MODELS)
def test_a_tasks_prompt_reaches_instructed_models_only(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in mteb: for MiniLM, E5 and BGE nothing changes, for instructed ones it does."""
    seen: list[str] = []
    loaded = load_by_mteb(name, recorder(None, None, seen), monkeypatch)
    monkeypatch.undo()
    ours = recorder(None, None, seen)
    about = metadata("Retrieval").model_copy(update={"prompt": {"query": "Find the answer"}})
    for role in ("query", "document"):
        expected = sent_by_mteb(loaded, about, role, seen)
        assert expected == sent_by_us(name, ours, about, role, seen, {"query": "Find the answer"})
    about = metadata("STS").model_copy(update={"prompt": "Compare"})
    expected = sent_by_mteb(loaded, about, None, seen)
    assert expected == sent_by_us(name, ours, about, None, seen, {"text": "Compare"})


@pytest.mark.parametrize(("prompts", "default"), SHIPPED)
def test_shipped_prompts_are_applied_as_mteb_applies_them(
    prompts: dict[str, str], default: str | None
) -> None:
    """By task type and role, a default for texts without a role, a name that nothing asks for."""
    from mteb.models import SentenceTransformerEncoderWrapper

    name, seen = "org/model", list[str]()
    filled = {"query": "", "document": "", **prompts}
    loaded = SentenceTransformerEncoderWrapper(recorder(filled, default, seen))
    ours = recorder(filled, default, seen)
    for task_type in TYPES:
        about = metadata(task_type)
        for role in ROLES:
            expected = sent_by_mteb(loaded, about, role, seen)
            found = sent_by_us(name, ours, about, role, seen, {})
            assert (task_type, role, expected) == (task_type, role, found)


def test_no_family_contradicts_mtebs_registry() -> None:
    """Every model of the registry that the table of facts covers, by type and role."""
    from mteb.models.get_model_meta import MODEL_REGISTRY

    named = {*TYPES, *(f"{kind}-{role}" for kind in TYPES for role in ROLES), "query", "document"}
    different = {}
    covered = 0
    for name, meta in MODEL_REGISTRY.items():
        facts, given = facts_of(name), (meta.loader_kwargs or {}).get("model_prompts")
        if facts is None or given is None:
            continue
        covered += 1
        # A template in place of a prompt: UAE writes the text into it.
        mtebs = {
            key: text.removesuffix("{text}")
            for key, text in given.items()
            if key in named and text and ("{text}" not in text or text.endswith("{text}"))
        }
        ours = {key: text for key, text in facts.prompts.items() if key != "*"}
        if mtebs != ours:
            different[name] = (mtebs, ours)

    assert {} == different
    assert covered > 50
