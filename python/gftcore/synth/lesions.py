# SPDX-License-Identifier: Apache-2.0
"""Lesions of a synthetic eye, where they lie, and what they make of its label."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gftcore.synth.options import FOV_MM
from gftcore.synth.outlines import area_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LESION_TYPES", "Lesion", "Place", "label_of", "place_of"]

LESION_TYPES = ("non_perfusion", "faz_enlargement", "microaneurysm", "tuft")
SIDES = tuple(f"{v} {h}" for v in ("superior", "inferior") for h in ("nasal", "temporal"))
#: Side of the mask that polygons refer to, in pixels.
MASK_PX = 1216
#: This area without perfusion, or a larger one, makes an eye proliferative.
LARGE_MM2 = 0.2
_FOVEAL_MM = 0.5
_PARAFOVEAL_MM = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a lesion lies, seen from the fovea in the centre of the image.

    Attributes
    ----------
    quadrant
        ``TL``, ``TR``, ``BL`` or ``BR`` of the image.
    side
        The same in words of anatomy, such as ``superior nasal``: the top is superior; the right is
        nasal in a right eye and temporal in a left one.
    clock_hour
        1 to 12 as displayed, 12 up and 3 right.
    zone
        ``foveal`` within 0.5 mm, ``parafoveal`` within 1.25 mm, else ``outer``.
    """

    quadrant: str
    side: str
    clock_hour: int
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lesion:
    """One lesion.

    Attributes
    ----------
    id
        Position in the list of the eye's lesions.
    type
        ``non_perfusion`` and ``faz_enlargement``: capillaries are cut inside of the polygon;
        ``microaneurysm`` and ``tuft``: vessels are added inside of it.
    polygon_rowcol_px
        float64 [n, 2] outline in pixels of the 1216 x 1216 mask; a pixel's centre has its integers.
    segment_ids
        int64 [k] segments of the unedited eye: those that were cut, or the one it hangs on.
    first_row, num_rows
        Edges in the eye's graph that it added; none for cut lesions.
    area_mm2
        Of the polygon.
    severity
        Place of its size in the range of its type, 0 to 1.
    place
        Where the mean of its vertices lies. For an enlarged FAZ only the zone means something.
    """

    id: int
    type: str
    polygon_rowcol_px: NDArray[np.float64] = field(repr=False)
    segment_ids: NDArray[np.int64] = field(repr=False)
    first_row: int
    num_rows: int
    area_mm2: float
    severity: float
    place: Place


def to_pixels(polygon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn fields of view into pixels of the mask, rounded to thousandths."""
    pixels: NDArray[np.float64] = (polygon * MASK_PX - 0.5).round(3)
    return pixels


def area_mm2(polygon_px: NDArray[np.float64]) -> float:
    """Area of a polygon in pixels of the mask."""
    return round(area_of(polygon_px) * (FOV_MM / MASK_PX) ** 2, 6)


def place_of(polygon_px: NDArray[np.float64], eye: str) -> Place:
    """Say where the centre of a polygon's vertices lies in a right (OD) or left (OS) eye.

    Examples
    --------
    >>> square = np.array([[0, 300], [0, 340], [40, 340], [40, 300]])
    >>> place_of(square, "OD")
    Place(quadrant='TL', side='superior temporal', clock_hour=11, zone='outer')
    """
    row, col = (float(value) for value in polygon_px.mean(axis=0))
    middle = (MASK_PX - 1) / 2
    down, right = row - middle, col - middle
    hours = round(math.degrees(math.atan2(right, -down)) / 30) % 12
    distance = math.hypot(down, right) * FOV_MM / MASK_PX
    zone = "foveal" if distance < _FOVEAL_MM else "outer"
    if _FOVEAL_MM <= distance < _PARAFOVEAL_MM:
        zone = "parafoveal"
    horizontal = "nasal" if (right >= 0) == (eye == "OD") else "temporal"
    return Place(
        quadrant=("B" if down >= 0 else "T") + ("R" if right >= 0 else "L"),
        side=f"{'inferior' if down >= 0 else 'superior'} {horizontal}",
        clock_hour=hours or 12,
        zone=zone,
    )


def label_of(lesions: Iterable[Lesion]) -> str:
    """Stage an eye by its lesions alone.

    ``PDR`` with any tuft, or a non-perfused area of at least 0.2 mm2; else ``NPDR`` with any
    non-perfused area or microaneurysm; else ``Healthy``.
    """
    found = [(lesion.type, lesion.area_mm2) for lesion in lesions]
    if any(kind == "tuft" or (kind == "non_perfusion" and a >= LARGE_MM2) for kind, a in found):
        return "PDR"
    if any(kind in ("non_perfusion", "microaneurysm") for kind, _ in found):
        return "NPDR"
    return "Healthy"
