# SPDX-License-Identifier: Apache-2.0
"""Smoothed centrelines, lengths and radii at centreline points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gftcore.reference.distance import euclidean
from gftcore.reference.trace import NodeKind, SkeletonGraph

RADIUS_BIAS_PX = 0.25


@dataclass(frozen=True, slots=True)
class Centrelines:
    """Geometry of all segments.

    Attributes
    ----------
    point_rowcol
        Smoothed inner points [P, 2].
    length, distance
        Length of the smoothed polyline and chord of the two node positions [S].
    arc_midpoint, chord_midpoint
        Point at half the length, and middle of the chord [S, 2].
    """

    point_rowcol: NDArray[np.float64]
    length: NDArray[np.float64]
    distance: NDArray[np.float64]
    arc_midpoint: NDArray[np.float64]
    chord_midpoint: NDArray[np.float64]


def centrelines(graph: SkeletonGraph) -> Centrelines:
    """Filter each chain once by [1 4 6 4 1] / 16 and measure it.

    Notes
    -----
    Polyline = node position, inner pixels, node position. End points are fixed and repeated
    beyond the ends. The self-loop of a ring node is filtered cyclically and closed. Sums run in
    walk order.
    """
    is_ring = graph.node_kind[graph.segment_nodes[:, 0]] == NodeKind.RING
    ends = graph.node_rowcol[graph.segment_nodes]
    points, length, arc = _centrelines(ends, is_ring, graph.point_ptr, graph.point_pixel)
    chord = ends[:, 1] - ends[:, 0]
    distance = np.sqrt(chord[:, 0] ** 2 + chord[:, 1] ** 2)
    return Centrelines(points, length, distance, arc, (ends[:, 0] + ends[:, 1]) / 2)


@njit(cache=True)
def _filtered(a, b, c, d, e):  # type: ignore[no-untyped-def]
    return (a + 4.0 * b + 6.0 * c + 4.0 * d + e) / 16.0


@njit(cache=True)
def _smooth_open(raw):  # type: ignore[no-untyped-def]
    last = len(raw) - 1
    out = raw.copy()
    for i in range(1, last):
        before, after = max(i - 2, 0), min(i + 2, last)
        for axis in range(2):
            p = raw[:, axis]
            out[i, axis] = _filtered(p[before], p[i - 1], p[i], p[i + 1], p[after])
    return out


@njit(cache=True)
def _smooth_ring(raw):  # type: ignore[no-untyped-def]
    n = len(raw)
    out = raw.copy()
    for i in range(n):
        for axis in range(2):
            p = raw[:, axis]
            out[i, axis] = _filtered(
                p[(i - 2) % n], p[(i - 1) % n], p[i], p[(i + 1) % n], p[(i + 2) % n]
            )
    return out


@njit(cache=True)
def _measure(points):  # type: ignore[no-untyped-def]
    """Length of a polyline and the point at half of it."""
    steps = np.empty(len(points) - 1)
    length = 0.0
    for i in range(len(steps)):
        dr = points[i + 1, 0] - points[i, 0]
        dc = points[i + 1, 1] - points[i, 1]
        steps[i] = np.sqrt(dr * dr + dc * dc)
        length += steps[i]
    half = length / 2
    walked = 0.0
    for i in range(len(steps)):
        if walked + steps[i] >= half and steps[i] > 0:
            t = (half - walked) / steps[i]
            row = points[i, 0] + t * (points[i + 1, 0] - points[i, 0])
            col = points[i, 1] + t * (points[i + 1, 1] - points[i, 1])
            return length, row, col
        walked += steps[i]
    return length, points[0, 0], points[0, 1]


@njit(cache=True)
def _centrelines(ends, is_ring, point_ptr, point_pixel):  # type: ignore[no-untyped-def]
    count = len(ends)
    points = np.empty((len(point_pixel), 2))
    length = np.empty(count)
    arc = np.empty((count, 2))
    for s in range(count):
        inner = point_pixel[point_ptr[s] : point_ptr[s + 1]]
        raw = np.empty((len(inner) + 2, 2))
        raw[0], raw[1:-1], raw[-1] = ends[s, 0], inner, ends[s, 1]
        if is_ring[s]:
            smooth = raw.copy()
            smooth[:-1] = _smooth_ring(raw[:-1])
            smooth[-1] = smooth[0]
        else:
            smooth = _smooth_open(raw)
        points[point_ptr[s] : point_ptr[s + 1]] = smooth[1:-1]
        length[s], arc[s, 0], arc[s, 1] = _measure(smooth)
    return points, length, arc


def radius_image(squared_distance: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the vessel radius that a centreline pixel would get [H, W].

    Largest distance in the 3x3 around the pixel, clipped to the image, minus 0.25: for bars at
    random phase the largest distance exceeds the half-width by that much on average.
    """
    rows, cols = squared_distance.shape
    padded = np.pad(squared_distance, 1)
    shifts = [padded[r : r + rows, c : c + cols] for r in range(3) for c in range(3)]
    return euclidean(np.max(shifts, axis=0)) - RADIUS_BIAS_PX


def point_radius(graph: SkeletonGraph, squared_distance: NDArray[np.int32]) -> NDArray[np.float64]:
    """Radius in px at each inner point [P]."""
    return radius_image(squared_distance)[graph.point_pixel[:, 0], graph.point_pixel[:, 1]]


def node_radius(graph: SkeletonGraph, squared_distance: NDArray[np.int32]) -> NDArray[np.float64]:
    """Radius in px of each node [V]: the largest over its pixels."""
    of_pixel = radius_image(squared_distance)[graph.node_pixel[:, 0], graph.node_pixel[:, 1]]
    if not graph.num_nodes:
        return np.empty(0)
    return np.maximum.reduceat(of_pixel, graph.node_ptr[:-1])
