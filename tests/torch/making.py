"""Models small enough to make in a moment: random weights, a vocabulary of a hundred words."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

WORDS = [
    *("a", "man", "plays", "the", "guitar", "in", "rain", "red", "green", "house"),
    *("market", "falls", "quickly"),
    *(f"word{number}" for number in range(80)),
    *(".", ",", "?", "query", ":", "long"),
]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def texts(count: int, longest: int = 40, seed: int = 0) -> list[str]:
    """So many texts of these words, one to ``longest`` words each."""
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=draw.randint(1, longest))) for _ in range(count)]


def tokenizer() -> Any:
    """A BERT tokenizer of the words."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate([*SPECIAL, *WORDS])}
    made = Tokenizer(models.WordLevel(vocabulary, "[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        eos_token="[SEP]",
        model_max_length=64,
    )


def bert(folder: Path, head: str = "BertModel", **settings: Any) -> Path:
    """A BERT of two layers, 32 wide, with a head of transformers' own."""
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(SPECIAL) + len(WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.5,  # wide enough for texts to differ
        **settings,
    )
    getattr(transformers, head)(config).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def llama(folder: Path) -> Path:
    """A decoder of two layers, 32 wide."""
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(SPECIAL) + len(WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.5,
        pad_token_id=0,
        eos_token_id=3,
    )
    transformers.LlamaModel(config).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def sentence_transformer(folder: Path, **settings: Any) -> Path:
    """The BERT with mean pooling and normalisation, as sentence-transformers saves it."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Normalize, Pooling, Transformer

    transformer = Transformer(str(bert(folder / "bare")), max_seq_length=32)
    modules = [transformer, Pooling(32, "mean"), Normalize()]
    saved = folder / "st"
    SentenceTransformer(modules=modules, device="cpu", **settings).save_pretrained(str(saved))
    return saved


def cross_encoder(folder: Path, labels: int = 1) -> Path:
    """The BERT with a head that scores a pair."""
    return bert(folder, "BertForSequenceClassification", num_labels=labels)


def sparse_encoder(folder: Path) -> Path:
    """The BERT with its language head, pooled as SPLADE, as sentence-transformers saves it."""
    from sentence_transformers import SparseEncoder

    made = SparseEncoder(str(bert(folder / "bare", "BertForMaskedLM")), device="cpu")
    made.save_pretrained(str(folder / "sparse"))
    return folder / "sparse"


def multi_vector(folder: Path) -> Path:
    """The BERT with a projection of its tokens, as sentence-transformers saves it."""
    from sentence_transformers import MultiVectorEncoder

    made = MultiVectorEncoder(str(bert(folder / "bare")), device="cpu")
    made.save_pretrained(str(folder / "colbert"))
    return folder / "colbert"


def onnx(folder: Path, source: Path) -> Path:
    """The transformer of a folder exported to ONNX, beside its tokenizer."""
    import shutil

    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(source, attn_implementation="eager").eval()

    class Outputs(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.model(input_ids=input_ids, attention_mask=attention_mask)[0]

    folder.mkdir(parents=True, exist_ok=True)
    for path in [*source.glob("*.json"), *source.glob("1_Pooling")]:
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, folder / path.name)
    ids = torch.ones((2, 8), dtype=torch.int64)
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    dynamic = {"input_ids": {0: batch, 1: length}, "attention_mask": {0: batch, 1: length}}
    torch.onnx.export(
        Outputs().eval(),
        (ids, ids.clone()),
        str(folder / "model.onnx"),
        input_names=["input_ids", "attention_mask"],
        output_names=["last_hidden_state"],
        dynamic_shapes=dynamic,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    return folder
