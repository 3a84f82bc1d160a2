# SPDX-License-Identifier: Apache-2.0
"""A graph in the image plane, whatever program made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gftcore._validation import require_array, require_real
from gftcore.errors import ArgumentError, ShapeError

if TYPE_CHECKING:
    import networkx
    from numpy.typing import NDArray

__all__ = ["Polylines", "Samples", "SpatialGraph"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SpatialGraph:
    """V nodes and S segments, each an ordered polyline of points in px; P points in all.

    A segment runs from its first node over its points to its second node. Segments of one node
    pair, and from a node to itself, may repeat. The arrays are checked and copied only where
    their type differs.

    Attributes
    ----------
    node_rowcol
        float64 [V, 2].
    segment_nodes
        int64 [S, 2] start and end node.
    point_ptr
        int64 [S + 1]; points of segment s are ``point_ptr[s]:point_ptr[s + 1]``.
    point_rowcol
        float64 [P, 2] points between the nodes, in walk order.
    point_radius_px
        float64 [P] half-width of the vessel, or None if it is not known; NaN where it is not.
    point_raw_rowcol
        float64 [P, 2] places at which the radii were measured, where these are not the points
        (such as pixels under a smoothed line); or None.

    Examples
    --------
    >>> graph = SpatialGraph(
    ...     node_rowcol=[[0, 0], [3, 4]], segment_nodes=[[0, 1]], point_ptr=[0, 0], point_rowcol=[]
    ... )
    >>> graph.segment_length_px.tolist()
    [5.0]
    """

    node_rowcol: NDArray[np.float64]
    segment_nodes: NDArray[np.int64]
    point_ptr: NDArray[np.int64]
    point_rowcol: NDArray[np.float64]
    point_radius_px: NDArray[np.float64] | None = None
    point_raw_rowcol: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        def keep(name: str, dtype: type[np.generic], ndim: int, cols: int | None = None) -> None:
            value = require_array(getattr(self, name), dtype, name=name, ndim=ndim, cols=cols)
            object.__setattr__(self, name, value)

        keep("node_rowcol", np.float64, 2, 2)
        keep("segment_nodes", np.int64, 2, 2)
        keep("point_ptr", np.int64, 1)
        keep("point_rowcol", np.float64, 2, 2)
        nodes, ptr, points = self.segment_nodes, self.point_ptr, len(self.point_rowcol)
        if nodes.size and not 0 <= int(nodes.min()) <= int(nodes.max()) < self.num_nodes:
            raise ArgumentError(
                f"segment_nodes must name nodes 0 to {self.num_nodes - 1}, "
                f"got {int(nodes.min())} to {int(nodes.max())}"
            )
        if len(ptr) != self.num_segments + 1:
            raise ShapeError(
                f"point_ptr must have {self.num_segments + 1} entries, one more than there are "
                f"segments, got {len(ptr)}"
            )
        if ptr[0] != 0 or ptr[-1] != points or (np.diff(ptr) < 0).any():
            raise ArgumentError(f"point_ptr must ascend from 0 to {points}, the number of points")
        if not (np.isfinite(self.node_rowcol).all() and np.isfinite(self.point_rowcol).all()):
            raise ArgumentError("node_rowcol and point_rowcol must be finite, got NaN or infinity")
        if self.point_radius_px is not None:
            keep("point_radius_px", np.float64, 1)
        if self.point_raw_rowcol is not None:
            keep("point_raw_rowcol", np.float64, 2, 2)
        for name in ("point_radius_px", "point_raw_rowcol"):
            value = getattr(self, name)
            if value is not None and len(value) != points:
                raise ShapeError(
                    f"{name} must have one entry per point, {points}, got {len(value)}"
                )

    @property
    def num_nodes(self) -> int:
        """V, the number of nodes."""
        return len(self.node_rowcol)

    @property
    def num_segments(self) -> int:
        """S, the number of segments."""
        return len(self.segment_nodes)

    @property
    def node_degree(self) -> NDArray[np.int64]:
        """Number of segment ends at each node [V]; a segment to itself counts twice."""
        return np.bincount(self.segment_nodes.ravel(), minlength=self.num_nodes)

    @property
    def segment_length_px(self) -> NDArray[np.float64]:
        """Length of each polyline [S]."""
        return self.polylines().length_px

    def branch_points(self) -> NDArray[np.float64]:
        """Positions of the nodes of degree 3 or more [n, 2]."""
        return self.node_rowcol[self.node_degree >= 3]

    def polylines(self) -> Polylines:
        """Return the segments with their nodes as first and last vertex."""
        first = self.point_ptr[:-1] + 2 * np.arange(self.num_segments)
        ptr = np.append(first, len(self.point_rowcol) + 2 * self.num_segments)
        last = ptr[1:] - 1
        inner = np.ones(int(ptr[-1]), dtype=np.bool_)
        inner[first] = inner[last] = False
        rowcol = np.empty((len(inner), 2))
        rowcol[first] = self.node_rowcol[self.segment_nodes[:, 0]]
        rowcol[last] = self.node_rowcol[self.segment_nodes[:, 1]]
        rowcol[inner] = self.point_rowcol
        radius = np.full(len(inner), np.nan)
        if self.point_radius_px is not None:
            radius[inner] = self.point_radius_px
            has_points = last - first > 1  # a node has the radius of the point next to it
            radius[first[has_points]] = radius[first[has_points] + 1]
            radius[last[has_points]] = radius[last[has_points] - 1]
        return Polylines(ptr, rowcol, radius)

    def samples(self, step_px: float = 1.0) -> Samples:
        """Return points along all segments, up to ``step_px`` apart; see `Polylines.samples`."""
        return self.polylines().samples(step_px)

    def to_networkx(self) -> networkx.MultiGraph:
        """Return a NetworkX `MultiGraph`; needs the extra ``networkx``.

        Nodes have ``row`` and ``col``; the key of an edge is its segment, its data are ``points``
        [n, 2], ``radius_px`` [n] where radii are known, and the node that the points run from,
        ``start_row`` and ``start_col``. `from_networkx` gives the same graph back, but for
        ``point_raw_rowcol`` and for which end is the first between two nodes in one place.
        """
        from gftcore.formats.sources import to_networkx

        return to_networkx(self)

    def __repr__(self) -> str:
        return f"SpatialGraph({self.num_nodes} nodes, {self.num_segments} segments)"


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Points along segments.

    Attributes
    ----------
    rowcol, segment
        Position [n, 2] and segment [n].
    arc_px, part_px
        Length from the start of the segment, and length of the part a sample stands for [n].
    radius_px
        Half-width [n], NaN where it is not known.
    """

    rowcol: NDArray[np.float64]
    segment: NDArray[np.int64]
    arc_px: NDArray[np.float64]
    part_px: NDArray[np.float64]
    radius_px: NDArray[np.float64]

    def where(self, kept: NDArray[np.bool_]) -> Samples:
        """Return some of the samples."""
        return Samples(
            self.rowcol[kept],
            self.segment[kept],
            self.arc_px[kept],
            self.part_px[kept],
            self.radius_px[kept],
        )

    def __len__(self) -> int:
        return len(self.segment)


@dataclass(frozen=True, slots=True, eq=False)
class Polylines:
    """Vertices of all segments, the nodes included.

    Attributes
    ----------
    ptr
        int64 [S + 1]; vertices of segment s are ``ptr[s]:ptr[s + 1]``, two or more.
    rowcol
        Positions.
    radius_px
        Half-widths, NaN where they are not known; a node has that of the point beside it.
    """

    ptr: NDArray[np.int64]
    rowcol: NDArray[np.float64]
    radius_px: NDArray[np.float64]

    @property
    def arc_px(self) -> NDArray[np.float64]:
        """Length from the first vertex of all to each vertex, jumps between segments left out."""
        step = np.zeros(len(self.rowcol))
        step[1:] = np.hypot(*np.diff(self.rowcol, axis=0).T)
        step[self.ptr[:-1]] = 0
        return np.cumsum(step)

    @property
    def length_px(self) -> NDArray[np.float64]:
        """Length of each segment [S]."""
        arc = self.arc_px
        return arc[self.ptr[1:] - 1] - arc[self.ptr[:-1]]

    def samples(self, step_px: float = 1.0) -> Samples:
        """Return the middles of equal parts of each segment, as few as ``step_px`` allows.

        Every sample of a segment stands for the same length; a segment of no length has none.
        """
        step_px = require_real(step_px, "step_px", above=0)
        if len(self.ptr) == 1:
            none = np.empty(0)
            return Samples(np.empty((0, 2)), np.empty(0, np.int64), none, none, none)
        arc = self.arc_px
        start, last = arc[self.ptr[:-1]], self.ptr[1:] - 1
        length = arc[last] - start
        # The tolerance keeps 5.000000001 px from becoming six samples.
        count = np.ceil(length / step_px - 1e-9).astype(np.int64)
        count[(count == 0) & (length > 0)] = 1
        segment = np.repeat(np.arange(len(count)), count)
        number = np.arange(len(segment)) - np.repeat(np.cumsum(count) - count, count)
        part = (length / np.maximum(count, 1))[segment]
        along = (number + 0.5) * part
        after = np.searchsorted(arc, start[segment] + along, side="right")
        after = np.clip(after, self.ptr[segment] + 1, last[segment])
        width = arc[after] - arc[after - 1]
        share = (start[segment] + along - arc[after - 1]) / np.where(width > 0, width, 1)
        share = np.clip(share, 0, 1)

        def between(values: NDArray[np.float64]) -> NDArray[np.float64]:
            weight = share.reshape(-1, *[1] * (values.ndim - 1))
            out: NDArray[np.float64] = values[after - 1] * (1 - weight) + values[after] * weight
            return out

        return Samples(between(self.rowcol), segment, along, part, between(self.radius_px))
