# SPDX-License-Identifier: Apache-2.0
"""Relations between vessel segments and regions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from gftcore.reference.distance import euclidean
from gftcore.reference.faces import Faces, match_faces, most_common
from gftcore.reference.label import label
from gftcore.reference.trace import NodeKind, SkeletonGraph

METHODS = ("planar", "centerline4")
FRAME_PX = 2

Relation = tuple[NDArray[np.int64], NDArray[np.float32]]
_Weights = dict[tuple[int, int], int]


def adjacency(
    graph: SkeletonGraph,
    faces: Faces,
    ica_label: NDArray[np.int32],
    *,
    method: str = "planar",
    squared_distance: NDArray[np.int32] | None = None,
) -> dict[str, Relation]:
    """Return edges [2, E] and attributes [E, 1] of the relations vv, ii, vi.

    Parameters
    ----------
    graph, faces
        The pruned graph and its faces.
    ica_label
        Region labels [H, W]; region row = label - 1.
    method
        ``"planar"``: a segment touches the regions that own most of its left and right face.
        ``"centerline4"``: a segment touches the regions of the faces 4-adjacent to its points,
        faces being those of the raster drawing of the published tool.
    squared_distance
        Squared distance [H, W], needed by ``"centerline4"``.

    Notes
    -----
    Each undirected edge appears once, sorted; no loops. Attributes: the lowest shared node (vv),
    the number of centreline points in contact (vi, ii).
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}, got {method!r}")
    if method == "planar":
        vi, ii = _planar(graph, faces, ica_label)
    else:
        if squared_distance is None:
            raise ValueError("method 'centerline4' needs squared_distance")
        vi, ii = _centerline4(graph, ica_label, squared_distance)
    return {"vv": as_relation(_shared_nodes(graph)), "ii": as_relation(ii), "vi": as_relation(vi)}


def as_relation(weights: Mapping[tuple[int, int], int]) -> Relation:
    """Sort edges and split them from their attribute."""
    pairs = sorted(weights)
    edges = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    attr = np.array([weights[p] for p in pairs], dtype=np.float32).reshape(-1, 1)
    return np.ascontiguousarray(edges), attr


def _shared_nodes(graph: SkeletonGraph) -> _Weights:
    at_node: dict[int, set[int]] = defaultdict(set)
    for segment, nodes in enumerate(graph.segment_nodes.tolist()):
        for node in nodes:
            at_node[node].add(segment)
    shared: _Weights = {}
    for node in sorted(at_node):
        for pair in combinations(sorted(at_node[node]), 2):
            shared.setdefault(pair, node)
    return shared


def _planar(
    graph: SkeletonGraph, faces: Faces, ica_label: NDArray[np.int32]
) -> tuple[_Weights, _Weights]:
    region = match_faces(faces, ica_label).astype(np.int64) - 1
    vi: _Weights = {}
    ii: _Weights = defaultdict(int)
    points = np.diff(graph.point_ptr).tolist()
    for segment, sides in enumerate(region[faces.segment_faces].tolist()):
        touched = sorted({side for side in sides if side >= 0})
        for side in touched:
            vi[segment, side] = points[segment]
        if len(touched) == 2:
            ii[touched[0], touched[1]] += points[segment]
    return vi, ii


def _centerline4(
    graph: SkeletonGraph, ica_label: NDArray[np.int32], squared_distance: NDArray[np.int32]
) -> tuple[_Weights, _Weights]:
    face = label(drawing(graph, squared_distance), connectivity=4, background=True)
    owner = most_common(face, ica_label, int(face.max(initial=0)))
    region = np.pad(np.append(0, owner)[face].astype(np.int64) - 1, 1, constant_values=-1)
    row, col = graph.point_pixel.T + 1
    around = np.stack(
        [region[row - 1, col], region[row, col + 1], region[row + 1, col], region[row, col - 1]],
        axis=1,
    )
    vi: _Weights = defaultdict(int)
    ii: _Weights = defaultdict(int)
    segment_of = np.repeat(np.arange(graph.num_segments), np.diff(graph.point_ptr))
    for segment, regions in zip(segment_of.tolist(), around.tolist(), strict=True):
        touched = sorted({r for r in regions if r >= 0})
        for r in touched:
            vi[segment, r] += 1
        for pair in combinations(touched, 2):
            ii[pair] += 1
    return vi, ii


def drawing(graph: SkeletonGraph, squared_distance: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Draw points, node pixels, a disc on each wide node pixel, and the frame [H, W].

    Pixels of `end` nodes and pixels with distance <= 1 get no disc. The radius is
    int(distance / 1.75) + 1.
    """
    rows, cols = graph.shape
    drawn = np.ones(graph.shape, dtype=bool)
    drawn[FRAME_PX:-FRAME_PX, FRAME_PX:-FRAME_PX] = False
    drawn[graph.point_pixel[:, 0], graph.point_pixel[:, 1]] = True
    drawn[graph.node_pixel[:, 0], graph.node_pixel[:, 1]] = True
    distance = euclidean(squared_distance)
    kinds = np.repeat(graph.node_kind, graph.node_pixels)
    for (row, col), kind in zip(graph.node_pixel.tolist(), kinds.tolist(), strict=True):
        if kind == NodeKind.END or distance[row, col] <= 1:
            continue
        radius = int(distance[row, col] / 1.75) + 1
        top, left = max(row - radius, 0), max(col - radius, 0)
        r, c = np.ogrid[top : min(row + radius + 1, rows), left : min(col + radius + 1, cols)]
        drawn[top : row + radius + 1, left : col + radius + 1] |= (r - row) ** 2 + (
            c - col
        ) ** 2 <= radius**2
    return drawn
