# SPDX-License-Identifier: Apache-2.0
"""A picture of a graph: vessels, areas, FAZ and nodes over the image they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gftcore._validation import describe, require_int, require_intensity
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.hetero_graph import NODE_KINDS, HeteroGraph

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["OVERLAY_KEEP", "canvas_xy", "draw_overlay", "stretched_grey"]

#: What `extract` must keep for an overlay.
OVERLAY_KEEP = ("mask", "ica_label")

Colour = tuple[int, int, int]

# Hues that remain different under the common colour blindnesses: areas blue and teal, the FAZ
# yellow, centrelines vermilion on light vessels, nodes by shape and lightness.
_VESSEL: Colour = (225, 225, 225)
_LINE: Colour = (213, 60, 0)
_FAZ: Colour = (240, 215, 50)
_VOID: Colour = (40, 40, 40)
_AREAS: tuple[Colour, ...] = (
    (28, 70, 120),
    (70, 130, 180),
    (22, 110, 110),
    (100, 100, 170),
    (60, 155, 150),
    (50, 50, 110),
)
_NODES: dict[str, Colour] = {
    "junction": (0, 0, 0),
    "end": (255, 0, 200),
    "border": (0, 190, 60),
    "isolated": (0, 220, 255),
    "ring": (150, 0, 220),
}
_TARGET_PX = 2000


def draw_overlay(
    graph: HeteroGraph, *, background: ArrayLike | None = None, scale: int | None = None
) -> NDArray[np.uint8]:
    """Draw a graph as RGB image [rows, cols, 3] with a legend below.

    Parameters
    ----------
    graph
        Graph extracted with ``keep=("mask", "ica_label")``.
    background
        Grey image that shades the vessels: the mask's shape, or both sides divided by one
        integer.
    scale
        Enlargement; None means so large that single nodes can be seen, about 2000 px.

    Raises
    ------
    ArgumentError
        If the graph does not hold the two images.

    Examples
    --------
    >>> from gftcore import graph
    >>> cross = np.zeros((20, 20), dtype=bool)
    >>> cross[9:11, :] = cross[:, 9:11] = True
    >>> picture = draw_overlay(graph.extract(cross, keep=("mask", "ica_label")), scale=4)
    >>> picture.shape[2], picture.dtype
    (3, dtype('uint8'))
    """
    if not isinstance(graph, HeteroGraph):
        raise ArgumentTypeError(f"graph must be a HeteroGraph, got {describe(graph)}")
    missing = [name for name in OVERLAY_KEEP if name not in graph.kept]
    if missing:
        raise ArgumentError(f"graph holds no {missing[0]}; extract it with keep={OVERLAY_KEEP}")
    shape = graph.meta.shape
    factor = -(-_TARGET_PX // max(shape)) if scale is None else scale
    factor = min(require_int(factor, "scale", 1, 2000), 32767 // max(shape))
    pixels = _base(graph, stretched_grey(background, shape))
    canvas = Image.fromarray(pixels.repeat(factor, axis=0).repeat(factor, axis=1))
    draw = ImageDraw.Draw(canvas)
    _draw_lines(draw, graph, factor)
    _draw_nodes(draw, graph, factor)
    return np.vstack([np.asarray(canvas), _legend(graph, canvas.width)])


def stretched_grey(
    background: ArrayLike | None, shape: tuple[int, int]
) -> NDArray[np.float32] | None:
    """Return the background stretched to 0..1, with the mask's shape."""
    if background is None:
        return None
    image = require_intensity(background, shape, name="background").astype(np.float32)
    low, high = np.quantile(image, [0.01, 0.99])
    factor = shape[0] // image.shape[0]
    stretched = np.clip((image - low) / max(float(high - low), 1e-9), 0, 1)
    large: NDArray[np.float32] = stretched.repeat(factor, axis=0).repeat(factor, axis=1)
    return large


def _base(graph: HeteroGraph, grey: NDArray[np.float32] | None) -> NDArray[np.uint8]:
    """One colour for each pixel: vessel, area, FAZ, or none of them."""
    label = graph.kept["ica_label"]
    table = np.array([_VOID, *_AREAS, _FAZ], dtype=np.uint8)
    index = np.where(label > 0, 1 + label % len(_AREAS), 0)
    if graph.faz_info.label > 0:
        index[label == graph.faz_info.label] = len(table) - 1
    colours = table[index]
    vessels = graph.kept["mask"].astype(bool)
    colours[vessels] = _VESSEL
    if grey is not None:
        share = np.where(vessels, 0.45 + 0.55 * grey, 0.85 + 0.15 * grey)[..., None]
        colours = (colours * share).astype(np.uint8)
    return np.ascontiguousarray(colours)


def canvas_xy(points: NDArray[Any], factor: int) -> list[tuple[float, float]]:
    """Positions (row, col) as canvas (x, y); pixel centres are at integers."""
    places = (points.astype(np.float64)[:, ::-1] + 0.5) * factor - 0.5
    return [(x, y) for x, y in places.tolist()]


def _draw_lines(draw: ImageDraw.ImageDraw, graph: HeteroGraph, factor: int) -> None:
    width = max(1, factor)
    for segment, (start, end) in enumerate(graph.segment_nodes.tolist()):
        first, last = graph.point_ptr[segment : segment + 2]
        ends = graph.node_rowcol[[start, end]]
        inner = graph.point_rowcol[first:last]
        draw.line(
            canvas_xy(np.vstack([ends[:1], inner, ends[1:]]), factor), fill=_LINE, width=width
        )


def _draw_nodes(draw: ImageDraw.ImageDraw, graph: HeteroGraph, factor: int) -> None:
    radius = 1.4 * factor
    for (x, y), kind in zip(
        canvas_xy(graph.node_rowcol, factor), graph.node_kind.tolist(), strict=True
    ):
        _marker(draw, x, y, radius, NODE_KINDS[kind])


def _marker(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, kind: str) -> None:
    box = (x - radius, y - radius, x + radius, y + radius)
    # A second cue beside the colour: nodes on the border are squares.
    shape = draw.rectangle if kind == "border" else draw.ellipse
    outline = (255, 255, 255) if radius >= 3 else None
    shape(box, fill=_NODES[kind], outline=outline)


def _legend(graph: HeteroGraph, width: int) -> NDArray[np.uint8]:
    """Strip with a sample and the number of everything that is drawn."""
    size = max(10, min(width // 62, 32))
    font = ImageFont.load_default(size)
    kinds = np.bincount(graph.node_kind, minlength=len(NODE_KINDS)).tolist()
    entries: list[tuple[str, str]] = [
        ("vessel", "vessel mask"),
        ("line", f"{graph.num_segments} segments"),
        ("area", f"{graph.num_icas} areas"),
        ("faz", f"FAZ ({graph.faz_info.method})"),
        ("void", "dropped void"),
        *(
            (kind, f"{count} {kind}")
            for kind, count in zip(NODE_KINDS, kinds, strict=True)
            if count
        ),
    ]
    places, height = _layout(entries, font, size, width)
    strip = Image.new("RGB", (width, height), (255, 255, 255))
    draw = ImageDraw.Draw(strip)
    for (sample, text), (x, y) in zip(entries, places, strict=True):
        _sample(draw, sample, x, y, size)
        draw.text((x + 1.7 * size, y), text, fill=(0, 0, 0), font=font)
    return np.asarray(strip)


def _layout(
    entries: list[tuple[str, str]], font: Any, size: int, width: int
) -> tuple[list[tuple[int, int]], int]:
    places: list[tuple[int, int]] = []
    x = y = size // 2
    for _, text in entries:
        needed = round(1.7 * size + font.getlength(text) + size)
        if x > size // 2 and x + needed > width:
            x, y = size // 2, y + round(1.6 * size)
        places.append((x, y))
        x += needed
    return places, y + 2 * size


def _sample(draw: ImageDraw.ImageDraw, name: str, x: int, y: int, size: int) -> None:
    box = (x, y + size // 8, x + 1.3 * size, y + size)
    if name in _NODES:
        _marker(draw, x + 0.65 * size, y + 0.55 * size, 0.38 * size, name)
    elif name == "line":
        draw.rectangle(box, fill=_VESSEL)
        draw.line((x, y + 0.55 * size, x + 1.3 * size, y + 0.55 * size), fill=_LINE, width=3)
    elif name == "area":
        step = 1.3 * size / 3
        for k in range(3):
            part = (x + k * step, box[1], x + (k + 1) * step, box[3])
            draw.rectangle(part, fill=_AREAS[k])
    else:
        colour = {"vessel": _VESSEL, "faz": _FAZ, "void": _VOID}[name]
        draw.rectangle(box, fill=colour, outline=(120, 120, 120))
