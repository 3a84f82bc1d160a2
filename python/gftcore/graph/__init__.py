# SPDX-License-Identifier: Apache-2.0
"""Vessel mask or raw image to a typed heterogeneous graph, in one call or stage by stage.

Examples
--------
>>> import numpy as np
>>> from gftcore import graph
>>> mask = np.zeros((48, 48), dtype=bool)
>>> mask[23:26, :] = mask[:, 23:26] = True
>>> result = graph.extract(mask)
>>> result.num_nodes, result.num_segments, result.num_icas
(5, 4, 3)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.graph.api import extract, extract_image
    from gftcore.graph.batch import GraphBatch, collate
    from gftcore.graph.bulk import BatchItem, ExtractFailure, extract_batch
    from gftcore.graph.columns import Column, column_info
    from gftcore.graph.config import ExtractConfig
    from gftcore.graph.files import load, read_meta, save
    from gftcore.graph.hetero_graph import FazInfo, GraphMeta, HeteroGraph
    from gftcore.graph.regions import (
        FazChoice,
        RegionTable,
        find_faz,
        match_faces,
        region_table,
    )
    from gftcore.graph.stages import (
        border_anchors,
        fill_small,
        label,
        minimal_pass,
        squared_distance,
        thin,
    )
    from gftcore.graph.vessels import (
        Faces,
        SkeletonGraph,
        Table,
        adjacency,
        assign_pixels,
        faces,
        merge_junctions,
        prune,
        segment_table,
        trace,
    )

__all__ = [
    "BatchItem",
    "Column",
    "ExtractConfig",
    "ExtractFailure",
    "Faces",
    "FazChoice",
    "FazInfo",
    "GraphBatch",
    "GraphMeta",
    "HeteroGraph",
    "RegionTable",
    "SkeletonGraph",
    "Table",
    "adjacency",
    "assign_pixels",
    "border_anchors",
    "collate",
    "column_info",
    "extract",
    "extract_batch",
    "extract_image",
    "faces",
    "fill_small",
    "find_faz",
    "label",
    "load",
    "match_faces",
    "merge_junctions",
    "minimal_pass",
    "prune",
    "read_meta",
    "region_table",
    "save",
    "segment_table",
    "squared_distance",
    "thin",
    "trace",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "BatchItem": "bulk",
        "Column": "columns",
        "ExtractConfig": "config",
        "ExtractFailure": "bulk",
        "Faces": "vessels",
        "FazChoice": "regions",
        "FazInfo": "hetero_graph",
        "GraphBatch": "batch",
        "GraphMeta": "hetero_graph",
        "HeteroGraph": "hetero_graph",
        "RegionTable": "regions",
        "SkeletonGraph": "vessels",
        "Table": "vessels",
        "adjacency": "vessels",
        "assign_pixels": "vessels",
        "border_anchors": "stages",
        "collate": "batch",
        "column_info": "columns",
        "extract": "api",
        "extract_batch": "bulk",
        "extract_image": "api",
        "faces": "vessels",
        "fill_small": "stages",
        "find_faz": "regions",
        "label": "stages",
        "load": "files",
        "match_faces": "regions",
        "minimal_pass": "stages",
        "merge_junctions": "vessels",
        "prune": "vessels",
        "read_meta": "files",
        "region_table": "regions",
        "save": "files",
        "segment_table": "vessels",
        "squared_distance": "stages",
        "thin": "stages",
        "trace": "vessels",
    },
)
