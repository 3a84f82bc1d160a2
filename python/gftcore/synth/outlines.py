# SPDX-License-Identifier: Apache-2.0
"""Outlines of lesions: polygons in the plane, and vessels that are cut at them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.synth.draws import Draws
    from gftcore.synth.network import Network

__all__ = ["area_of", "blob", "capsule", "contains", "cut", "distances", "scaled"]

_VERTICES = 72
_WAVES = np.arange(2, 9)
# Shorter rests of a cut edge are dropped: 3 nm.
_SHORTEST = 1e-6


def blob(centre: NDArray[np.float64], draws: Draws, *, jaggedness: float) -> NDArray[np.float64]:
    """Return a random star-shaped polygon [V, 2] with mean radius 1 around a centre.

    Its radius is 1 plus waves of 2 to 8 periods, whose amplitudes fall with the square root of the
    period; `jaggedness` is the standard deviation of the radius.
    """
    angle = 2 * np.pi * np.arange(_VERTICES) / _VERTICES
    amplitude = draws.uniforms(len(_WAVES)) / np.sqrt(_WAVES)
    phase = 2 * np.pi * draws.uniforms(len(_WAVES))
    radius = (amplitude * np.cos(_WAVES * angle[:, None] + phase)).sum(axis=1)
    radius = np.maximum(1 + jaggedness * radius / radius.std(), 0.2)
    outline: NDArray[np.float64] = centre + radius[:, None] * np.column_stack(
        [np.cos(angle), np.sin(angle)]
    )
    return outline


def capsule(a: NDArray[np.float64], b: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """Return a polygon [24, 2] around all points within a radius of the line from a to b."""
    towards = np.arctan2(*(b - a)[::-1])
    turn = np.pi * (np.arange(12) + 0.5) / 12 - np.pi / 2
    # Vertices of a polygon around a circle are farther out than its radius.
    out = radius / np.cos(np.pi / 24)
    angle = np.concatenate([towards + turn, towards + np.pi + turn])
    end = np.where(np.arange(24)[:, None] < 12, b, a)
    outline: NDArray[np.float64] = end + out * np.column_stack([np.cos(angle), np.sin(angle)])
    return outline


def area_of(polygon: NDArray[np.float64]) -> float:
    """Area of a simple polygon."""
    x, y = polygon.T
    return 0.5 * abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()))


def scaled(
    polygon: NDArray[np.float64], centre: NDArray[np.float64], area: float
) -> NDArray[np.float64]:
    """Return the polygon enlarged about a point to an area."""
    outline: NDArray[np.float64] = centre + np.sqrt(area / area_of(polygon)) * (polygon - centre)
    return outline


def contains(polygon: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points [n, 2] lie inside of a simple polygon."""
    x, y = polygon.T
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    px, py = points[:, :1], points[:, 1:]
    spans = (y > py) != (next_y > py)
    with np.errstate(divide="ignore", invalid="ignore"):  # level sides span nothing
        crossing = x + (py - y) / (next_y - y) * (next_x - x)
    inside: NDArray[np.bool_] = (spans & (px < crossing)).sum(axis=1) % 2 == 1
    return inside


def distances(polygon: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of points [n, 2] to the border of a polygon."""
    x, y = polygon.T
    along_x, along_y = np.roll(x, -1) - x, np.roll(y, -1) - y
    from_x, from_y = points[:, :1] - x, points[:, 1:] - y
    share = (from_x * along_x + from_y * along_y) / (along_x**2 + along_y**2)
    share = np.clip(share, 0, 1)
    rest_x, rest_y = from_x - share * along_x, from_y - share * along_y
    nearest: NDArray[np.float64] = np.sqrt((rest_x**2 + rest_y**2).min(axis=1))
    return nearest


def cut(
    network: Network, polygon: NDArray[np.float64], may: NDArray[np.bool_]
) -> tuple[Network, NDArray[np.int64]]:
    """Remove what lies inside of a polygon from the edges that may be cut, exactly at its border.

    Returns
    -------
    network : Network
        With the parts outside, in order.
    segments : int64 [n]
        Numbers of the segments that lost something, ascending.
    """
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    a, b = network.proximal[:, :2], network.distal[:, :2]
    near = may & (np.maximum(a, b) >= low).all(axis=1) & (np.minimum(a, b) <= high).all(axis=1)
    index = np.flatnonzero(near)
    crossings = _crossings(a[index], b[index], polygon)
    crosses = np.isfinite(crossings).any(axis=1)
    inside = ~crosses & contains(polygon, a[index])
    source, begin, end = _rests(a, b, polygon, index[crosses], crossings[crosses])

    kept = np.ones(len(network), dtype=bool)
    kept[index[inside | crosses]] = False
    along = network.distal[source] - network.proximal[source]
    rests = network.take(source).replace(
        proximal=network.proximal[source] + begin[:, None] * along,
        distal=np.where(
            (end == 1)[:, None],
            network.distal[source],
            network.proximal[source] + end[:, None] * along,
        ),
    )
    order = np.concatenate([np.flatnonzero(kept), source])
    joined = network.take(kept).joined(rests).take(np.argsort(order, kind="stable"))
    return joined, np.unique(network.segment[index[inside | crosses]])


def _crossings(
    a: NDArray[np.float64], b: NDArray[np.float64], polygon: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where [n, V] along each edge each side is crossed, in 0..1; NaN where it is not."""
    side = np.roll(polygon, -1, axis=0) - polygon
    along = (b - a)[:, None]
    apart = polygon - a[:, None]

    def cross(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
        product: NDArray[np.float64] = u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
        return product

    with np.errstate(divide="ignore", invalid="ignore"):  # parallel lines do not cross
        t = cross(apart, side) / cross(along, side)
        s = cross(apart, along) / cross(along, side)
    return np.where((t >= 0) & (t <= 1) & (s >= 0) & (s < 1), t, np.nan)


def _rests(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    polygon: NDArray[np.float64],
    index: NDArray[np.int64],
    crossings: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Parts outside of the polygon: edge, and where along it they begin and end."""
    source: list[int] = []
    begin: list[float] = []
    end: list[float] = []
    for edge, row in zip(index.tolist(), crossings, strict=True):
        ends = [0.0, *np.sort(row[np.isfinite(row)]).tolist(), 1.0]
        for t0, t1 in pairwise(ends):
            source.append(edge)
            begin.append(t0)
            end.append(t1)
    which = np.array(source, dtype=np.int64)
    t0, t1 = np.array(begin), np.array(end)
    size = np.sqrt(((b - a)[which] ** 2).sum(axis=1))
    middle = a[which] + ((t0 + t1) / 2)[:, None] * (b - a)[which]
    outside = ~contains(polygon, middle) & ((t1 - t0) * size > _SHORTEST)
    return which[outside], t0[outside], t1[outside]
