# SPDX-License-Identifier: Apache-2.0
"""Everything a graph holds as bytes, for tests that say two graphs are the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from gftcore.graph import HeteroGraph

#: The arrays of a traced graph, which the core and the reference share.
SKELETON_GRAPH_FIELDS = (
    "skeleton",
    "anchors",
    "node_rowcol",
    "node_degree",
    "node_pixels",
    "node_kind",
    "node_ptr",
    "node_pixel",
    "segment_nodes",
    "segment_ends",
    "point_ptr",
    "point_pixel",
)

#: Not a result: how it was computed.
_LEFT_OUT = {"meta"}


def array_bytes(array: Any) -> tuple[str, tuple[int, ...], bytes]:
    """Element type, shape and bytes."""
    found = np.asarray(array)
    return str(found.dtype), found.shape, found.tobytes()


def graph_bytes(graph: HeteroGraph) -> dict[str, Any]:
    """Map the name of each part of the graph to its bytes, warnings included."""
    parts: dict[str, Any] = {"warnings": graph.meta.warnings}
    for field in dataclasses.fields(graph):
        value = getattr(graph, field.name)
        if field.name in _LEFT_OUT:
            continue
        if isinstance(value, np.ndarray):
            parts[field.name] = array_bytes(value)
        elif isinstance(value, Mapping):
            parts.update({f"{field.name}[{k}]": array_bytes(v) for k, v in value.items()})
        else:
            parts[field.name] = repr(value)  # names, and FazInfo, whose NaN must equal itself
    return parts


def assert_same_graph_bytes(found: HeteroGraph, expected: HeteroGraph, context: str) -> None:
    """Fail with the names of the parts that differ."""
    ours, theirs = graph_bytes(found), graph_bytes(expected)
    assert ours.keys() == theirs.keys(), context
    different = [name for name in ours if ours[name] != theirs[name]]
    assert not different, f"{context}: {different}"
