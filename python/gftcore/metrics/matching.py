# SPDX-License-Identifier: Apache-2.0
"""How many points of two sets can be paired one to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gftcore._lazy import require
from gftcore._validation import require_array, require_real
from gftcore.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["PointMatch", "match_points"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointMatch:
    """Pairs of points, each point in at most one.

    Attributes
    ----------
    pairs
        int64 [m, 2] of (reference, prediction), ascending.
    precision, recall, f1
        m / predictions, m / references, their harmonic mean; all 1 if there are no points at all,
        all 0 if only one side has any.
    """

    pairs: NDArray[np.int64]
    precision: float
    recall: float
    f1: float


def match_points(reference: ArrayLike, prediction: ArrayLike, within_px: float) -> PointMatch:
    """Pair as many points as possible that lie within `within_px` of each other.

    Parameters
    ----------
    reference, prediction
        Positions (row, col) [n, 2] and [k, 2].
    within_px
        Largest distance of a pair, itself allowed.

    Notes
    -----
    A maximum-cardinality bipartite matching, so no other pairing has more pairs. Taking the
    nearest free point first can miss some, and its count would depend on the order.

    References
    ----------
    Hopcroft, J. E. and Karp, R. M. (1973). An n^(5/2) algorithm for maximum matchings in
    bipartite graphs. doi:10.1137/0202019

    Examples
    --------
    >>> match = match_points([[0, 0], [0, 4]], [[0, 3], [0, 7]], within_px=3)
    >>> match.pairs.tolist(), match.f1
    ([[0, 0], [1, 1]], 1.0)
    """
    given = require_points(reference, "reference")
    found = require_points(prediction, "prediction")
    within_px = require_real(within_px, "within_px")
    if within_px < 0:
        raise ArgumentError(f"within_px must be at least 0, got {within_px:g}")
    if not len(given) or not len(found):
        value = float(len(given) == len(found))
        return PointMatch(pairs=np.empty((0, 2), np.int64), precision=value, recall=value, f1=value)
    spatial = require("scipy.spatial", extra="metrics", user="match_points")
    sparse = require("scipy.sparse", extra="metrics", user="match_points")
    csgraph = require("scipy.sparse.csgraph", extra="metrics", user="match_points")
    close = spatial.cKDTree(given).sparse_distance_matrix(
        spatial.cKDTree(found), within_px, output_type="ndarray"
    )
    linked = sparse.csr_array(
        (np.ones(len(close), np.int8), (close["i"], close["j"])), shape=(len(given), len(found))
    )
    partner = csgraph.maximum_bipartite_matching(linked, perm_type="column")
    matched = np.flatnonzero(partner >= 0)
    pairs = np.stack([matched, partner[matched]], axis=1).astype(np.int64)
    return PointMatch(
        pairs=pairs,
        precision=len(pairs) / len(found),
        recall=len(pairs) / len(given),
        f1=2 * len(pairs) / (len(found) + len(given)),
    )


def require_points(points: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return finite positions as float64 array [n, 2]."""
    out: NDArray[np.float64] = require_array(points, np.float64, name=name, ndim=2, cols=2)
    if not np.isfinite(out).all():
        raise ArgumentError(f"{name} must be finite, got NaN or infinity")
    return out
