"""How far a changed instruction moves documents in a ranking: p-MRR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def rank_change(before: ArrayLike, after: ArrayLike) -> NDArray[np.float64]:
    """p-MRR of each document that an instruction makes irrelevant: ``(n,)``, between -1 and 1.

    ``before`` and ``after`` are its ranks from 1 without and with the instruction. Positive when it
    falls, ``1 - before / after``; negative when it rises, ``after / before - 1``; 0 when it stays.
    Source: Weller et al., FollowIR, arXiv:2403.15246.

    >>> rank_change([1, 4, 3], [4, 1, 3])
    array([ 0.75, -0.75,  0.  ])
    """
    first, second = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    return np.where(first >= second, second / first - 1, 1 - first / second)
