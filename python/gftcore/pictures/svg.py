# SPDX-License-Identifier: Apache-2.0
"""Scenes as SVG: one file that loads nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from gftcore.config import canonical_json
from gftcore.pictures.outlines import grid_path, outlines
from gftcore.pictures.pixels import data_url
from gftcore.pictures.raster import stripes
from gftcore.pictures.scene import Disc, Line, Panel, Polygon, Raster, Regions, Scene, Shape, Text
from gftcore.pictures.words import line_of, width_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.pictures.scene import Colour

__all__ = ["line_path", "svg_text"]

# Decimals of places, for panels whose pixels are at most so large: never half a pixel of the page.
_DIGITS = ((4, 1), (40, 2), (2000, 3))
_FONTS = "Aileron, Helvetica, Arial, 'Liberation Sans', sans-serif"


def svg_text(scene: Scene) -> str:
    """Return a scene as text of an SVG file.

    Everything in it that is no number or colour is escaped. A text is as wide as in pixels,
    whatever the font of the reader.
    """
    size = f"{scene.width} {scene.height}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{scene.width}" height="{scene.height}" '
        f'viewBox="0 0 {size}" role="img">',
        f"<title>{_plain(scene.title)}</title>",
        *(
            [f"<metadata>{_plain(canonical_json(dict(scene.origin)))}</metadata>"]
            if scene.origin
            else []
        ),
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    for index, panel in enumerate(scene.panels):
        parts += _panel(panel, f"stripes-{index}")
    parts += _shapes(scene.shapes, 1)
    parts.append(f'<g font-family="{_FONTS}" fill="#000">')
    parts += [_text(one) for one in scene.texts]
    parts += ["</g>", "</svg>", ""]
    return "\n".join(parts)


def _panel(panel: Panel, pattern: str) -> Iterator[str]:
    """A panel is a picture of its own, in its own pixels; what sticks out is cut off."""
    width, height = panel.cols * panel.scale, panel.rows * panel.scale
    yield (
        f'<svg x="{panel.x}" y="{panel.y}" width="{width}" height="{height}" '
        f'viewBox="-.5 -.5 {panel.cols} {panel.rows}" preserveAspectRatio="none">'
    )
    yield f'<rect x="-.5" y="-.5" width="{panel.cols}" height="{panel.rows}"/>'
    for index, image in enumerate(panel.images):
        if isinstance(image, Raster):
            yield (
                f'<image x="-.5" y="-.5" width="{panel.cols}" height="{panel.rows}" '
                'preserveAspectRatio="none" style="image-rendering:pixelated" '
                f'href="{data_url(image.pixels)}"/>'
            )
        else:
            yield from _regions(image, f"{pattern}-{index}")
    digits = next(digits for most, digits in _DIGITS if panel.scale <= most)
    yield from _shapes(panel.shapes, digits)
    yield "</svg>"


def _regions(image: Regions, pattern: str) -> Iterator[str]:
    fills = {(one.colour, one.stripes) for one in image.regions if one.stripes}
    numbered = {fill: f"{pattern}-{index}" for index, fill in enumerate(sorted(fills))}
    for (colour, over), name in numbered.items():
        yield _pattern(name, colour, over, image.stripe_px)
    rings = outlines(image.ranks())
    opacity = "" if image.opacity == 1 else f' opacity="{image.opacity:g}"'
    # Sides of pixels stay where they are: smoothed, they would leave seams to their neighbours.
    yield f'<g transform="translate(-.5 -.5)" shape-rendering="crispEdges"{opacity}>'
    for rank, one in enumerate(image.regions, 1):
        if rank in rings:
            fill = _hex(one.colour)
            if one.stripes:
                fill = f"url(#{numbered[one.colour, one.stripes]})"
            looks = f'fill="{fill}" d="{grid_path(rings[rank])}"'
            yield _element("path", looks, one.name, one.title)
    yield "</g>"


def _pattern(name: str, colour: Colour, over: Colour, stripe_px: int) -> str:
    side = 3 * stripe_px
    on = stripes((side, side), stripe_px)
    path = grid_path(outlines(on.astype(np.int32))[1])
    return (
        f'<pattern id="{name}" width="{side}" height="{side}" patternUnits="userSpaceOnUse">'
        f'<rect width="{side}" height="{side}" fill="{_hex(colour)}"/>'
        f'<path d="{path}" fill="{_hex(over)}"/></pattern>'
    )


def _shapes(shapes: Iterable[Shape], digits: int) -> Iterator[str]:
    lines = False
    for one in shapes:
        if isinstance(one, Line) != lines:
            lines = not lines
            yield (
                '<g fill="none" stroke-linecap="round" stroke-linejoin="round">'
                if lines
                else "</g>"
            )
        yield _shape(one, digits)
    if lines:
        yield "</g>"


def _shape(one: Shape, digits: int) -> str:
    if isinstance(one, Line):
        looks = f'stroke="{_hex(one.colour)}" stroke-width="{_short(one.width)}" '
        if one.dash is not None:
            dash = " ".join(_short(length) for length in one.dash)
            looks += f'stroke-dasharray="{dash}" stroke-linecap="butt" '
        return _element("path", f'{looks}d="{line_path(one.points, digits)}"', one.name, one.title)
    looks = f'fill="{_hex(one.colour)}"'
    if one.edge is not None:
        looks += f' stroke="{_hex(one.edge)}" stroke-width="{_short(one.rim)}"'
    if isinstance(one, Disc):
        inner = one.radius - (one.rim / 2 if one.edge is not None else 0)
        where = f'cx="{_short(one.x)}" cy="{_short(one.y)}" r="{_short(inner)}"'
        return _element("circle", f"{looks} {where}", one.name, one.title)
    return _element("polygon", f'{looks} points="{_corners(one)}"', one.name, one.title)


def _corners(one: Polygon) -> str:
    return " ".join(f"{_short(x)},{_short(y)}" for x, y in one.points)


def _element(tag: str, looks: str, name: str, title: str) -> str:
    anchor = f"id={quoteattr(line_of(name))} " if name else ""
    if not title:
        return f"<{tag} {anchor}{looks}/>"
    return f"<{tag} {anchor}{looks}><title>{_plain(title)}</title></{tag}>"


def _plain(text: str) -> str:
    """Text that is nothing but text, and that XML can hold."""
    return escape(line_of(text))


def line_path(points: NDArray[Any], digits: int = 1) -> str:
    """Return a line as data of an SVG path, with so many decimals.

    Rounded places are subtracted, so that errors do not add up. Points that fall together are one.

    Examples
    --------
    >>> line_path(np.array([[1.04, 2], [1.06, 2], [3, 2.5]]))
    'M1 2l.1 0 1.9 .5'
    """
    places = np.rint(np.asarray(points, dtype=np.float64) * 10**digits).astype(np.int64)
    steps = np.diff(places, axis=0)
    steps = steps[(steps != 0).any(axis=1)]
    start = " ".join(_decimal(value, digits) for value in places[0].tolist())
    # A line of no length is a dot: the ends of lines are round.
    rest = " ".join(_decimal(value, digits) for value in steps.ravel().tolist()) or "0 0"
    return f"M{start}l{rest}"


def _decimal(value: int, digits: int) -> str:
    whole, part = divmod(abs(value), 10**digits)
    fraction = f"{part:0{digits}d}".rstrip("0")
    text = f"{whole or ''}.{fraction}" if fraction else str(whole)
    return f"-{text}" if value < 0 else text


def _short(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _hex(colour: Colour) -> str:
    red, green, blue = colour
    return f"#{red:02x}{green:02x}{blue:02x}"


def _text(one: Text) -> str:
    anchor = "" if one.anchor == "start" else f' text-anchor="{one.anchor}"'
    width = width_of(one.text, one.size)
    # The reader's font may be wider than the one that the page was made for.
    fit = f' textLength="{_short(width)}" lengthAdjust="spacingAndGlyphs"' if one.text else ""
    place = f'x="{_short(one.x)}" y="{_short(one.y)}" font-size="{one.size}"'
    return f"<text {place}{anchor}{fit}>{_plain(one.text)}</text>"
