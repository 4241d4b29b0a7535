"""Why results of transformers differ: pooling, by an option and in a folder, and precision."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.differences import Gap, gaps_between
from tests.results.planted import measured, write_retrieval
from tests.torch import making

pytest.importorskip("torch", reason="needs embedmark[torch]")
pytest.importorskip("sentence_transformers", reason="needs embedmark[torch]")
pytestmark = pytest.mark.filterwarnings("ignore")

Made = Callable[[str], Path]


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A retrieval in words that the models know."""
    monkeypatch.setattr("tests.results.planted.WORDS", making.WORDS)
    return write_retrieval(tmp_path / "task")


def gap_of(models: tuple[str, str], task: Path, output: Path) -> Gap:
    """The gap between two models."""
    a, b = (measured(uri, task, output / side) for uri, side in zip(models, "ab", strict=True))
    (gap,), _ = gaps_between([a], [b], models)
    return gap


@pytest.mark.parametrize(
    ("option", "cause"),
    [
        ("pooling=cls", "pooling"),
        ("layer=1", "layer or attention"),
        ("max_tokens=5", "truncation"),
        ("weights=bfloat16", "type of weights"),
        ("prompt=long%20rain%20", "another prompt"),
        ("dim=8", "size or type of vectors"),
    ],
)
def test_an_option_is_named_first(
    option: str, cause: str, made: Made, task: Path, tmp_path: Path
) -> None:
    """Of one folder, whose digest is the same."""
    model = f"hf:{made('hf')}"

    gap = gap_of((model, f"{model}?{option}"), task, tmp_path)

    assert cause == gap.causes[0].cause
    assert gap.causes[0].evidence.fits is not False
    assert gap.moves is not None


def test_pooling_in_a_folder_is_named_before_its_digest(
    made: Made, task: Path, tmp_path: Path
) -> None:
    """The same weights under another name, with one word in a file changed."""
    folder = tmp_path / "copied"
    shutil.copytree(made("st"), folder)
    config = folder / "1_Pooling" / "config.json"
    mean, cls = (
        ("mean", "cls")
        if '"pooling_mode"' in config.read_text()
        else ("pooling_mode_mean_tokens", "pooling_mode_cls_token")  # sentence-transformers 5
    )
    content = json.loads(config.read_text())
    content |= {"pooling_mode": cls} if cls == "cls" else {mean: False, cls: True}
    config.write_text(json.dumps(content))

    gap = gap_of((f"st:{made('st')}", f"st:{folder}"), task, tmp_path)

    assert ["pooling", "other weights"] == [each.cause for each in gap.causes]
    assert ("mean", "cls") == gap.causes[0].values["pooling"]
