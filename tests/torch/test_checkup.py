"""``embedmark models check`` on models with weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.cli import main
from tests.torch import making

pytest.importorskip("torch", reason="needs embedmark[torch]")
pytest.importorskip("sentence_transformers", reason="needs embedmark[torch]")
pytestmark = pytest.mark.filterwarnings("ignore")

Made = Callable[[str], Path]


@pytest.mark.parametrize("scheme", ["st", "hf", "sparse"])
def test_encoders(scheme: str, made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that a person wants to know of an encoder is a number."""
    uri = f"{scheme}:{made(scheme)}?prompt=query:%20"
    assert 0 == main(["models", "check", uri, "--json"])
    found = json.loads(capsys.readouterr().out)

    assert found["dimension"] > 30
    assert found["deterministic"] is True
    assert found["batch_difference"] < 1e-4
    assert found["prompt_effect"] > 0
    assert "query: " == found["prompts"]["STS"]
    assert found["truncated"] >= 1
    assert found["tokens"] > 100
    assert found["tokens_per_second"] > 0
    assert found["memory_mb"] > 0


def test_a_sparse_model_names_its_words(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that weigh most in the first text, and how many weigh at all."""
    assert 0 == main(["models", "check", f"sparse:{made('sparse')}", "--json"])
    found = json.loads(capsys.readouterr().out)

    assert 5 == len(found["heaviest"])
    assert set(found["heaviest"]) <= {*making.SPECIAL, *making.WORDS}
    assert 5 <= found["active"] <= found["dimension"]


@pytest.mark.parametrize("scheme", ["ce", "colbert"])
def test_rankers(scheme: str, made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    """Scores instead of vectors."""
    assert 0 == main(["models", "check", f"{scheme}:{made(scheme)}", "--json"])
    found = json.loads(capsys.readouterr().out)

    assert "scores of candidates" in found["gives"]
    assert found["deterministic"] is True
    assert found["batch_difference"] < 1e-4
    assert found["dimension"] is None
    assert found["tokens"] > 100
    assert found["tokens_per_second"] > found["texts_per_second"] > 0
    assert found["truncated"] == 1
