# SPDX-License-Identifier: Apache-2.0
"""What a picture shows, whatever it is written as: images, areas, lines, marks and words.

Positions are (x, y), x to the right and y down. A panel counts in pixels of the mask, whose centres
are whole numbers as everywhere in this package; the page around it counts in pixels of the picture,
whose corners are whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Colour", "Disc", "Line", "Panel", "Polygon", "Raster", "Region", "Regions", "Scene"]
__all__ += ["Shape", "Text", "marker"]

Colour: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Raster:
    """An image that fills its panel, each of its pixels a rectangle.

    Attributes
    ----------
    pixels
        uint8, grey [h, w] or colours [h, w, 3].
    """

    pixels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """How the pixels of one label look.

    Attributes
    ----------
    label
        1 or more.
    colour
        Their colour.
    stripes
        Colour of diagonal stripes over it; None for none.
    name, title
        Anchor within the picture, and what a pointer shows; empty for none.
    """

    label: int
    colour: Colour
    stripes: Colour | None = None
    name: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regions:
    """Sets of pixels, one for each label; each pixel of the image is one of the panel.

    Attributes
    ----------
    label
        int32 [rows, cols]; labels without a region are not drawn.
    regions
        How they look.
    opacity
        Share of their colour; the rest is what lies below.
    stripe_px
        Width of stripes along an axis.
    """

    label: NDArray[np.int32]
    regions: tuple[Region, ...]
    opacity: float = 1.0
    stripe_px: int = 2

    def ranks(self) -> NDArray[np.int32]:
        """Return 1 + the index of each pixel's region [rows, cols], 0 where there is none.

        Labels may be any numbers: a table of all up to the largest could be huge.
        """
        labels = np.array([one.label for one in self.regions], dtype=np.int64)
        if not len(labels):
            return np.zeros(self.label.shape, dtype=np.int32)
        order = np.argsort(labels, kind="stable")
        place = np.searchsorted(labels[order], self.label).clip(max=len(labels) - 1)
        found = (labels[order][place] == self.label) & (self.label > 0)
        return np.where(found, order[place] + 1, 0).astype(np.int32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """A line through points, with round ends; with flat ones if it is dashed.

    Attributes
    ----------
    points
        float [n, 2], two or more.
    width
        In the unit of its panel.
    dash
        Lengths of dash and gap; None for a whole line.
    """

    points: NDArray[Any]
    width: float
    colour: Colour
    dash: tuple[float, float] | None = None
    name: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disc:
    """A filled circle, with an edge of width ``rim`` inside it."""

    x: float
    y: float
    radius: float
    colour: Colour
    edge: Colour | None = None
    rim: float = 0.0
    name: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polygon:
    """A filled polygon, with an edge of width ``rim`` on its sides."""

    points: tuple[tuple[float, float], ...]
    colour: Colour
    edge: Colour | None = None
    rim: float = 0.0
    name: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A line of text; (x, y) is on its base line, at its start, middle or end."""

    x: float
    y: float
    text: str
    size: int
    anchor: str = "start"


Shape: TypeAlias = Line | Disc | Polygon


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """A part of the page with pixels of its own; nothing sticks out of it.

    Attributes
    ----------
    x, y
        Its top left corner on the page.
    rows, cols, scale
        Its size in its own pixels, and the side of one of them on the page.
    images
        What lies below, the first at the bottom.
    shapes
        What lies above, the first at the bottom.
    """

    x: int
    y: int
    rows: int
    cols: int
    scale: int
    images: tuple[Raster | Regions, ...] = ()
    shapes: tuple[Shape, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """A page, white where nothing is.

    Attributes
    ----------
    width, height
        In pixels of the picture.
    title
        What the page shows, in words.
    panels, shapes, texts
        What is on it, in this order.
    origin
        Name and value of what is written into the file but not shown: where the picture is from.
    """

    width: int
    height: int
    title: str
    panels: tuple[Panel, ...]
    shapes: tuple[Shape, ...] = ()
    texts: tuple[Text, ...] = ()
    origin: tuple[tuple[str, str], ...] = ()


#: Corners of marks about (0, 0), as large as a circle of radius 1.
_MARKS: dict[str, tuple[tuple[float, float], ...]] = {
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "diamond": ((0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)),
    "triangle": ((0.0, -1.3), (1.2, 0.9), (-1.2, 0.9)),
    "hexagon": ((0.55, -1.0), (1.1, 0.0), (0.55, 1.0), (-0.55, 1.0), (-1.1, 0.0), (-0.55, -1.0)),
}


def marker(shape: str, x: float, y: float, radius: float, **looks: Any) -> Disc | Polygon:
    """Return a mark: ``disc``, ``square``, ``diamond``, ``triangle`` or ``hexagon``.

    Examples
    --------
    >>> marker("square", 5, 5, 2, colour=(0, 0, 0)).points[0]
    (3.2, 3.2)
    """
    if shape == "disc":
        return Disc(x=x, y=y, radius=radius, **looks)
    corners = tuple((x + radius * dx, y + radius * dy) for dx, dy in _MARKS[shape])
    return Polygon(points=corners, **looks)
