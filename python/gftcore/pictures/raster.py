# SPDX-License-Identifier: Apache-2.0
"""Scenes as pixels, drawn with Pillow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from gftcore.pictures.scene import Disc, Line, Panel, Raster, Regions, Scene, Shape
from gftcore.pictures.words import font_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["dashes", "draw_scene", "stripes"]

# Shapes are drawn on a page twice as fine, which smooths their sides; larger pages would take
# gigabytes, and nobody sees their single pixels.
_FINE, _MAX_FINE_PIXELS = 2, 100_000_000
_WHITE = (255, 255, 255)


def draw_scene(scene: Scene) -> NDArray[np.uint8]:
    """Return a scene as colours [height, width, 3]."""
    fine = _FINE if scene.width * scene.height * _FINE**2 <= _MAX_FINE_PIXELS else 1
    page = Image.new("RGB", (scene.width * fine, scene.height * fine), _WHITE)
    for panel in scene.panels:
        page.paste(_panel(panel, fine), (panel.x * fine, panel.y * fine))
    _draw_shapes(ImageDraw.Draw(page), scene.shapes, factor=fine, shift=0.0)
    if fine > 1:
        page = page.reduce(fine)
    draw = ImageDraw.Draw(page)
    for one in scene.texts:
        anchor = {"start": "ls", "middle": "ms", "end": "rs"}[one.anchor]
        draw.text((one.x, one.y), one.text, fill=(0, 0, 0), font=font_of(one.size), anchor=anchor)
    return np.asarray(page)


def stripes(shape: tuple[int, int], stripe_px: int) -> NDArray[np.bool_]:
    """Return which pixels belong to the stripes of a hatched region: one of three diagonals."""
    row, col = np.indices(shape, sparse=True)
    out: NDArray[np.bool_] = (row + col) // stripe_px % 3 == 0
    return out


def _panel(panel: Panel, fine: int) -> Image.Image:
    factor = panel.scale * fine
    ground = np.zeros((panel.rows, panel.cols, 3), dtype=np.uint8)
    for image in panel.images:
        ground = _placed(image) if isinstance(image, Raster) else _coloured(ground, image)
        if ground.shape[:2] != (panel.rows, panel.cols):
            resized = Image.fromarray(ground).resize(
                (panel.cols, panel.rows), Image.Resampling.NEAREST
            )
            ground = np.asarray(resized)
    size = (panel.cols * factor, panel.rows * factor)
    canvas = Image.fromarray(ground).resize(size, Image.Resampling.NEAREST)
    _draw_shapes(ImageDraw.Draw(canvas), panel.shapes, factor=factor, shift=0.5)
    return canvas


def _placed(image: Raster) -> NDArray[np.uint8]:
    pixels = image.pixels
    colours = np.broadcast_to(pixels[..., None], (*pixels.shape, 3)) if pixels.ndim == 2 else pixels
    return np.ascontiguousarray(colours)


def _coloured(ground: NDArray[np.uint8], image: Regions) -> NDArray[np.uint8]:
    """The ground with the regions over it."""
    plain = np.array([(0, 0, 0), *(one.colour for one in image.regions)], dtype=np.float32)
    over = [(0, 0, 0), *(one.stripes or one.colour for one in image.regions)]
    rank = image.ranks()
    colours = plain[rank]
    if any(one.stripes for one in image.regions):
        on = stripes(rank.shape, image.stripe_px)
        colours[on] = np.array(over, dtype=np.float32)[rank[on]]
    part = np.where(rank > 0, np.float32(image.opacity), np.float32(0))[..., None]
    out: NDArray[np.uint8] = np.rint(part * colours + (1 - part) * ground).astype(np.uint8)
    return out


def _draw_shapes(
    draw: ImageDraw.ImageDraw, shapes: tuple[Shape, ...], *, factor: int, shift: float
) -> None:
    for one in shapes:
        if isinstance(one, Line):
            for points in dashes(one):
                _draw_line(draw, (points + shift) * factor, one, factor)
        elif isinstance(one, Disc):
            x, y = (one.x + shift) * factor, (one.y + shift) * factor
            _draw_disc(draw, x, y, one.radius * factor, one.edge or one.colour)
            if one.edge is not None:
                _draw_disc(draw, x, y, (one.radius - one.rim) * factor, one.colour)
        else:
            corners = [_pixel(x + shift, y + shift, factor) for x, y in one.points]
            draw.polygon(corners, fill=one.colour)
            if one.edge is not None:
                wide = max(1, round(one.rim * factor))
                draw.line([*corners, corners[0], corners[1]], fill=one.edge, width=wide)


def _pixel(x: float, y: float, factor: int) -> tuple[int, int]:
    return math.floor(x * factor), math.floor(y * factor)


def _draw_disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: Any) -> None:
    size = max(1, round(2 * radius))  # the box of Pillow includes its last pixel
    left, top = round(x - size / 2), round(y - size / 2)
    draw.ellipse((left, top, left + size - 1, top + size - 1), fill=colour)


def _draw_line(
    draw: ImageDraw.ImageDraw, points: NDArray[np.float64], line: Line, factor: int
) -> None:
    """Draw a line piece by piece.

    Pillow takes whole numbers, and lays a line of even width half a pixel beside them: downwards if
    it runs to the right, to the right if it runs downwards.
    """
    width = max(1, round(line.width * factor))
    step = np.diff(points, axis=0)
    length = np.hypot(*step.T)[:, None]
    beside = np.zeros_like(step)
    if width % 2 == 0:
        beside = 0.5 * step[:, ::-1] / np.where(length > 0, length, 1)
    ends = np.hstack([points[:-1] - beside, points[1:] - beside])
    for x0, y0, x1, y1 in np.floor(ends).astype(int).tolist():
        draw.line((x0, y0, x1, y1), fill=line.colour, width=width)
    if width > 2:
        round_ones = points if line.dash is None else points[1:-1]
        for x, y in round_ones.tolist():
            _draw_disc(draw, x, y, width / 2, line.colour)


def dashes(line: Line) -> Iterator[NDArray[np.float64]]:
    """Yield the parts of a line that are drawn.

    Examples
    --------
    >>> line = Line(points=np.array([[0, 0], [5, 0]]), width=1, colour=(0, 0, 0), dash=(2, 1))
    >>> [part.tolist() for part in dashes(line)]
    [[[0.0, 0.0], [2.0, 0.0]], [[3.0, 0.0], [5.0, 0.0]]]
    """
    points = np.asarray(line.points, dtype=np.float64)
    if line.dash is None:
        yield points
        return
    step = np.hypot(*np.diff(points, axis=0).T)
    arc = np.concatenate([[0.0], np.cumsum(step)])
    on, off = line.dash
    for start in np.arange(0.0, arc[-1], on + off).tolist():
        end = min(start + on, float(arc[-1]))
        inner = points[(arc > start) & (arc < end)]
        ends = [[np.interp(at, arc, axis) for axis in points.T] for at in (start, end)]
        yield np.vstack([ends[:1], inner, ends[1:]])
