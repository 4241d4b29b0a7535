"""Adapters of packages outside: found by entry point, and only when they are asked for."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmark.cli import main
from benchmark.errors import ModelError, UsageError
from benchmark.models import load_model
from benchmark.protocols import Encoder

ADAPTER = '''
"""Vectors of letters."""
from dataclasses import dataclass
from typing import Any
import numpy as np
from benchmark.protocols import Identity

OPTIONS = {"letters": {"most": int}}


@dataclass(frozen=True)
class Letters:
    identity: Identity
    most: int
    similarity: str = "cosine"

    def encode(self, texts, *, role=None, prompt=None):
        return np.array([[min(t.count(c), self.most) for c in "abc"] for t in texts], np.float32)


def load(scheme, target, revision, options, settings):
    return Letters(Identity("letters/abc", "1", "letters/1", dict(options)), options.get("most", 9))
'''


def install(folder: Path, points: str, **modules: str) -> Path:
    """A distribution in a folder, as pip leaves it, with these entry points and modules."""
    about = folder / "letters_of_others-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: letters-of-others\nVersion: 1.0\n"
    )
    (about / "entry_points.txt").write_text(f"[embedmark.models]\n{points}\n")
    for name, code in modules.items():
        (folder / f"{name}.py").write_text(code)
    return folder


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that packages are found in; its modules are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("letters_adapter", "broken_adapter", "no_adapter"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def test_a_package_outside_plugs_in(path: Path) -> None:
    """By scheme, with options, also as a part of a composite."""
    install(path, "letters = letters_adapter", letters_adapter=ADAPTER)

    model = load_model("letters?most=1")

    assert isinstance(model, Encoder)
    assert [[1.0, 1.0, 0.0]] == np.asarray(model.encode(["aab"])).tolist()
    assert "letters/1" == model.identity.adapter
    assert "hybrid/abc+tfidf" == load_model("hybrid:(letters)+(tfidf)").identity.name
    with pytest.raises(UsageError, match="'letters' has no option 'mots'; did you mean 'most'"):
        load_model("letters?mots=1")
    with pytest.raises(UsageError, match="unknown scheme 'leters'; did you mean 'letters'"):
        load_model("leters:x")


def test_it_is_listed(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With its options and its package; a broken one is a note, and hides no other."""
    points = "letters = letters_adapter\nbroken = broken_adapter\ntfidf = letters_adapter"
    install(path, points, letters_adapter=ADAPTER, broken_adapter="import absent_module")

    assert 0 == main(["models", "list", "--json"])

    shown = capsys.readouterr()
    rows = {row["scheme"]: row for row in json.loads(shown.out)["models"]}
    assert ["most"] == rows["letters"]["options"]
    assert "from the package letters-of-others" == rows["letters"]["description"]
    assert "package" not in rows["tfidf"]["description"]
    assert "broken" not in rows
    assert "note: model 'broken:' from the package letters-of-others does not import" in shown.err


def test_a_module_that_is_no_adapter_says_so(path: Path) -> None:
    """One line that names the package."""
    install(path, "empty = no_adapter", no_adapter="x = 1")

    with pytest.raises(ModelError) as caught:
        load_model("empty:x")

    expected = (
        "model 'empty:' from the package letters-of-others is no adapter: no_adapter has no "
        "OPTIONS and load; update or remove it"
    )
    assert expected == str(caught.value)


def test_none_replaces_one_of_ours(path: Path) -> None:
    """A package cannot take the name of an adapter of the table."""
    install(path, "random = letters_adapter", letters_adapter=ADAPTER)

    assert "random/1" == load_model("random").identity.adapter


def test_packages_are_not_asked_for_a_known_scheme(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading the metadata of all packages takes time."""
    monkeypatch.setattr(
        "benchmark.models.table.plugged_in", lambda: pytest.fail("asked for packages")
    )

    assert "embedmark/tfidf" == load_model("tfidf").identity.name
