# SPDX-License-Identifier: Apache-2.0
"""Spatial graphs from the graphs of this package and of NetworkX."""

from __future__ import annotations

import sys
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._lazy import require
from gftcore._validation import as_array, describe, require_array
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError, ShapeError
from gftcore.formats.spatial_graph import SpatialGraph
from gftcore.graph import HeteroGraph, SkeletonGraph

if TYPE_CHECKING:
    from typing import TypeAlias

    import networkx
    from numpy.typing import ArrayLike, NDArray

    AnyGraph: TypeAlias = SpatialGraph | HeteroGraph | SkeletonGraph | networkx.Graph

__all__ = ["as_spatial_graph", "from_hetero", "from_networkx", "from_polylines", "from_skeleton"]


def as_spatial_graph(graph: AnyGraph, name: str = "graph") -> SpatialGraph:
    """Return a graph of any source as spatial graph.

    Parameters
    ----------
    graph
        A `SpatialGraph` (returned itself), `HeteroGraph`, `SkeletonGraph` or NetworkX graph.
    name
        What messages call it.

    Examples
    --------
    >>> from gftcore.graph import extract
    >>> as_spatial_graph(extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]]))
    SpatialGraph(2 nodes, 1 segments)
    """
    if isinstance(graph, SpatialGraph):
        return graph
    if isinstance(graph, HeteroGraph):
        return from_hetero(graph)
    if isinstance(graph, SkeletonGraph):
        return from_skeleton(graph)
    networkx = sys.modules.get("networkx")  # a graph of NetworkX has loaded it
    if networkx is not None and isinstance(graph, networkx.Graph):
        return from_networkx(graph)
    raise ArgumentTypeError(
        f"{name} must be a SpatialGraph, HeteroGraph, SkeletonGraph or NetworkX graph, "
        f"got {describe(graph)}"
    )


def from_hetero(graph: HeteroGraph) -> SpatialGraph:
    """Return the vessels of an extraction: smoothed centrelines with their radii.

    Examples
    --------
    >>> from gftcore.graph import extract
    >>> from_hetero(extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]]))
    SpatialGraph(2 nodes, 1 segments)
    """
    if not isinstance(graph, HeteroGraph):
        raise ArgumentTypeError(f"graph must be a HeteroGraph, got {describe(graph)}")
    return SpatialGraph(
        node_rowcol=graph.node_rowcol.astype(np.float64),
        segment_nodes=graph.segment_nodes,
        point_ptr=graph.point_ptr,
        point_rowcol=graph.point_rowcol.astype(np.float64),
        point_radius_px=graph.point_radius_px.astype(np.float64),
        point_raw_rowcol=graph.point_pixel.astype(np.float64),
    )


def from_skeleton(graph: SkeletonGraph, *, radius_px: ArrayLike | None = None) -> SpatialGraph:
    """Return a traced skeleton; its points are pixels.

    Parameters
    ----------
    graph
        Graph from `gftcore.graph.trace` or `gftcore.graph.prune`.
    radius_px
        Image [H, W] of half-widths to read at the pixels, if radii shall be compared.
    """
    if not isinstance(graph, SkeletonGraph):
        raise ArgumentTypeError(f"graph must come from trace() or prune(), got {describe(graph)}")
    radius = None
    if radius_px is not None:
        image = as_array(radius_px, "radius_px", "an image of half-widths")
        if image.shape != graph.shape:
            raise ShapeError(f"radius_px must have shape {graph.shape}, got {image.shape}")
        radius = image[graph.point_pixel[:, 0], graph.point_pixel[:, 1]]
    return SpatialGraph(
        node_rowcol=graph.node_rowcol,
        segment_nodes=graph.segment_nodes,
        point_ptr=graph.point_ptr,
        point_rowcol=graph.point_pixel,
        point_radius_px=radius,
    )


def from_polylines(
    node_rowcol: ArrayLike,
    segment_nodes: ArrayLike,
    points: Sequence[ArrayLike],
    *,
    radius_px: Sequence[ArrayLike] | None = None,
) -> SpatialGraph:
    """Return a graph from one array of points per segment.

    Points that run from the second node to the first are turned round: of both directions the
    one with the shorter polyline is taken.

    Parameters
    ----------
    node_rowcol
        Positions [V, 2].
    segment_nodes
        Start and end node [S, 2].
    points
        Positions [n, 2] between the nodes, one array per segment; may repeat the nodes'.
    radius_px
        Half-widths [n], one array per segment.

    Examples
    --------
    >>> from_polylines([[0, 0], [0, 9]], [[0, 1]], [[[0, 6], [0, 3]]]).segment_length_px.tolist()
    [9.0]
    """
    return _joined(node_rowcol, segment_nodes, points, radius_px, turned=())


def _joined(
    node_rowcol: ArrayLike,
    segment_nodes: ArrayLike,
    points: Sequence[ArrayLike],
    radius_px: Sequence[ArrayLike] | None,
    *,
    turned: Container[int],
) -> SpatialGraph:
    """Build the graph; lines run from either node but for segments that are known to be turned."""
    nodes: NDArray[np.float64] = require_array(
        node_rowcol, np.float64, name="node_rowcol", ndim=2, cols=2
    )
    ends = require_array(segment_nodes, np.int64, name="segment_nodes", ndim=2, cols=2)
    lines = [require_array(line, np.float64, name="points", ndim=2, cols=2) for line in points]
    radii = None
    if radius_px is not None:
        radii = [require_array(line, np.float64, name="radius_px", ndim=1) for line in radius_px]
        if list(map(len, radii)) != list(map(len, lines)):
            raise ShapeError("radius_px must have one value per point, got other lengths")
    if len(ends) != len(lines):
        raise ShapeError(f"points must have one array per segment, {len(ends)}, got {len(lines)}")
    if ends.size and not 0 <= int(ends.min()) <= int(ends.max()) < len(nodes):
        raise ArgumentError(f"segment_nodes must name nodes 0 to {len(nodes) - 1}")
    for segment, (start, end) in enumerate(ends.tolist()):
        line = lines[segment]
        if segment in turned or not len(line):
            continue
        first, last = nodes[start], nodes[end]
        if _gaps(first, line, last) > _gaps(last, line, first):
            lines[segment] = line[::-1]
            if radii is not None:
                radii[segment] = radii[segment][::-1]
    return SpatialGraph(
        node_rowcol=nodes,
        segment_nodes=ends,
        point_ptr=np.cumsum([0, *map(len, lines)]),
        point_rowcol=np.concatenate([np.empty((0, 2)), *lines]),
        point_radius_px=None if radii is None else np.concatenate([np.empty(0), *radii]),
    )


def _gaps(
    first: NDArray[np.float64], line: NDArray[np.float64], last: NDArray[np.float64]
) -> float:
    return float(np.hypot(*(line[0] - first)) + np.hypot(*(last - line[-1])))


def from_networkx(graph: networkx.Graph) -> SpatialGraph:
    """Return a NetworkX graph with the attributes of `HeteroGraph.to_networkx`.

    Nodes need ``row`` and ``col``. Edges may have ``points`` [n, 2], and a half-width for each of
    them, ``radius_px`` [n], or for all, ``radius_mean_px``. Points run from the node at
    ``start_row`` and ``start_col``; where an edge does not name one of its nodes so, the shorter
    polyline is taken. Segments follow the keys of the edges if these count from 0 without gap or
    repetition, else the order of the edges.

    Raises
    ------
    FormatError
        If a node has no ``row`` or ``col``; the message says which.

    Examples
    --------
    >>> from gftcore.graph import extract
    >>> from_networkx(extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]]).to_networkx())
    SpatialGraph(2 nodes, 1 segments)
    """
    nx = require("networkx", extra="networkx", user="from_networkx")
    if not isinstance(graph, nx.Graph):
        raise ArgumentTypeError(f"graph must be a NetworkX graph, got {describe(graph)}")
    places: dict[Any, tuple[float, float]] = {}
    for node, data in graph.nodes(data=True):
        for name in ("row", "col"):
            if name not in data:
                raise FormatError(
                    f"graph must have row and col at each node, got no {name} at {node!r:.80}"
                )
        places[node] = data["row"], data["col"]
    number = {node: i for i, node in enumerate(graph)}
    edges = ordered_edges(graph)
    ends, turned = [], set()
    for segment, (first, last, _, data) in enumerate(edges):
        start = data.get("start_row"), data.get("start_col")
        ends.append((number[first], number[last]))
        if start in (places[first], places[last]):
            turned.add(segment)
            if start != places[first]:
                ends[-1] = ends[-1][::-1]
    points = [data.get("points", ()) for *_, data in edges]
    radius = [
        data.get("radius_px", [data.get("radius_mean_px", np.nan)] * len(line))
        for (*_, data), line in zip(edges, points, strict=True)
    ]
    known = any("radius_px" in data or "radius_mean_px" in data for *_, data in edges)
    return _joined(list(places.values()), ends, points, radius if known else None, turned=turned)


def ordered_edges(graph: networkx.Graph) -> list[tuple[Any, Any, Any, dict[str, Any]]]:
    """Edges (node, node, key, data), by key if the keys are those of segments."""
    if not graph.is_multigraph():
        return [(u, v, None, data) for u, v, data in graph.edges(data=True)]
    edges: list[tuple[Any, Any, Any, dict[str, Any]]] = list(graph.edges(keys=True, data=True))
    keys = [key for *_, key, _ in edges]
    if all(type(key) is int for key in keys) and sorted(keys) == list(range(len(keys))):
        edges.sort(key=lambda edge: edge[2])
    return edges


def to_networkx(graph: SpatialGraph) -> networkx.MultiGraph:
    """See `SpatialGraph.to_networkx`."""
    nx = require("networkx", extra="networkx", user="SpatialGraph.to_networkx")
    out = nx.MultiGraph()
    for node, (row, col) in enumerate(graph.node_rowcol.tolist()):
        out.add_node(node, row=row, col=col)
    for segment, (start, end) in enumerate(graph.segment_nodes.tolist()):
        part = slice(*graph.point_ptr[segment : segment + 2])
        data: dict[str, Any] = {"points": graph.point_rowcol[part]}
        if graph.point_radius_px is not None:
            data["radius_px"] = graph.point_radius_px[part]
        data["start_row"], data["start_col"] = graph.node_rowcol[start].tolist()
        out.add_edge(start, end, key=segment, **data)
    return out
