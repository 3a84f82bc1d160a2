# SPDX-License-Identifier: Apache-2.0
"""A picture of a graph: vessels, areas, FAZ and nodes over the image they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gftcore.graph.hetero_graph import NODE_KINDS
from gftcore.pictures.layout import (
    Entry,
    Page,
    area_sample,
    box_sample,
    line_sample,
    mark_sample,
    scale_of,
)
from gftcore.pictures.palette import AREAS, CENTRELINE, FAZ, NODES, VESSEL, VOID
from gftcore.pictures.parts import (
    about,
    centrelines,
    mean_radii,
    mm2_per_px,
    origin,
    places,
    require_hetero,
    vessel_mask,
)
from gftcore.pictures.picture import Picture
from gftcore.pictures.pixels import stretched_grey
from gftcore.pictures.scene import Line, Panel, Raster, Region, Regions, Shape, marker
from gftcore.pictures.words import number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gftcore.graph.hetero_graph import HeteroGraph

__all__ = ["draw_overlay"]

_TARGET_PX = 2000
# Radius of nodes and width of lines in px of the mask, and at most in px of the page.
_NODE_RADIUS, _MAX_NODE_RADIUS = 1.4, 16
_LINE_WIDTH, _MAX_LINE_WIDTH = 1.0, 10
#: Share of their colour that areas have over a background, which has to be seen through them.
_OPACITY = 0.35
#: Brightness of the darkest pixel of a vessel over a background.
_LIFT = 0.25


def draw_overlay(
    graph: HeteroGraph,
    *,
    background: ArrayLike | None = None,
    scale: int | None = None,
    name: str = "",
) -> Picture:
    """Draw everything that a graph holds: vessels, centrelines, areas, FAZ and nodes.

    Parameters
    ----------
    graph
        Graph, best extracted with ``keep=PICTURE_KEEP``, as ``gftcore extract`` does. Without the
        image of the vessels they are as wide as their radii say; without that of the areas there
        are none, and the legend says so.
    background
        Grey image to draw over, so that one sees whether vessels and areas are right: the mask's
        shape, or both sides divided by one integer.
    scale
        Enlargement; None means so large that single nodes can be seen, about 2000 px.
    name
        What the title calls the graph.

    Examples
    --------
    >>> from gftcore import graph, pictures
    >>> cross = np.zeros((20, 20), dtype=bool)
    >>> cross[9:11, :] = cross[:, 9:11] = True
    >>> found = graph.extract(cross, keep=pictures.PICTURE_KEEP)
    >>> pictures.draw_overlay(found, scale=4).scene.title
    '4 segments, 3 areas'
    """
    require_hetero(graph)
    rows, cols = graph.meta.shape
    factor = scale_of((rows, cols), scale, _TARGET_PX)
    grey = stretched_grey(background, (rows, cols))
    words = f"{graph.num_segments} segments, {graph.num_icas} areas"
    page = Page(f"{name}: {words}" if name else words, cols * factor)
    if name:
        page.heading(name)
    images = [Raster(pixels=_ground(graph, grey))]
    areas = _areas(graph, 1.0 if grey is None else _OPACITY)
    page.panels.append(
        Panel(
            x=page.margin + (page.inner - cols * factor) // 2,
            y=page.y,
            rows=rows,
            cols=cols,
            scale=factor,
            images=(*images, *([] if areas is None else [areas])),
            shapes=tuple(_shapes(graph, factor)),
        )
    )
    page.y += rows * factor
    page.gap()
    page.entries(_entries(graph, with_areas=areas is not None))
    page.ruler(graph.meta.mm_per_px, factor, cols, about(graph))
    return Picture(page.scene(origin(graph=graph)))


def _ground(graph: HeteroGraph, grey: NDArray[np.float32] | None) -> NDArray[np.uint8]:
    """Vessels light, the rest dark; or the image, with vessels a little lighter than they are."""
    mask = vessel_mask(graph)
    if grey is None:
        out = np.full(graph.meta.shape, VOID[0], dtype=np.float32)
        if mask is not None:
            out[mask] = VESSEL[0]
    else:
        out = 255 * grey
        if mask is not None:
            out[mask] = VESSEL[0] * (_LIFT + (1 - _LIFT) * grey[mask])
    rounded: NDArray[np.uint8] = np.rint(out).astype(np.uint8)
    return rounded


def _areas(graph: HeteroGraph, opacity: float) -> Regions | None:
    label = graph.kept.get("ica_label")
    if label is None:
        return None
    mm2 = mm2_per_px(graph)
    sizes = graph.ica("area") if "area" in graph.ica_columns else np.full(graph.num_icas, np.nan)
    regions = [
        Region(
            label=own,
            colour=AREAS[own % len(AREAS)],
            name=f"area-{index}",
            title=f"area {index}: {number(size * mm2)} mm2",
        )
        for index, (own, size) in enumerate(
            zip(graph.ica_label_id.tolist(), sizes.tolist(), strict=True)
        )
    ]
    if graph.faz_info.label > 0:
        size = number(graph.faz_info.area_px2 * mm2)
        title = f"FAZ ({graph.faz_info.method}): {size} mm2"
        regions.append(Region(label=graph.faz_info.label, colour=FAZ, name="faz", title=title))
    return Regions(label=label, regions=tuple(regions), opacity=opacity)


def _shapes(graph: HeteroGraph, factor: int) -> list[Shape]:
    lines, radii = centrelines(graph), mean_radii(graph)
    mm = graph.meta.mm_per_px
    shapes: list[Shape] = []
    if vessel_mask(graph) is None:
        shapes += [
            Line(points=points, width=max(2 * radius, 1.0), colour=VESSEL)
            for points, radius in zip(lines, radii.tolist(), strict=True)
        ]
    thin = min(_LINE_WIDTH, _MAX_LINE_WIDTH / factor)
    lengths = [float(np.hypot(*np.diff(points, axis=0).T).sum()) for points in lines]
    for index, (points, length, radius) in enumerate(
        zip(lines, lengths, radii.tolist(), strict=True)
    ):
        title = (
            f"segment {index}: {number(1000 * mm * length)} um long, "
            f"{number(2000 * mm * radius)} um wide"
        )
        name = f"segment-{index}"
        line = Line(points=points, width=thin, colour=CENTRELINE, name=name, title=title)
        shapes.append(line)
    # A rim sets marks apart from what they lie on, where there is room for one.
    large = min(_NODE_RADIUS, _MAX_NODE_RADIUS / factor)
    rim = 1 / factor if large * factor >= 3 else 0.0
    edge = (255, 255, 255) if rim else None
    for index, ((x, y), kind) in enumerate(
        zip(places(graph.node_rowcol).tolist(), graph.node_kind.tolist(), strict=True)
    ):
        colour, shape = NODES[NODE_KINDS[kind]]
        title = f"node {index}: {NODE_KINDS[kind]}"
        style = {"colour": colour, "edge": edge, "rim": rim, "name": f"node-{index}"}
        shapes.append(marker(shape, x, y, large, title=title, **style))
    return shapes


def _entries(graph: HeteroGraph, *, with_areas: bool) -> list[Entry]:
    counts = np.bincount(graph.node_kind, minlength=len(NODE_KINDS)).tolist()
    mask = "vessel mask" if vessel_mask(graph) is not None else "vessels as wide as their radii"
    entries = [
        Entry(box_sample(VESSEL), mask),
        Entry(line_sample(CENTRELINE, VESSEL), f"segments: {graph.num_segments}"),
    ]
    if with_areas:
        entries.append(Entry(area_sample(AREAS[:3]), f"areas: {graph.num_icas}"))
        if graph.faz_info.label > 0:
            entries.append(Entry(box_sample(FAZ), f"FAZ ({graph.faz_info.method})"))
        entries.append(Entry(box_sample(VOID), "dropped void"))
    else:
        entries.append(
            Entry(
                box_sample(VOID),
                f"areas: {graph.num_icas}, not drawn, the graph holds no ica_label",
            )
        )
    for kind, count in zip(NODE_KINDS, counts, strict=True):
        if count:
            colour, shape = NODES[kind]
            sample = mark_sample(colour, shape, edge=(255, 255, 255))
            entries.append(Entry(sample, f"{kind} nodes: {count}"))
    return entries
