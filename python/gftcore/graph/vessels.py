# SPDX-License-Identifier: Apache-2.0
"""Stages that make, clean and describe the skeleton graph, its faces and what touches what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from gftcore._native import core
from gftcore._validation import (
    describe,
    require_array,
    require_choice,
    require_int,
    require_intensity,
    require_labels,
    require_mask,
    require_real,
    require_same_shape,
)
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.config import ADJACENCIES, FEATURES, PRUNES
from gftcore.graph.stages import anchor_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Faces", "SkeletonGraph", "Table", "adjacency", "assign_pixels", "faces"]
__all__ += ["merge_junctions", "prune", "segment_table", "trace"]

SkeletonGraph = core.SkeletonGraph
Faces = core.Faces


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Named columns of float64 values [rows, columns]."""

    columns: tuple[str, ...]
    values: NDArray[np.float64]


def _require_graph(graph: object) -> Any:
    if not isinstance(graph, SkeletonGraph):
        raise ArgumentTypeError(f"graph must come from trace() or prune(), got {describe(graph)}")
    return graph


def _require_distance(squared_distance: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.int32]:
    out = require_array(squared_distance, np.int32, name="squared_distance", ndim=2)
    require_same_shape(out, shape, name="squared_distance")
    return cast("NDArray[np.int32]", out)


def trace(skeleton: ArrayLike, *, anchors: ArrayLike | None = None) -> SkeletonGraph:
    """Trace a skeleton into V nodes and S segments; it is made minimal first.

    Parameters
    ----------
    skeleton
        Skeleton [H, W].
    anchors
        Skeleton pixels [B, 2] at which vessels leave the image (`border_anchors` of the mask);
        they become border nodes. None means none.

    Notes
    -----
    Clusters of touching branch pixels are one node; closed loops, parallel segments and segments
    without inner pixel stay.

    Examples
    --------
    >>> graph = trace([[1, 0, 1], [0, 1, 0], [0, 1, 0]])
    >>> graph.node_kind.tolist(), graph.segment_nodes.tolist()
    ([0, 0, 1, 0], [[0, 2], [1, 2], [2, 3]])
    """
    pixels = require_mask(skeleton, name="skeleton")
    given = anchor_array(anchors, pixels)
    if not pixels[given[:, 0], given[:, 1]].all():
        raise ArgumentError("each of anchors must be a skeleton pixel")
    return core.trace(pixels, np.unique(given, axis=0))


def prune(
    graph: SkeletonGraph,
    squared_distance: ArrayLike,
    *,
    method: Literal["bulge", "length", "none"] = "bulge",
    bulge: float = 3.0,
    max_rounds: int = 100,
) -> SkeletonGraph:
    """Return the graph without its spurs; components, holes and faces stay.

    Parameters
    ----------
    graph
        Graph from `trace`.
    squared_distance
        Squared distance of the mask [H, W].
    method
        ``bulge``: leaves that stick out of their vessel by less than ``bulge`` radii go;
        ``length``: leaves shorter than the radius at their junction plus 3 px go.
    bulge
        Limit of the rule ``bulge``.
    max_rounds
        Largest number of rounds.

    References
    ----------
    Drees, D. et al. (2021). Scalable robust graph and feature extraction for arbitrary vessel
    networks in large volumetric datasets. doi:10.1186/s12859-021-04262-w

    Examples
    --------
    >>> skeleton = np.zeros((9, 9), dtype=bool)
    >>> skeleton[4, :] = skeleton[3, 4] = True
    >>> distance = np.where(skeleton, 4, 0)
    >>> prune(trace(skeleton), distance).segment_nodes.tolist()
    [[0, 1]]
    """
    source = _require_graph(graph)
    distance = _require_distance(squared_distance, source.shape)
    require_choice(method, PRUNES, "method")
    return core.prune(
        source,
        distance,
        method,
        require_real(bulge, "bulge"),
        require_int(max_rounds, "max_rounds"),
    )


def merge_junctions(
    graph: SkeletonGraph, squared_distance: ArrayLike, *, merge_px: float = 3.0
) -> SkeletonGraph:
    """Return the graph with close junctions at narrow places of the mask as one node.

    Thinning leaves two junctions with a short bridge between them where two vessels cross or
    touch. Components, holes and faces stay, and so do all pixels: those of the bridge become
    pixels of the merged node.

    Parameters
    ----------
    graph
        Graph from `trace` or `prune`; both would undo the merges if called afterwards.
    squared_distance
        Squared distance of the mask [H, W].
    merge_px
        A bridge is shorter than this. It is the only segment between two junctions, both at most
        sqrt(2) px from the background; the shortest goes first, and each junction merges once.

    Examples
    --------
    >>> crossing = np.array([[1, 0, 0, 0, 1], [0, 1, 1, 1, 0], [1, 0, 0, 0, 1]], dtype=bool)
    >>> graph = merge_junctions(trace(crossing), np.where(crossing, 1, 0))
    >>> graph.node_degree.tolist()
    [1, 1, 4, 1, 1]
    """
    source = _require_graph(graph)
    distance = _require_distance(squared_distance, source.shape)
    return core.merge_junctions(source, distance, require_real(merge_px, "merge_px"))


def assign_pixels(graph: SkeletonGraph, mask: ArrayLike) -> NDArray[np.int32]:
    """Give each mask pixel the index of the nearest centreline point of its component [H, W].

    Parameters
    ----------
    graph
        Graph of the mask.
    mask
        Vessel mask [H, W].

    Notes
    -----
    Equal distances go to the lower index. -1 on background and in components without point.

    Examples
    --------
    >>> assign_pixels(trace([[1, 1, 1, 1]]), [[1, 1, 1, 1]]).tolist()
    [[0, 0, 1, 1]]
    """
    source = _require_graph(graph)
    pixels = require_mask(mask)
    require_same_shape(pixels, source.shape, name="mask")
    points = np.ascontiguousarray(source.point_pixel)
    out: NDArray[np.int32] = core.assign_pixels(pixels, points)
    return out


def segment_table(
    graph: SkeletonGraph,
    mask: ArrayLike,
    squared_distance: ArrayLike,
    *,
    mode: Literal["edt", "voreen_slab", "centreline"] = "edt",
    intensity: ArrayLike | None = None,
) -> Table:
    """Describe each segment [S, F]: position, length, cross-section, radii, ends, intensity.

    Parameters
    ----------
    graph
        The pruned graph.
    mask, squared_distance
        The mask and its squared distance [H, W].
    mode
        As ``features`` of `ExtractConfig`.
    intensity
        Raw image with the mask's shape, or both sides divided by one integer.

    Examples
    --------
    >>> bar = np.zeros((5, 9), dtype=bool)
    >>> bar[2, :] = True
    >>> distance = np.where(bar, 1, 0)
    >>> table = segment_table(trace(bar), bar, distance, mode="centreline")
    >>> table.values[0, table.columns.index("length")]
    np.float64(8.0)
    """
    source = _require_graph(graph)
    pixels = require_mask(mask)
    require_same_shape(pixels, source.shape, name="mask")
    distance = _require_distance(squared_distance, source.shape)
    require_choice(mode, FEATURES, "mode")
    grey = None
    if intensity is not None:
        grey = require_intensity(intensity, (pixels.shape[0], pixels.shape[1]))
    columns, values = core.segment_table(source, pixels, distance, mode, grey)
    return Table(tuple(columns), values)


def faces(graph: SkeletonGraph) -> Faces:
    """Label the faces of the skeleton, and say which lie left and right of each segment.

    Parameters
    ----------
    graph
        The pruned graph.

    Returns
    -------
    Faces
        ``label`` int32 [H, W] is face + 1 off the skeleton, ``count`` the number of faces,
        ``segment_faces`` int64 [S, 2] left and right in walk direction.

    Examples
    --------
    >>> row = [[0, 0, 0], [1, 1, 1], [0, 0, 0]]
    >>> found = faces(trace(row, anchors=[[1, 0], [1, 2]]))
    >>> found.count, found.segment_faces.tolist()
    (2, [[0, 1]])
    """
    return core.faces(_require_graph(graph))


def adjacency(
    graph: SkeletonGraph,
    faces: Faces,
    ica_label: ArrayLike,
    *,
    method: Literal["planar", "centerline4"] = "planar",
    squared_distance: ArrayLike | None = None,
) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Return edges [2, E] and attributes [E, 1] of the relations vv, ii, vi.

    Parameters
    ----------
    graph, faces
        The pruned graph and its faces.
    ica_label
        Region labels [H, W]; the row of a region is its label - 1.
    method
        ``planar``: a segment touches the regions that own most of its left and right face;
        ``centerline4``: the rule of the published data.
    squared_distance
        Squared distance of the mask [H, W]; ``centerline4`` needs it.

    Notes
    -----
    Each undirected edge appears once, sorted, without loops. Attributes: lowest shared node (vv),
    number of centreline points in contact (vi, ii).

    Examples
    --------
    >>> graph = trace([[0, 0, 0], [1, 1, 1], [0, 0, 0]], anchors=[[1, 0], [1, 2]])
    >>> regions = [[1, 1, 1], [0, 0, 0], [2, 2, 2]]
    >>> adjacency(graph, faces(graph), regions)["ii"][0].tolist()
    [[0], [1]]
    """
    source = _require_graph(graph)
    if not isinstance(faces, Faces):
        raise ArgumentTypeError(f"faces must come from faces(), got {describe(faces)}")
    labels = require_labels(ica_label, name="ica_label")
    require_same_shape(labels, source.shape, name="ica_label")
    if len(faces.segment_faces) != len(source.segment_nodes):
        raise ArgumentError("faces must come from the same graph")
    require_choice(method, ADJACENCIES, "method")
    distance = None
    if squared_distance is not None:
        distance = _require_distance(squared_distance, source.shape)
    elif method == "centerline4":
        raise ArgumentError("method 'centerline4' needs squared_distance")
    relations: dict[str, tuple[NDArray[np.int64], NDArray[np.float32]]] = core.adjacency(
        source, faces, labels, method, distance
    )
    return relations
