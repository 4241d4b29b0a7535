"""Layers of a transformer, swept: one forward pass, the vectors and results of each alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import benchmark
from benchmark.models.hf import TransformerModel
from tests.test_run import write_pairs
from tests.torch import making

pytest.importorskip("torch", reason="needs embedmark[torch]")
pytestmark = pytest.mark.filterwarnings("ignore")

Made = Callable[[str], Path]


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """Pairs of texts that the tiny models can read."""
    texts = making.texts(24)
    rows = [(texts[n], texts[n + 12], float(n % 5)) for n in range(12)]
    return write_pairs(tmp_path, "Words", rows)


def test_layers_come_from_one_pass(
    made: Made, task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores and files are those of each layer alone; every text goes through the model once."""
    uri, passed = f"hf:{made('hf')}", []
    forward = TransformerModel._forward

    def counted(self: Any, padded: Any, layers: Any) -> Any:
        passed.extend(padded["input_ids"])
        return forward(self, padded, layers)

    monkeypatch.setattr(TransformerModel, "_forward", counted)
    swept = benchmark.evaluate(
        uri,
        str(task),
        output=tmp_path / "swept",
        cache=tmp_path / "c",
        layer=[0, 1, 2],
        dim=[8, 32],
    )
    assert len(passed) == 24  # before the models alone go through it too
    asked = [f"{uri}?layer={n}{end}" for n in (0, 1, 2) for end in ("&dim=8", "")]
    alone = benchmark.evaluate(asked, str(task), output=tmp_path / "alone", cache=tmp_path / "d")
    names = [
        sorted(p.relative_to(tmp_path / name).as_posix() for p in (tmp_path / name).rglob("*.json"))
        for name in ("swept", "alone")
    ]

    assert [row.model for row in alone] == [row.model for row in swept]
    assert [row.main_score for row in alone] == pytest.approx([row.main_score for row in swept])
    assert names[0] == names[1]
    assert {32, 128} == {point.bytes for point in swept.points}


def test_a_layer_that_is_not_there(made: Made, task: Path, tmp_path: Path) -> None:
    """One line for each model, and what has layers goes on."""
    models = [f"hf:{made('hf')}", f"st:{made('st')}", f"hf:{made('llama')}?layer=1"]
    found = benchmark.evaluate(models, str(task), cache=tmp_path / "c", layer=[1, 3])
    good = benchmark.evaluate(models, str(task), cache=tmp_path / "c", layer=[1])

    assert [row.status for row in found] == ["failed"] * 3
    assert "layer must be 0 (the embedding layer) to 2, not 3" in str(found.rows[0].error)
    assert "gives no layers to choose from; hf: does" in str(found.rows[1].error)
    assert "has its layer= already" in str(found.rows[2].error)
    assert [row.status for row in good] == ["measured", "failed", "failed"]
