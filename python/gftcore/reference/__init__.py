# SPDX-License-Identifier: Apache-2.0
"""Slow, readable definitions of everything that starts from a mask.

The functions mirror those of `gftcore.graph` and are written independently of the compiled core,
which is tested against them. They use NumPy and Numba only.
"""

from __future__ import annotations

from gftcore.reference.adjacency import adjacency
from gftcore.reference.biomarkers import biomarkers
from gftcore.reference.distance import squared_distance
from gftcore.reference.extract import ReferenceConfig, ReferenceGraph, extract
from gftcore.reference.faces import Faces, faces, match_faces
from gftcore.reference.faz import FazChoice, find_faz
from gftcore.reference.label import label
from gftcore.reference.merge import merge_junctions
from gftcore.reference.morphology import border_anchors, fill_small
from gftcore.reference.prune import prune
from gftcore.reference.regions import RegionTable, region_table
from gftcore.reference.segments import Table, assign_pixels, segment_table
from gftcore.reference.thinning import minimal_pass, thin
from gftcore.reference.trace import NodeKind, SkeletonGraph, trace

__all__ = [
    "Faces",
    "FazChoice",
    "NodeKind",
    "ReferenceConfig",
    "ReferenceGraph",
    "RegionTable",
    "SkeletonGraph",
    "Table",
    "adjacency",
    "assign_pixels",
    "biomarkers",
    "border_anchors",
    "extract",
    "faces",
    "fill_small",
    "find_faz",
    "label",
    "match_faces",
    "merge_junctions",
    "minimal_pass",
    "prune",
    "region_table",
    "segment_table",
    "squared_distance",
    "thin",
    "trace",
]
