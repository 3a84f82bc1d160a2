# SPDX-License-Identifier: Apache-2.0
"""Vessel graphs as Voreen knows them, in columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._validation import describe, require_array
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError, ShapeError
from gftcore.formats.sources import from_hetero, from_polylines
from gftcore.formats.spatial_graph import SpatialGraph
from gftcore.graph import HeteroGraph
from gftcore.graph.exports import graph_provenance
from gftcore.graph.hetero_graph import NODE_KINDS

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Column: TypeAlias = NDArray[Any] | tuple[Any, ...]

__all__ = [
    "EDGE_COLUMNS",
    "EDGE_FEATURES",
    "NODE_COLUMNS",
    "VOXEL_COLUMNS",
    "VoreenGraph",
    "column",
]

NODE_COLUMNS: Mapping[str, str] = MappingProxyType(
    {"radius": "real", "degree": "count", "isAtSampleBorder": "flag"}
)
#: Voreen's features of edges, in its order.
EDGE_FEATURES = (
    "length", "distance", "curveness", "volume", "avgCrossSection", "minRadiusAvg",
    "minRadiusStd", "avgRadiusAvg", "avgRadiusStd", "maxRadiusAvg", "maxRadiusStd",
    "roundnessAvg", "roundnessStd", "node1_degree", "node2_degree", "num_voxels",
    "hasNodeAtSampleBorder",
)  # fmt: skip
EDGE_COLUMNS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(EDGE_FEATURES, "real")
    | dict.fromkeys(("node1_degree", "node2_degree", "num_voxels"), "count")
    | {"hasNodeAtSampleBorder": "flag"}
)
VOXEL_COLUMNS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("minDistToSurface", "maxDistToSurface", "avgDistToSurface"), "real")
    | {"numSurfaceVoxels": "count", "volume": "real", "nearOtherEdge": "flag"}
)
_DISTANCES = ("minDistToSurface", "maxDistToSurface", "avgDistToSurface")
_DTYPES = {"real": np.float64, "count": np.int64, "flag": np.bool_}
_RESERVED = {
    "nodes": ("id", "edges", "pos", "pos_x", "pos_y", "pos_z"),
    "edges": ("id", "node1", "node2", "node1id", "node2id", "skeletonVoxels"),
    "voxels": ("pos",),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class VoreenGraph:
    """V nodes, E edges and P skeleton voxels, with every column that a file has.

    Positions are (row, col, z) in px. A column that is not complete is a tuple with None where a
    value is missing, but for real numbers, which are NaN there. Columns of other names than
    Voreen's are tuples of what the file holds.

    Attributes
    ----------
    node_id, node_pos
        int64 [V], unique; float64 [V, 3].
    edge_id, edge_nodes
        int64 [E]; int64 [E, 2] rows of both nodes (not their ids).
    point_ptr, voxel_pos
        int64 [E + 1]; float64 [P, 3]: voxels of edge e are ``point_ptr[e]:point_ptr[e + 1]``, from
        either node.
    nodes
        Further columns of nodes by name: ``radius`` float64, ``degree`` int64,
        ``isAtSampleBorder`` bool, ``voxels_`` and others as they are.
    edges
        Further columns of edges: ``length``, ``distance``, ``curveness`` and so on float64;
        ``node1_degree``, ``node2_degree``, ``num_voxels`` int64; ``hasNodeAtSampleBorder`` bool;
        ``pathProperties`` and others as they are.
    voxels
        Further columns of voxels: ``minDistToSurface``, ``maxDistToSurface``,
        ``avgDistToSurface``, ``volume`` float64; ``numSurfaceVoxels`` int64; ``nearOtherEdge``
        bool; others as they are.
    graph_entries, file_entries
        What else a JSON file holds, in ``graph`` and beside it.

    Examples
    --------
    >>> from gftcore.graph import extract
    >>> graph = VoreenGraph.from_graph(extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]]))
    >>> graph.edges["length"].tolist(), graph.voxel_pos.tolist()
    ([2.0], [[1.0, 1.0, 0.0]])
    """

    node_id: NDArray[np.int64]
    node_pos: NDArray[np.float64]
    edge_id: NDArray[np.int64]
    edge_nodes: NDArray[np.int64]
    point_ptr: NDArray[np.int64]
    voxel_pos: NDArray[np.float64]
    nodes: Mapping[str, Column] = field(default_factory=dict)
    edges: Mapping[str, Column] = field(default_factory=dict)
    voxels: Mapping[str, Column] = field(default_factory=dict)
    graph_entries: Mapping[str, Any] = field(default_factory=dict)
    file_entries: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        def keep(name: str, dtype: type[np.generic], ndim: int, cols: int | None = None) -> None:
            value = require_array(getattr(self, name), dtype, name=name, ndim=ndim, cols=cols)
            object.__setattr__(self, name, value)

        keep("node_id", np.int64, 1)
        keep("node_pos", np.float64, 2, 3)
        keep("edge_id", np.int64, 1)
        keep("edge_nodes", np.int64, 2, 2)
        keep("point_ptr", np.int64, 1)
        keep("voxel_pos", np.float64, 2, 3)
        ends, ptr, points = self.edge_nodes, self.point_ptr, len(self.voxel_pos)
        for name, count in (("node_pos", self.num_nodes), ("edge_nodes", self.num_edges)):
            if len(getattr(self, name)) != count:
                raise ShapeError(f"{name} must have {count} rows, got {len(getattr(self, name))}")
        for name in ("node_id", "edge_id"):
            if len(np.unique(getattr(self, name))) != len(getattr(self, name)):
                raise ArgumentError(f"{name} must not repeat")
        if ends.size and not 0 <= int(ends.min()) <= int(ends.max()) < self.num_nodes:
            raise ArgumentError(f"edge_nodes must name rows 0 to {self.num_nodes - 1}")
        if len(ptr) != self.num_edges + 1:
            raise ShapeError(f"point_ptr must have {self.num_edges + 1} entries, got {len(ptr)}")
        if ptr[0] != 0 or ptr[-1] != points or (np.diff(ptr) < 0).any():
            raise ArgumentError(f"point_ptr must ascend from 0 to {points}, the number of voxels")
        if not (np.isfinite(self.node_pos).all() and np.isfinite(self.voxel_pos).all()):
            raise ArgumentError("node_pos and voxel_pos must be finite, got NaN or infinity")
        counts = {"nodes": self.num_nodes, "edges": self.num_edges, "voxels": points}
        for owner, count in counts.items():
            object.__setattr__(self, owner, MappingProxyType(dict(getattr(self, owner))))
            for name, values in getattr(self, owner).items():
                if name in _RESERVED[owner]:
                    raise ArgumentError(f"{owner} must not have a column {name}, it is a field")
                if len(values) != count:
                    raise ShapeError(
                        f"{owner}[{name!r:.80}] must have {count} values, got {len(values)}"
                    )

    @property
    def num_nodes(self) -> int:
        """V, the number of nodes."""
        return len(self.node_id)

    @property
    def num_edges(self) -> int:
        """E, the number of edges."""
        return len(self.edge_id)

    @property
    def node_degree(self) -> NDArray[np.int64]:
        """Number of edge ends at each node [V]; an edge to itself counts twice."""
        return np.bincount(self.edge_nodes.ravel(), minlength=self.num_nodes)

    @staticmethod
    def from_graph(graph: HeteroGraph | SpatialGraph) -> VoreenGraph:
        """Return vessels with Voreen's columns, as far as they are known.

        The half-width of a point stands for all three distances of its voxel. An extraction knows
        radius and border of nodes and all features of edges; it has no numbers of surface voxels
        (0), no voxels of nodes (none) and no places near other edges (False), and each voxel has
        an equal part of the volume of its edge. Edges carry the features of Voreen's names only.
        """
        if isinstance(graph, HeteroGraph):
            return _from_hetero(graph)
        if isinstance(graph, SpatialGraph):
            return _from_spatial(graph)
        raise ArgumentTypeError(
            f"graph must be a HeteroGraph or SpatialGraph, got {describe(graph)}"
        )

    def to_spatial(self) -> SpatialGraph:
        """Return the graph in the image plane: z is dropped.

        Half-widths are the mean distances to the surface, if there are any. An edge without voxels
        is straight. Voxels that run from the second node are turned: of both directions the one
        with the shorter polyline is taken.
        """
        radius = self.voxels.get("avgDistToSurface")
        parts = [slice(*pair) for pair in zip(self.point_ptr[:-1], self.point_ptr[1:], strict=True)]
        return from_polylines(
            self.node_pos[:, :2],
            self.edge_nodes,
            [self.voxel_pos[part, :2] for part in parts],
            radius_px=None if radius is None else [np.asarray(radius[part]) for part in parts],
        )

    def __repr__(self) -> str:
        return (
            f"VoreenGraph({self.num_nodes} nodes, {self.num_edges} edges, "
            f"{len(self.voxel_pos)} voxels)"
        )


def column(values: Sequence[Any], kind: str | None, name: str) -> Column:
    """Return values of a file as a column: kind ``real``, ``count``, ``flag`` or None."""
    if kind is None:
        return tuple(values)
    if kind == "real":
        if not all(value is None or type(value) in (int, float) for value in values):
            raise FormatError(f"{name} must be a number")
        return np.array([np.nan if value is None else float(value) for value in values], np.float64)
    # 0 and 1 are how Voreen's tables write truth values.
    types = (int,) if kind == "count" else (int, bool)
    known = [value for value in values if value is not None]
    if not all(type(value) in types and (kind == "count" or value in (0, 1)) for value in known):
        raise FormatError(f"{name} must be {'an integer' if kind == 'count' else 'true or false'}")
    if len(known) < len(values):
        return tuple(bool(v) if kind == "flag" and v is not None else v for v in values)
    return np.array(values, dtype=_DTYPES[kind])


def _from_spatial(graph: SpatialGraph) -> VoreenGraph:
    first, last = (graph.node_rowcol[graph.segment_nodes[:, end]] for end in (0, 1))
    length, chord = graph.segment_length_px, np.hypot(*(last - first).T)
    degree = np.sort(graph.node_degree[graph.segment_nodes], axis=1)
    curveness = np.full(len(length), np.nan)  # a loop has none
    np.divide(length, chord, out=curveness, where=chord > 0)
    known = (
        {} if graph.point_radius_px is None else dict.fromkeys(_DISTANCES, graph.point_radius_px)
    )
    return _flat(
        graph,
        edges={
            "length": length,
            "distance": chord,
            "curveness": curveness,
            "node1_degree": degree[:, 0],
            "node2_degree": degree[:, 1],
            "num_voxels": np.diff(graph.point_ptr),
        },
        voxels=known,
    )


def _from_hetero(graph: HeteroGraph) -> VoreenGraph:
    features = {name: graph.vessel(name) for name in EDGE_FEATURES if name in graph.vessel_columns}
    count = np.diff(graph.point_ptr)
    share = features["volume"] / np.maximum(count, 1)
    return _flat(
        from_hetero(graph),
        nodes={
            "voxels_": tuple([] for _ in range(graph.num_nodes)),
            "radius": graph.node_radius_px.astype(np.float64),
            "isAtSampleBorder": graph.node_kind == NODE_KINDS.index("border"),
        },
        edges={
            name: values.astype(_DTYPES[EDGE_COLUMNS[name]]) for name, values in features.items()
        },
        voxels={
            **dict.fromkeys(_DISTANCES, graph.point_radius_px.astype(np.float64)),
            "numSurfaceVoxels": np.zeros(graph.num_points, np.int64),
            "volume": np.repeat(share, count),
            "nearOtherEdge": np.zeros(graph.num_points, np.bool_),
        },
        file_entries={"provenance": graph_provenance(graph)},
    )


def _flat(graph: SpatialGraph, **columns: Mapping[str, Any]) -> VoreenGraph:
    """Give all nodes and points the depth 0, and edges the numbers of their segments."""
    return VoreenGraph(
        node_id=np.arange(graph.num_nodes),
        node_pos=np.pad(graph.node_rowcol, ((0, 0), (0, 1))),
        edge_id=np.arange(graph.num_segments),
        edge_nodes=graph.segment_nodes,
        point_ptr=graph.point_ptr,
        voxel_pos=np.pad(graph.point_rowcol, ((0, 0), (0, 1))),
        **columns,
    )
