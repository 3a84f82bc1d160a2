# SPDX-License-Identifier: Apache-2.0
"""Pruning of short leaves."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import floor

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gftcore.reference.distance import euclidean
from gftcore.reference.trace import NodeKind, SkeletonGraph, trace

METHODS = ("bulge", "length", "none")
LENGTH_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Leaf:
    """A segment from a junction to an end."""

    segment: int
    junction: int
    pixels: NDArray[np.int32]  # inner pixels from the junction on, then the tip
    length: float
    bulge: float
    junction_radius: float


def prune(
    graph: SkeletonGraph,
    squared_distance: NDArray[np.int32],
    *,
    method: str = "bulge",
    bulge: float = 3.0,
    max_rounds: int = 100,
) -> SkeletonGraph:
    """Delete leaves that are only bulges of the vessel wall, and trace again.

    Parameters
    ----------
    graph
        A traced skeleton.
    squared_distance
        Squared distance image [H, W] of the mask, ``frame="none"``.
    method
        ``"bulge"``, ``"length"`` (leaves shorter than the distance at the junction + 3 px, two
        rounds at most) or ``"none"``.
    bulge
        Leaves below this bulge are candidates. At each junction the 2, 1, 0 largest candidates
        stay if 0, 1, more other segment ends stay.
    max_rounds
        Limit on the repetitions of delete and trace.

    Notes
    -----
    bulge = (length - inner + distance at the tip) / mean distance of the points outside `inner`,
    where `inner` is the length up to the first point outside the circle around the junction that
    the distance there defines. Components, holes and closure faces do not change.

    References
    ----------
    Drees, D., Scherzinger, A., Haegerling, R., Kiefer, F., Jiang, X. (2021). Scalable robust graph
    and feature extraction for arbitrary vessel networks in large volumetric datasets.
    doi:10.1186/s12859-021-04262-w
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}, got {method!r}")
    if method == "none":
        return graph
    distance = euclidean(squared_distance)
    for _ in range(max_rounds if method == "bulge" else min(max_rounds, LENGTH_ROUNDS)):
        leaves = find_leaves(graph, distance)
        if method == "bulge":
            doomed = _spare(graph, [leaf for leaf in leaves if leaf.bulge < bulge])
        else:
            doomed = [leaf for leaf in leaves if leaf.length < leaf.junction_radius + 3]
        if not doomed:
            break
        skeleton = graph.skeleton.copy()
        for leaf in doomed:
            skeleton[leaf.pixels[:, 0], leaf.pixels[:, 1]] = False
        graph = trace(skeleton, anchors=graph.anchors)
    return graph


def find_leaves(graph: SkeletonGraph, distance: NDArray[np.float64]) -> list[Leaf]:
    """Return all leaves with their measures, by segment id."""
    kinds = graph.node_kind[graph.segment_nodes]
    from_junction = (kinds == (NodeKind.JUNCTION, NodeKind.END)).all(axis=1)
    to_junction = (kinds == (NodeKind.END, NodeKind.JUNCTION)).all(axis=1)
    leaves = []
    for segment in np.flatnonzero(from_junction | to_junction).tolist():
        path = graph.chain(segment) if from_junction[segment] else graph.chain(segment)[::-1]
        pixels = path[1:]
        junction = int(graph.segment_nodes[segment, 0 if from_junction[segment] else 1])
        row, col = graph.node_rowcol[junction]
        radius = distance[floor(row + 0.5), floor(col + 0.5)]
        edt = distance[pixels[:, 0], pixels[:, 1]]
        length, bulge = _measure(row, col, np.ascontiguousarray(pixels), edt, radius)
        leaves.append(Leaf(segment, junction, pixels, length, bulge, radius))
    return leaves


@njit(cache=True)
def _measure(row, col, pixels, edt, junction_radius):  # type: ignore[no-untyped-def]
    """Length and bulge; sums run from the junction to the tip."""
    circle = max(junction_radius, 1.0)
    count = len(pixels)
    length = 0.0
    inner = -1.0
    first = 0  # first point outside the circle
    last_row, last_col = row, col
    for i in range(count):
        r, c = float(pixels[i, 0]), float(pixels[i, 1])
        length += np.sqrt((r - last_row) ** 2 + (c - last_col) ** 2)
        if inner < 0 and np.sqrt((r - row) ** 2 + (c - col) ** 2) >= circle:
            inner = length
            first = i
        last_row, last_col = r, c
    if inner < 0:
        inner = length
    total = 0.0
    for i in range(first, count):
        total += edt[i]
    mean = total / (count - first)
    return length, (length - inner + edt[count - 1]) / max(0.5, mean)


def _spare(graph: SkeletonGraph, candidates: list[Leaf]) -> list[Leaf]:
    """Return the candidates that go: at each junction some of the largest may stay."""
    staying = graph.node_degree.astype(np.int64)
    at_junction: dict[int, list[Leaf]] = defaultdict(list)
    for leaf in candidates:
        staying[leaf.junction] -= 1
        at_junction[leaf.junction].append(leaf)
    doomed = []
    for junction, leaves in at_junction.items():
        spared = max(0, 2 - int(staying[junction]))
        leaves.sort(key=lambda leaf: (-leaf.bulge, leaf.segment))
        doomed += leaves[spared:]
    return doomed
