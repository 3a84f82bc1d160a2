# SPDX-License-Identifier: Apache-2.0
"""Images as pixels and as text, and places on enlarged ones."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from gftcore._validation import require_intensity

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["canvas_xy", "data_url", "enlarged", "stretched_grey"]


def stretched_grey(
    background: ArrayLike | None, shape: tuple[int, int]
) -> NDArray[np.float32] | None:
    """Return the background stretched to 0..1, with the mask's shape."""
    if background is None:
        return None
    image = require_intensity(background, shape, name="background").astype(np.float32)
    low, high = np.quantile(image, [0.01, 0.99])
    stretched = np.clip((image - low) / max(float(high - low), 1e-9), 0, 1)
    return enlarged(stretched, shape[0] // image.shape[0])


def enlarged(image: NDArray[Any], factor: int) -> NDArray[Any]:
    """Return an image with each pixel as a square of ``factor`` x ``factor`` pixels."""
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def canvas_xy(points: NDArray[Any], factor: int) -> list[tuple[float, float]]:
    """Positions (row, col) as canvas (x, y); pixel centres are at integers."""
    places = (points.astype(np.float64)[:, ::-1] + 0.5) * factor - 0.5
    return [(x, y) for x, y in places.tolist()]


def data_url(pixels: NDArray[np.uint8]) -> str:
    """Return pixels as PNG within a URL.

    Examples
    --------
    >>> data_url(np.zeros((1, 1), dtype=np.uint8))[:22]
    'data:image/png;base64,'
    """
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, format="PNG", compress_level=9)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
