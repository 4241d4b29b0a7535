"""Loaded objects handed over, and what a model says of itself: prompts, similarity, pooling."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark import evaluate
from benchmark.errors import ModelError
from benchmark.models import load_model
from benchmark.models.py import wrap
from tests.models.test_composite import write_retrieval
from tests.torch import making

pytest.importorskip("torch", reason="needs embedmark[torch]")
sentence_transformers: Any = pytest.importorskip("sentence_transformers")
pytestmark = pytest.mark.filterwarnings("ignore")

Made = Callable[[str], Path]


@pytest.fixture
def prompted(tmp_path: Path) -> Path:
    """A model with prompts of its own, whose vectors are compared by their dot product."""
    prompts = {"query": "query : ", "document": "long "}
    return making.sentence_transformer(
        tmp_path / "model", prompts=prompts, similarity_fn_name="dot"
    )


def test_an_object_of_the_library_is_run_as_its_folder(prompted: Path, tmp_path: Path) -> None:
    """With its prompts by role and its similarity; measured every time, since nothing names it."""
    task = str(write_retrieval(tmp_path))
    loaded = sentence_transformers.SentenceTransformer(str(prompted), device="cpu")

    by_name, by_object = (
        evaluate(model, task, output=tmp_path / "out", cache=tmp_path / "c")
        for model in (f"st:{prompted}", loaded)
    )

    (one,), (other,) = by_name, by_object
    assert (None, None) == (one.error, other.error)
    assert one.main_score == other.main_score
    results = [json.loads(path.read_text())["embedmark"] for path in tmp_path.rglob("Fruit.json")]
    assert 2 == len(results)
    assert [{"query": "query : ", "document": "long "}] * 2 == [
        found["subsets"]["test/default"]["prompts"] for found in results
    ]
    assert {"unversioned"} < {found["model"]["revision"] for found in results}


@pytest.mark.parametrize("scheme", ["st", "hf"])
def test_the_similarity_of_the_files_counts(scheme: str, prompted: Path) -> None:
    """For every adapter that reads the folder."""
    assert "dot" == load_model(f"{scheme}:{prompted}").similarity


def test_a_similarity_that_is_none_of_ours_is_said(prompted: Path) -> None:
    """Beside the one that is taken."""
    path = prompted / "config_sentence_transformers.json"
    path.write_text(path.read_text().replace('"dot"', '"manhattan"'))

    for scheme in ("st", "hf"):
        model: Any = load_model(f"{scheme}:{prompted}")
        assert "cosine" == model.similarity
        assert "compares by manhattan, which is not applied" in " ".join(model.notes)


def test_pooling_without_the_prompt_is_said(prompted: Path) -> None:
    """Since hf's pools over it."""
    path = prompted / "1_Pooling" / "config.json"
    config = json.loads(path.read_text()) | {"include_prompt": False}
    path.write_text(json.dumps(config))

    model: Any = load_model(f"hf:{prompted}")

    assert "its pooling leaves a prompt out, and hf's does not" in " ".join(model.notes)


def test_a_similarity_of_ones_own_is_a_word_that_we_know() -> None:
    """A method of that name says nothing; a wrong word would be scored by another measure."""

    class Model:
        similarity: Any = "dot"

        def encode(self, texts: list[str]) -> Any:
            return np.ones((len(texts), 2), np.float32)

    assert "dot" == wrap(Model()).similarity
    Model.similarity = lambda self, one, other: 0.0
    assert "cosine" == wrap(Model()).similarity
    Model.similarity = "manhattan"
    with pytest.raises(ModelError, match="similarity must be the word cosine, dot or euclidean"):
        wrap(Model())
