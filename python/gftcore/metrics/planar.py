# SPDX-License-Identifier: Apache-2.0
"""What a projected graph looks like in the image: where its lines cross, and which nodes merge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gftcore._lazy import require
from gftcore._validation import require_int, require_real
from gftcore.errors import ArgumentError
from gftcore.metrics.matching import require_points

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gftcore.formats.spatial_graph import Polylines, SpatialGraph

__all__ = ["Crossings", "find_crossings", "inside", "merge_nodes", "planar_reference"]

# Pieces that merely touch, or meet at a node, do not cross.
PROPER = (0.001, 0.999)


@dataclass(frozen=True, slots=True, eq=False)
class Crossings:
    """Two pieces that cross: first vertex of each [n, 2], share of each passed [n, 2], place."""

    vertex: NDArray[np.int64]
    share: NDArray[np.float64]
    rowcol: NDArray[np.float64]


def find_crossings(lines: Polylines) -> Crossings:
    """Find all proper crossings of the straight pieces between consecutive vertices.

    Pieces with a common end do not cross, nor do pieces that overlap. Cost grows with the number
    of pieces, not with its square: only pieces in one cell of a grid are compared.
    """
    first = np.ones(len(lines.rowcol), dtype=np.bool_)
    first[lines.ptr[1:] - 1] = False  # the last vertex of a segment begins no piece
    piece = np.flatnonzero(first)
    start, stop = lines.rowcol[piece], lines.rowcol[piece + 1]
    moves = (start != stop).any(axis=1)
    piece, start, stop = piece[moves], start[moves], stop[moves]
    one, two = _near_pairs(np.minimum(start, stop), np.maximum(start, stop))

    along, other, between = (stop - start)[one], (stop - start)[two], start[two] - start[one]
    turn = _cross(along, other)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.stack([_cross(between, other), _cross(between, along)], axis=1) / turn[:, None]
    proper = ((share > PROPER[0]) & (share < PROPER[1])).all(axis=1)
    one, two, share = one[proper], two[proper], share[proper]
    ends_one, ends_two = (np.stack([start[i], stop[i]], axis=1) for i in (one, two))
    common = (ends_one[:, :, None] == ends_two[:, None]).all(axis=3).any(axis=(1, 2))
    one, two, share = one[~common], two[~common], share[~common]
    rowcol = start[one] + share[:, :1] * (stop - start)[one]
    return Crossings(np.stack([piece[one], piece[two]], axis=1), share, rowcol)


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    out: NDArray[np.float64] = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return out


def _near_pairs(
    low: NDArray[np.float64], high: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each pair (i < j) of overlapping boxes [n, 2] once, ordered."""
    if len(low) < 2:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    sides = high - low
    # Cells of twice the mean box; a single long box must not fill more than 64 x 64 of them.
    cell = max(2 * float(sides.mean()), float(sides.max()) / 64, 1e-9)
    origin = low.min(axis=0)
    low_cell = ((low - origin) / cell).astype(np.int64)
    high_cell = ((high - origin) / cell).astype(np.int64)
    across = high_cell - low_cell + 1
    box, number = _expand(across.prod(axis=1))
    row = low_cell[box, 0] + number // across[box, 1]
    col = low_cell[box, 1] + number % across[box, 1]
    key = row * (int(high_cell[:, 1].max()) + 1) + col
    order = np.argsort(key, kind="stable")
    box, row, col, key = box[order], row[order], col[order], key[order]
    # Each entry meets the entries after it in its cell.
    group_end = np.searchsorted(key, key, side="right")
    entry, number = _expand(group_end - np.arange(len(key)) - 1)
    partner = entry + number + 1
    one, two = box[entry], box[partner]
    # Boxes that share several cells are paired in the first one of their overlap.
    corner = np.maximum(low_cell[one], low_cell[two])
    kept = (row[entry] == corner[:, 0]) & (col[entry] == corner[:, 1])
    one, two = one[kept], two[kept]
    kept = (np.maximum(low[one], low[two]) <= np.minimum(high[one], high[two])).all(axis=1)
    one, two = one[kept], two[kept]
    order = np.lexsort((two, one))
    return one[order], two[order]


def _expand(count: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Repeat each index by its count, and number the repetitions from 0."""
    index = np.repeat(np.arange(len(count)), count)
    return index, np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)


def planar_reference(
    graph: SpatialGraph, *, shape: tuple[int, int] | None = None
) -> NDArray[np.float64]:
    """Return the nodes that the image of a graph has [n, 2].

    These are its nodes of degree 3 or more, and the places where the projections of two segments
    cross.

    Parameters
    ----------
    graph
        A graph whose segments may pass over each other.
    shape
        Rows and columns of the image; nodes outside are left out. None keeps all.

    Examples
    --------
    >>> from gftcore.formats import from_polylines
    >>> nodes = [[0, 0], [8, 8], [0, 8], [8, 0]]
    >>> planar_reference(from_polylines(nodes, [[0, 1], [2, 3]], [[], []])).tolist()
    [[4.0, 4.0]]
    """
    points = np.concatenate([graph.branch_points(), find_crossings(graph.polylines()).rowcol])
    return points[inside(points, shape)]


def inside(rowcol: NDArray[np.float64], shape: tuple[int, int] | None) -> NDArray[np.bool_]:
    """Tell which positions lie on pixels of an image [n]; all of them if it has no shape."""
    if shape is None:
        return np.ones(len(rowcol), dtype=np.bool_)
    size = [require_int(side, "shape", 1) for side in shape]
    if len(size) != 2:
        raise ArgumentError(f"shape must be (rows, columns), got {len(size)} numbers")
    past = np.maximum(-0.5 - rowcol, rowcol - (np.array(size) - 0.5))
    out: NDArray[np.bool_] = past.max(axis=1, initial=-np.inf) <= 0
    return out


def merge_nodes(points: ArrayLike, within_px: float = 2.0) -> NDArray[np.float64]:
    """Replace points that lie close together by their mean [k, 2].

    Points belong together if a chain of steps of at most `within_px` connects them (single
    linkage). No picture can tell such nodes apart.

    Examples
    --------
    >>> merge_nodes([[0, 0], [0, 2], [0, 4], [9, 9]]).tolist()
    [[0.0, 2.0], [9.0, 9.0]]
    """
    given = require_points(points, "points")
    within_px = require_real(within_px, "within_px")
    if within_px < 0:
        raise ArgumentError(f"within_px must be at least 0, got {within_px:g}")
    if not len(given):
        return given
    spatial = require("scipy.spatial", extra="metrics", user="merge_nodes")
    sparse = require("scipy.sparse", extra="metrics", user="merge_nodes")
    csgraph = require("scipy.sparse.csgraph", extra="metrics", user="merge_nodes")
    pairs = spatial.cKDTree(given).query_pairs(within_px, output_type="ndarray")
    linked = sparse.coo_array(
        (np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(len(given),) * 2
    )
    count, label = csgraph.connected_components(linked, directed=False)
    sums = np.stack([np.bincount(label, weights=axis, minlength=count) for axis in given.T], axis=1)
    return sums / np.bincount(label, minlength=count)[:, None]
