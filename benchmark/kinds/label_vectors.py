"""Vectors of labels from their keywords and from the documents near these (the Lbl2Vec family)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.metrics.topk import top_k

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.protocols import Vectors

_NEIGHBOURS = 20  # of the local outlier factor, as in Lbl2Vec


def keyword_vectors(keywords: Vectors, owner: NDArray[np.int64]) -> NDArray[np.float32]:
    """The mean vector of each label's keywords, ``(labels, d)``.

    ``keywords`` is ``(k, d)`` and ``owner`` ``(k,)`` the label of each, from 0, none left out. A
    keyword listed twice counts twice. Source: T. Schopf, D. Braun, F. Matthes, Lbl2Vec, WEBIST
    2021, and Evaluating Unsupervised Text Classification, NLPIR 2022.

    >>> keyword_vectors(np.array([[1.0, 0.0], [0.0, 1.0], [3.0, 3.0]]), np.array([0, 0, 1]))
    array([[0.5, 0.5],
           [3. , 3. ]], dtype=float32)
    """
    labels = range(int(owner.max()) + 1)
    return np.stack([_mean(keywords, np.flatnonzero(owner == label)) for label in labels])


def document_vectors(
    labels: NDArray[np.float32], documents: Vectors, options: Mapping[str, Any]
) -> NDArray[np.float32]:
    """The mean vector of the documents near each label's keywords, ``(labels, d)``.

    ``labels`` is ``(labels, d)``, ``documents`` ``(n, d)``. Chosen are the documents whose cosine
    is above ``similarity_threshold`` (1.0: none is), but at least the ``min_documents`` nearest and
    at most the ``max_documents`` nearest (0: no bound); equally near ones in their own order.
    ``remove_outliers`` then drops those that the local outlier factor marks, unless it marks all.
    With the defaults the nearest document alone decides, as in Lbl2Vec.

    Lbl2Vec bounds the number by cutting the collection before it looks at similarities, and
    Lbl2TransformerVec removes no outliers when told to; the papers' method is meant here.
    Source: as ``keyword_vectors``; M. Breunig et al., LOF, SIGMOD 2000.

    >>> near = {"similarity_threshold": 0.5, "min_documents": 1, "max_documents": 0}
    >>> texts = np.array([[2.0, 0.0], [2.0, 1.0], [0.0, 1.0]])
    >>> document_vectors(np.array([[1.0, 0.0]]), texts, {**near, "remove_outliers": False})
    array([[2. , 0.5]], dtype=float32)
    """
    count, threshold = documents.shape[0], float(options["similarity_threshold"])
    least, most = int(options["min_documents"]), int(options["max_documents"]) or count
    depth = min(count, least if threshold >= 1 else most)
    run = top_k(labels, documents, k=depth, order=np.arange(count)[::-1])
    means = []
    for near, cosines in zip(run.documents, run.scores, strict=True):
        above = int((cosines > threshold).sum()) if threshold < 1 else 0
        chosen = near[: max(least, above)].astype(np.int64)
        if options["remove_outliers"]:
            chosen = chosen[_is_inlier(documents[chosen])]
        means.append(_mean(documents, chosen))
    return np.stack(means)


def _is_inlier(documents: Any) -> NDArray[np.bool_]:
    from sklearn.neighbors import LocalOutlierFactor
    from threadpoolctl import threadpool_limits

    count = documents.shape[0]
    if count < 2:
        return np.ones(count, dtype=bool)
    with threadpool_limits(1):
        factor = LocalOutlierFactor(n_neighbors=min(_NEIGHBOURS, count - 1))
        inlier: NDArray[np.bool_] = factor.fit_predict(documents) == 1
    return inlier if inlier.any() else ~inlier


def _mean(vectors: Any, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    return np.asarray(vectors[rows].mean(axis=0), dtype=np.float32).ravel()
