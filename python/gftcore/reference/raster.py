# SPDX-License-Identifier: Apache-2.0
"""Drawing of vessels by the definition: every pixel against every vessel."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

HALF_WIDTH = 0.9028


def draw_vessels(
    vessels: ArrayLike, *, side_px: int = 304, oversampling: int = 4
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Draw mask and image of vessels [E, 5]: x and y of both ends, and the radius.

    See `gftcore.synth.draw_vessels`.
    """
    side = side_px * oversampling
    mask = np.zeros((side, side), dtype=bool)
    grey = np.zeros((side, side))
    row, col = np.mgrid[:side, :side].astype(np.float64)
    for x0, y0, x1, y1, radius in np.asarray(vessels, dtype=np.float64).reshape(-1, 5):
        half_width = HALF_WIDTH * radius * side
        row0, col0 = x0 * side - 0.5, y0 * side - 0.5
        rows, cols = x1 * side - 0.5 - row0, y1 * side - 0.5 - col0
        squared_length = rows**2 + cols**2
        r, c = row - row0, col - col0
        t = 0.0
        if squared_length > 0:
            t = np.clip((r * rows + c * cols) / squared_length, 0, 1)
        squared = (r - t * rows) ** 2 + (c - t * cols) ** 2
        mask |= squared <= half_width**2
        grey = np.maximum(grey, np.clip(half_width + 0.5 - np.sqrt(squared), 0, 1))
    blocks = grey.reshape(side_px, oversampling, side_px, oversampling)
    return mask, blocks.mean(axis=(1, 3))
