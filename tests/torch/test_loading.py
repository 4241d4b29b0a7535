"""What cannot be loaded, and what is loaded from the hub's cache: one line each, nothing remote."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmark.cache import open_store
from benchmark.errors import BenchmarkError, MissingExtraError, ModelError, UsageError
from benchmark.models import load_model
from benchmark.models.loading import trusted
from benchmark.models.table import Settings
from tests.torch import making

pytest.importorskip("torch", reason="needs embedmark[torch]")
pytest.importorskip("sentence_transformers", reason="needs embedmark[torch]")
pytestmark = pytest.mark.filterwarnings("ignore")

Made = Callable[[str], Path]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
SCHEMES = ("st", "hf", "ce", "sparse", "colbert")


def refusal(uri: str, error: type[BenchmarkError], settings: Settings = Settings()) -> str:
    """The one line with which a model is refused."""
    with pytest.raises(error) as caught:
        load_model(uri, settings)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    return message


@pytest.mark.parametrize("scheme", [*SCHEMES, "onnx", "m2v"])
def test_no_model_there(scheme: str, tmp_path: Path) -> None:
    """No name, no folder, a file, a folder of something else."""
    pytest.importorskip({"onnx": "onnxruntime", "m2v": "model2vec"}.get(scheme, "torch"))
    (tmp_path / "file").write_text("")
    (tmp_path / "photos").mkdir()

    assert "needs a name or folder" in refusal(f"{scheme}:", UsageError)
    assert "no such folder" in refusal(f"{scheme}:{tmp_path}/absent", UsageError)
    assert "is a file" in refusal(f"{scheme}:{tmp_path}/file", UsageError)
    assert "so it is no model" in refusal(f"{scheme}:{tmp_path}/photos", ModelError)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_weights_cut_short(scheme: str, made: Made, tmp_path: Path) -> None:
    """A copy that stopped half way."""
    folder = shutil.copytree(made(scheme), tmp_path / "copy")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:20_000])

    assert "cut short or damaged" in refusal(f"{scheme}:{folder}", ModelError)


def test_onnx_cut_short(made: Made, tmp_path: Path) -> None:
    """The same of an ONNX file."""
    folder = shutil.copytree(made("onnx"), tmp_path / "copy")
    weights = folder / "model.onnx"
    weights.write_bytes(weights.read_bytes()[:20_000])

    assert "cut short or damaged" in refusal(f"onnx:{folder}", ModelError)


@pytest.mark.parametrize(
    ("uri", "package", "extra"),
    [
        ("st:org/model", "sentence_transformers", "torch"),
        ("hf:org/model", "transformers", "torch"),
        ("ce:org/model", "sentence_transformers", "torch"),
        ("sparse:org/model", "sentence_transformers", "torch"),
        ("colbert:org/model", "sentence_transformers", "torch"),
        ("onnx:org/model", "onnxruntime", "onnx"),
        ("m2v:org/model", "model2vec", "m2v"),
    ],
)
def test_a_missing_extra_names_its_pip_line(
    uri: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line to copy."""
    import sys

    monkeypatch.setitem(sys.modules, package, None)

    assert f"run: pip install 'embedmark[{extra}]'" in refusal(uri, MissingExtraError)


@pytest.mark.parametrize("scheme", ["st", "hf", "ce", "sparse"])
def test_a_cut_beyond_the_positions(scheme: str, made: Made) -> None:
    """Refused at once, not at the first long text."""
    message = refusal(f"{scheme}:{made(scheme)}?max_tokens=65", UsageError)

    assert "has 64 positions; max_tokens must be at most that, not 65" in message


def test_a_classifier_is_no_reranker(tmp_path: Path) -> None:
    """Three classes rank nothing."""
    folder = making.cross_encoder(tmp_path, labels=3)

    assert "gives 3 classes a pair" in refusal(f"ce:{folder}", ModelError)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Path], None]:
    """A function that puts a model into a hub cache of its own, as ``org/model``."""
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    transformers_hub: Any = pytest.importorskip("transformers.utils.hub")
    monkeypatch.setattr(transformers_hub, "is_offline_mode", lambda: True, raising=False)

    def put(folder: Path) -> None:
        repository = tmp_path / "hub" / "models--org--model"
        shutil.copytree(folder, repository / "snapshots" / COMMIT)
        (repository / "refs").mkdir()
        (repository / "refs" / "main").write_text(COMMIT)

    return put


@pytest.mark.parametrize("scheme", [*SCHEMES, "onnx"])
def test_a_model_of_the_hub_is_named_by_its_commit(
    scheme: str, made: Made, hub: Callable[[Path], None]
) -> None:
    """Its own name, the commit behind ``main``, its usual adapter without a slug."""
    hub(made(scheme))

    identity = load_model(f"{scheme}:org/model").identity

    assert ("org/model", COMMIT) == (identity.name, identity.revision)
    usual = scheme not in ("hf", "onnx")
    assert ("" if usual else f"adapter_{scheme}") == identity.slug


def custom(folder: Path, source: Path) -> Path:
    """A model whose configuration asks for code of its own, which would leave a trace."""
    shutil.copytree(source, folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config |= {
        "model_type": "mine",
        "auto_map": {"AutoConfig": "code.Mine", "AutoModel": "code.MyModel"},
    }
    path.write_text(json.dumps(config))
    (folder / "code.py").write_text(
        "from transformers import BertConfig, BertModel\n"
        "class Mine(BertConfig):\n    model_type = 'mine'\n"
        "class MyModel(BertModel):\n    config_class = Mine\n"
    )
    return folder


@pytest.mark.parametrize("scheme", ["st", "hf"])
def test_code_of_a_models_own_is_refused(
    scheme: str, made: Made, hub: Callable[[Path], None], tmp_path: Path
) -> None:
    """One line that names the way out, and the commit that it would pin."""
    folder = custom(tmp_path / "custom", made(scheme))
    hub(folder)

    local = refusal(f"{scheme}:{folder}", ModelError)
    remote = refusal(f"{scheme}:org/model", ModelError)

    assert "read it, then run with --trust (its code lies in the folder)" in local
    assert f"run with --trust, which pins commit {COMMIT}" in remote


def test_trusted_code_runs(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With trust, the same folder loads."""
    import transformers.dynamic_module_utils as modules

    monkeypatch.setattr(modules, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    folder = custom(tmp_path / "custom", made("hf"))

    model: Any = load_model(f"hf:{folder}", Settings(trust=True))

    assert (1, 32) == model.encode(["rain"]).shape


def test_a_family_is_known_by_its_name_on_the_hub(
    made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A bare transformer called E5: its prompts, pooling and norm, none of them in files."""
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    repository = tmp_path / "hub" / "models--intfloat--e5-base-v2"
    shutil.copytree(made("hf"), repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)

    model: Any = load_model("hf:intfloat/e5-base-v2")

    assert "passage: " == model.prompt_for("Mine", "Retrieval", "document")
    assert ("mean", True, 64) == (model.pooling, model.normalize, model.max_tokens)


@pytest.mark.parametrize("scheme", ["st", "hf"])
def test_code_of_another_repository_is_pinned_too(
    scheme: str,
    made: Made,
    hub: Callable[[Path], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What ``main`` of that repository was when the run began, by its commit."""
    import transformers.dynamic_module_utils as modules

    monkeypatch.setattr(modules, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    folder = custom(tmp_path / "custom", made(scheme))
    path = folder / "config.json"
    path.write_text(path.read_text().replace('"code.', '"other/code--code.'))
    other = tmp_path / "hub" / "models--other--code"
    (other / "snapshots" / COMMIT[::-1]).mkdir(parents=True)
    (folder / "code.py").rename(other / "snapshots" / COMMIT[::-1] / "code.py")
    (other / "refs").mkdir()
    (other / "refs" / "main").write_text(COMMIT[::-1])
    hub(folder)

    pinned = trusted("x", "org/model", None, Settings(trust=True))
    model: Any = load_model(f"{scheme}:org/model", Settings(trust=True))

    assert {
        "trust_remote_code": True,
        "revision": COMMIT,
        "code_revision": COMMIT[::-1],
    } == pinned
    assert (1, 32) == model.encode(["rain"]).shape


@pytest.mark.parametrize(
    ("scheme", "key", "value"),
    [
        ("st", "max_tokens", 16),
        ("st", "weights", "float64"),
        ("hf", "pooling", "cls"),
        ("onnx", "normalize", False),
        ("ce", "max_tokens", 16),
        ("colbert", "max_query_tokens", 16),
        ("sparse", "weights", "float64"),
    ],
)
def test_what_holds_unasked_is_part_of_the_caches_key(
    scheme: str, key: str, value: Any, made: Made, tmp_path: Path
) -> None:
    """Length, pooling and type of weights: libraries and tables may bring others."""
    identity = load_model(f"{scheme}:{made(scheme)}").identity

    other = replace(identity, effective={**identity.effective, key: value})

    assert key in identity.effective
    folders = {open_store(tmp_path, each, None, None).folder for each in (identity, other)}
    assert 2 == len(folders)
    assert identity == other  # a result of the one is a result of the other


def lacking(folder: Path, source: Path, words: str) -> Path:
    """A copy without the weights whose names hold some words."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(source, folder)
    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if words not in name}
    assert len(kept) < len(weights)
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.mark.parametrize(
    ("scheme", "words", "named"),
    [
        ("ce", "classifier", "2 of its weights (classifier.bias, classifier.weight)"),
        ("ce", "pooler", "2 of its weights (bert.pooler.dense.bias, bert.pooler.dense.weight)"),
        ("st", "layer.1.output.dense", "2 of its weights (encoder.layer.1.output.dense.bias"),
        ("hf", "embeddings.word", "1 of its weights (embeddings.word_embeddings.weight)"),
        ("sparse", "transform.dense", "2 of its weights (cls.predictions.transform.dense.bias"),
        ("colbert", "layer.0.attention.self.key", "2 of its weights (encoder.layer.0.attention"),
    ],
)
def test_weights_that_would_be_random_are_refused(
    scheme: str, words: str, named: str, made: Made, tmp_path: Path
) -> None:
    """transformers fills them and goes on; such scores mean nothing."""
    folder = lacking(tmp_path / "copy", made(scheme), words)

    message = refusal(f"{scheme}:{folder}", ModelError)

    assert f"its files lack {named}" in message
    assert "which would be random" in message


@pytest.mark.parametrize("scheme", ["st", "hf", "sparse", "colbert"])
def test_a_part_that_nothing_reads_may_be_absent(
    scheme: str, made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """BERT's pooler, which many files lack; nothing is printed."""
    folder = made(scheme)
    if scheme != "sparse":  # has none
        folder = lacking(tmp_path / "copy", folder, "pooler")

    assert load_model(f"{scheme}:{folder}").identity.revision
    assert "LOAD REPORT" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(("scheme", "other"), [
    ("ce", "hf"), ("ce", "st"), ("sparse", "hf"), ("sparse", "st"), ("colbert", "hf"),
    ("colbert", "st"),
])  # fmt: skip
def test_a_model_of_another_kind_is_refused(scheme: str, other: str, made: Made) -> None:
    """sentence-transformers would add a layer of random weights to an encoder."""
    message = refusal(f"{scheme}:{made(other)}", ModelError)

    assert "would be random" in message or "layer of random weights would be added" in message


@pytest.mark.parametrize("scheme", ["ce", "sparse", "colbert"])
def test_an_encoder_of_the_hub_is_refused_too(
    scheme: str, made: Made, hub: Callable[[Path], None]
) -> None:
    """Known by its files once it is fetched."""
    hub(made("st"))

    message = refusal(f"{scheme}:org/model", ModelError)

    assert "would be random" in message or "layer of random weights would be added" in message
