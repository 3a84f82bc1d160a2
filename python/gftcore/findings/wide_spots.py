# SPDX-License-Identifier: Apache-2.0
"""Places where a vessel is much wider than all vessels around."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
    order = np.argsort(place[:, 0], kind="stable")
    rows = place[order, 0]
    ratio = np.zeros(len(chosen))
    known: dict[int, float] = {}
    for number, at in enumerate(widest[chosen].tolist()):
        if at not in known:
            reach = _OUTER * radius[at] + _OUTER_MM / mm_per_px
            low, high = np.searchsorted(rows, (place[at, 0] - reach, place[at, 0] + reach))
            near = order[low:high]
            known[at] = _ratio(place[near] - place[at], radius[near], radius[at], reach, capillary)
        ratio[number] = known[at]
    real = _apart(place[widest[chosen]], radius[widest[chosen]], ratio)
    return WideSpots(rowcol=place[widest[chosen[real]]], segment=chosen[real], ratio=ratio[real])


def _apart(
    place: NDArray[np.float64], radius: NDArray[np.float64], ratio: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return which spots stay, ascending: of vessels that meet in one, the most marked."""
    kept: list[int] = []
    for number in np.argsort(-ratio, kind="stable").tolist():
        if ratio[number] <= 0:
            break
        offset = place[kept] - place[number]
        if (np.hypot(offset[:, 0], offset[:, 1]) > _INNER * radius[number] + 1).all():
            kept.append(number)
    return np.sort(np.array(kept, dtype=np.int64))


def _widest_places(graph: HeteroGraph, radius: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the place with the largest radius of each vessel, its two nodes among them."""
    ends = graph.segment_nodes + graph.num_points
    count = np.diff(graph.point_ptr)
    segment = np.repeat(np.arange(graph.num_segments), count)
    order = np.lexsort((radius[: graph.num_points], segment))
    widest: NDArray[np.int64] = ends[:, 0].copy()
    has = count > 0
    last = graph.point_ptr[1:][has] - 1
    widest[has] = order[last]
    for end in ends.T:
        wider = radius[end] > radius[widest]
        widest[wider] = end[wider]
    return widest


def _ratio(
    offset: NDArray[np.float64],
    radii: NDArray[np.float64],
    radius: float,
    reach: float,
    capillary: float,
) -> float:
    """Return the radius by those around; 0 if there are none, or a wider place is next to it."""
    apart = np.hypot(offset[:, 0], offset[:, 1])
    inner = _INNER * radius + 1
    if (radii[apart <= inner] > radius).any():
        return 0.0
    around = radii[(apart > inner) & (apart <= reach)]
    if not len(around):
        return 0.0
    return float(radius / max(float(np.quantile(around, _QUANTILE)), capillary))
