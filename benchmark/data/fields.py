"""Which column of a file is which field, and which kind of task the columns speak of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmark.data.folders import TRAIN, Files
from benchmark.data.formats import Columns, first_values, found_names
from benchmark.errors import DataError

_PAIR = ("sentence1", "sentence2")
_TEXT_NAMES = ("text", "sentence", "sentences", "query", "question", "utterance", "content")
LABEL_NAMES = ("label", "labels", "category", "intent", "topic", "class")
SCORE_NAMES = ("score", "similarity", "similarity_score")
_VALUE_NAMES = ("value", "score", "rating")
_TRAINED = ("classification", "multilabel_classification", "regression")
_BESIDE = {"summarization": "references", "zero_shot_classification": "candidates"}
"""Kinds that are told by a second table: the name of its file."""


def match_fields(
    columns: Columns, kind: str | None, files: Files, where: str
) -> tuple[str, dict[str, str]]:
    """The kind, guessed when None, and the column of each of its fields.

    ``where`` names the folder. Raises DataError when a field has no column, or a table no file.
    """
    first, second, text = _texts(columns)
    score = _choose(columns, SCORE_NAMES, _is_number, (first, second))
    label = _choose(columns, LABEL_NAMES, _is_label, (text,))
    value = _choose(columns, _VALUE_NAMES, _is_number, (text, label))
    lists = _choose(columns, LABEL_NAMES, _is_list, (text,))
    if kind is None:
        kind = _guess_kind(columns, first, second, score, files)
        if kind in ("classification", "clustering") and lists:
            label = lists
            kind = "multilabel_classification" if kind == "classification" else kind
        elif kind == "classification" and label is None and value:
            kind = "regression"
    needed: Mapping[str, Mapping[str, str | None]] = {
        "sts": {"sentence1": first, "sentence2": second, "score": score},
        "pair_classification": {
            "sentence1": first,
            "sentence2": second,
            "label": _choose(columns, LABEL_NAMES, _is_binary, (first, second)),
        },
        "bitext": {"sentence1": first, "sentence2": second},
        "classification": {"text": text, "label": label},
        "multilabel_classification": {"text": text, "label": lists or label},
        "regression": {"text": text, "value": value},
        "clustering": {"text": text, "label": lists or label},
        "clustering_legacy": {
            "set": _choose(columns, ("set",), _is_label, (text, label)),
            "text": text,
            "label": label,
        },
        "summarization": {
            "text-id": _choose(columns, ("text-id", "text_id", "id"), _is_id, (text, score)),
            "text": text,
            "score": score,
        },
        "zero_shot_classification": {"text": text, "label": label},
    }
    if kind not in needed:
        raise DataError(f"{where}: no corpus and queries files, so it is no {kind}; see --kind")
    fields = needed[kind]
    absent = [name for name, column in fields.items() if column is None]
    if absent:
        raise DataError(
            f"{files.first.name}: no column fits the field '{absent[0]}' of a {kind} (columns "
            f"found: {found_names(columns)}); rename one or write the task file by hand"
        )
    if kind in _TRAINED and TRAIN not in files.splits:
        other = ", or use --kind clustering" if kind == "classification" else ""
        raise DataError(
            f"{where}: a {kind} needs {TRAIN}.* beside {files.first.name} to learn from; "
            f"add it{other}"
        )
    return kind, {name: column for name, column in fields.items() if column is not None}


def has_label_or_pair(columns: Columns) -> bool:
    """Whether a text is labelled by another column, or there are two texts."""
    first, second, text = _texts(columns)
    if first and second:
        return True
    return any(_choose(columns, LABEL_NAMES, fits, (text,)) for fits in (_is_label, _is_list))


def _guess_kind(
    columns: Columns, first: str | None, second: str | None, score: str | None, files: Files
) -> str:
    names = set(columns.values)
    for kind, table in _BESIDE.items():
        if table in files.beside:
            return kind
    if first and second and (set(_PAIR) <= names or not names & set(LABEL_NAMES)):
        if score and not _is_binary(columns.values[score]):
            return "sts"
        binary = _choose(columns, LABEL_NAMES, _is_binary, (first, second))
        return "pair_classification" if binary else "bitext"
    return "classification" if TRAIN in files.splits and len(files.splits) > 1 else "clustering"


def _texts(columns: Columns) -> tuple[str | None, str | None, str | None]:
    """The two columns of a pair, and the one column of a labelled text."""
    if set(_PAIR) <= set(columns.values):
        return "sentence1", "sentence2", "sentence1"
    texts = [name for name, values in columns.values.items() if _is_text(values)]
    named = next((name for name in _TEXT_NAMES if name in texts), None)
    longest = max(texts, key=lambda name: _length(columns.values[name]), default=None)
    first, second = (texts[0], texts[1]) if len(texts) > 1 else (None, None)
    return first, second, named or longest


def _choose(
    columns: Columns, names: Sequence[str], fits: Callable[[Any], bool], taken: Sequence[Any]
) -> str | None:
    usual = [name for name in names if name in columns.values]
    others = [name for name in columns.values if name not in usual]
    for name in [*usual, *others]:
        if name not in taken and fits(columns.values[name]):
            return name
    return None


def _is_number(values: Any) -> bool:
    try:
        return bool([float(value) for value in first_values(values) if value not in (None, "")])
    except (TypeError, ValueError):
        return False


def _is_binary(values: Any) -> bool:
    return _is_number(values) and {
        float(v) for v in first_values(values) if v not in (None, "")
    } <= {
        0.0,
        1.0,
    }


def _is_label(values: Any) -> bool:
    """Few different values for many rows."""
    sample = [str(value) for value in first_values(values)]
    return len(set(sample)) <= max(2, len(sample) // 3)


def _is_list(values: Any) -> bool:
    """Lists, as formats with types hold them."""
    return any(isinstance(value, list) for value in first_values(values))


def _is_id(values: Any) -> bool:
    """A string or whole number in every row."""
    return all(isinstance(value, str | int) for value in first_values(values))


def _is_text(values: Any) -> bool:
    sample = [value for value in first_values(values) if isinstance(value, str)]
    return bool(sample) and not _is_number(values) and len(set(sample)) > max(2, len(sample) // 3)


def _length(values: Any) -> int:
    return sum(len(str(value)) for value in first_values(values))
