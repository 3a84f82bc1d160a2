# SPDX-License-Identifier: Apache-2.0
"""Graphs that formats of other programs must carry: loops, parallels, rings, nothing at all."""

from __future__ import annotations

import gzip
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

import figures
import strategies
from gftcore import formats, graph
from gftcore.errors import GftcoreWarning

FLOATS = st.floats(-1e6, 1e6)
RADII = st.one_of(st.floats(0, 100), st.sampled_from([np.nan, np.inf, -np.inf]))


def extracted(mask: np.ndarray) -> graph.HeteroGraph:
    """Graph of a mask, which may be empty."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GftcoreWarning)
        return graph.extract(mask)


def hetero_graphs(max_side: int = 32) -> st.SearchStrategy[graph.HeteroGraph]:
    """Graphs of random masks."""
    return strategies.vessel_masks(max_side=max_side).map(extracted)


@st.composite
def spatial_graphs(draw: st.DrawFn) -> formats.SpatialGraph:
    """Graphs such as no mask has, but that no two nodes are in one place."""
    nodes = draw(st.lists(st.tuples(FLOATS, FLOATS), max_size=4, unique=True))
    ends = st.integers(0, len(nodes) - 1)
    segments = draw(st.lists(st.tuples(ends, ends), max_size=5)) if nodes else []
    counts = [draw(st.integers(0, 3)) for _ in segments]
    total = sum(counts)
    points = draw(st.lists(st.tuples(FLOATS, FLOATS), min_size=total, max_size=total))
    radii = draw(st.none() | st.lists(RADII, min_size=total, max_size=total))
    return formats.SpatialGraph(
        node_rowcol=np.array(nodes).reshape(-1, 2),
        segment_nodes=np.array(segments, dtype=np.int64).reshape(-1, 2),
        point_ptr=np.cumsum([0, *counts]),
        point_rowcol=np.array(points).reshape(-1, 2),
        point_radius_px=None if radii is None else np.array(radii, dtype=np.float64),
    )


def special_graphs() -> dict[str, formats.SpatialGraph]:
    """By name: nothing, one node, parallel segments, a loop, a ring of an image."""
    made = formats.from_polylines
    ring = figures.draw(
        "#####",
        "#...#",
        "#...#",
        "#...#",
        "#####",
        margin=3,
    )
    return {
        "nothing": made([], [], []),
        "one node": made([[2.5, 3]], [], []),
        "parallel": made(
            [[0, 0], [0, 4]],
            [[0, 1], [1, 0], [0, 1]],
            [[[1, 1], [1, 3]], [[-1, 3], [-1, 1]], []],
            radius_px=[[1, 2], [3, 4], []],
        ),
        "loop": made([[0, 0]], [[0, 0]], [[[0, 2], [2, 2], [2, 0]]], radius_px=[[1, 2, 3]]),
        "ring": formats.from_hetero(extracted(ring)),
    }


def assert_same(
    found: formats.SpatialGraph, wanted: formats.SpatialGraph, *, radii: bool = True
) -> None:
    """Nodes, ends, points and, unless told otherwise, radii are bit for bit the same."""
    names = ["node_rowcol", "segment_nodes", "point_ptr", "point_rowcol"]
    for name in names:
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name), err_msg=name)
    if radii and wanted.point_radius_px is not None and wanted.point_radius_px.size:
        assert found.point_radius_px is not None
        np.testing.assert_array_equal(found.point_radius_px, wanted.point_radius_px)


def turned(item: formats.SpatialGraph) -> formats.SpatialGraph:
    """The same graph with each line in its shorter direction."""
    parts = [slice(*pair) for pair in zip(item.point_ptr[:-1], item.point_ptr[1:], strict=True)]
    radius = item.point_radius_px
    return formats.from_polylines(
        item.node_rowcol,
        item.segment_nodes,
        [item.point_rowcol[part] for part in parts],
        radius_px=None if radius is None else [radius[part] for part in parts],
    )


#: As another program may write it: unknown entries everywhere, voxels from the second node, gaps.
VOREEN: dict[str, Any] = {
    "version": {"major": 5},
    "graph": {
        "bounds": [0, 9],
        "nodes": [
            {"id": 7, "edges": [0, 1], "pos": [0, 0, 5], "tag": "a", "radius": 1.5},
            {"id": 3, "pos": [0.0, 9.0, 0], "isAtSampleBorder": True, "tag": None, "x": {"y": []}},
            {"id": -2, "pos": [4, 4, 0], "isAtSampleBorder": False, "late": 1},
        ],
        "edges": [
            {
                "id": 20,
                "node1": 7,
                "node2": 3,
                "distance": 9,
                "uuid": "e-0",
                "skeletonVoxels": [
                    {"pos": [0, 6, 0], "avgDistToSurface": 2.0, "numSurfaceVoxels": 4, "w": [1]},
                    {"pos": [0, 3, 0], "avgDistToSurface": 1.0, "minDistToSurface": float("inf")},
                ],
            },
            {"id": 10, "node1": 3, "node2": 7, "pathProperties": {"length": 9.5}, "uuid": "e-1"},
            {"id": 11, "node1": 7, "node2": 7, "uuid": 5},
        ],
    },
}


def write_tree(folder: Path, tree: Any, name: str = "graph.json") -> Path:
    """Write JSON, packed if the name says so."""
    path = folder / name
    data = json.dumps(tree).encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def assert_equal(found: formats.VoreenGraph, wanted: formats.VoreenGraph) -> None:
    """All columns are the same, with their types; their order is that of the rows."""
    for name in ("node_id", "node_pos", "edge_id", "edge_nodes", "point_ptr", "voxel_pos"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name), err_msg=name)
    for owner in ("nodes", "edges", "voxels"):
        here, there = getattr(found, owner), getattr(wanted, owner)
        assert set(here) == set(there)
        for name, values in there.items():
            assert type(here[name]) is type(values), name
            if isinstance(values, tuple):
                assert here[name] == values
            else:
                assert here[name].dtype == values.dtype
                np.testing.assert_array_equal(here[name], values, err_msg=name)
    assert found.graph_entries == wanted.graph_entries
    assert found.file_entries == wanted.file_entries
