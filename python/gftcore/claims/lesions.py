# SPDX-License-Identifier: Apache-2.0
"""Cells that lesions lie in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from gftcore._validation import require_array, require_int, require_real
from gftcore.biomarkers.sectors import INNER_MM, OUTER_MM
from gftcore.claims.places import ZONES, Cell
from gftcore.errors import ArgumentError, ShapeError
from gftcore.metrics import outline_mask
from gftcore.tabulation.places import clock_hours

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["lesion_cells"]


def lesion_cells(
    outlines: Iterable[ArrayLike],
    *,
    fovea: tuple[float, float],
    mm_per_px: float,
    shape: tuple[int, int],
    min_share: float = 0.1,
) -> tuple[frozenset[Cell], ...]:
    """Return the cells of each lesion: clock hour about the fovea, and zone.

    Parameters
    ----------
    outlines
        Polygons [n, 2] of (row, col); a pixel's centre has its integers.
    fovea
        Row and column of the point about which places are told.
    mm_per_px
        Side of a pixel.
    shape
        Rows and columns of the image; what lies outside of it does not count.
    min_share
        Of a lesion's pixels: cells with less are left out, except for the one with the most.

    Returns
    -------
    tuple
        A set for each outline, empty for what lies beside the image. One between pixels has the
        cell of the mean of its vertices.

    Examples
    --------
    >>> square = [[600, 1000], [600, 1040], [620, 1040], [620, 1000]]
    >>> lesion_cells([square], fovea=(607.5, 607.5), mm_per_px=3 / 1216, shape=(1216, 1216))
    (frozenset({(3, 'parafoveal')}),)
    """
    rows, cols = (require_int(side, "shape", 1) for side in shape)
    row, col = (require_real(value, "fovea") for value in fovea)
    scale = require_real(mm_per_px, "mm_per_px", above=0.0)
    share = require_real(min_share, "min_share")
    if not 0 <= share <= 1:
        raise ArgumentError(f"min_share must be from 0 to 1, got {share:g}")
    cells = []
    for given in outlines:
        polygon = require_array(given, np.float64, name="outlines", ndim=2, cols=2)
        if len(polygon) < 3:
            raise ShapeError(f"outlines must have at least 3 vertices each, got {len(polygon)}")
        points = _pixels(polygon, rows, cols) - (row, col)
        cells.append(_cells(points, scale, share))
    return tuple(cells)


def _pixels(polygon: NDArray[np.float64], rows: int, cols: int) -> NDArray[np.float64]:
    """Return the pixels [n, 2] of a polygon, or the mean of its vertices if it is between them."""
    low = np.maximum(np.floor(polygon.min(axis=0)), 0).astype(int)
    high = np.minimum(np.ceil(polygon.max(axis=0)) + 1, (rows, cols)).astype(int)
    if (high > low).all():
        inside = outline_mask([polygon - low], tuple((high - low).tolist()))
        if inside.any():
            return np.asarray(np.argwhere(inside) + low, dtype=np.float64)
    middle = np.asarray(polygon.mean(axis=0, keepdims=True), dtype=np.float64)
    return middle[((middle > -0.5) & (middle < (rows - 0.5, cols - 0.5))).all(axis=1)]


def _cells(points: NDArray[np.float64], scale: float, share: float) -> frozenset[Cell]:
    if not len(points):
        return frozenset()
    down, right = points.T
    distance = np.hypot(down, right) * scale
    zone = (distance >= INNER_MM).astype(int) + (distance >= OUTER_MM)
    hour = np.where(zone == 0, 0, clock_hours(down, right) % 12)
    keys, counts = np.unique(12 * zone + hour, return_counts=True)
    enough = (counts >= share * len(points)) | (counts == counts.max())
    return frozenset(
        (None, ZONES[0]) if key < 12 else (key % 12 or 12, ZONES[key // 12])
        for key in keys[enough].tolist()
    )
