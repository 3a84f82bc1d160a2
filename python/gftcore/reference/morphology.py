# SPDX-License-Identifier: Apache-2.0
"""Neighbourhoods, border anchors and small-hole filling.

Foreground is 8-connected, background 4-connected. The eight neighbours are numbered clockwise from
north: 0 N, 1 NE, 2 E, 3 SE, 4 S, 5 SW, 6 W, 7 NW; even numbers are 4-neighbours. Outside an image
is background.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from gftcore.reference.label import label

BoolImage = NDArray[np.bool_]

ROW_STEP = (-1, -1, 0, 1, 1, 1, 0, -1)
COL_STEP = (0, 1, 1, 1, 0, -1, -1, -1)


def as_mask(mask: ArrayLike) -> BoolImage:
    """Return a C-contiguous bool image that is true where `mask` is not zero.

    A bool array may hold bytes other than 0 and 1 (Pillow makes 255 from 1-bit PNG files), which
    break arithmetic on it, so each byte is compared again.
    """
    array = np.ascontiguousarray(mask)
    if array.ndim != 2:
        raise ValueError(f"mask must be 2-D, got shape {array.shape}")
    on: BoolImage = (array.view(np.uint8) if array.dtype == np.bool_ else array) != 0
    return on


def frame_walk(rows: int, cols: int) -> NDArray[np.int64]:
    """Return the frame pixels [2(H+W)-4, 2], clockwise from (0, 0); H and W are at least 2."""
    top = [(0, c) for c in range(cols)]
    right = [(r, cols - 1) for r in range(1, rows)]
    bottom = [(rows - 1, c) for c in range(cols - 2, -1, -1)]
    left = [(r, 0) for r in range(rows - 2, 0, -1)]
    return np.array(top + right + bottom + left, dtype=np.int64)


def border_anchors(mask: ArrayLike) -> NDArray[np.int64]:
    """Return the pixels [B, 2] at which vessels leave the image, ascending in raster order.

    Each maximal cyclic run of n foreground pixels on the frame, walked clockwise, gives the pixel
    (n - 1) // 2 of the run.

    Notes
    -----
    None if the frame is all foreground, all background, or if a side is shorter than 3.
    """
    mask = as_mask(mask)
    none = np.empty((0, 2), dtype=np.int64)
    if min(mask.shape) < 3:
        return none
    walk = frame_walk(*mask.shape)
    on = mask[walk[:, 0], walk[:, 1]]
    if on.all() or not on.any():
        return none
    count = len(on)
    found = []
    for start in range(count):
        if on[start] and not on[start - 1]:
            length = 1
            while on[(start + length) % count]:
                length += 1
            found.append(walk[(start + (length - 1) // 2) % count])
    anchors = np.array(found, dtype=np.int64)
    return anchors[np.lexsort((anchors[:, 1], anchors[:, 0]))]


def fill_small(mask: ArrayLike, *, area_px: int, excluded: ArrayLike | None = None) -> BoolImage:
    """Return `mask` with each small hole set to foreground.

    A hole is a 4-connected background component (touching the border or not) with fewer than
    `area_px` pixels, none of them in `excluded`.
    """
    mask = as_mask(mask)
    holes = label(mask, connectivity=4, background=True)
    area = np.bincount(holes.ravel(), minlength=1)
    small = area < area_px
    small[0] = False
    if excluded is not None:
        small[np.unique(holes[as_mask(excluded)])] = False
    filled: BoolImage = mask | small[holes]
    return filled


def touches(pixels: ArrayLike) -> BoolImage:
    """Return the image that is true in or 8-adjacent to a true pixel."""
    pixels = as_mask(pixels)
    rows, cols = pixels.shape
    padded = np.pad(pixels, 1)
    out: BoolImage = pixels.copy()
    for dr, dc in zip(ROW_STEP, COL_STEP, strict=True):
        out |= padded[1 + dr : 1 + dr + rows, 1 + dc : 1 + dc + cols]
    return out


@njit(cache=True)
def neighbour_code(image, row, col):  # type: ignore[no-untyped-def]
    """Byte whose bit k is neighbour k (clockwise from north) of a pixel."""
    rows, cols = image.shape
    code = 0
    for k in range(8):
        r = row + ROW_STEP[k]
        c = col + COL_STEP[k]
        if 0 <= r < rows and 0 <= c < cols and image[r, c]:
            code |= 1 << k
    return code
