# SPDX-License-Identifier: Apache-2.0
"""Masks from files: 1-bit, 0/1 and 0/255 mean the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._validation import require_mask
from gftcore.io.images import MAX_PIXELS, Channel, read_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["is_mask", "read_mask"]


def is_mask(pixels: NDArray[Any]) -> bool:
    """Whether an array can be a mask: bool, or integers with at most two values.

    Examples
    --------
    >>> is_mask(np.array([[0, 255]])), is_mask(np.array([[0, 1, 2]]))
    (True, False)
    """
    if pixels.dtype.kind == "b":
        return True
    if pixels.dtype.kind not in "iu" or pixels.size == 0:
        return False
    return bool(((pixels == pixels.min()) | (pixels == pixels.max())).all())


def read_mask(
    path: str | Path,
    *,
    threshold: float | None = None,
    channel: Channel | None = None,
    max_pixels: int = MAX_PIXELS,
) -> NDArray[np.uint8]:
    """Read a mask as uint8 [H, W] of 0 and 1; non-zero is foreground.

    Of two values one has to be 0; a file of a single other value is all foreground.

    Parameters
    ----------
    path
        Image file as for `read_image`; 1-bit, 0/1 and 0/255 files mean the same.
    threshold
        Needed for files with more than two values, or with two of which none is 0: foreground is
        ``value > threshold``.
    channel, max_pixels
        As for `read_image`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder) / "a.npy", np.array([[0, 7], [9, 3]]))
    ...     read_mask(Path(folder) / "a.npy", threshold=5).tolist()
    [[0, 1], [1, 0]]
    """
    pixels = read_image(path, channel=channel, max_pixels=max_pixels)
    return require_mask(pixels, name=f"mask {Path(path).name}", threshold=threshold)
