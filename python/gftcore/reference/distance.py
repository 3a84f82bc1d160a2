# SPDX-License-Identifier: Apache-2.0
"""Exact squared Euclidean distance to the background."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from gftcore.reference.morphology import as_mask

NO_BACKGROUND = 2**31 - 1


def squared_distance(mask: ArrayLike, *, frame: str = "none") -> NDArray[np.int32]:
    """Return the squared distance (px^2) from each pixel to the nearest background pixel.

    Parameters
    ----------
    mask
        Image [H, W]; foreground is what is not zero.
    frame
        ``"none"``: outside the image is not background. ``"background"``: it is, so pixel (0, 0)
        of a full mask gives 1.

    Notes
    -----
    Background gives 0. Without any background each pixel gives 2**31 - 1. The column distances
    come first, then the lower envelope along each row, as in Felzenszwalb and Huttenlocher, found
    here by an outward search.

    References
    ----------
    Felzenszwalb, P. F., Huttenlocher, D. P. (2012). Distance transforms of sampled functions.
    doi:10.4086/toc.2012.v008a019
    """
    if frame not in ("none", "background"):
        raise ValueError(f"frame must be 'none' or 'background', got {frame!r}")
    return _squared_distance(as_mask(mask), frame == "background")  # type: ignore[no-any-return]


def euclidean(squared: NDArray[np.int32]) -> NDArray[np.float64]:
    """Distance in px as double."""
    return np.sqrt(squared.astype(np.float64))


@njit(cache=True)
def _squared_distance(on, outside):  # type: ignore[no-untyped-def]
    rows, cols = on.shape
    far = np.int64(1) << 40
    column = np.empty((rows, cols), np.int64)  # squared distance inside the column
    for c in range(cols):
        above = np.int64(1) if outside else far
        for r in range(rows):
            above = 0 if not on[r, c] else above
            column[r, c] = above
            above = min(above + 1, far)
        below = np.int64(1) if outside else far
        for r in range(rows - 1, -1, -1):
            below = 0 if not on[r, c] else below
            nearest = min(column[r, c], below)
            column[r, c] = nearest * nearest if nearest < far else far
            below = min(below + 1, far)
    out = np.empty((rows, cols), np.int32)
    for r in range(rows):
        for c in range(cols):
            best = column[r, c]
            if outside:
                best = min(best, (c + 1) ** 2, (cols - c) ** 2)
            d = 1
            while d * d < best and d < cols:
                if c - d >= 0:
                    best = min(best, column[r, c - d] + d * d)
                if c + d < cols:
                    best = min(best, column[r, c + d] + d * d)
                d += 1
            out[r, c] = min(best, NO_BACKGROUND)
    return out
