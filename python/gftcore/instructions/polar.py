# SPDX-License-Identifier: Apache-2.0
"""A map of the 25 cells about the fovea, as shapes of an SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gftcore.pictures.palette import ramp

__all__ = ["SIDE", "Sector", "polar_map", "ramp_colours"]

#: Side of the map; its middle is the fovea.
SIDE = 300
#: Zone to its inner and outer radius, not to scale: each has room for its numbers.
_RADII: Mapping[str, tuple[float, float]] = {
    "foveal": (0, 30),
    "parafoveal": (30, 80),
    "outer": (80, 130),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sector:
    """One cell: its outline, colour, number, and where the number stands."""

    path: str
    colour: str
    text: str
    title: str
    x: float
    y: float


def polar_map(cells: Iterable[Mapping[str, Any]], key: str, most: int) -> list[Sector]:
    """Return the cells of the figures of coverage, coloured from 0 to `most`.

    Examples
    --------
    >>> cells = [{"clock_hour": 12, "zone": "outer", "asserted": 3}]
    >>> (one,) = polar_map(cells, "asserted", 3)
    >>> one.text, one.x, one.y, one.title
    ('3', 150.0, 45.0, "12 o'clock, outer zone: 3")
    """
    return [_sector(one["clock_hour"], one["zone"], int(one[key]), most) for one in cells]


def _sector(hour: int | None, zone: str, count: int, most: int) -> Sector:
    inner, outer = _RADII[zone]
    place = "foveal zone" if hour is None else f"{hour} o'clock, {zone} zone"
    x, y = _point(hour or 0, (inner + outer) / 2 if hour else 0)
    return Sector(
        path=_circle(outer) if hour is None else _ring(hour, inner, outer),
        colour=_colour(count / most if most else 0),
        text=_short(count),
        title=f"{place}: {count}",
        x=round(x, 1),
        y=round(y, 1),
    )


def _point(hour: float, radius: float) -> tuple[float, float]:
    angle = math.radians(30 * hour)
    return SIDE / 2 + radius * math.sin(angle), SIDE / 2 - radius * math.cos(angle)


def _circle(radius: float) -> str:
    left, right = SIDE / 2 - radius, SIDE / 2 + radius
    arc = f"A{radius:g} {radius:g} 0 0 1"
    return f"M{left:g} {SIDE / 2:g}{arc} {right:g} {SIDE / 2:g}{arc} {left:g} {SIDE / 2:g}Z"


def _ring(hour: int, inner: float, outer: float) -> str:
    corners = [
        "{:.2f} {:.2f}".format(*_point(hour + side, radius))
        for side, radius in ((-0.5, inner), (-0.5, outer), (0.5, outer), (0.5, inner))
    ]
    return (
        f"M{corners[0]}L{corners[1]}A{outer:g} {outer:g} 0 0 1 {corners[2]}"
        f"L{corners[3]}A{inner:g} {inner:g} 0 0 0 {corners[0]}Z"
    )


def _colour(place: float) -> str:
    return "#{:02x}{:02x}{:02x}".format(*ramp([min(max(place, 0.0), 1.0)])[0].tolist())


def ramp_colours(count: int = 9) -> list[str]:
    """Return colours from the least to the most, for a legend."""
    return [_colour(place / (count - 1)) for place in range(count)]


def _short(count: int) -> str:
    """Return a number of at most four characters."""
    if count < 10_000:
        return str(count)
    return f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1_000_000:.0f}M"
