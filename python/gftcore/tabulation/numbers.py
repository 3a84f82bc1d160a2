# SPDX-License-Identifier: Apache-2.0
"""Numbers of a whole image, and of single nodes in the units that a table has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from gftcore._validation import describe
from gftcore.errors import ArgumentTypeError
from gftcore.graph.columns import column_info
from gftcore.graph.hetero_graph import HeteroGraph
from gftcore.tabulation.places import ZONES, Fovea

if TYPE_CHECKING:
    from gftcore.biomarkers import Biomarkers

__all__ = ["all_numbers", "faz_shape", "graph_numbers", "unit_and_factor"]

_UNITS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {"length": ("mm", 1), "area": ("mm2", 2), "angle": ("rad", 0), "position": ("px", 0)}
)


def unit_and_factor(node_type: str, column: str, mm_per_px: float) -> tuple[str, float]:
    """Unit of a feature in tables, and by what the graph's value is multiplied.

    Examples
    --------
    >>> unit_and_factor("ica", "area", 0.5)
    ('mm2', 0.25)
    """
    unit, power = _UNITS.get(column_info(node_type, column).unit, ("", 0))
    return unit, float(mm_per_px) ** power


def faz_shape(graph: HeteroGraph) -> tuple[float, float]:
    """Area in mm2 and circularity, 4 pi area / perimeter^2, of the FAZ; NaN without one."""
    if not len(graph.faz_x):
        return math.nan, math.nan
    (area,), (perimeter,) = graph.faz("area").tolist(), graph.faz("perimeter").tolist()
    round_ = 4 * math.pi * area / perimeter**2 if perimeter > 0 else math.nan
    return area * graph.meta.mm_per_px**2, round_


def graph_numbers(graph: HeteroGraph) -> dict[str, float]:
    """Return numbers of a whole image that need nothing but its graph; NaN for what is not there.

    Parameters
    ----------
    graph
        The graph.

    Returns
    -------
    dict
        ``vessels``, ``icas``, ``edges``: how many; ``faz_area_mm2``, ``faz_circularity``: as in
        `gftcore.biomarkers.Biomarkers`; ``largest_ica_foveal_mm2``, ``largest_ica_parafoveal_mm2``,
        ``largest_ica_outer_mm2``: largest intercapillary area, the FAZ not counted, whose centroid
        lies in that zone.

    Examples
    --------
    >>> from gftcore import graph
    >>> graph_numbers(graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]]))["vessels"]
    1.0
    """
    if not isinstance(graph, HeteroGraph):
        raise ArgumentTypeError(f"graph must be a HeteroGraph, got {describe(graph)}")
    area, circularity = faz_shape(graph)
    out = {
        "vessels": float(graph.num_segments),
        "icas": float(graph.num_icas),
        "edges": float(graph.num_edges),
        "faz_area_mm2": area,
        "faz_circularity": circularity,
    }
    zones = np.array(Fovea.of(graph).zones(graph.positions("ica")), dtype=object)
    areas = graph.ica("area") * graph.meta.mm_per_px**2
    for zone in ZONES:
        there = areas[zones == zone]
        out[f"largest_ica_{zone}_mm2"] = float(there.max()) if len(there) else math.nan
    return out


def all_numbers(graph: HeteroGraph, markers: Biomarkers | None) -> dict[str, float]:
    """Return `graph_numbers` after the biomarkers, where those were measured."""
    measured = {} if markers is None else markers.to_dict()
    return {**measured, **graph_numbers(graph)}
