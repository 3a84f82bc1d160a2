# SPDX-License-Identifier: Apache-2.0
"""Pixels as pictures within a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gftcore._validation import require_intensity

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["MAX_SIDE_PX", "grey_picture"]

#: Larger images are shown reduced, so that a page stays a few megabytes.
MAX_SIDE_PX = 1024


def grey_picture(image: ArrayLike, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return an image stretched between its 1 % and its 99 % quantile, reduced if it is large.

    Examples
    --------
    >>> grey_picture(np.arange(9).reshape(3, 3), (6, 6)).tolist()[0]
    [0, 30, 62]
    """
    values = require_intensity(image, shape, name="image").astype(np.float64)
    factor = -(-max(values.shape) // MAX_SIDE_PX)
    if factor > 1:
        pad = [(0, -side % factor) for side in values.shape]
        blocks = np.pad(values, pad, mode="edge")
        rows, cols = (side // factor for side in blocks.shape)
        values = blocks.reshape(rows, factor, cols, factor).mean(axis=(1, 3))
    low, high = np.quantile(values, [0.01, 0.99])
    stretched = (values - low) / max(float(high - low), 1e-9)
    out: NDArray[np.uint8] = np.rint(255 * np.clip(stretched, 0, 1)).astype(np.uint8)
    return out
