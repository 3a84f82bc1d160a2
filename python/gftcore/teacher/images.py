# SPDX-License-Identifier: Apache-2.0
"""Pictures that a teacher sees: pixels, of bounded size, and nothing of their files."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from gftcore._validation import MAX_SIDE, as_array, require_int

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gftcore.teacher.cases import TeachingCase

__all__ = ["LONGEST_SIDE", "image_key", "teacher_images"]

#: Of a picture for a teacher; services shrink larger ones themselves, each in its own way.
LONGEST_SIDE = 1024


def image_key(image: ArrayLike) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of an image's sides and pixels.

    Examples
    --------
    >>> image_key(np.zeros((2, 3), dtype=np.uint8))
    '26ec19b7d688c10a'
    """
    pixels = np.ascontiguousarray(as_array(image, "image", "pixels"))
    sides = " ".join(map(str, pixels.shape))
    return hashlib.sha256(f"{sides}\n".encode() + pixels.tobytes()).hexdigest()[:16]


def teacher_images(
    case: TeachingCase, *, longest_side: int = LONGEST_SIDE
) -> tuple[NDArray[np.uint8], ...]:
    """Return the raw image, then the overlay if there is one, not larger than a bound.

    Parameters
    ----------
    case
        The case.
    longest_side
        In px; larger pictures are made smaller, none is enlarged.
    """
    most = require_int(longest_side, "longest_side", 1, MAX_SIDE)
    given = (case.image,) if case.overlay is None else (case.image, case.overlay)
    return tuple(_bounded(pixels, most) for pixels in given)


def _bounded(pixels: NDArray[np.uint8], most: int) -> NDArray[np.uint8]:
    rows, cols = pixels.shape[:2]
    longest = max(rows, cols)
    if longest <= most:
        return pixels
    size = (max(1, round(cols * most / longest)), max(1, round(rows * most / longest)))
    # Of a smaller picture, bicubic means the average over what a pixel covers.
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))
