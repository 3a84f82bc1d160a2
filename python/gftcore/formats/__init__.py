# SPDX-License-Identifier: Apache-2.0
"""Graphs for and from other programs.

Examples
--------
>>> import tempfile
>>> from pathlib import Path
>>> from gftcore import formats, graph
>>> found = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
>>> with tempfile.TemporaryDirectory() as folder:
...     formats.write_voreen(found, Path(folder) / "vessels.json.gz")
...     formats.read_voreen(Path(folder) / "vessels.json.gz").to_spatial()
SpatialGraph(2 nodes, 1 segments)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.formats.graphml import read_graphml, write_graphml
    from gftcore.formats.sources import (
        as_spatial_graph,
        from_hetero,
        from_networkx,
        from_polylines,
        from_skeleton,
    )
    from gftcore.formats.spatial_graph import Polylines, Samples, SpatialGraph
    from gftcore.formats.vessel_trees import read_vessel_csv
    from gftcore.formats.voreen_csv import read_voreen_csv, write_voreen_csv
    from gftcore.formats.voreen_graph import VoreenGraph
    from gftcore.formats.voreen_json import read_voreen, write_voreen

__all__ = [
    "Polylines",
    "Samples",
    "SpatialGraph",
    "VoreenGraph",
    "as_spatial_graph",
    "from_hetero",
    "from_networkx",
    "from_polylines",
    "from_skeleton",
    "read_graphml",
    "read_vessel_csv",
    "read_voreen",
    "read_voreen_csv",
    "write_graphml",
    "write_voreen",
    "write_voreen_csv",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Polylines": "spatial_graph",
        "Samples": "spatial_graph",
        "SpatialGraph": "spatial_graph",
        "VoreenGraph": "voreen_graph",
        "as_spatial_graph": "sources",
        "from_hetero": "sources",
        "from_networkx": "sources",
        "from_polylines": "sources",
        "from_skeleton": "sources",
        "read_graphml": "graphml",
        "read_vessel_csv": "vessel_trees",
        "read_voreen": "voreen_json",
        "read_voreen_csv": "voreen_csv",
        "write_graphml": "graphml",
        "write_voreen": "voreen_json",
        "write_voreen_csv": "voreen_csv",
    },
)
