# SPDX-License-Identifier: Apache-2.0
"""Box-counting dimension."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gftcore._native import core
from gftcore._validation import MAX_SIDE, require_int, require_mask
from gftcore.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["BoxDimension", "box_dimension", "count_boxes"]

# Coarser boxes are fewer than 16: nearly all of them hold a vessel, whatever its pattern.
_FEWEST_ACROSS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxDimension:
    """Slope of the number of occupied boxes over their size.

    Attributes
    ----------
    dimension
        Minus the slope of log(box_count) over log(box_px) by least squares; NaN if fewer than two
        sizes fit, or if no pixel is set.
    standard_error
        Standard error of the slope; NaN for fewer than three sizes.
    box_px
        Sides of the boxes, ascending: the first and the last are the range of the fit.
    box_count
        Boxes that hold a set pixel, one number per size.
    """

    dimension: float
    standard_error: float
    box_px: tuple[int, ...]
    box_count: tuple[int, ...]


def box_dimension(
    mask: ArrayLike,
    *,
    threshold: float | None = None,
    min_box_px: int = 1,
    max_box_px: int | None = None,
) -> BoxDimension:
    """Return the box-counting dimension of a mask.

    Parameters
    ----------
    mask
        Mask [H, W].
    threshold
        Takes masks of any real type: ``mask > threshold`` is set (bool masks stay).
    min_box_px, max_box_px
        Range of the sizes; None means a quarter of the shorter side.

    Notes
    -----
    Sizes are those that divide both sides, so that no box is cut; boxes start at the first pixel.
    A side of 1216 px has the sizes 1, 2, 4, 8, 16, 19, 32, 38, 64, 76, 152, 304; a power of 3 has
    powers of 3. Sides without a common divisor have no second size.

    References
    ----------
    Falconer, K. (2003). Fractal geometry, chapter 3. doi:10.1002/0470013850

    Examples
    --------
    >>> line = np.zeros((64, 64), dtype=bool)
    >>> line[20] = True
    >>> round(box_dimension(line).dimension, 6), round(box_dimension(line | True).dimension, 6)
    (1.0, 2.0)
    """
    pixels = require_mask(mask, threshold=threshold)
    smallest = require_int(min_box_px, "min_box_px", 1, MAX_SIDE)
    largest = None
    if max_box_px is not None:
        largest = require_int(max_box_px, "max_box_px", 1, MAX_SIDE)
        if largest < smallest:
            raise ArgumentError(
                f"max_box_px must be at least min_box_px, {smallest}, got {largest}"
            )
    return count_boxes(pixels, smallest, largest)


def count_boxes(
    pixels: NDArray[np.uint8], smallest: int = 1, largest: int | None = None
) -> BoxDimension:
    """Return the dimension of a checked mask over sizes within a range."""
    common = math.gcd(*pixels.shape)
    if largest is None:
        largest = min(pixels.shape) // _FEWEST_ACROSS
    sides = [side for side in range(smallest, min(largest, common) + 1) if common % side == 0]
    counts = core.count_boxes(pixels, sides)
    dimension = error = math.nan
    if len(sides) >= 2 and counts[0] > 0:
        dimension, error = _falling_slope(np.log(sides), np.log(counts))
    return BoxDimension(
        dimension=dimension,
        standard_error=error,
        box_px=tuple(sides),
        box_count=tuple(counts),
    )


def _falling_slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Return minus the slope of a line through points, and its standard error."""
    across, up = x - x.mean(), y - y.mean()
    slope = float((across * up).sum() / (across**2).sum())
    left = float(((up - slope * across) ** 2).sum())
    if len(x) < 3:
        return -slope, math.nan
    return -slope, math.sqrt(left / (len(x) - 2) / float((across**2).sum()))
