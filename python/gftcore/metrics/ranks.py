# SPDX-License-Identifier: Apache-2.0
"""Ranks of values, and how alike two orders are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gftcore._validation import require_array
from gftcore.errors import ArgumentError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["rank_correlation"]


def rank_correlation(first: ArrayLike, second: ArrayLike) -> float:
    """Return Spearman's correlation of two lists of values; equal values share their mean rank.

    NaN if all values of a list are equal.

    References
    ----------
    Spearman, C. (1904). The proof and measurement of association between two things.
    doi:10.2307/1412159

    Examples
    --------
    >>> rank_correlation([1, 2, 3], [10, 20, 15])
    0.5
    """
    a, b = (_ranks(values, name) for values, name in ((first, "first"), (second, "second")))
    if len(a) != len(b):
        raise ShapeError(f"second must have {len(a)} values, as first does, got {len(b)}")
    a, b = a - (len(a) - 1) / 2, b - (len(b) - 1) / 2
    size = float(a @ a) * float(b @ b)
    return float(a @ b) / size**0.5 if size > 0 else float("nan")


def _ranks(values: ArrayLike, name: str) -> NDArray[np.float64]:
    given = require_array(values, np.float64, name=name, ndim=1)
    if not np.isfinite(given).all():
        raise ArgumentError(f"{name} must be finite, got NaN or infinity")
    _, place, count = np.unique(given, return_inverse=True, return_counts=True)
    middle: NDArray[np.float64] = np.cumsum(count) - (count + 1) / 2
    return middle[place.ravel()]
