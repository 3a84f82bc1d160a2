# SPDX-License-Identifier: Apache-2.0
"""Places where a vessel is much wider than all vessels around."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gftcore.findings.nearby import Nearby

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.graph.hetero_graph import HeteroGraph

__all__ = ["WideSpots", "wide_spots"]

#: About the radius of a capillary as an image of 304 pixels shows it: no vessel counts as thinner.
_CAPILLARY_MM = 0.0085
#: Smaller spots cannot be told from a capillary.
_LEAST = 1.5
#: The vessels around a spot of radius r are between 1.5 r + 1 px and 2 r + 0.03 mm away.
_INNER, _OUTER, _OUTER_MM = 1.5, 2.0, 0.03
_QUANTILE = 0.9
#: Vessels that the image cuts look wide at its border.
_BORDER_MM = 0.06


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WideSpots:
    """Wide spots of a graph's vessels, one or none of each.

    Attributes
    ----------
    rowcol
        float64 [N, 2] where they are, in px.
    segment
        int64 [N] row of the vessel.
    ratio
        float64 [N] radius by the 90 % quantile of the radii around.
    """

    rowcol: NDArray[np.float64]
    segment: NDArray[np.int64]
    ratio: NDArray[np.float64]


def wide_spots(graph: HeteroGraph, mm_per_px: float) -> WideSpots:
    """Find the widest place of each vessel, if it is the widest of its neighbourhood."""
    place = np.concatenate([graph.point_rowcol, graph.node_rowcol]).astype(np.float64)
    radius = np.concatenate([graph.point_radius_px, graph.node_radius_px]).astype(np.float64)
    widest = _widest_places(graph, radius)
    capillary = _CAPILLARY_MM / mm_per_px
    margin = _BORDER_MM / mm_per_px
    within = (place > margin) & (place < np.array(graph.meta.shape) - 1 - margin)
    chosen = np.flatnonzero((radius[widest] > _LEAST * capillary) & within[widest].all(axis=1))
    nearby = Nearby(place, graph.meta.shape)
    spot = _peaks(nearby, place, radius, np.unique(widest[chosen]))
    usual = _usual_radius(nearby, place, radius, spot, _OUTER_MM / mm_per_px)
    ratios = np.zeros(len(place))
    ratios[spot] = radius[spot] / np.maximum(usual, capillary)
    marked = chosen[ratios[widest[chosen]] > 0]
    at = widest[marked]
    real = _apart(place[at], radius[at], ratios[at], graph.meta.shape)
    return WideSpots(rowcol=place[at[real]], segment=marked[real], ratio=ratios[at[real]])


def _widest_places(graph: HeteroGraph, radius: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the place with the largest radius of each vessel, its two nodes among them."""
    ends = graph.segment_nodes + graph.num_points
    count = np.diff(graph.point_ptr)
    widest: NDArray[np.int64] = ends[:, 0].copy()
    has = np.flatnonzero(count)
    points = radius[: graph.num_points]
    most = np.repeat(np.maximum.reduceat(points, graph.point_ptr[has]), count[has])
    equal = np.flatnonzero(points == most)
    # The last of those assigned to a vessel stays.
    widest[np.repeat(has, count[has])[equal]] = equal
    for end in ends.T:
        wider = radius[end] > radius[widest]
        widest[wider] = end[wider]
    return widest


def _peaks(
    nearby: Nearby,
    place: NDArray[np.float64],
    radius: NDArray[np.float64],
    spot: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return which spots have no wider place next to them."""
    peak = np.ones(len(spot), dtype=bool)
    for of, near, _ in nearby.pairs(place[spot], _INNER * radius[spot] + 1):
        peak[of[radius[near] > radius[spot[of]]]] = False
    return spot[peak]


def _usual_radius(
    nearby: Nearby,
    place: NDArray[np.float64],
    radius: NDArray[np.float64],
    spot: NDArray[np.int64],
    outer: float,
) -> NDArray[np.float64]:
    """Return the quantile of the radii around each spot, infinity if there are none."""
    out = np.full(len(spot), np.inf)
    own = radius[spot]
    reach = _OUTER * own + outer
    for of, near, apart in nearby.pairs(place[spot], reach):
        around = apart > _INNER * own[of] + 1
        owner, values = of[around], radius[near[around]]
        count = np.bincount(owner, minlength=len(spot))
        some = np.flatnonzero(count)
        out[some] = _quantiles(values[np.lexsort((values, owner))], count[some])
    return out


def _quantiles(values: NDArray[np.float64], count: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what `numpy.quantile` says, to the bit, of sorted groups of these sizes."""
    at = _QUANTILE * (count - 1)
    part = at - np.floor(at)
    before = np.cumsum(count) - count + at.astype(np.int64)
    low, high = values[before], values[before + (count > 1)]
    step = high - low
    between: NDArray[np.float64] = np.where(part < 0.5, low + step * part, high - step * (1 - part))
    return between


def _apart(
    place: NDArray[np.float64],
    radius: NDArray[np.float64],
    ratio: NDArray[np.float64],
    shape: tuple[int, int],
) -> NDArray[np.int64]:
    """Return which spots stay, ascending: of vessels that meet in one, the most marked."""
    order = np.argsort(-ratio, kind="stable")
    stays = np.ones(len(order), dtype=bool)
    nearby = Nearby(place[order], shape)
    for of, near, _ in nearby.pairs(place[order], _INNER * radius[order] + 1):
        before = near < of
        # Of those before a spot it is known by now whether they stay.
        for spot, other in zip(of[before].tolist(), near[before].tolist(), strict=True):
            stays[spot] &= not stays[other]
    return np.sort(order[stays])
