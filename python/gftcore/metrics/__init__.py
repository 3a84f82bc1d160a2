# SPDX-License-Identifier: Apache-2.0
"""How well a graph agrees with another, such as the true one; needs the extra ``metrics``.

Examples
--------
>>> from gftcore import metrics
>>> truth = metrics.from_polylines([[0, 0], [0, 30], [9, 40]], [[0, 1], [1, 2]], [[], []])
>>> found = metrics.from_polylines([[1, 0], [8, 41]], [[0, 1]], [[[1, 30]]])
>>> metrics.graph_agreement(truth, found).completeness
1.0
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.metrics.agreement import GraphAgreement, NodeAgreement, graph_agreement
    from gftcore.metrics.files import read_vessel_csv, read_voreen
    from gftcore.metrics.matching import PointMatch, match_points
    from gftcore.metrics.planar import merge_nodes, planar_reference
    from gftcore.metrics.segments import SegmentMatch, match_segments
    from gftcore.metrics.sources import (
        from_hetero,
        from_networkx,
        from_polylines,
        from_skeleton,
    )
    from gftcore.metrics.spatial_graph import Polylines, Samples, SpatialGraph
    from gftcore.metrics.structure import join_chains, split_at_crossings

__all__ = [
    "GraphAgreement",
    "NodeAgreement",
    "PointMatch",
    "Polylines",
    "Samples",
    "SegmentMatch",
    "SpatialGraph",
    "from_hetero",
    "from_networkx",
    "from_polylines",
    "from_skeleton",
    "graph_agreement",
    "join_chains",
    "match_points",
    "match_segments",
    "merge_nodes",
    "planar_reference",
    "read_vessel_csv",
    "read_voreen",
    "split_at_crossings",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "GraphAgreement": "agreement",
        "NodeAgreement": "agreement",
        "PointMatch": "matching",
        "Polylines": "spatial_graph",
        "Samples": "spatial_graph",
        "SegmentMatch": "segments",
        "SpatialGraph": "spatial_graph",
        "from_hetero": "sources",
        "from_networkx": "sources",
        "from_polylines": "sources",
        "from_skeleton": "sources",
        "graph_agreement": "agreement",
        "join_chains": "structure",
        "match_points": "matching",
        "match_segments": "segments",
        "merge_nodes": "planar",
        "planar_reference": "planar",
        "read_vessel_csv": "files",
        "read_voreen": "files",
        "split_at_crossings": "structure",
    },
)
