"""Student's t: its quantiles without loading scipy, which a static model's run never needs."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(64)


@lru_cache(maxsize=4096)
def t_quantile(freedom: float, level: float) -> float:
    """The t that the share ``level`` of Student's t of ``freedom`` >= 1 lies within, both sides.

    scipy's ``t.ppf((1 + level) / 2, freedom)`` to six digits or more. With t = sqrt(freedom) tan(a)
    the distribution is an integral of cos(a) ** (freedom - 1), which Gauss' rule takes whole.

    >>> round(t_quantile(4.0, 0.95), 6)
    2.776445
    """
    freedom = min(max(float(freedom), 1.0), 1e6)  # beyond, lgamma loses digits
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2))
    scale *= 2 / math.sqrt(math.pi)

    # The share within grows ever more slowly with the angle, so Newton's steps from the left never
    # pass the quantile.
    angle = level / scale
    for _ in range(100):
        inside = np.cos(angle * (_POINTS + 1) / 2) ** (freedom - 1)
        share = scale * angle / 2 * float(_WEIGHTS @ inside)
        step = (level - share) / (scale * math.cos(angle) ** (freedom - 1))
        angle += step
        if step < 1e-13:
            break
    return math.sqrt(freedom) * math.tan(angle)


def t_tails(t: float, freedom: float) -> float:
    """How likely Student's t of ``freedom`` >= 1 is as far from 0 as ``t``; never 0.

    >>> round(t_tails(-2.776445, 4.0), 6)
    0.05
    """
    from scipy.special import stdtr

    return max(2 * float(stdtr(max(float(freedom), 1.0), -abs(t))), 5e-324)
