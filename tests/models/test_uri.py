"""Model URIs: what a name means, and what a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import MissingExtraError, ModelError, UsageError
from benchmark.models import load_model
from benchmark.models.table import SCHEMES
from benchmark.models.uri import ModelURI, parse_uri


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("wordllama", ModelURI("wordllama", "", None, {})),
        ("wordllama?dim=64", ModelURI("wordllama", "", None, {"dim": "64"})),
        ("st:org/model@abc", ModelURI("st", "org/model", "abc", {})),
        ("mine.py", ModelURI("py", "mine.py", None, {})),
        ("made.npz", ModelURI("vectors", "made.npz", None, {})),
        ("vectors:made.parquet", ModelURI("vectors", "made.parquet", None, {})),
        ("hybrid:(a)+(st:b/c@1)", ModelURI("hybrid", "(a)+(st:b/c@1)", None, {})),
        ("hybrid:(a?x=1)+(b)?k=2", ModelURI("hybrid", "(a?x=1)+(b)", None, {"k": "2"})),
        ("two:(two:(a)|(b)?k=5)|(c)", ModelURI("two", "(two:(a)|(b)?k=5)|(c)", None, {})),
        ("py:odd(name.py", ModelURI("py", "odd(name.py", None, {})),
    ],
)
def test_names_mean_what_their_owner_expects(uri: str, expected: ModelURI) -> None:
    """Schemes, bare schemes and files."""
    assert expected == parse_uri(uri, SCHEMES)


def test_a_folder_is_a_local_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare argument that is a folder, also one with an @ in its name."""
    (tmp_path / "model@home").mkdir()
    monkeypatch.chdir(tmp_path)

    assert ModelURI("st", "model@home", None, {}) == parse_uri("model@home", SCHEMES)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("wordlama", "no scheme, file or folder of that name; did you mean 'wordllama'?"),
        ("sts:org/model", "unknown scheme 'sts'; did you mean 'st'?"),
        ("wordllama?dims=64", "'wordllama' has no option 'dims'; did you mean 'dim'?"),
        ("wordllama?dim=big", "option dim must be of type whole number from 1, not 'big'"),
        ("wordllama?dim", "option dim must be of type whole number from 1, not ''"),
        ("wordllama:x", "takes no target or revision; write wordllama"),
        ("tfidf?x=1", "'tfidf' has no option 'x'"),
        ("random?dim=3&seed=1&dim=4", "option dim is given twice; give it once"),
        ("random?dim=1e3", "option dim must be of type whole number, not '1e3'"),
        ("bm25?k1=nan", "option k1 must be of type number from 0, not 'nan'"),
        ("bm25?k1=-1", "option k1 must be of type number from 0, not '-1'"),
        ("bm25?b=1.5", "model 'bm25': b must be at most 1"),
        ("vectors:README.md@1", "where it has no revision but its content; leave out '@1'"),
        ("st:tests@abc", "where it has no revision but its content; leave out '@abc'"),
        ("org/model", "no such folder; for a model of the hub write 'st:org/model'"),
        ("absent.py", "no such file; check the path"),
        ("absent.npz", "no such file; check the path"),
        ("vectors:README.md", "use .npz, .npy or .parquet"),
        ("hybrid:(tfidf)+(bow", "a parenthesis has no partner; each part is (URI)"),
        ("hybrid:(tfidf)+(bow))?k=2", "a parenthesis has no partner; each part is (URI)"),
        ("hybrid:(tfidf)(bow)", "each part stands in parentheses, with '+' between: (A)+(B)"),
        ("hybrid:(tfidf)|(bow)", "each part stands in parentheses, with '+' between: (A)+(B)"),
        ("hybrid:tfidf+bow", "each part stands in parentheses, with '+' between: (A)+(B)"),
        ("hybrid:(tfidf)", "needs two parts or more; write 'hybrid:(A)+(B)'"),
        ("two:(tfidf)|(bow)|(random)", "needs two parts; write 'two:(A)|(B)'"),
        ("hybrid:(tfidf)+(tfdf)", "model 'tfdf': no scheme, file or folder of that name; did you"),
        ("hybrid:(tfidf)+(x:y)", "model 'x:y': unknown scheme 'x'"),
        ("hybrid:(tfidf)+(bow)?fusion=sum", "option fusion must be of type rrf or score"),
        ("hybrid:(tfidf)+(bow)?weights=1,2,3", "3 weights for 2 parts; give one each"),
        ("hybrid:(tfidf)+(bow)?weights=1,-2", "must be of type numbers from 0 with commas"),
        ("two:(tfidf)|(bow)?k=0", "option k must be of type whole number from 1, not '0'"),
        ("two:(tfidf)|(hybrid:(bow)+(random))", "cannot score a pair of texts, so it is no second"),
    ],
)
def test_a_wrong_name_is_one_line(uri: str, message: str) -> None:
    """Usage errors that say what is wrong and, where there is one, the nearest right name."""
    with pytest.raises(UsageError) as caught:
        load_model(uri)

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x = 1", "defines no encode(texts), nor a class Model that has one"),
        ("def encode(", "fails when run (SyntaxError"),
        ("import absent_module", "fails when run (ModuleNotFoundError"),
    ],
)
def test_a_file_that_is_no_model_says_why(tmp_path: Path, content: str, message: str) -> None:
    """The user's own code fails in one line."""
    path = tmp_path / "mine.py"
    path.write_text(content)

    with pytest.raises(ModelError) as caught:
        load_model(str(path))

    assert message in str(caught.value)


def test_a_class_is_a_model_too(tmp_path: Path) -> None:
    """``class Model`` with encode, told the role when it asks for it."""
    path = tmp_path / "mine.py"
    path.write_text(
        "class Model:\n"
        "    similarity = 'dot'\n"
        "    def encode(self, texts, role=None):\n"
        "        return [[1.0, 0.0 if role == 'query' else 2.0] for _ in texts]\n"
    )
    model = load_model(str(path))

    assert "dot" == model.similarity
    assert [[1.0, 0.0]] == model.encode(["x"], role="query")  # type: ignore[attr-defined]
    assert [[1.0, 2.0]] == model.encode(["x"], role="document")  # type: ignore[attr-defined]


def test_the_bytes_of_a_file_are_its_revision(tmp_path: Path) -> None:
    """A changed file is another model, so no old vector or result is taken for its own."""
    path = tmp_path / "mine.py"
    path.write_text("def encode(texts): return [[1.0] for _ in texts]\n")
    first = load_model(str(path)).identity
    path.write_text("def encode(texts): return [[2.0] for _ in texts]\n")

    assert first.revision != load_model(str(path)).identity.revision


def test_a_missing_package_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exact line to run."""
    monkeypatch.setitem(__import__("sys").modules, "bm25s", None)

    with pytest.raises(MissingExtraError) as caught:
        load_model("bm25")

    assert "the model 'bm25' needs the package 'bm25s'; run: pip install 'embedmark[bm25]'" == str(
        caught.value
    )


def test_more_dimensions_than_a_model_has() -> None:
    """Said when it is loaded, before anything is encoded."""
    pytest.importorskip("wordllama", reason="needs embedmark[starter]")

    with pytest.raises(UsageError, match="has 256 dimensions; dim must be at most that, not 999"):
        load_model("wordllama?dim=999")
