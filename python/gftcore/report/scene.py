# SPDX-License-Identifier: Apache-2.0
"""The picture with the structures of a graph on it, as shapes of SVG.

Positions are corners of pixels of the mask: the centre of pixel (row, col) is (col + 0.5, row +
0.5). Everything that a template prints here is a number, a colour or text that it escapes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore.attribution.legend import colours
from gftcore.attribution.overlay import MAP_KEEP, colour_limit
from gftcore.biomarkers.sectors import INNER_MM, OUTER_MM
from gftcore.errors import ArgumentError
from gftcore.graph.hetero_graph import NODE_TYPES, RELATIONS
from gftcore.pictures.outlines import outline, polygon_path, simplified
from gftcore.report.digits import percent, shown, signed
from gftcore.report.sentences import NAMED, Ref, name_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.attribution import Attribution
    from gftcore.graph.hetero_graph import HeteroGraph
    from gftcore.report.sentences import Sentence
    from gftcore.tabulation.table import Table

__all__ = ["Crop", "Scene", "Shape", "anchor", "make_scene", "require_images"]

#: How far an outline may be from its pixels, in px of the mask; an edge of a pixel is 1.
_EXACT, _ROUGH = 0.7, 1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A structure on the picture.

    Attributes
    ----------
    ref
        What it is.
    anchor
        Its name within the page.
    groups
        Names of all that lights it up: its own, and those of sentences.
    path
        Data of the SVG path: an outline, or a line of the given width in px.
    width
        0 for outlines.
    colour
        Of its contribution; None if that is unknown.
    title
        What a pointer shows.
    label
        Rank, or a letter; empty for what nobody speaks of.
    row
        Anchor of its row in a table; empty if it has none.
    x, y, radius
        Position, and how far the structure reaches from it along an axis.
    """

    ref: Ref
    anchor: str
    groups: tuple[str, ...]
    path: str
    width: float
    colour: str | None
    title: str
    label: str
    row: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A part of the picture around a structure: corner and side, and the scale bar within."""

    shape: Shape
    x: float
    y: float
    side: float
    bar_px: float
    bar_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is drawn over the picture.

    Attributes
    ----------
    rows, cols
        Size in px of the mask.
    others
        Areas and vessels that nobody speaks of.
    shapes
        Structures of tables and sentences, those in front last.
    edges
        Lines between nodes.
    limit
        Contribution at which the colours end; 0 if there are none.
    fovea
        (x, y) of the centroid of the FAZ, None without one.
    zones
        Radii of the zones in px.
    bar_px, bar_mm
        Length of the scale bar.
    labels
        Structure to its label.
    """

    rows: int
    cols: int
    others: tuple[Shape, ...]
    shapes: tuple[Shape, ...]
    edges: tuple[Shape, ...]
    limit: float
    fovea: tuple[float, float] | None
    zones: tuple[float, ...]
    bar_px: float
    bar_mm: float
    labels: Mapping[Ref, str]

    def shape(self, ref: Ref) -> Shape:
        """Return the shape of a structure of the tables or sentences."""
        return next(one for one in (*self.shapes, *self.edges) if one.ref == ref)

    def crop(self, shape: Shape, mm_per_px: float) -> Crop:
        """Return the part of the picture around a shape."""
        side = min(max(2.8 * shape.radius, 0.45 / mm_per_px), self.rows, self.cols)
        x = min(max(shape.x - side / 2, 0), self.cols - side)
        y = min(max(shape.y - side / 2, 0), self.rows - side)
        bar = _bar_mm(side * mm_per_px)
        return Crop(shape=shape, x=x, y=y, side=side, bar_px=bar / mm_per_px, bar_mm=bar)


def require_images(graph: HeteroGraph) -> None:
    """Refuse a graph without the images that outlines come from.

    Raises
    ------
    ArgumentError
        If one of `MAP_KEEP` is not there.
    """
    missing = [name for name in MAP_KEEP if name not in graph.kept]
    if missing:
        raise ArgumentError(f"graph holds no {missing[0]}; extract it with keep={MAP_KEEP}")


def anchor(ref: Ref) -> str:
    """Return the name of a structure within a page.

    Examples
    --------
    >>> anchor(("vessel", 12))
    'vessel-12'
    """
    return f"{ref[0]}-{ref[1]}"


def make_scene(
    graph: HeteroGraph,
    table: Table,
    sentences: Sequence[Sentence],
    found: Attribution | None,
) -> Scene:
    """Draw the structures of a graph."""
    draw = _Drawing.of(graph, table, sentences, found)
    nodes: list[Ref] = [(row.type, row.id) for row in table.nodes]
    edges = [(row.relation, row.id) for row in table.edges]
    spoken = [ref for one in sentences for ref in one.evidence]
    wanted = list(dict.fromkeys([*nodes, *(ref for ref in spoken if ref[0] in NODE_TYPES)]))
    rows, cols = graph.meta.shape
    mm = graph.meta.mm_per_px
    bar = _bar_mm(cols * mm)
    fovea = None
    if table.faz is not None:
        fovea = (table.faz.col + 0.5, table.faz.row + 0.5)
    return Scene(
        rows=rows,
        cols=cols,
        others=tuple(draw.others(set(wanted))),
        # Areas first, so that vessels are not hidden; in each kind the first rank in front.
        shapes=tuple(
            draw.outlined(ref)
            for kinds in (("ica", "faz"), ("vessel",))
            for ref in reversed(wanted)
            if ref[0] in kinds
        ),
        edges=tuple(draw.edge(ref) for ref in reversed(edges)),
        limit=draw.limit,
        fovea=fovea,
        zones=(INNER_MM / mm, OUTER_MM / mm),
        bar_px=bar / mm,
        bar_mm=bar,
        labels=draw.labels,
    )


def _bar_mm(width_mm: float) -> float:
    """A round length of about a fifth of a width."""
    exponent = math.floor(math.log10(width_mm / 5))
    steps = [step * 10.0**exponent for step in (1, 2, 5, 10)]
    return float(f"{max(step for step in steps if step <= width_mm / 4 or step == steps[0]):.3g}")


def _labels(table: Table, sentences: Sequence[Sentence]) -> dict[Ref, str]:
    """Ranks of nodes, and letters for what else sentences rest on."""
    out: dict[Ref, str] = {(row.type, row.id): str(row.rank) for row in table.nodes}
    edges = {(row.relation, row.id): f"e{row.rank}" for row in table.edges}
    number = 0
    for one in sentences:
        for place, ref in enumerate(one.evidence):
            if ref in edges:
                out[ref] = edges[ref]
            elif ref not in out and place < NAMED:
                letters, rest = "", number
                while rest >= 0:
                    letters, rest = chr(ord("A") + rest % 26) + letters, rest // 26 - 1
                out[ref], number = letters, number + 1
    return edges | out


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawing:
    """What every shape needs."""

    graph: HeteroGraph
    contributions: Mapping[Ref, float]
    every: Mapping[str, NDArray[np.float64]]
    limit: float
    labels: Mapping[Ref, str]
    ranks: Mapping[Ref, int]
    shares: Mapping[Ref, float]
    groups: Mapping[Ref, tuple[str, ...]]
    edge_rows: Mapping[Ref, tuple[int, int]]

    @staticmethod
    def of(
        graph: HeteroGraph,
        table: Table,
        sentences: Sequence[Sentence],
        found: Attribution | None,
    ) -> _Drawing:
        rows: list[tuple[Ref, Any]] = [((row.type, row.id), row) for row in table.nodes]
        rows += [((row.relation, row.id), row) for row in table.edges]
        each = {ref: row.contribution for ref, row in rows}
        sizes = [abs(value) for ref, value in each.items() if ref[0] in NODE_TYPES]
        limit, every = float(np.median(sizes)) if sizes else 0.0, {}
        if found is not None and found.nodes is not None:
            limit, every = colour_limit(found.nodes), dict(found.nodes.contribution)
        groups: dict[Ref, list[str]] = {}
        for number, one in enumerate(sentences, 1):
            for ref in one.evidence:
                groups.setdefault(ref, []).append(f"places-{number}")
        return _Drawing(
            graph=graph,
            contributions=each,
            every=every,
            limit=limit,
            labels=_labels(table, sentences),
            ranks={ref: row.rank for ref, row in rows},
            shares={ref: row.share for ref, row in rows},
            groups={ref: tuple(names) for ref, names in groups.items()},
            edge_rows={(row.relation, row.id): (row.src, row.dst) for row in table.edges},
        )

    def value(self, ref: Ref) -> float | None:
        if ref in self.contributions:
            return self.contributions[ref]
        values = self.every.get(ref[0])
        return None if values is None else float(values[ref[1]])

    def colour(self, ref: Ref) -> str | None:
        value = self.value(ref)
        if value is None:
            return None
        red, green, blue = np.rint(colours(value, self.limit)).astype(int).tolist()
        return f"#{red:02x}{green:02x}{blue:02x}"

    def title(self, ref: Ref) -> str:
        """What it is, how large, and what it contributed."""
        kind, number = ref
        mm, parts = self.graph.meta.mm_per_px, []
        if kind == "vessel":
            lengths = [float(self.graph.vessel(name)[number]) for name in _WIDTHS]
            parts.append(
                f"{shown(lengths[0] * mm)} mm long, {shown(2000 * lengths[1] * mm)} µm wide"
            )
        elif kind in ("ica", "faz"):
            column = self.graph.ica("area") if kind == "ica" else self.graph.faz("area")
            parts.append(f"{shown(float(column[number]) * mm**2)} mm²")
        value = self.value(ref)
        if value is not None:
            parts.append(f"contribution {signed(value)}")
        if ref in self.ranks:
            parts.append(f"rank {self.ranks[ref]}, share {percent(self.shares[ref])}")
        return f"{name_of(ref)}: " + ", ".join(parts)

    def shape(self, ref: Ref, path: str, *, width: float, points: NDArray[Any]) -> Shape:
        if ref[0] in NODE_TYPES:
            x, y = (self.graph.positions(ref[0])[ref[1], ::-1] + 0.5).tolist()
        else:
            x, y = points.mean(axis=0).tolist()
        return Shape(
            ref=ref,
            anchor=anchor(ref),
            groups=(anchor(ref), *self.groups.get(ref, ())),
            path=path,
            width=width,
            colour=self.colour(ref),
            title=self.title(ref),
            label=self.labels.get(ref, ""),
            row=f"row-{anchor(ref)}" if ref in self.ranks else "",
            x=x,
            y=y,
            radius=float(np.abs(points - [x, y]).max()),
        )

    def outlined(self, ref: Ref) -> Shape:
        """The exact outline of a vessel's or an area's pixels."""
        kind, number = ref
        if kind == "vessel":
            label, image = number + 1, self.graph.kept["vessel_label"]
        else:
            image = self.graph.kept["ica_label"]
            own = self.graph.ica_label_id[number] if kind == "ica" else self.graph.faz_info.label
            label = int(own)
        rings = [simplified(ring, _EXACT) for ring in _rings(image, label)]
        if not rings:  # a vessel all of whose pixels are nearer to others
            return self._line(ref)
        return self.shape(ref, polygon_path(rings), width=0.0, points=np.vstack(rings))

    def _line(self, ref: Ref) -> Shape:
        """The centreline of a vessel, as wide as the vessel."""
        graph, number = self.graph, ref[1]
        first, last = graph.point_ptr[number : number + 2]
        ends = graph.node_rowcol[graph.segment_nodes[number]]
        points = np.vstack([ends[:1], graph.point_rowcol[first:last], ends[1:]])[:, ::-1] + 0.5
        radius = float(graph.vessel(_WIDTHS[1])[number])
        line = np.rint(simplified(points, _ROUGH, closed=False)).astype(np.int64)
        (x, y), *_ = line.tolist()
        steps = " ".join(f"{dx} {dy}" for dx, dy in np.diff(line, axis=0).tolist())
        width = round(max(2 * radius, 2.0), 1) if math.isfinite(radius) else 2.0
        return self.shape(ref, f"M{x} {y}l{steps}", width=width, points=line)

    def edge(self, ref: Ref) -> Shape:
        """A line between the positions of two nodes."""
        both = zip(RELATIONS[ref[0]], self.edge_rows[ref], strict=True)
        ends = [self.graph.positions(kind)[node] for kind, node in both]
        line = np.rint(np.stack(ends)[:, ::-1] + 0.5).astype(np.int64)
        (x, y), (x1, y1) = line.tolist()
        return self.shape(ref, f"M{x} {y}L{x1} {y1}", width=3.0, points=line)

    def others(self, wanted: set[Ref]) -> Iterable[Shape]:
        """All areas and vessels but some, with simpler outlines."""
        graph = self.graph
        image = graph.kept["ica_label"]
        boxes = zip(graph.ica_label_id.tolist(), graph.ica_bbox.tolist(), strict=True)
        for number, (label, (top, left, bottom, right)) in enumerate(boxes):
            if ("ica", number) in wanted:
                continue
            rings = _rings(image[top:bottom, left:right], label)
            rings = [simplified(ring, _ROUGH) + np.array([left, top]) for ring in rings]
            ref = ("ica", number)
            yield self.shape(ref, polygon_path(rings), width=0.0, points=np.vstack(rings))
        if len(graph.faz_x) and ("faz", 0) not in wanted:
            yield self.outlined(("faz", 0))
        for number in range(graph.num_segments):
            if ("vessel", number) not in wanted:
                yield self._line(("vessel", number))


_WIDTHS = ("length", "radius_mean_px")


def _rings(image: NDArray[Any], label: int) -> list[NDArray[np.int64]]:
    """Polygons around the pixels of one label."""
    there = image == label
    rows, cols = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    if not len(rows):
        return []
    top, left = rows[0], cols[0]
    box = there[top : rows[-1] + 1, left : cols[-1] + 1]
    return [ring + np.array([left, top]) for ring in outline(box)]
