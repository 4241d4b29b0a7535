"""What ``hf`` can be asked for: pooling, layer, attention, length, type and prompt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.errors import ModelError, UsageError
from benchmark.models import load_model
from benchmark.models.table import Settings
from tests.torch import making

torch = pytest.importorskip("torch", reason="needs embedmark[torch]")
transformers = pytest.importorskip("transformers", reason="needs embedmark[torch]")
pytestmark = pytest.mark.filterwarnings("ignore")

Made = Callable[[str], Path]
TEXTS = making.texts(12, 20)


def hf(folder: Path, options: str = "") -> Any:
    """A loaded model; small batches, so that padding is at work."""
    return load_model(f"hf:{folder}{'?' if options else ''}{options}", Settings(batch_size=5))


def hidden(folder: Path, text: str, layer: int = -1) -> Any:
    """A text's token vectors, one text alone, by transformers."""
    model = transformers.AutoModel.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        ids = tokenizer(text, return_tensors="pt")["input_ids"]
        out = model(input_ids=ids, output_hidden_states=True)
    states = out.last_hidden_state if layer < 0 else out.hidden_states[layer]
    return states[0].numpy()


POOLED: dict[str, Callable[[Any], Any]] = {
    "mean": lambda tokens: tokens.mean(0),
    "cls": lambda tokens: tokens[0],
    "last": lambda tokens: tokens[-1],
    "weighted": lambda tokens: np.average(tokens, axis=0, weights=np.arange(1, len(tokens) + 1)),
    "eos": lambda tokens: tokens[-1],  # this tokenizer ends with it already
}


@pytest.mark.parametrize("kind", ["hf", "llama"])
@pytest.mark.parametrize("pooling", POOLED)
def test_pooling_is_what_it_is_called(made: Made, kind: str, pooling: str) -> None:
    """Of an encoder and a decoder, padded among others as alone."""
    expected = [POOLED[pooling](hidden(made(kind), text)) for text in TEXTS]

    found = hf(made(kind), f"pooling={pooling}").encode(TEXTS)

    assert np.abs(np.array(expected) - found).max() < 1e-5


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_layer_zero_is_the_embedding_layer(made: Made, layer: int) -> None:
    """Layers as transformers counts them; several from one pass equal each alone."""
    expected = [hidden(made("hf"), text, layer).mean(0) for text in TEXTS]

    model = hf(made("hf"), f"layer={layer}")

    assert np.abs(np.array(expected) - model.encode(TEXTS)).max() < 1e-5
    together = model.encode_layers(TEXTS, [0, 1, 2, None])
    assert np.abs(np.array(expected) - together[layer]).max() < 1e-5
    assert np.abs(together[2] - together[3]).max() < 1e-6


def first_token_sees_the_last(folder: Path, options: str) -> bool:
    """Whether the vector of the first token depends on the last."""
    model = hf(folder, f"pooling=cls&{options}" if options else "pooling=cls")
    one, other = model.encode(["rain green house", "rain green market"])
    return bool(np.abs(one - other).max() > 1e-4)


def test_attention_is_as_asked(made: Made) -> None:
    """An encoder made causal, a decoder made bidirectional; each as built without the option."""
    seen = {
        (kind, option): first_token_sees_the_last(made(kind), option)
        for kind in ("hf", "llama")
        for option in ("", "attention=causal", "attention=bidirectional")
    }

    assert {
        ("hf", ""): True,
        ("hf", "attention=causal"): False,
        ("hf", "attention=bidirectional"): True,
        ("llama", ""): False,
        ("llama", "attention=causal"): False,
        ("llama", "attention=bidirectional"): True,
    } == seen


def test_attention_as_built_changes_nothing(made: Made) -> None:
    """Asked for what it has, a model gives the vectors it gives unasked, in padded batches too."""
    for kind, option in (("hf", "bidirectional"), ("llama", "causal")):
        plain = hf(made(kind)).encode(TEXTS)

        assert np.abs(plain - hf(made(kind), f"attention={option}").encode(TEXTS)).max() < 1e-5


def test_max_tokens_cuts(made: Made) -> None:
    """Two words and the two special tokens remain."""
    model = hf(made("hf"), "max_tokens=4")

    assert 4 == model.max_tokens
    assert np.abs(model.encode(["rain red green"]) - model.encode(["rain red"])).max() < 1e-6


def test_eos_is_put_where_a_cut_text_ends(made: Made) -> None:
    """The end token takes the last place within the limit."""
    model = hf(made("hf"), "pooling=eos&max_tokens=6")

    assert [3] == sorted({ids[-1] for ids in model._tokenize(making.texts(5, 30))})
    assert max(len(ids) for ids in model._tokenize(making.texts(5, 30))) <= 6


def test_dtype_is_the_weights_own(made: Made) -> None:
    """Half the precision, float32 out."""
    whole, half = hf(made("hf")).encode(TEXTS), hf(made("hf"), "weights=bfloat16").encode(TEXTS)

    assert np.float32 == half.dtype
    assert 1e-6 < np.abs(whole - half).max() < 0.2


def test_options_and_adapter_name_the_experiment(made: Made) -> None:
    """So that st, hf and each set of options lie apart; a prompt by its digest."""
    folder = made("st")
    slugs = [
        load_model(uri).identity.slug
        for uri in (f"st:{folder}", f"hf:{folder}", f"hf:{folder}?layer=1&pooling=cls")
    ]

    assert ["", "adapter_hf", "adapter_hf__layer_1__pooling_cls"] == slugs
    prompted = load_model(f"st:{folder}?prompt=query:%20").identity
    assert {"prompt": "query: "} == prompted.options
    assert "prompt_08a8bf6b" == prompted.slug


def test_options_that_cannot_be(made: Made) -> None:
    """One line each, with what may stand there."""
    for options, words in (
        ("layer=3", "layer must be 0 (the embedding layer) to 2, not 3"),
        ("pooling=max", "mean or cls or last"),
        ("max_tokens=0", "whole number from 1"),
        ("instruction=Find", "template with {instruction} in it"),
        ("prompt=absent.toml", ".toml or .json file"),
        ("normalize=yes", "true or false"),
    ):
        with pytest.raises(UsageError) as caught:
            hf(made("hf"), options)
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_tokenizer_without_end_token(made: Made, tmp_path: Path) -> None:
    """``pooling=eos`` needs one."""
    making.bert(tmp_path)
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        path = tmp_path / name
        if path.is_file():
            path.write_text(path.read_text().replace('"eos_token": "[SEP]",', ""))

    with pytest.raises(ModelError, match="no end token; use pooling=last"):
        hf(tmp_path, "pooling=eos")
