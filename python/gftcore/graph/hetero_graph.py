# SPDX-License-Identifier: Apache-2.0
"""The typed result of an extraction."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gftcore._validation import require_choice

if TYPE_CHECKING:
    import networkx
    from numpy.typing import NDArray
    from torch_geometric.data import HeteroData

    from gftcore.graph.batch import GraphBatch

__all__ = ["NODE_KINDS", "NODE_TYPES", "RELATIONS", "SCHEMA", "FazInfo", "GraphMeta", "HeteroGraph"]

SCHEMA = "gftcore-graph/1"
NODE_KINDS = ("end", "junction", "border", "isolated", "ring")
NODE_TYPES = ("vessel", "ica", "faz")

#: Stored relations and their node types; each undirected edge is stored once.
RELATIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "vv": ("vessel", "vessel"),
        "ii": ("ica", "ica"),
        "vi": ("vessel", "ica"),
        "vf": ("vessel", "faz"),
        "if": ("ica", "faz"),
        "ff": ("faz", "faz"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FazInfo:
    """Which area is the foveal avascular zone, and how it was found.

    Attributes
    ----------
    label
        Its label in the kept image ``ica_label``; 0 if there is none.
    area_px2
        Its area; 0 if there is none.
    method
        ``auto``, ``nearest`` (fallback of ``auto``), ``fixed``, ``mask`` or ``none``.
    confidence
        ``auto`` only: 1 - second largest / largest candidate; 0 for ``nearest``, else NaN.
    """

    label: int
    area_px2: float
    method: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphMeta:
    """Where a graph comes from.

    Attributes
    ----------
    shape
        Rows and columns of the mask.
    fov_mm, eye
        Length of the longer side in mm; ``OD``, ``OS`` or ``unknown``.
    config, config_hash
        All settings as plain values, and the SHA-256 of their canonical JSON.
    versions
        Name to version of what computed the graph.
    simd_target
        Instruction set used.
    warnings
        Codes such as ``EMPTY_MASK``.
    source
        ``kind`` (``mask`` or ``image``) and, where a file was read, its ``sha256``.
    schema
        Version of the file format.
    stage_seconds
        Time of each stage; neither compared nor saved.
    """

    shape: tuple[int, int]
    fov_mm: float
    eye: str
    config: Mapping[str, Any]
    config_hash: str
    versions: Mapping[str, str]
    simd_target: str
    warnings: tuple[str, ...] = ()
    source: Mapping[str, str] = field(default_factory=dict)
    schema: str = SCHEMA
    stage_seconds: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)

    @property
    def mm_per_px(self) -> float:
        """Side of a mask pixel in mm."""
        return self.fov_mm / max(self.shape)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class HeteroGraph:
    """Vessel segments, intercapillary areas and the FAZ of one image, and what touches what.

    V skeleton nodes, S segments, P centreline points, A areas (the FAZ is none of them), E_r
    edges of relation r. All arrays are read-only and C-contiguous; positions are (row, col).

    Attributes
    ----------
    node_rowcol, node_radius_px
        float32 [V, 2], [V].
    node_degree, node_pixels, node_kind
        int32 [V], int32 [V], uint8 [V]: 0 end, 1 junction, 2 border, 3 isolated, 4 ring.
    segment_nodes, segment_faces
        int64 [S, 2] start and end node; int64 [S, 2] face to the left and right of the walk.
    point_ptr
        int64 [S + 1]; points of segment s are ``point_ptr[s]:point_ptr[s + 1]``.
    point_pixel, point_rowcol, point_radius_px
        int32 [P, 2] pixels, float32 [P, 2] smoothed, float32 [P].
    vessel_x, vessel_columns
        float64 [S, Fv] and the names of its columns.
    ica_x, ica_columns
        float64 [A, Fa] and the names of its columns.
    ica_label_id, ica_bbox, ica_touches_border
        int32 [A] label in the kept image ``ica_label``; int32 [A, 4] half-open; bool [A].
    face_ica
        int64 [faces]: row of the area that owns the face, -1 none, -2 the FAZ.
    faz_x, faz_info
        float64 [0 or 1, Fa] with the columns ``ica_columns``; how it was found.
    edges, edge_attr
        Relation (vv, ii, vi, vf, if, ff) to int64 [2, E_r], sorted, and float32 [E_r, k]: lowest
        shared node (vv), else shared border in centreline points.
    meta
        Shape, settings, versions, warnings.
    kept
        Images asked for with ``keep``.
    """

    node_rowcol: NDArray[np.float32]
    node_radius_px: NDArray[np.float32]
    node_degree: NDArray[np.int32]
    node_pixels: NDArray[np.int32]
    node_kind: NDArray[np.uint8]
    segment_nodes: NDArray[np.int64]
    segment_faces: NDArray[np.int64]
    point_ptr: NDArray[np.int64]
    point_pixel: NDArray[np.int32]
    point_rowcol: NDArray[np.float32]
    point_radius_px: NDArray[np.float32]
    vessel_x: NDArray[np.float64]
    vessel_columns: tuple[str, ...]
    ica_x: NDArray[np.float64]
    ica_columns: tuple[str, ...]
    ica_label_id: NDArray[np.int32]
    ica_bbox: NDArray[np.int32]
    ica_touches_border: NDArray[np.bool_]
    face_ica: NDArray[np.int64]
    faz_x: NDArray[np.float64]
    faz_info: FazInfo
    edges: Mapping[str, NDArray[np.int64]]
    edge_attr: Mapping[str, NDArray[np.float32]]
    meta: GraphMeta
    kept: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def num_nodes(self) -> int:
        """V, the number of skeleton nodes."""
        return len(self.node_kind)

    @property
    def num_segments(self) -> int:
        """S, the number of vessel segments."""
        return len(self.segment_nodes)

    @property
    def num_points(self) -> int:
        """P, the number of centreline points."""
        return len(self.point_pixel)

    @property
    def num_icas(self) -> int:
        """A, the number of intercapillary areas, the FAZ not counted."""
        return len(self.ica_label_id)

    @property
    def num_edges(self) -> int:
        """Number of undirected edges of all relations."""
        return sum(pairs.shape[1] for pairs in self.edges.values())

    def vessel(self, column: str) -> NDArray[np.float64]:
        """One feature of all segments [S].

        Examples
        --------
        >>> from gftcore import graph
        >>> graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]]).vessel("length").tolist()
        [2.0]
        """
        return self._column(self.vessel_x, self.vessel_columns, column)

    def ica(self, column: str) -> NDArray[np.float64]:
        """One feature of all intercapillary areas [A]."""
        return self._column(self.ica_x, self.ica_columns, column)

    def faz(self, column: str) -> NDArray[np.float64]:
        """One feature of the FAZ [0 or 1]."""
        return self._column(self.faz_x, self.ica_columns, column)

    @staticmethod
    def _column(
        values: NDArray[np.float64], columns: tuple[str, ...], name: str
    ) -> NDArray[np.float64]:
        return values[:, columns.index(require_choice(name, columns, "column"))]

    def features(self, node_type: str) -> NDArray[np.float64]:
        """Feature matrix of a node type: ``vessel``, ``ica`` or ``faz``."""
        tables = {"vessel": self.vessel_x, "ica": self.ica_x, "faz": self.faz_x}
        return tables[require_choice(node_type, NODE_TYPES, "node_type")]

    def positions(self, node_type: str) -> NDArray[np.float64]:
        """Positions (row, col) of all nodes of a type [N, 2]: arc midpoints or centroids."""
        table = self.features(node_type)
        if node_type == "vessel":
            names, columns = ("row", "col"), self.vessel_columns
        else:
            names, columns = ("centroid-0", "centroid-1"), self.ica_columns
        return table[:, [columns.index(name) for name in names]]

    def with_source(self, **source: str) -> HeteroGraph:
        """Return the same graph with more entries in ``meta.source``."""
        meta = dataclasses.replace(self.meta, source={**self.meta.source, **source})
        return dataclasses.replace(self, meta=meta)

    def save(self, path: str | Path) -> None:
        """Write the graph to a ``.npz`` file without pickles; see `gftcore.graph.save`."""
        from gftcore.graph.files import save

        save(self, path)

    def to_hetero(self, *, nonfinite: Literal["keep", "zero", "error"] = "keep") -> HeteroData:
        """Return a PyTorch Geometric `HeteroData`; needs the extra ``train``.

        Node types ``vessel``, ``ica``, ``faz`` with float32 ``x`` and ``pos`` (row, col); every
        relation is there, in both directions, even without edges.

        Parameters
        ----------
        nonfinite
            What happens to NaN and infinity, which say that a value does not exist.
        """
        from gftcore.graph.exports import to_hetero

        return to_hetero(self, nonfinite=nonfinite)

    def to_batch(self, *, nonfinite: Literal["zero", "error"] = "zero") -> GraphBatch:
        """Return a batch of this one graph; see `gftcore.graph.collate`."""
        from gftcore.graph.batch import collate

        return collate([self], nonfinite=nonfinite)

    def to_networkx(self, *, kind: Literal["vessels", "contacts"] = "vessels") -> networkx.Graph:
        """Return a NetworkX graph; needs the extra ``networkx``.

        Parameters
        ----------
        kind
            ``vessels``: a `MultiGraph` of the skeleton. Nodes have ``row, col, kind, radius_px``;
            the key of an edge is its segment, its data are all feature columns, ``points`` [n, 2]
            with a half-width each, ``radius_px`` [n], and the node they run from, ``start_row``
            and ``start_col``.
            ``contacts``: what touches what, as in ``edges``. Nodes are ``("vessel", 3)``,
            ``("ica", 7)`` and ``("faz", 0)`` with ``type``, ``row``, ``col`` and all features;
            edges have ``relation`` and ``shared_node`` (vv) or ``border_px``.

        Examples
        --------
        >>> from gftcore import graph
        >>> item = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
        >>> item.to_networkx().edges[0, 1, 0]["length"]
        2.0
        """
        from gftcore.graph.exports import to_networkx

        return to_networkx(self, kind=kind)

    def __repr__(self) -> str:
        rows, cols = self.meta.shape
        faz = self.faz_info.method if len(self.faz_x) else "none"
        return (
            f"HeteroGraph({rows}x{cols}: {self.num_nodes} nodes, {self.num_segments} segments, "
            f"{self.num_icas} areas, FAZ {faz}, {self.num_edges} edges)"
        )
