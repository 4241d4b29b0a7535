"""Weights that a model's files lack: libraries make them up, and such scores mean nothing."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.errors import ModelError
from benchmark.models.identity import hub_folder, read_json

# Parts that no pooling of ours reads, and that files often lack.
_T5_DECODER = ("decoder.block", "decoder.embed_tokens", "decoder.final_layer_norm")
UNUSED = ("pooler", "lm_head", *_T5_DECODER)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# transformers 5 lists them in a table, transformers 4 in one sentence.
_ROW = re.compile(r"^(\S+)\s*\|\s*(?:MISSING|MISMATCH)", re.MULTILINE)
_QUOTED = re.compile(r"'([\w.]+)'")


@contextmanager
def random_weights() -> Iterator[list[str]]:
    """The names of weights that transformers says it made up meanwhile; its report is not shown."""
    logger = logging.getLogger("transformers")
    handlers, level = logger.handlers, logger.level
    found: list[str] = []
    logger.handlers = [_Collector(found, handlers)]
    logger.setLevel(min(level or logging.WARNING, logging.WARNING))
    try:
        yield found
    finally:
        logger.handlers = handlers
        logger.setLevel(level)


class _Collector(logging.Handler):
    """Reads reports of weights, and hands everything else on."""

    def __init__(self, found: list[str], others: list[logging.Handler]) -> None:
        super().__init__()
        self.found, self.others = found, others

    def emit(self, record: logging.LogRecord) -> None:
        text = _COLOUR.sub("", record.getMessage())
        if "newly initialized" in text:
            self.found += _ROW.findall(text) or _QUOTED.findall(text.partition("newly")[2])
        elif "LOAD REPORT" not in text:
            for handler in self.others:
                if record.levelno >= handler.level:
                    handler.handle(record)


def refuse_random(uri: str, names: Collection[str], unused: Collection[str]) -> None:
    """Raise ModelError where weights are made up that are not among the ``unused``."""
    wrong = sorted({name for name in names if not any(part in name for part in unused)})
    if wrong:
        more = ", ..." if len(wrong) > 3 else ""
        raise ModelError(
            f"model '{uri}': its files lack {len(wrong)} of its weights "
            f"({', '.join(wrong[:3])}{more}), which would be random; it is not meant for this, or "
            "not whole"
        )


def check_declared(uri: str, target: str, revision: str, *, words: Collection[str]) -> None:
    """Refuse what its files do not declare to be of a kind, by one of ``words`` in these.

    sentence-transformers adds a layer of random weights to it. Raises ModelError.
    """
    folder = Path(target)
    if not folder.is_dir():
        folder = hub_folder(target, revision) or folder
    declared = str(read_json(folder / "config_sentence_transformers.json").get("model_type"))
    modules = folder / "modules.json"
    if modules.is_file():
        declared += modules.read_text("utf-8")
    else:
        declared += str(read_json(folder / "config.json").get("architectures"))
    if not any(word in declared for word in words):
        scheme = uri.partition(":")[0]
        raise ModelError(
            f"model '{uri}' is no model for {scheme}:, by its files; a layer of random weights "
            f"would be added; take it with st:{target}"
        )
