# SPDX-License-Identifier: Apache-2.0
"""Where something lies, in a clinician's words: clock hour, zone, quadrant, region."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from gftcore._validation import (
    MAX_SIDE,
    as_array,
    describe,
    require_choice,
    require_int,
    require_real,
)
from gftcore.biomarkers.sectors import INNER_MM, OUTER_MM, QUADRANTS
from gftcore.errors import ArgumentTypeError, ShapeError
from gftcore.graph.config import EYES
from gftcore.graph.hetero_graph import HeteroGraph

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["CENTRE_CODE", "CENTRE_REGION", "QUADRANTS", "REGIONS", "WARNINGS", "ZONES", "Fovea"]
__all__ += ["Place", "clock_hours", "region_word"]

#: Zones about the centroid of the FAZ, from inside; they end below 0.5 mm and below 1.25 mm.
ZONES = ("foveal", "parafoveal", "outer")
#: Region of all that lies in the foveal zone, where directions mean little.
CENTRE_REGION = "centre"
#: Warning of a table whose places are told about the centre of the image.
CENTRE_CODE = "CENTRE_OF_IMAGE"
#: Codes that a table adds to those of the graph, and what they mean.
WARNINGS: Mapping[str, str] = MappingProxyType(
    {
        CENTRE_CODE: "no foveal avascular zone was found; clock hours, zones, regions and "
        "distances are told about the centre of the image"
    }
)

#: Eye to the words of up left, up right, down left, down right.
REGIONS: Mapping[str, tuple[str, str, str, str]] = MappingProxyType(
    {
        "OD": ("superior temporal", "superior nasal", "inferior temporal", "inferior nasal"),
        "OS": ("superior nasal", "superior temporal", "inferior nasal", "inferior temporal"),
        "unknown": ("upper left", "upper right", "lower left", "lower right"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a point of an image lies.

    Attributes
    ----------
    quadrant
        ``TL``, ``TR``, ``BL`` or ``BR`` of the image, split at its centre; what is at or past the
        centre is right, bottom.
    region
        Direction from the fovea in words, see `region_word`; ``centre`` in the foveal zone.
    clock_hour
        1 to 12 about the fovea as displayed, 12 up, 3 right; None in the foveal zone.
    zone
        ``foveal`` (< 0.5 mm from the fovea), ``parafoveal`` (< 1.25 mm) or ``outer``.
    faz_distance_mm
        Distance to the fovea.
    x_percent, y_percent
        100 (col + 0.5) / cols and 100 (row + 0.5) / rows.
    """

    quadrant: str
    region: str
    clock_hour: int | None
    zone: str
    faz_distance_mm: float
    x_percent: float
    y_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fovea:
    """The point about which places are told, and the image that it lies in. Validated when made.

    Parameters
    ----------
    shape
        Rows and columns of the mask.
    row, col
        Of the point, in px of the mask.
    mm_per_px
        Side of a pixel of the mask.
    eye
        ``OD``, ``OS`` or ``unknown``.
    found
        Whether it is the centroid of a FAZ; else it is the centre of the image.

    Examples
    --------
    >>> fovea = Fovea(shape=(1216, 1216), row=607.5, col=607.5, mm_per_px=3 / 1216, eye="OD")
    >>> place = fovea.place(607.5, 1000)
    >>> place.clock_hour, place.zone, place.region
    (3, 'parafoveal', 'inferior nasal')
    """

    shape: tuple[int, int]
    row: float
    col: float
    mm_per_px: float
    eye: Literal["OD", "OS", "unknown"] = "unknown"
    found: bool = True

    def __post_init__(self) -> None:
        shape = as_array(self.shape, "shape", "two sides (rows, cols)")
        if shape.shape != (2,):
            raise ShapeError(f"shape must be (rows, cols), got shape {shape.shape}")
        sides = tuple(require_int(side, "shape", 1, MAX_SIDE) for side in shape.tolist())
        object.__setattr__(self, "shape", sides)
        for name in ("row", "col"):
            object.__setattr__(self, name, require_real(getattr(self, name), name))
        mm_per_px = require_real(self.mm_per_px, "mm_per_px", above=0.0)
        object.__setattr__(self, "mm_per_px", mm_per_px)
        require_choice(self.eye, EYES, "eye")

    @staticmethod
    def of(graph: HeteroGraph) -> Fovea:
        """Return the centroid of a graph's FAZ, or the centre of its image where there is none.

        Examples
        --------
        >>> from gftcore import graph
        >>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
        >>> fovea = Fovea.of(bar)
        >>> fovea.row, fovea.col, fovea.found
        (1.0, 1.0, False)
        """
        if not isinstance(graph, HeteroGraph):
            raise ArgumentTypeError(f"graph must be a HeteroGraph, got {describe(graph)}")
        rows, cols = graph.meta.shape
        found = len(graph.faz_x) > 0
        middle = [(rows - 1) / 2, (cols - 1) / 2]
        row, col = graph.positions("faz")[0].tolist() if found else middle
        return Fovea(
            shape=(rows, cols),
            row=row,
            col=col,
            mm_per_px=graph.meta.mm_per_px,
            eye=require_choice(graph.meta.eye, EYES, "eye"),
            found=found,
        )

    def place(self, row: float, col: float) -> Place:
        """Return where a point lies."""
        y, x = require_real(row, "row"), require_real(col, "col")
        down, right = y - self.row, x - self.col
        distance = math.hypot(down, right) * self.mm_per_px
        zone = zone_at(distance)
        rows, cols = self.shape
        return Place(
            quadrant=QUADRANTS[2 * (y >= (rows - 1) / 2) + (x >= (cols - 1) / 2)],
            region=CENTRE_REGION if zone == "foveal" else region_word(down, right, self.eye),
            clock_hour=None if zone == "foveal" else int(clock_hours(down, right)),
            zone=zone,
            faz_distance_mm=distance,
            x_percent=100 * (x + 0.5) / cols,
            y_percent=100 * (y + 0.5) / rows,
        )

    def zones(self, positions: ArrayLike | Sequence[Sequence[float]]) -> list[str]:
        """Return the zones of several points [N, 2] (row, col)."""
        points = as_array(positions, "positions", "points [N, 2]").reshape(-1, 2)
        return [
            zone_at(math.hypot(row - self.row, col - self.col) * self.mm_per_px)
            for row, col in points.tolist()
        ]


def zone_at(distance_mm: float) -> str:
    """Name of the zone at a distance from the fovea."""
    return ZONES[(distance_mm >= INNER_MM) + (distance_mm >= OUTER_MM)]


def clock_hours(down: ArrayLike, right: ArrayLike) -> NDArray[np.int64]:
    """Return the nearest hours of the clock face as displayed, 12 up, 3 right.

    Half-way between two hours it is the even one, so that the mirrored point has the mirrored
    hour; the fovea itself is at 12.
    """
    hours = np.degrees(np.arctan2(right, -np.asarray(down, dtype=np.float64))) / 30
    # Exact angles of half hours do not survive the arc tangent; 1e-9 of an hour is no direction.
    whole: NDArray[np.int64] = np.rint(np.round(hours, 9)).astype(np.int64) % 12
    return np.where(whole == 0, 12, whole)


def region_word(down: float, right: float, eye: str) -> str:
    """Return the direction of a point from the fovea in words.

    Parameters
    ----------
    down, right
        Rows below and columns to the right of the fovea, as displayed. What is level with it is
        below, what is straight above or under it is to the right.
    eye
        In ``OD`` nasal is to the right, in ``OS`` to the left. ``unknown`` names only sides of the
        image.

    Examples
    --------
    >>> [region_word(-40, 30, eye) for eye in ("OD", "OS", "unknown")]
    ['superior nasal', 'superior temporal', 'upper right']
    """
    y, x = require_real(down, "down"), require_real(right, "right")
    return REGIONS[require_choice(eye, EYES, "eye")][2 * (y >= 0) + (x >= 0)]
