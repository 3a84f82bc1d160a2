# SPDX-License-Identifier: Apache-2.0
"""Graphs for and from other programs, with a data dictionary.

Examples
--------
>>> import tempfile
>>> from pathlib import Path
>>> from gftcore import formats, graph
>>> found = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
>>> with tempfile.TemporaryDirectory() as folder:
...     formats.write_json(found, Path(folder) / "graph.json")
...     formats.read_json(Path(folder) / "graph.json").num_segments
1
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.formats.dictionary import (
        Field,
        data_dictionary,
        dictionary_markdown,
        write_dictionary,
    )
    from gftcore.formats.graphml import read_graphml, write_graphml
    from gftcore.formats.json_graphs import read_json, write_json
    from gftcore.formats.parquet_reading import read_parquet
    from gftcore.formats.parquet_writing import write_parquet
    from gftcore.formats.sources import (
        as_spatial_graph,
        from_hetero,
        from_networkx,
        from_polylines,
        from_skeleton,
    )
    from gftcore.formats.spatial_graph import Polylines, Samples, SpatialGraph
    from gftcore.formats.tables import write_csv_tables, write_tables
    from gftcore.formats.vessel_trees import read_vessel_csv
    from gftcore.formats.voreen_csv import read_voreen_csv, write_voreen_csv
    from gftcore.formats.voreen_graph import VoreenGraph
    from gftcore.formats.voreen_json import read_voreen, write_voreen

__all__ = [
    "Field",
    "Polylines",
    "Samples",
    "SpatialGraph",
    "VoreenGraph",
    "as_spatial_graph",
    "data_dictionary",
    "dictionary_markdown",
    "from_hetero",
    "from_networkx",
    "from_polylines",
    "from_skeleton",
    "read_graphml",
    "read_json",
    "read_parquet",
    "read_vessel_csv",
    "read_voreen",
    "read_voreen_csv",
    "write_csv_tables",
    "write_dictionary",
    "write_graphml",
    "write_json",
    "write_parquet",
    "write_tables",
    "write_voreen",
    "write_voreen_csv",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Field": "dictionary",
        "Polylines": "spatial_graph",
        "Samples": "spatial_graph",
        "SpatialGraph": "spatial_graph",
        "VoreenGraph": "voreen_graph",
        "as_spatial_graph": "sources",
        "data_dictionary": "dictionary",
        "dictionary_markdown": "dictionary",
        "from_hetero": "sources",
        "from_networkx": "sources",
        "from_polylines": "sources",
        "from_skeleton": "sources",
        "read_graphml": "graphml",
        "read_json": "json_graphs",
        "read_parquet": "parquet_reading",
        "read_vessel_csv": "vessel_trees",
        "read_voreen": "voreen_json",
        "read_voreen_csv": "voreen_csv",
        "write_csv_tables": "tables",
        "write_dictionary": "dictionary",
        "write_graphml": "graphml",
        "write_json": "json_graphs",
        "write_parquet": "parquet_writing",
        "write_tables": "tables",
        "write_voreen": "voreen_json",
        "write_voreen_csv": "voreen_csv",
    },
)
