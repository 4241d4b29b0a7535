"""Agreement of cluster assignments with labels: V-measure and adjusted mutual information."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def v_measure(truth: ArrayLike, clusters: ArrayLike) -> float:
    """Harmonic mean of homogeneity and completeness of ``(n,)`` clusters, between 0 and 1.

    1 when both series are constant, 0 when only the clusters are. The order of rows and the names
    of clusters do not matter. Source: Rosenberg and Hirschberg, EMNLP-CoNLL 2007.

    >>> v_measure([0, 0, 1, 1], [1, 1, 0, 0])
    1.0
    """
    from sklearn.metrics.cluster import v_measure_score

    return float(v_measure_score(truth, clusters))


def ami(truth: ArrayLike, clusters: ArrayLike) -> float:
    """Mutual information of ``(n,)`` clusters and labels, adjusted for chance (0) up to 1.

    Negative for agreement below chance. Source: Vinh, Epps and Bailey, JMLR 11 (2010).

    >>> ami([0, 0, 1, 1], [1, 1, 0, 0])
    1.0
    """
    from sklearn.metrics.cluster import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(truth, clusters))
