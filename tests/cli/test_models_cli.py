"""``embedmark models``: what one model is like, before a long run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.cli import main

MODEL = """
import numpy as np
def encode(texts, role=None):
    side = 0.5 if role == "query" else 0.0
    return np.array([[1.0 + side, len(texts) * {noise}, 0.25] for _ in texts], dtype="float32")
"""


def checked(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """The JSON of ``models check`` or ``show``."""
    assert 0 == main(["models", *arguments, "--json"])
    return json.loads(capsys.readouterr().out)


def test_check_reports_shape_and_speed(capsys: pytest.CaptureFixture[str]) -> None:
    """Dimension, norms, equal bytes twice, no effect of batch or role."""
    found = checked(capsys, "check", "random?dim=8")

    assert 8 == found["dimension"]
    assert 0 < found["norms"][0] <= found["norms"][1]
    assert found["deterministic"] is True
    assert (0.0, 0.0) == (found["batch_difference"], found["role_effect"])
    assert found["texts_per_second"] > 0
    assert "dim_8" == found["slug"]


def test_check_of_codes_tells_of_the_model(capsys: pytest.CaptureFixture[str]) -> None:
    """The codes' dimension; what is calibrated on the texts beside is no effect of the batch."""
    found = checked(capsys, "check", "random?dtype=int8")

    assert (64, 0.0) == (found["dimension"], found["batch_difference"])
    assert "dtype_int8" == found["slug"]


def test_check_finds_what_depends_on_the_batch_and_the_role(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A model whose numbers lean on how many texts it was handed, and on their role."""
    path = tmp_path / "leaning.py"
    path.write_text(MODEL.format(noise="0.01"))

    found = checked(capsys, "check", str(path))

    assert 0.31 == pytest.approx(found["batch_difference"], abs=1e-6)
    assert found["role_effect"] > 0


def test_check_refuses_vectors_that_are_not_finite(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """One line, exit 1."""
    path = tmp_path / "broken.py"
    path.write_text(MODEL.format(noise="float('nan')"))

    assert 1 == main(["models", "check", str(path)])
    error = capsys.readouterr().err
    assert "NaN or infinite vectors for 12 of 12" in error
    assert 1 == error.count("\n")


def test_show_encodes_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Who the model is, and what it gives."""
    path = tmp_path / "mine.py"
    path.write_text("def encode(texts):\n    raise SystemExit('called')\n")

    assert 0 == main(["models", "show", str(path)])
    shown = capsys.readouterr().out
    assert "local/mine" in shown
    assert "vectors" in shown


@pytest.mark.parametrize("verb", ["show", "check"])
def test_no_such_model(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The line of the loader, exit 2."""
    assert 2 == main(["models", verb, "wordlama"])
    assert "did you mean 'wordllama'" in capsys.readouterr().err


def test_check_of_a_file_of_vectors_says_what_it_has(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It has no vectors for texts of ours."""
    np.savez(tmp_path / "v.npz", ids=np.array(["a", "b"]), vectors=np.array([[3.0, 4.0], [0, 1]]))

    found = checked(capsys, "check", str(tmp_path / "v.npz"))

    assert ("vectors of 2 ids", 2, [1.0, 5.0]) == (
        found["gives"],
        found["dimension"],
        found["norms"],
    )


def test_check_of_a_composite_names_its_parts(capsys: pytest.CaptureFixture[str]) -> None:
    """These are what can be checked."""
    found = checked(capsys, "check", "hybrid:(tfidf)+(bow)")

    assert "a ranking of its parts; check each of these by itself" == found["gives"]
