# SPDX-License-Identifier: Apache-2.0
"""Two graphs side by side, with what only one of them has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._lazy import require
from gftcore._validation import MAX_SIDE, require_iterator, require_real
from gftcore.errors import ArgumentError, ShapeError
from gftcore.formats.sources import as_spatial_graph
from gftcore.graph.hetero_graph import HeteroGraph
from gftcore.metrics import match_points, match_segments
from gftcore.metrics.segments import nearest, visible_samples
from gftcore.pictures.clipping import clipped
from gftcore.pictures.layout import Entry, Page, line_sample, mark_sample, scale_of
from gftcore.pictures.palette import BOTH, GROUND, ONLY_LEFT, ONLY_RIGHT, OTHERWISE
from gftcore.pictures.parts import centrelines, origin, places
from gftcore.pictures.picture import Picture
from gftcore.pictures.pixels import stretched_grey
from gftcore.pictures.scene import Line, Panel, Raster, Shape, marker

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gftcore.formats.sources import AnyGraph
    from gftcore.formats.spatial_graph import SpatialGraph

__all__ = ["draw_comparison"]

_TARGET_PX = 1200
_SHARE = 0.7
_DIMMED = 0.3
_SIDES = ("left", "right")
_LOUD = (ONLY_LEFT, ONLY_RIGHT)
#: What only one side has differs in form, too.
_DASHES: tuple[tuple[float, float] | None, ...] = (None, (4.0, 2.5))
_MARKS = ("triangle", "square")
#: Widths of quiet and loud lines, radii of quiet and loud nodes: in px of the mask, and at least
#: and at most in px of the page.
_SIZES = ((1.0, 1.5, 5), (2.0, 3, 10), (1.2, 2, 8), (1.8, 3.5, 16))
_KINDS = ("both", "otherwise", "only")


def draw_comparison(
    left: AnyGraph,
    right: AnyGraph,
    *,
    within_px: float = 3.0,
    names: Sequence[str] = ("left", "right"),
    background: ArrayLike | None = None,
    scale: int | None = None,
) -> Picture:
    """Draw two graphs side by side: what both have is quiet, what only one has is loud.

    Needs the extra ``metrics``.

    Parameters
    ----------
    left, right
        Graphs of any source: `HeteroGraph`, `gftcore.formats.SpatialGraph`, `SkeletonGraph` or
        NetworkX. Precision and recall take the left one for the truth.
    within_px
        Largest distance of nodes and lines that are the same.
    names
        What the title calls them.
    background
        Grey image below both: their shape, or both sides divided by one integer.
    scale
        Enlargement; None means about 1200 px for each.

    Raises
    ------
    ArgumentError
        If the graphs are of images of different sizes, or if neither knows its image and one has
        places beyond 32767 px.
    MissingExtraError
        If SciPy is not there.

    Notes
    -----
    Segments are paired by `gftcore.metrics.match_segments` and nodes of degree 3 or more by
    `gftcore.metrics.match_points`, both in the image. A segment that has no partner though 0.7 of
    it lie within ``within_px`` of the other graph is there in both, cut at other nodes. Graphs
    are compared as they are: nodes of degree 2 cut segments.

    Examples
    --------
    >>> from gftcore import formats, pictures
    >>> bar = formats.from_polylines([[5, 0], [5, 40]], [[0, 1]], [[]])
    >>> nodes = [[5, 0], [5, 40], [30, 0], [30, 40]]
    >>> two = formats.from_polylines(nodes, [[0, 1], [2, 3]], [[], []])
    >>> pictures.draw_comparison(bar, two, scale=4).scene.title
    'left and right: segments only left 0, only right 1'
    """
    require("scipy.spatial", extra="metrics", user="draw_comparison")
    within_px = require_real(within_px, "within_px", above=0)
    called = [str(one) for one in require_iterator(names, "names", "two names")]
    if len(called) != 2:
        raise ShapeError(f"names must be two, got {len(called)}")
    given = as_spatial_graph(left, "left"), as_spatial_graph(right, "right")
    shape = _shape(left, right, given)
    given = clipped(given[0], shape), clipped(given[1], shape)
    found = _compare(given, shape, within_px)
    rows, cols = shape
    factor = scale_of(shape, scale, _TARGET_PX)
    words = (
        f"{called[0]} and {called[1]}: segments only left {found.count(0, 'only')}, "
        f"only right {found.count(1, 'only')}"
    )
    gap = max(8, cols * factor // 60)
    page = Page(words, 2 * cols * factor + gap)
    page.labels(called, cols * factor, cols * factor + gap)
    grey = stretched_grey(background, shape)
    dimmed = np.zeros((1, 1)) if grey is None else 255 * _DIMMED * grey
    ground = Raster(pixels=np.rint(dimmed).astype(np.uint8))
    for side, graph in enumerate(given):
        x = page.margin + side * (cols * factor + gap)
        shapes = tuple(_shapes(graph, found, side, factor))
        where = {"x": x, "y": page.y, "rows": rows, "cols": cols, "scale": factor}
        page.panels.append(Panel(images=(ground,), shapes=shapes, **where))
    page.y += rows * factor
    page.gap()
    page.entries(_entries(found))
    for line in found.said(within_px):
        page.words(line)
    return Picture(page.scene(origin(left=left, right=right)))


def _shape(
    left: AnyGraph, right: AnyGraph, given: tuple[SpatialGraph, SpatialGraph]
) -> tuple[int, int]:
    """Size of the image; that of what is in it, if no graph knows."""
    known = {one.meta.shape for one in (left, right) if isinstance(one, HeteroGraph)}
    if len(known) == 2:
        sizes = " and ".join(
            f"{one.meta.shape}" for one in (left, right) if isinstance(one, HeteroGraph)
        )
        raise ArgumentError(f"left and right must be of images of one size, got {sizes}")
    if known:
        return known.pop()
    points = np.vstack(
        [one.polylines().rowcol for one in given] + [one.node_rowcol for one in given]
    )
    rows, cols = (np.ceil(points.max(axis=0)) + 1).tolist() if len(points) else (1, 1)
    if max(rows, cols) > MAX_SIDE:
        raise ArgumentError(
            f"left and right must lie within {MAX_SIDE} x {MAX_SIDE} px, got places up to row "
            f"{rows - 1:g} and column {cols - 1:g}"
        )
    return max(1, int(rows)), max(1, int(cols))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the sides share.

    Attributes
    ----------
    kinds
        Of each segment of the left and the right: both, otherwise (cut at other nodes), only.
    nodes
        Row of each branch point, and whether the other side has it.
    scores
        Name to (precision, recall, F1).
    """

    kinds: tuple[list[str], list[str]]
    nodes: tuple[list[tuple[int, bool]], list[tuple[int, bool]]]
    scores: dict[str, tuple[float, float, float]]

    def count(self, side: int, kind: str) -> int:
        return Counter(self.kinds[side])[kind]

    def said(self, within_px: float) -> list[str]:
        lines = []
        for what, (precision, recall, f1) in self.scores.items():
            lines.append(
                f"{what}: F1 {f1:.3f}, recall {recall:.3f} (of the left), "
                f"precision {precision:.3f} (of the right), within {within_px:g} px."
            )
        return lines


def _compare(
    given: tuple[SpatialGraph, SpatialGraph], shape: tuple[int, int], within_px: float
) -> _Found:
    left, right = given
    match = match_segments(left, right, shape=shape, within_px=within_px, min_share=_SHARE)
    samples = tuple(visible_samples(one, 1.0, shape) for one in given)
    kinds: list[list[str]] = []
    shares = []
    for side, graph in enumerate(given):
        ours, theirs = samples[side], samples[1 - side]
        there = nearest(theirs, ours.rowcol)[0] <= within_px
        count = np.bincount(ours.segment, minlength=graph.num_segments)
        near = np.bincount(ours.segment, there, minlength=graph.num_segments)
        # What has no length, or lies outside, is no difference.
        kind = np.where(near >= _SHARE * count, 1, 2)
        kind[count == 0] = 0
        kind[match.pairs[:, side]] = 0
        kinds.append([_KINDS[one] for one in kind.tolist()])
        shares.append(float(there.mean()) if len(ours) else float(not len(theirs)))
    rows = [_branch_rows(graph, shape) for graph in given]
    points = match_points(left.node_rowcol[rows[0]], right.node_rowcol[rows[1]], within_px)
    nodes = []
    for side in (0, 1):
        paired = set(points.pairs[:, side].tolist())
        nodes.append([(row, index in paired) for index, row in enumerate(rows[side].tolist())])
    scores = {
        "Nodes": (points.precision, points.recall, points.f1),
        "Segments": (match.precision, match.recall, _f1(match.precision, match.recall)),
        "Length of lines": (shares[1], shares[0], _f1(shares[1], shares[0])),
    }
    return _Found(kinds=(kinds[0], kinds[1]), nodes=(nodes[0], nodes[1]), scores=scores)


def _branch_rows(graph: SpatialGraph, shape: tuple[int, int]) -> NDArray[np.int64]:
    rows, cols = shape
    row, col = graph.node_rowcol.T
    inside = (row >= -0.5) & (col >= -0.5) & (row < rows - 0.5) & (col < cols - 0.5)
    return np.flatnonzero((graph.node_degree >= 3) & inside)


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _shapes(graph: SpatialGraph, found: _Found, side: int, factor: int) -> list[Shape]:
    """Quiet lines first, so that loud ones are seen; then the nodes."""
    words = {
        "both": "in both",
        "otherwise": "in both, cut at other nodes",
        "only": f"only {_SIDES[side]}",
    }
    colours = {"both": BOTH, "otherwise": OTHERWISE, "only": _LOUD[side]}
    thin, wide, small, large = (
        min(max(mask_px, least / factor), most / factor) for mask_px, least, most in _SIZES
    )
    lines: dict[str, list[Shape]] = {kind: [] for kind in _KINDS}
    prefix = _SIDES[side]
    for index, (points, kind) in enumerate(zip(centrelines(graph), found.kinds[side], strict=True)):
        loud = kind == "only"
        dash = _DASHES[side] if loud else None
        lines[kind].append(
            Line(
                points=points,
                width=wide if loud else thin,
                colour=colours[kind],
                dash=None if dash is None else (dash[0] * wide / 2, dash[1] * wide / 2),
                name=f"{prefix}-segment-{index}",
                title=f"{prefix} segment {index}: {words[kind]}",
            )
        )
    where = places(graph.node_rowcol).tolist()
    quiet: list[Shape] = []
    loud_marks: list[Shape] = []
    for row, paired in found.nodes[side]:
        x, y = where[row]
        kind = "both" if paired else "only"
        looks: dict[str, Any] = {"colour": colours[kind], "name": f"{prefix}-node-{row}"}
        title = f"{prefix} node {row}: {words[kind]}"
        if paired:
            quiet.append(marker("disc", x, y, small, title=title, **looks))
        else:
            looks |= {"edge": GROUND, "rim": 1 / factor}
            loud_marks.append(marker(_MARKS[side], x, y, large, title=title, **looks))
    return [*lines["both"], *lines["otherwise"], *quiet, *lines["only"], *loud_marks]


def _entries(found: _Found) -> list[Entry]:
    entries = []
    sides = [found.count(side, "both") for side in (0, 1)]
    entries.append(Entry(line_sample(BOTH, GROUND), f"segments in both: {_counts(sides)}"))
    sides = [found.count(side, "otherwise") for side in (0, 1)]
    if any(sides):
        text = f"in both, cut at other nodes: {_counts(sides)}"
        entries.append(Entry(line_sample(OTHERWISE, GROUND), text))
    for side, name in enumerate(_SIDES):
        dash = None if _DASHES[side] is None else (7.0, 4.0)
        sample = line_sample(_LOUD[side], GROUND, width=5, dash=dash)
        entries.append(Entry(sample, f"segments only {name}: {found.count(side, 'only')}"))
    paired = sum(one for _, one in found.nodes[0])
    entries.append(Entry(mark_sample(BOTH, "disc", GROUND), f"nodes in both: {paired}"))
    for side, name in enumerate(_SIDES):
        alone = sum(not one for _, one in found.nodes[side])
        sample = mark_sample(_LOUD[side], _MARKS[side], GROUND)
        entries.append(Entry(sample, f"nodes only {name}: {alone}"))
    return entries


def _counts(sides: list[int]) -> str:
    """One number, or two where the sides differ."""
    return f"{sides[0]}" if sides[0] == sides[1] else f"{sides[0]} left, {sides[1]} right"
