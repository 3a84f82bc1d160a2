# SPDX-License-Identifier: Apache-2.0
"""Vessel density of parts of the image: ETDRS sectors around the fovea, and quadrants."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gftcore._native import core
from gftcore._validation import (
    as_array,
    require_choice,
    require_excluded,
    require_mask,
    require_real,
)
from gftcore.errors import ArgumentError, ShapeError
from gftcore.graph.config import EYES

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["INNER_MM", "OUTER_MM", "QUADRANTS", "PartDensity", "etdrs_densities"]
__all__ += ["etdrs_parts", "quadrant_densities", "quadrant_parts", "sector_names"]

INNER_MM = 0.5
OUTER_MM = 1.25
QUADRANTS = ("TL", "TR", "BL", "BR")
_LARGEST_PX = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDensity:
    """Vessels in one part of the image.

    Attributes
    ----------
    vessel_density
        Share of the part's valid pixels that are vessel; NaN without any.
    area_mm2
        Area of the part's valid pixels: those in the image that are not excluded.
    coverage
        Share of the part's pixels that are valid; below 1 where the image ends or pixels are
        excluded, NaN for a part without pixels.
    """

    vessel_density: float
    area_mm2: float
    coverage: float


def etdrs_densities(
    mask: ArrayLike,
    *,
    centre_rowcol: Sequence[float],
    fov_mm: float = 3.0,
    eye: Literal["OD", "OS", "unknown"] = "unknown",
    threshold: float | None = None,
    exclude: ArrayLike | Iterable[Sequence[int]] | None = None,
) -> Mapping[str, PartDensity]:
    """Return the vessel density of the centre and of four sectors around it.

    Parameters
    ----------
    mask
        Vessel mask [H, W].
    centre_rowcol
        Centre of the fovea (row, col) in px, such as the centroid of the FAZ.
    fov_mm
        Length of the longer image side in mm.
    eye
        Names the sectors at the sides: ``nasal`` is to the right in ``OD`` and to the left in
        ``OS``; ``unknown`` calls them ``left`` and ``right``.
    threshold
        Takes masks of any real type: ``mask > threshold`` is vessel (bool masks stay).
    exclude
        Pixels to leave out, a mask [H, W] or half-open rectangles (row0, col0, row1, col1).

    Returns
    -------
    Mapping of str to PartDensity
        ``centre``, ``superior``, then ``nasal``, ``inferior``, ``temporal``, or ``right``,
        ``inferior``, ``left``.

    Notes
    -----
    The centre is a disc of 0.5 mm radius, the sectors are the quarters of the ring from there to
    1.25 mm, cut by the diagonals. The radii are those of the zones of this package; the grid of
    the ETDRS has 0.5 mm and 1.5 mm, which a field of 3 mm does not hold. A pixel on a diagonal
    goes to the next sector clockwise as displayed. Distances are exact from the given centre
    rounded to 1/16 px.

    References
    ----------
    Early Treatment Diabetic Retinopathy Study Research Group (1991). ETDRS report number 10.
    doi:10.1016/S0161-6420(13)38012-9

    Examples
    --------
    >>> mask = np.zeros((300, 300), dtype=bool)
    >>> mask[:, 150:] = True
    >>> parts = etdrs_densities(mask, centre_rowcol=(149.5, 149.5), eye="OD")
    >>> parts["nasal"].vessel_density, parts["temporal"].vessel_density
    (1.0, 0.0)
    """
    pixels = require_mask(mask, threshold=threshold)
    shape = (pixels.shape[0], pixels.shape[1])
    length = require_real(fov_mm, "fov_mm", above=0.0)
    side = require_choice(eye, EYES, "eye")
    excluded = require_excluded(exclude, shape)
    centre = as_array(centre_rowcol, "centre_rowcol", "two real numbers (row, col)")
    if centre.shape != (2,):
        raise ShapeError(f"centre_rowcol must be (row, col), got shape {centre.shape}")
    row, col = (require_real(x, "centre_rowcol") for x in centre.tolist())
    if max(abs(row), abs(col)) > _LARGEST_PX:
        raise ArgumentError(f"centre_rowcol must lie near the image, got ({row:g}, {col:g})")
    return etdrs_parts(pixels, excluded, (row, col), length, side)


def etdrs_parts(
    pixels: NDArray[np.uint8],
    excluded: NDArray[np.uint8] | None,
    centre: tuple[float, float] | None,
    fov_mm: float,
    eye: str,
) -> Mapping[str, PartDensity]:
    """Return the sectors of a checked mask; NaN without a centre."""
    names = sector_names(eye)
    if centre is None:
        unknown = PartDensity(vessel_density=math.nan, area_mm2=math.nan, coverage=math.nan)
        return MappingProxyType(dict.fromkeys(names, unknown))
    px_per_mm = max(pixels.shape) / fov_mm
    inner, outer = INNER_MM * px_per_mm, OUTER_MM * px_per_mm
    if not 0 < inner <= outer <= _LARGEST_PX:
        raise ArgumentError(
            f"fov_mm must give sectors of at most {_LARGEST_PX} px, got {fov_mm:g} mm for a side "
            f"of {max(pixels.shape)} px"
        )
    table = core.count_sectors(pixels, *centre, inner, outer, excluded)
    return _parts(names, table, px_per_mm)


def sector_names(eye: str) -> tuple[str, ...]:
    """Names of centre, up, right, down, left."""
    right, left = {"OD": ("nasal", "temporal"), "OS": ("temporal", "nasal")}.get(
        eye, ("right", "left")
    )
    return ("centre", "superior", right, "inferior", left)


def quadrant_densities(
    mask: ArrayLike,
    *,
    fov_mm: float = 3.0,
    threshold: float | None = None,
    exclude: ArrayLike | Iterable[Sequence[int]] | None = None,
) -> Mapping[str, PartDensity]:
    """Return the vessel density of the quadrants ``TL``, ``TR``, ``BL``, ``BR`` of the image.

    Parameters
    ----------
    mask, fov_mm, threshold, exclude
        As for `etdrs_densities`.

    Notes
    -----
    Rows from (H - 1) / 2 on are at the bottom, columns from (W - 1) / 2 on to the right, so the
    middle row and column of odd sides belong there.

    Examples
    --------
    >>> mask = np.zeros((4, 4), dtype=bool)
    >>> mask[:2, :2] = True
    >>> {name: part.vessel_density for name, part in quadrant_densities(mask).items()}
    {'TL': 1.0, 'TR': 0.0, 'BL': 0.0, 'BR': 0.0}
    """
    pixels = require_mask(mask, threshold=threshold)
    length = require_real(fov_mm, "fov_mm", above=0.0)
    excluded = require_excluded(exclude, (pixels.shape[0], pixels.shape[1]))
    return quadrant_parts(pixels, excluded, length)


def quadrant_parts(
    pixels: NDArray[np.uint8], excluded: NDArray[np.uint8] | None, fov_mm: float
) -> Mapping[str, PartDensity]:
    """Return the quadrants of a checked mask."""
    px_per_mm = max(pixels.shape) / fov_mm
    vessels = pixels if excluded is None else pixels & ~(excluded != 0)
    left_out = None if excluded is None else quadrant_counts(excluded)
    found, whole = quadrant_counts(vessels), quadrant_sizes(pixels)
    valid = whole if left_out is None else whole - left_out
    return _parts(QUADRANTS, np.stack([found, valid, whole], axis=1), px_per_mm)


def quadrant_views(image: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Return the four quadrants of an image, without a copy."""
    rows, cols = (side // 2 for side in image.shape)
    return image[:rows, :cols], image[:rows, cols:], image[rows:, :cols], image[rows:, cols:]


def quadrant_counts(image: NDArray[Any]) -> NDArray[np.int64]:
    """Number of pixels that are not zero in each quadrant."""
    return np.array([np.count_nonzero(part) for part in quadrant_views(image)], dtype=np.int64)


def quadrant_sizes(image: NDArray[Any]) -> NDArray[np.int64]:
    """Number of pixels in each quadrant."""
    return np.array([part.size for part in quadrant_views(image)], dtype=np.int64)


def _parts(
    names: Sequence[str], counts: NDArray[np.int64], px_per_mm: float
) -> Mapping[str, PartDensity]:
    """Return densities by name from vessel, valid and all pixels of each part [n, 3]."""
    return MappingProxyType(
        {
            name: PartDensity(
                vessel_density=vessel / valid if valid else math.nan,
                area_mm2=valid / px_per_mm**2,
                coverage=valid / whole if whole else math.nan,
            )
            for name, (vessel, valid, whole) in zip(names, counts.tolist(), strict=True)
        }
    )
