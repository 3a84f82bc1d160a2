# SPDX-License-Identifier: Apache-2.0
"""What a table may hold, beyond the types of its entries."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from gftcore.biomarkers import VECTOR_MODES
from gftcore.graph.config import EYES
from gftcore.graph.hetero_graph import NODE_TYPES, RELATIONS
from gftcore.tabulation.places import CENTRE_REGION, QUADRANTS, REGIONS, ZONES
from gftcore.tabulation.reference import BANDS
from gftcore.tabulation.table import EdgeRow, NodeRow, Table

__all__ = ["CHOICES", "LIMITS", "contradiction"]

#: Words that an entry may have, by its name.
CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "eye": EYES,
        "kind": ("logit", "margin", "prob"),
        "by": ("contribution", "magnitude"),
        "type": NODE_TYPES,
        "relation": tuple(RELATIONS),
        "quadrant": QUADRANTS,
        "zone": ZONES,
        "region": (
            CENTRE_REGION,
            *dict.fromkeys(word for four in REGIONS.values() for word in four),
        ),
        "band": BANDS,
        "vector8_mode": VECTOR_MODES,
        "data": ("synthetic", "unknown"),
    }
)

#: Least and greatest value of a number, by its name.
LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        **dict.fromkeys(("rows", "cols", "rank", "eyes"), (1, math.inf)),
        **dict.fromkeys(("share", "probabilities", "node_frac", "edge_frac"), (0, 1)),
        **dict.fromkeys(("vessel_density_pct", "x_percent", "y_percent"), (0, 100)),
        **dict.fromkeys(
            ("id", "src", "dst", "nodes", "edges", "n_nodes", "n_edges", "error_nodes",
             "error_edges", "completeness_gap_nodes", "completeness_gap_edges", "magnitude",
             "faz_distance_mm", "area_mm2", "ica_area_mm2", "circularity", "mm_per_px", "fov_mm",
             "vector8"),
            (0, math.inf),
        ),
        "clock_hour": (1, 12),
        "confidence": (0, 1),
    }
)  # fmt: skip


def contradiction(table: Table) -> str:
    """Say where entries of a table contradict each other; empty if nowhere."""
    return next((text for text, holds in _claims(table) if not holds), "")


def _claims(table: Table) -> list[tuple[str, bool]]:
    classes = tuple(table.probabilities)
    regions = (CENTRE_REGION, *REGIONS[table.image.eye])
    out = [
        ("probabilities must have two classes or more", len(classes) >= 2),
        ("probabilities must add up to 1", abs(sum(table.probabilities.values()) - 1) < 1e-3),
        (f"prediction must be one of {', '.join(classes)}", table.prediction in classes),
        (f"target must be one of {', '.join(classes)}", table.target in classes),
        (f"label must be null or one of {', '.join(classes)}", table.label in (None, *classes)),
        (f"quadrants must be {', '.join(QUADRANTS)}", set(table.quadrants) == set(QUADRANTS)),
        ("vector8 must have 8 values", len(table.vector8) == 8),
        ("ranges must have names of biomarkers", set(table.ranges) <= set(table.biomarkers)),
    ]
    for name, ranks in (
        ("nodes", [row.rank for row in table.nodes]),
        ("edges", [row.rank for row in table.edges]),
    ):
        out.append((f"{name} must have ranks from 1", ranks == list(range(1, len(ranks) + 1))))
    for i, node in enumerate(table.nodes):
        out += _row_claims(f"nodes[{i}]", node, regions)
    for i, edge in enumerate(table.edges):
        out += _row_claims(f"edges[{i}]", edge, regions)
    cells = [cell for node in table.nodes for one in node.features if (cell := one.reference)]
    cells += table.ranges.values()
    out.append(("low must not exceed high", all(cell.low <= cell.high for cell in cells)))
    known = table.reference is not None or not cells
    out.append(("reference must say which eyes the ranges are of", known))
    return out


def _row_claims(
    name: str, row: NodeRow | EdgeRow, regions: tuple[str, ...]
) -> list[tuple[str, bool]]:
    inside = (row.zone == "foveal", row.clock_hour is None, row.region == CENTRE_REGION)
    only = f"must have no clock_hour and the region {CENTRE_REGION} in the foveal zone, only there"
    known = f"region must be one of {', '.join(regions)} in this eye, got {row.region}"
    return [(f"{name} {only}", len(set(inside)) == 1), (f"{name} {known}", row.region in regions)]
