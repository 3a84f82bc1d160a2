# SPDX-License-Identifier: Apache-2.0
"""Connected components by flood fill."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray


def label(mask: ArrayLike, *, connectivity: int = 8, background: bool = False) -> NDArray[np.int32]:
    """Label the connected components 1, 2, .. in raster order of their first pixels.

    Parameters
    ----------
    mask
        Image [H, W]; foreground is what is not zero.
    connectivity
        4 or 8.
    background
        Label the zero pixels instead.

    References
    ----------
    Rosenfeld, A., Pfaltz, J. L. (1966). Sequential operations in digital picture processing.
    doi:10.1145/321356.321357
    """
    if connectivity not in (4, 8):
        raise ValueError(f"connectivity must be 4 or 8, got {connectivity}")
    array = np.ascontiguousarray(mask)
    if array.ndim != 2:
        raise ValueError(f"mask must be 2-D, got shape {array.shape}")
    on = (array.view(np.uint8) if array.dtype == np.bool_ else array) != 0
    return _flood(~on if background else on, connectivity == 8)  # type: ignore[no-any-return]


@njit(cache=True)
def _flood(on, diagonal):  # type: ignore[no-untyped-def]
    rows, cols = on.shape
    labels = np.zeros((rows, cols), np.int32)
    stack = np.empty(rows * cols, np.int64)
    count = 0
    for first in range(rows * cols):
        if not on[first // cols, first % cols] or labels[first // cols, first % cols]:
            continue
        count += 1
        labels[first // cols, first % cols] = count
        stack[0] = first
        height = 1
        while height:
            height -= 1
            row, col = stack[height] // cols, stack[height] % cols
            for dr in range(-1, 2):
                for dc in range(-1, 2):
                    r, c = row + dr, col + dc
                    if not diagonal and dr != 0 and dc != 0:
                        continue
                    if 0 <= r < rows and 0 <= c < cols and on[r, c] and labels[r, c] == 0:
                        labels[r, c] = count
                        stack[height] = r * cols + c
                        height += 1
    return labels
