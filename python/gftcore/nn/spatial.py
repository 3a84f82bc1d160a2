# SPDX-License-Identifier: Apache-2.0
"""Grids of mean training nodes by place, which explanations may take as baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore.errors import ArgumentError
from gftcore.model.spatial import GRID_SIDE, cells_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NEAREST", "mean_nodes", "nearest_nodes", "spatial_grids"]

#: Training nodes that a cell is the mean of.
NEAREST = 100
_AT_ONCE = 1 << 16


def spatial_grids(
    positions: Sequence[Mapping[str, NDArray[Any]]],
    inputs: Sequence[Mapping[str, NDArray[Any]]],
) -> dict[str, NDArray[np.float32]]:
    """Return node type to its grid [38, 38, F_t], as `gftcore.model.Model` holds them.

    A cell is the mean of the 100 nodes of the type nearest to its centre, over all graphs; of each
    feature, the lowest and the highest tenth of the 100 values are left out. Means are clipped to
    -1 to 1. The FAZ has no grid. With fewer nodes all of them count; without any, cells are 0.

    Parameters
    ----------
    positions
        Of each graph of the training split: node type to places (row, col) as fractions of the
        image [N, 2]. Images of any size and width in mm lie on each other so.
    inputs
        Of each graph: node type to standardised features [N, F].

    Examples
    --------
    >>> place = {"vessel": np.array([[0.2, 0.2], [0.8, 0.8]])}
    >>> grid = spatial_grids([place], [{"vessel": np.array([[0.5], [-3.0]])}])["vessel"]
    >>> grid.shape, grid[0, 0].tolist()  # both nodes: (0.5 - 3) / 2, clipped
    ((38, 38, 1), [-1.0])
    """
    if len(positions) != len(inputs) or not inputs:
        raise ArgumentError(
            f"positions and inputs must be those of the same graphs, got {len(positions)} and "
            f"{len(inputs)}"
        )
    out = {}
    for name in inputs[0]:
        if name != "faz":
            found = nearest_nodes(np.concatenate([each[name] for each in positions]))
            out[name] = mean_nodes([each[name] for each in inputs], found)
    return out


def nearest_nodes(fractions: NDArray[Any], count: int = NEAREST) -> NDArray[np.int64]:
    """Return the `count` places nearest to each cell's centre [38 * 38, count], in rising order.

    Of equal distances the lower number comes first. All places count if there are fewer.
    """
    places = np.asarray(fractions, dtype=np.float32)
    count = min(count, len(places))
    key = np.empty(len(places), dtype=np.int16)  # few values: numpy sorts them by digits
    for first in range(0, len(places), _AT_ONCE):
        row, col = cells_at(places[first : first + _AT_ONCE]).T
        key[first : first + _AT_ONCE] = row * GRID_SIDE + col
    order = np.argsort(key, kind="stable")
    size = np.bincount(key, minlength=GRID_SIDE**2)
    ptr = np.concatenate([[0], np.cumsum(size)])
    reach = _first_reach(size.reshape(GRID_SIDE, GRID_SIDE), count)
    out = np.empty((GRID_SIDE**2, count), dtype=np.int64)
    for cell in range(GRID_SIDE**2 if count else 0):
        out[cell] = _nearest(places, order, ptr, cell, count, int(reach.flat[cell]))
    return out


def _first_reach(size: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return how many cells to all sides a search begins with: enough for half as many again."""
    total = np.zeros((GRID_SIDE + 1, GRID_SIDE + 1), dtype=np.int64)
    total[1:, 1:] = size.cumsum(axis=0).cumsum(axis=1)
    reach = np.full(size.shape, GRID_SIDE, dtype=np.int64)
    at = np.arange(GRID_SIDE)
    for r in range(GRID_SIDE - 1, -1, -1):
        low, high = np.maximum(at - r, 0), np.minimum(at + r + 1, GRID_SIDE)
        inside = total[high][:, high] - total[low][:, high] - total[high][:, low]
        reach[inside + total[low][:, low] >= 1.5 * count] = r
    return reach


def _nearest(
    places: NDArray[np.float32],
    order: NDArray[np.int64],
    ptr: NDArray[np.int64],
    cell: int,
    count: int,
    reach: int,
) -> NDArray[np.int64]:
    i, j = divmod(cell, GRID_SIDE)
    centre = (np.array([i, j]) + 0.5) / GRID_SIDE
    while True:
        low, high = max(j - reach, 0), min(j + reach, GRID_SIDE - 1)
        rows = range(max(i - reach, 0), min(i + reach, GRID_SIDE - 1) + 1)
        parts = [order[ptr[a * GRID_SIDE + low] : ptr[a * GRID_SIDE + high + 1]] for a in rows]
        near = np.concatenate(parts)
        if len(near) >= count:
            away = ((places[near].astype(np.float64) - centre) ** 2).sum(axis=1)
            last = np.partition(away, count - 1)[count - 1]
            # All places nearer than this are among them; a rounded cell must not matter.
            sure = (reach + 0.5) / GRID_SIDE * (1 - 1e-9)
            if reach >= GRID_SIDE or last < sure**2:
                kept = away <= last
                near, away = near[kept], away[kept]
                return np.sort(near[np.lexsort((near, away))[:count]])
        reach += 1


def mean_nodes(inputs: Sequence[NDArray[Any]], nodes: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the trimmed means [38, 38, F] of nodes that are numbered over all graphs."""
    ptr = np.cumsum([0, *map(len, inputs)])
    width = inputs[0].shape[1]
    count = nodes.shape[1]
    if not count:
        return np.zeros((GRID_SIDE, GRID_SIDE, width), dtype=np.float32)
    # The features stay where they are, graph by graph: together they may be as large as memory.
    picked = np.empty((nodes.size, width), dtype=inputs[0].dtype)
    order = np.argsort(nodes, axis=None, kind="stable")
    ends = np.searchsorted(nodes.ravel()[order], ptr)
    for g, values in enumerate(inputs):
        mine = order[ends[g] : ends[g + 1]]
        picked[mine] = values[nodes.ravel()[mine] - ptr[g]]
    left_out = count // 10
    values = np.sort(picked.reshape(GRID_SIDE, GRID_SIDE, count, width), axis=2)
    kept = values[:, :, left_out : count - left_out]
    means: NDArray[np.float64] = kept.mean(axis=2, dtype=np.float64)
    return np.clip(means, -1, 1).astype(np.float32)
