"""Zero-shot classification: the label whose description or keywords are nearest to the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.errors import nearest as nearest_name
from benchmark.kinds.common import (
    column,
    empty_tables,
    finding_at,
    options_of,
    repeated,
    same_width,
    vectors_of,
)
from benchmark.kinds.label_vectors import document_vectors, keyword_vectors
from benchmark.kinds.records import shared_texts
from benchmark.metrics.classification import label_metrics
from benchmark.metrics.pairs import average_precision
from benchmark.metrics.similarity import paired_similarity
from benchmark.metrics.topk import nearest
from benchmark.protocols import Finding, Request, Scores
from benchmark.stats.influence import average_precision_influence
from benchmark.tables import source_of

if TYPE_CHECKING:
    import random

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.protocols import Embeddings, Plan, Tables
    from benchmark.task import Task

TASK_TYPE = "ZeroShotClassification"
TABLES = {
    "rows": {"text": "text", "label": "label"},
    "candidates": {"label": "label", "text": "text?", "keywords": "label_lists?"},
}
METRICS = (
    "accuracy",
    "f1",
    "f1_weighted",
    "precision",
    "precision_weighted",
    "recall",
    "recall_weighted",
    "ap",
    "ap_weighted",
)
MAIN_SCORE = "accuracy"
OPTIONS: dict[str, Any] = {
    "labels": {},
    "method": "description",
    "similarity_threshold": 1.0,
    "min_documents": 1,
    "max_documents": 0,
    "remove_outliers": False,
}
METHODS = ("description", "keywords", "documents")
"""What a text is compared with: the label's description, the mean of its keywords, or the mean of
the texts nearest to that mean."""


@dataclass(frozen=True, slots=True)
class ZeroShotData:
    """Texts and each text's label; what is encoded for the labels, and the label of each of these.

    ``candidates`` are descriptions or keywords, ``owner`` and ``labels`` numbers of labels from 0.
    """

    texts: pa.Array
    candidates: pa.Array
    owner: NDArray[np.int64]
    labels: NDArray[np.int64]


def tables_of(options: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
    """Labels described in ``[options.labels]`` need no table of candidates."""
    return {"rows": TABLES["rows"]} if options.get("labels") else TABLES


def problems_of(task: Task) -> list[tuple[str, str]]:
    """An unknown method, contradictory bounds, a label without what the method compares with."""
    options = options_of(task, OPTIONS)
    method = str(options["method"])
    if method not in METHODS:
        return [("method", f"unknown method '{method}'{nearest_name(method, METHODS)}")]
    least, most = int(options["min_documents"]), int(options["max_documents"])
    if 0 < most < least:
        return [("max_documents", f"option 'max_documents' is {most}, below min_documents {least}")]
    needed = "description" if method == "description" else "keywords"
    for label, given in options["labels"].items():
        described = _described(given)
        if described is None:
            message = "a string (its description), a list of strings (its keywords), or a table "
            return [(label, f"label '{label}' must be {message}of description and keywords")]
        if not described[needed]:
            message = f"label '{label}' has no {needed}, which method \"{method}\" compares with"
            return [(label, f"{message}; add {'it' if needed == 'description' else 'them'}")]
    return []


def read(tables: Tables, task: Task, draws: random.Random) -> ZeroShotData:
    """Labels become numbers: rows of the table ``candidates``, or places in ``[options.labels]``.

    Those of the options stand sorted, so that a result does not depend on their order in the file.
    Nothing is drawn.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    names, descriptions, keywords = _known(tables, task)
    if options_of(task, OPTIONS)["method"] == "description":
        given = [[description] for description in descriptions]
    else:
        given = keywords
    rows = tables["rows"]
    labels = pc.index_in(column(rows, "label").cast(pa.string()), value_set=pa.array(names))
    return ZeroShotData(
        texts=column(rows, "text"),
        candidates=pa.array([text for texts in given for text in texts], pa.large_string()),
        owner=np.repeat(np.arange(len(given)), [len(texts) for texts in given]),
        labels=pc.fill_null(labels, len(names)).to_numpy().astype(np.int64),
    )


def plan(data: ZeroShotData, task: Task) -> Plan:
    """The descriptions or keywords, and the texts, without a role."""
    return {"candidates": Request(data.candidates), "text": Request(data.texts)}


def evaluate(data: ZeroShotData, embeddings: Embeddings, task: Task) -> Scores:
    """Accuracy, F1, precision and recall; of equally similar labels the first is taken.

    Labels are compared by the model's own similarity. ``ap`` is given when exactly two labels
    occur: the similarity to label 1 as a score of it, or to the greater when 1 is none of the two.
    ``method`` "description" is mteb's, whose one task of this type for text is a mock; "keywords"
    and "documents" are additions, see ``benchmark.kinds.label_vectors``. "documents" looks at the
    texts to be classified, never at their labels.
    """
    options = options_of(task, OPTIONS)
    candidates: Any = vectors_of(embeddings, "candidates", len(data.candidates))
    texts: Any = vectors_of(embeddings, "text", len(data.texts))
    same_width(embeddings, "candidates", "text")
    if options["method"] != "description":
        candidates = keyword_vectors(candidates, data.owner)
    if options["method"] == "documents":
        candidates = document_vectors(candidates, texts, options)
    predicted = nearest(texts, candidates, similarity=embeddings.similarity)
    metrics: dict[str, Any] = {**label_metrics(data.labels, predicted), "ap": None}
    kept: dict[str, Any] = {}
    if task.main_score == "accuracy":
        kept["accuracy"] = (predicted == data.labels).astype(np.float64)
    if len(np.unique(data.labels)) == 2:
        true, ranked = _ranked(data, candidates, texts, embeddings.similarity)
        metrics["ap"] = average_precision(true, ranked)
        if task.main_score in ("ap", "ap_weighted"):
            added = metrics["ap"] + average_precision_influence(true, ranked)
            kept = {task.main_score: added, "by_draw": added[:, None]}
    metrics["ap_weighted"] = metrics["ap"]
    samples = {
        **kept,
        "label": data.labels,
        "predicted": predicted[:, None],
        **shared_texts(data.texts),
    }
    return Scores(metrics, examples=len(data.labels), samples=samples)


def check(tables: Tables, task: Task) -> list[Finding]:
    """Errors: an empty table, a text whose label is not described, a label described twice.

    Also a column that the method needs and the candidates lack, a label without keywords, and an
    average precision as main score unless two labels occur. mteb stops at a string label that is
    no candidate, and counts an integer beyond the candidates as wrong.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    found = empty_tables(tables)
    if found:
        return found
    rows, method = tables["rows"], options_of(task, OPTIONS)["method"]
    if "candidates" in tables:
        found += _check_candidates(tables["candidates"], str(method))
    elif not options_of(task, OPTIONS)["labels"]:
        message = "no label is described; add [options.labels] or a table of candidates"
        found.append(Finding("error", "no_candidates", f"{source_of(rows)}: {message}"))
    if found:
        return found
    names = pa.array(_known(tables, task)[0])
    labels = column(rows, "label").cast(pa.string())
    lost = np.flatnonzero(~pc.is_in(labels, value_set=names).to_numpy(zero_copy_only=False))
    if len(lost):
        what, action = "its label is not among the candidates", "add its description there"
        found.append(finding_at("error", "label_without_description", rows, lost, what, action))
    if task.main_score in ("ap", "ap_weighted") and len(labels.unique()) != 2:
        message = f"{len(labels.unique())} labels, and {task.main_score} is that of two"
        action = "choose another main_score"
        found.append(Finding("error", "not_two_labels", f"{source_of(rows)}: {message}; {action}"))
    return found


def _check_candidates(known: pa.Table, method: str) -> list[Finding]:
    needed = "text" if method == "description" else "keywords"
    if needed not in known.column_names:
        message = f"no column '{needed}', which method \"{method}\" compares with; add it, or name "
        where = f"{source_of(known)}: {message}it under [columns] in the task file"
        return [Finding("error", "missing_column", where)]
    found = []
    again = repeated(column(known, "label"))
    if len(again):
        what, action = "its label stands in an earlier row too", "describe each label once"
        found.append(finding_at("error", "duplicate_label", known, again, what, action))
    if needed == "keywords":
        bare = [row for row, words in enumerate(known.column(needed).to_pylist()) if words == []]
        if bare:
            what, action = "no keywords", "add at least one"
            rows = np.array(bare)
            found.append(finding_at("error", "no_keywords", known, rows, what, action))
    return found


def _known(tables: Tables, task: Task) -> tuple[list[str], list[str], list[list[str]]]:
    """Names, descriptions and keywords of the labels; empty ones where there are none."""
    if "candidates" not in tables:
        labels = sorted(options_of(task, OPTIONS)["labels"].items())
        described = [_described(given) or _NOTHING for _, given in labels]
        return (
            [name for name, _ in labels],
            [each["description"] for each in described],
            [each["keywords"] for each in described],
        )
    known = tables["candidates"].to_pydict()
    names = [str(label) for label in known["label"]]
    words = known.get("keywords", [[]] * len(names))
    keywords = [[str(x) for x in (each if isinstance(each, list) else [each])] for each in words]
    return names, known.get("text", [""] * len(names)), keywords


_NOTHING: Mapping[str, Any] = {"description": "", "keywords": []}


def _described(given: Any) -> Mapping[str, Any] | None:
    """Description and keywords of one label in the options; None when it is none of the forms."""
    if isinstance(given, str):
        given = {"description": given}
    if isinstance(given, list):
        given = {"keywords": given}
    if not isinstance(given, Mapping) or not given or given.keys() - _NOTHING.keys():
        return None
    each = {**_NOTHING, **given}
    words = each["keywords"]
    whole = isinstance(words, list) and all(isinstance(word, str) and word for word in words)
    return each if whole and isinstance(each["description"], str) else None


def _ranked(
    data: ZeroShotData, candidates: Any, texts: Any, similarity: str
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Label 1 where it is one of the two, as in mteb; else the greater, where mteb stops.

    And the similarity of each text to it.
    """
    present = np.unique(data.labels)
    positive = 1 if 1 in present else int(present[1])
    compared = candidates[np.full(len(data.labels), positive)]
    found = paired_similarity(texts, compared, name=similarity)
    return data.labels == positive, np.asarray(found, np.float64)
