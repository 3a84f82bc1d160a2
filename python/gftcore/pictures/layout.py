# SPDX-License-Identifier: Apache-2.0
"""Where title, panels and legend stand on a page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gftcore._validation import require_int
from gftcore.pictures.palette import ramp
from gftcore.pictures.scene import (
    Line,
    Panel,
    Polygon,
    Raster,
    Region,
    Regions,
    Scene,
    Shape,
    Text,
    marker,
)
from gftcore.pictures.words import cut, line_of, number, width_of, wrapped

if TYPE_CHECKING:
    from gftcore.pictures.scales import Scale
    from gftcore.pictures.scene import Colour

__all__ = ["Entry", "Page", "area_sample", "box_sample", "line_sample", "mark_sample", "scale_of"]

_BLACK: Colour = (0, 0, 0)
#: Narrower pages have no room for words.
_MIN_WIDTH = 640
_MAX_SIDE = 32767
#: Sides of a pixel that can be meant.
_SHORTEST_MM, _LONGEST_MM = 1e-9, 1e9

#: Draws a sample into a box x, y, width, height.
Sample: TypeAlias = Callable[[float, float, float, float], tuple[list[Shape], list[Panel]]]


def scale_of(shape: tuple[int, int], scale: int | None, target_px: int) -> int:
    """Return the enlargement asked for, or one that makes the longer side about ``target_px``."""
    factor = -(-target_px // max(shape)) if scale is None else scale
    return min(require_int(factor, "scale", 1, 2000), max(1, _MAX_SIDE // (2 * max(shape))))


@dataclass(frozen=True, slots=True)
class Entry:
    """A sample of something, and what it is."""

    sample: Sample
    text: str


def box_sample(colour: Colour) -> Sample:
    """Sample of an area."""

    def draw(x: float, y: float, width: float, height: float) -> tuple[list[Shape], list[Panel]]:
        corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
        return [Polygon(points=corners, colour=colour, edge=(120, 120, 120), rim=1)], []

    return draw


def area_sample(colours: Sequence[Colour], stripes: Colour | None = None) -> Sample:
    """Sample of areas of several colours, or of one with stripes."""

    def draw(x: float, y: float, width: float, height: float) -> tuple[list[Shape], list[Panel]]:
        rows, cols = round(height), round(width)
        label = np.arange(cols) * len(colours) // cols + 1
        regions = tuple(
            Region(label=index, colour=colour, stripes=stripes)
            for index, colour in enumerate(colours, 1)
        )
        image = Regions(
            label=np.broadcast_to(label, (rows, cols)).astype(np.int32),
            regions=regions,
            stripe_px=max(2, rows // 6),
        )
        return [], [Panel(x=round(x), y=round(y), rows=rows, cols=cols, scale=1, images=(image,))]

    return draw


def line_sample(
    colour: Colour, ground: Colour, *, width: float = 3, dash: tuple[float, float] | None = None
) -> Sample:
    """Sample of a line on what it lies on."""

    def draw(x: float, y: float, wide: float, height: float) -> tuple[list[Shape], list[Panel]]:
        shapes, _ = box_sample(ground)(x, y, wide, height)
        middle = y + height / 2
        points = np.array([[x + 2, middle], [x + wide - 2, middle]])
        thick = min(width, height / 2)
        return [*shapes, Line(points=points, width=thick, colour=colour, dash=dash)], []

    return draw


def mark_sample(
    colour: Colour, shape: str, ground: Colour | None = None, edge: Colour | None = None
) -> Sample:
    """Sample of a mark."""

    def draw(x: float, y: float, width: float, height: float) -> tuple[list[Shape], list[Panel]]:
        shapes = [] if ground is None else box_sample(ground)(x, y, width, height)[0]
        rim = 1.0 if edge else 0.0
        where = (x + width / 2, y + height / 2, 0.36 * height)
        return [*shapes, marker(shape, *where, colour=colour, edge=edge, rim=rim)], []

    return draw


@dataclass(slots=True)
class Page:
    """A page that grows downwards.

    Attributes
    ----------
    inner
        Width between the margins.
    size
        Height of the letters.
    """

    title: str
    inner: int
    size: int = 0
    margin: int = 0
    y: int = 0
    panels: list[Panel] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inner = max(self.inner, _MIN_WIDTH)
        self.size = max(12, min(self.inner // 60, 32))
        self.margin = self.y = self.size // 2

    def words(self, text: str, *, size: int | None = None) -> None:
        """Add a paragraph."""
        size = size or self.size
        for line in wrapped(line_of(text), size, self.inner):
            self.texts.append(Text(x=self.margin, y=self.y + size, text=line, size=size))
            self.y += round(1.4 * size)

    def heading(self, text: str, below: str = "") -> None:
        """Add the title, and a line that says more."""
        self.words(text, size=round(1.3 * self.size))
        if below:
            self.words(below)
        self.y += self.size // 3

    def labels(self, names: Sequence[str], width: int, step: int) -> None:
        """Add names above panels side by side."""
        for index, name in enumerate(names):
            text = cut(line_of(name), self.size, width)
            x = self.margin + index * step
            self.texts.append(Text(x=x, y=self.y + self.size, text=text, size=self.size))
        self.y += round(1.5 * self.size)

    def gap(self) -> None:
        """Leave some room."""
        self.y += self.size // 2

    def entries(self, entries: Sequence[Entry]) -> None:
        """Add samples with their words, as many in a line as fit."""
        size, wide = self.size, 1.5 * self.size
        x, right = float(self.margin), self.margin + self.inner
        for one in entries:
            text = cut(line_of(one.text), size, self.inner - wide - 0.5 * size)
            needed = wide + 0.4 * size + width_of(text, size) + 1.2 * size
            if x > self.margin and x + needed - 1.2 * size > right:
                x, self.y = float(self.margin), self.y + round(1.5 * size)
            shapes, panels = one.sample(x, self.y + 0.1 * size, wide, size)
            self.shapes += shapes
            self.panels += panels
            place = Text(x=x + wide + 0.4 * size, y=self.y + size, text=text, size=size)
            self.texts.append(place)
            x += needed
        self.y += round(1.6 * size)

    def colour_bar(self, scale: Scale, unit: str, *, below: bool, above: bool) -> None:
        """Add the bar of a scale with its ticks; arrows say that values lie beyond its ends."""
        size = self.size
        unit_width = width_of(unit, size) + size if unit else 0
        wide = round(min(30 * size, self.inner - 4 * size - unit_width))
        left, top, high = self.margin + 2 * size, self.y, round(1.2 * size)
        ends = ramp([0.0, 1.0]).tolist()
        for there, x, towards, colour in (
            (below, left, -1, ends[0]),
            (above, left + wide, 1, ends[1]),
        ):
            if there:
                tip = x + towards * high * 0.8
                corners = ((x, top), (x, top + high), (tip, top + high / 2))
                self.shapes.append(Polygon(points=corners, colour=tuple(colour)))
        pixels = ramp(np.linspace(0, 1, wide))[None]
        bar = Panel(x=left, y=top, rows=high, cols=wide, scale=1, images=(Raster(pixels=pixels),))
        self.panels.append(bar)
        last = -math.inf
        for place, text in scale.ticks():
            at = left + 0.5 + place * (wide - 1)
            mark = np.array([[at, top + high], [at, top + high + size / 3]])
            self.shapes.append(Line(points=mark, width=1, colour=_BLACK, dash=(size, 1)))
            half = width_of(text, size) / 2
            if at - half > last:
                y = top + high + round(1.4 * size)
                self.texts.append(Text(x=at, y=y, text=text, size=size, anchor="middle"))
                last = at + half + size / 2
        if unit:
            end = left + wide + 1.4 * size
            self.texts.append(Text(x=end, y=top + round(0.95 * size), text=unit, size=size))
        self.y = top + high + round(1.9 * size)

    def ruler(self, mm_per_px: float, scale: int, cols: int, more: str) -> None:
        """Add a bar of known length, and words beside it; words alone if no length can be told."""
        if not _SHORTEST_MM < mm_per_px < _LONGEST_MM:
            self.words(more)
            return
        length = ruler_mm(cols * mm_per_px)
        wide = length / mm_per_px * scale
        middle = self.y + 0.6 * self.size
        points = np.array([[self.margin, middle], [self.margin + wide, middle]])
        ticks = [points[[end]] + [[0, -self.size / 3], [0, self.size / 3]] for end in (0, 1)]
        for line in (points, *ticks):
            flat = (2 * wide + self.size, 1.0)  # one dash: its ends are where the length ends
            self.shapes.append(Line(points=line, width=2, colour=_BLACK, dash=flat))
        unit = f"{number(length)} mm" if length >= 0.1 else f"{number(1000 * length)} um"
        text = f"{unit}{'; ' if more else ''}{more}"
        x = self.margin + wide + 0.6 * self.size
        text = cut(line_of(text), self.size, self.margin + self.inner - x)
        self.texts.append(Text(x=x, y=self.y + self.size, text=text, size=self.size))
        self.y += round(1.6 * self.size)

    def scene(self, origin: tuple[tuple[str, str], ...] = ()) -> Scene:
        """Return what is on the page, with the names and values of where it comes from."""
        return Scene(
            width=self.inner + 2 * self.margin,
            height=self.y + self.margin,
            title=line_of(self.title),
            panels=tuple(self.panels),
            shapes=tuple(self.shapes),
            texts=tuple(self.texts),
            origin=origin,
        )


def ruler_mm(width_mm: float) -> float:
    """Return a round length of about a fifth of a width.

    Examples
    --------
    >>> ruler_mm(3.0), ruler_mm(0.02)
    (0.5, 0.005)
    """
    exponent = math.floor(math.log10(width_mm / 5))
    steps = [float(f"{step}e{exponent}") for step in (1, 2, 5, 10)]
    return max(step for step in steps if step <= width_mm / 4 or step == steps[0])
