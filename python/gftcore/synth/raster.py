# SPDX-License-Identifier: Apache-2.0
"""Vessels as mask and image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gftcore._native import core
from gftcore._validation import MAX_SIDE, require_int
from gftcore.errors import ArgumentError
from gftcore.synth.edges import Edges, require_edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["draw_image", "draw_mask", "draw_vessels"]

MOST_OVERSAMPLING = 64
# Beyond it, an edge of the field of view would be lost in the rounding of its own length.
FARTHEST = 1e6
#: Half-width that is drawn, per radius: that of the published masks.
HALF_WIDTH_PER_RADIUS = 0.9028


def draw_mask(edges: Edges, *, side_px: int = 1216) -> NDArray[np.bool_]:
    """Draw the mask of vessels.

    Parameters
    ----------
    edges
        Vessels, for example `VesselForest.edges`.
    side_px
        Side of the square image, 1 to 32767.

    Returns
    -------
    bool [side_px, side_px]
        Where the distance from a pixel's centre to a vessel's axis is at most
        0.9028 * radius * side_px. Row = x * side_px - 0.5, column = y * side_px - 0.5. Ends are
        round.

    Examples
    --------
    >>> edges = Edges(node1_xyz=[[0.5, 0, 0]], node2_xyz=[[0.5, 1, 0]], radius=[0.2])
    >>> draw_mask(edges, side_px=8).sum(axis=0).tolist()
    [2, 2, 2, 2, 2, 2, 2, 2]
    """
    vessels = _plane(edges)
    return core.draw_mask(vessels, require_int(side_px, "side_px", 1, MAX_SIDE))


def draw_vessels(
    edges: Edges, *, side_px: int = 304, oversampling: int = 4
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Draw the mask of vessels and their image, which is smaller, at once.

    Parameters
    ----------
    edges
        Vessels, for example `VesselForest.edges`.
    side_px
        Side of the square image.
    oversampling
        The mask is this many times as large, 1 to 64.

    Returns
    -------
    mask : bool [oversampling * side_px, oversampling * side_px]
        As `draw_mask` draws it.
    image : float32 [side_px, side_px]
        Means over blocks of mask pixels of max(clamp(h + 0.5 - distance, 0, 1)), where h is the
        drawn half-width of a vessel; in 0..1.

    Examples
    --------
    >>> edges = Edges(node1_xyz=[[0.5, 0, 0]], node2_xyz=[[0.5, 1, 0]], radius=[0.2])
    >>> mask, image = draw_vessels(edges, side_px=2)
    >>> mask.shape, image.shape, round(float(image.mean()), 3)
    ((8, 8), (2, 2), 0.361)
    """
    vessels = _plane(edges)
    oversampling = require_int(oversampling, "oversampling", 1, MOST_OVERSAMPLING)
    side_px = require_int(side_px, "side_px", 1, MAX_SIDE // oversampling)
    return core.draw_vessels(vessels, side_px, oversampling)


def draw_image(edges: Edges, *, side_px: int = 304, oversampling: int = 4) -> NDArray[np.float32]:
    """Draw the image of vessels, as `draw_vessels` does, alone.

    Examples
    --------
    >>> edges = Edges(node1_xyz=[[0.5, 0, 0]], node2_xyz=[[0.5, 1, 0]], radius=[0.2])
    >>> float(draw_image(edges, side_px=3).max())
    1.0
    """
    return draw_vessels(edges, side_px=side_px, oversampling=oversampling)[1]


def _plane(edges: object) -> NDArray[np.float64]:
    vessels = require_edges(edges).plane
    if vessels.size and np.abs(vessels).max() > FARTHEST:
        raise ArgumentError(f"edges must lie within {FARTHEST:g} fields of view")
    return vessels
