# SPDX-License-Identifier: Apache-2.0
"""Merging of close junctions."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from math import floor, sqrt

import numpy as np
from numpy.typing import NDArray

from gftcore.reference.trace import NodeKind, SkeletonGraph

NARROW = 2  # px^2 to the background


def merge_junctions(
    graph: SkeletonGraph, squared_distance: NDArray[np.int32], *, merge_px: float = 3.0
) -> SkeletonGraph:
    """Make one node of two junctions that a short bridge at a narrow place joins.

    Parameters
    ----------
    graph
        A traced skeleton.
    squared_distance
        Squared distance image [H, W] of the mask.
    merge_px
        A bridge is shorter than this, from position over pixels to position.

    Notes
    -----
    A bridge is the only segment between two junctions whose rounded positions have a squared
    distance of at most 2. The shortest merges first (ties: lower segment), a node merges once.
    The merged node owns all pixels of the three. Components, holes and faces do not change.
    """
    bridges = _choose(graph, squared_distance, merge_px)
    if not bridges:
        return graph
    pixels = [
        graph.node_pixel[begin:end].tolist() for begin, end in pairwise(graph.node_ptr.tolist())
    ]
    degree = graph.node_degree.tolist()
    owner = list(range(graph.num_nodes))
    for segment in bridges:
        low, high = sorted(graph.segment_nodes[segment].tolist())
        inner = graph.chain(segment)[1:-1].tolist()
        pixels[low] = sorted(pixels[low] + pixels[high] + inner)
        degree[low] += degree[high] - 2
        owner[high] = low
    kept = sorted(set(owner), key=lambda v: pixels[v][0])
    number = {v: i for i, v in enumerate(kept)}
    segments = np.setdiff1d(np.arange(graph.num_segments), bridges)
    inner_pixels = [graph.chain(s)[1:-1] for s in segments.tolist()]
    counts = [len(pixels[v]) for v in kept]
    return replace(
        graph,
        node_rowcol=np.array([np.sum(pixels[v], axis=0) / len(pixels[v]) for v in kept]),
        node_degree=np.array([degree[v] for v in kept], dtype=np.int32),
        node_pixels=np.array(counts, dtype=np.int32),
        node_kind=graph.node_kind[kept],
        node_ptr=np.concatenate([[0], np.cumsum(counts)]),
        node_pixel=np.array([p for v in kept for p in pixels[v]], dtype=np.int32),
        segment_nodes=np.array(
            [[number[owner[v]] for v in graph.segment_nodes[s]] for s in segments.tolist()],
            dtype=np.int64,
        ).reshape(-1, 2),
        segment_ends=graph.segment_ends[segments],
        point_ptr=np.concatenate([[0], np.cumsum([len(p) for p in inner_pixels])]).astype(np.int64),
        point_pixel=np.concatenate([*inner_pixels, np.empty((0, 2), np.int32)]).astype(np.int32),
    )


def _choose(
    graph: SkeletonGraph, squared_distance: NDArray[np.int32], merge_px: float
) -> list[int]:
    """Return the bridges to take, shortest first."""
    pairs = [tuple(sorted(pair)) for pair in graph.segment_nodes.tolist()]
    segments_between = Counter(pairs)
    found = []
    for segment, (a, b) in enumerate(pairs):
        if a == b or segments_between[a, b] > 1:
            continue
        if not (_is_narrow(graph, a, squared_distance) and _is_narrow(graph, b, squared_distance)):
            continue
        length = _raw_length(graph, segment)
        if length < merge_px:
            found.append((length, segment))
    taken: set[int] = set()
    bridges = []
    for _, segment in sorted(found):
        if taken.isdisjoint(pairs[segment]):
            taken.update(pairs[segment])
            bridges.append(segment)
    return bridges


def _is_narrow(graph: SkeletonGraph, node: int, squared_distance: NDArray[np.int32]) -> bool:
    row, col = graph.node_rowcol[node].tolist()
    distance = squared_distance[floor(row + 0.5), floor(col + 0.5)]
    return bool(graph.node_kind[node] == NodeKind.JUNCTION and distance <= NARROW)


def _raw_length(graph: SkeletonGraph, segment: int) -> float:
    start, end = graph.node_rowcol[graph.segment_nodes[segment]].tolist()
    path = [start, *graph.chain(segment)[1:-1].tolist(), end]
    return sum(sqrt((r1 - r0) ** 2 + (c1 - c0) ** 2) for (r0, c0), (r1, c1) in pairwise(path))
