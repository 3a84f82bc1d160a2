# SPDX-License-Identifier: Apache-2.0
"""Voreen's vessel graphs as JSON."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore.errors import FormatError
from gftcore.formats.reading import bounded_bytes, foreign_file
from gftcore.formats.voreen_graph import (
    EDGE_COLUMNS,
    NODE_COLUMNS,
    VOXEL_COLUMNS,
    VoreenGraph,
    column,
)
from gftcore.io.files import atomic_path, require_path

if TYPE_CHECKING:
    from gftcore.formats.spatial_graph import SpatialGraph
    from gftcore.formats.voreen_graph import Column
    from gftcore.graph import HeteroGraph

__all__ = ["read_voreen", "write_voreen"]

#: A value that a row lacks takes place too.
MAX_COLUMNS = 100


def read_voreen(path: str | Path) -> VoreenGraph:
    """Read a vessel graph in Voreen's JSON, which gzip may have packed.

    Nodes need ``id`` and ``pos``, edges ``id``, ``node1`` and ``node2``, voxels ``pos``; all else
    may be missing. An edge may have ``pathProperties`` instead of ``skeletonVoxels``.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If it is of another kind, damaged, or unpacks to more than 256 MB.

    Examples
    --------
    >>> import tempfile
    >>> text = '''{"graph": {
    ...     "nodes": [{"id": 7, "pos": [0, 0, 0]}, {"id": 3, "pos": [0, 9, 0]}],
    ...     "edges": [{"id": 0, "node1": 7, "node2": 3}]}}'''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "graph.json"
    ...     _ = path.write_text(text)
    ...     read_voreen(path)
    VoreenGraph(2 nodes, 1 edges, 0 voxels)
    """
    with foreign_file(path, "vessel graph") as file:
        tree = _object(json.loads(bounded_bytes(file)), "the file")
        content = _object(tree["graph"], "graph")
        nodes, edges = (_objects(content[name], name) for name in ("nodes", "edges"))
        lines = [_objects(edge.get("skeletonVoxels") or [], "skeletonVoxels") for edge in edges]
        voxels = list(chain.from_iterable(lines))
        node_id = [_integer(node["id"], "id of a node") for node in nodes]
        row = {name: i for i, name in enumerate(node_id)}
        ends = [
            [row[_integer(edge[end], f"{end} of an edge")] for end in ("node1", "node2")]
            for edge in edges
        ]
        return VoreenGraph(
            node_id=np.array(node_id, dtype=np.int64),
            node_pos=_positions(nodes),
            edge_id=np.array([_integer(edge["id"], "id of an edge") for edge in edges], np.int64),
            edge_nodes=np.array(ends, dtype=np.int64).reshape(-1, 2),
            point_ptr=np.cumsum([0, *map(len, lines)]),
            voxel_pos=_positions(voxels),
            nodes=_columns(nodes, NODE_COLUMNS, ("id", "edges", "pos")),
            edges=_columns(edges, EDGE_COLUMNS, ("id", "node1", "node2", "skeletonVoxels")),
            voxels=_columns(voxels, VOXEL_COLUMNS, ("pos",)),
            graph_entries={k: v for k, v in content.items() if k not in ("nodes", "edges")},
            file_entries={k: v for k, v in tree.items() if k != "graph"},
        )


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FormatError(f"{name} must be an object, got {type(value).__name__}")
    return value


def _objects(value: Any, name: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise FormatError(f"{name} must be a list, got {type(value).__name__}")
    return [_object(item, f"an entry of {name}") for item in value]


def _integer(value: Any, name: str) -> int:
    if type(value) is not int:
        raise FormatError(f"{name} must be an integer, got {value!r:.60}")
    return value


def _positions(rows: Sequence[Mapping[str, Any]]) -> np.ndarray[Any, Any]:
    for row in rows:
        pos = row["pos"]
        numbers = isinstance(pos, list) and all(type(value) in (int, float) for value in pos)
        if not numbers or len(pos) != 3:
            raise FormatError(f"pos must be three numbers, got {pos!r:.60}")
    return np.array([row["pos"] for row in rows], dtype=np.float64).reshape(-1, 3)


def _columns(
    rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, str], fields: Sequence[str]
) -> dict[str, Column]:
    shapes = dict.fromkeys(tuple(name for name in row if name not in fields) for row in rows)
    names = _ordered(shapes)
    return {name: column([r.get(name) for r in rows], kinds.get(name), name) for name in names}


def _ordered(shapes: Iterable[tuple[str, ...]]) -> list[str]:
    """All names in an order that each row follows, if there is one, so that rows are kept."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    names: dict[str, None] = {}
    for shape in shapes:
        names.update(dict.fromkeys(shape))
        if len(names) > MAX_COLUMNS:
            raise FormatError(f"has more than {MAX_COLUMNS} columns")
        for before, name in pairwise(shape):
            sorter.add(name, before)
    try:
        follow = list(sorter.static_order())
    except CycleError:
        return list(names)
    return [*follow, *(name for name in names if name not in follow)]


def write_voreen(graph: VoreenGraph | HeteroGraph | SpatialGraph, path: str | Path) -> None:
    """Write a vessel graph as Voreen's JSON, as a whole or not at all.

    Parameters
    ----------
    graph
        A `VoreenGraph`, or what `VoreenGraph.from_graph` takes.
    path
        Target; replaced if it exists. gzip packs it if the name ends with ``.gz``.

    Notes
    -----
    Equal graphs give equal bytes. ``edges`` of nodes are counted anew. Values that are missing or
    NaN are left out, infinities are ``Infinity``. An edge without voxels has an empty list, but
    none where it has ``pathProperties``.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore.graph import extract
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_voreen(extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]]), Path(folder) / "a.json.gz")
    ...     read_voreen(Path(folder) / "a.json.gz")
    VoreenGraph(2 nodes, 1 edges, 1 voxels)
    """
    target = require_path(path)
    known = graph if isinstance(graph, VoreenGraph) else VoreenGraph.from_graph(graph)
    data = (json.dumps(_tree(known), separators=(",", ":")) + "\n").encode()
    if target.suffix == ".gz":
        data = gzip.compress(data, mtime=0)
    with atomic_path(target) as temporary:
        temporary.write_bytes(data)


def _tree(graph: VoreenGraph) -> dict[str, Any]:
    touching: list[list[int]] = [[] for _ in range(graph.num_nodes)]
    edge_id = graph.edge_id.tolist()
    for number, ends in zip(edge_id, graph.edge_nodes.tolist(), strict=True):
        for node in dict.fromkeys(ends):
            touching[node].append(number)
    nodes = _rows(
        {"id": graph.node_id, "edges": tuple(touching), "pos": graph.node_pos, **graph.nodes},
        graph.num_nodes,
    )
    voxels = list(_rows({"pos": graph.voxel_pos, **graph.voxels}, len(graph.voxel_pos)))
    ends = graph.node_id[graph.edge_nodes]
    fields = {"id": graph.edge_id, "node1": ends[:, 0], "node2": ends[:, 1]}
    edges = list(_rows({**fields, **graph.edges}, graph.num_edges))
    for edge, first, last in zip(edges, graph.point_ptr, graph.point_ptr[1:], strict=False):
        if last > first or "pathProperties" not in edge:
            edge["skeletonVoxels"] = voxels[first:last]
    content = {"nodes": list(nodes), "edges": edges, **graph.graph_entries}
    return {**graph.file_entries, "graph": content}


def _rows(columns: Mapping[str, Column], count: int) -> Iterator[dict[str, Any]]:
    values = {
        name: col.tolist() if isinstance(col, np.ndarray) else col for name, col in columns.items()
    }
    for i in range(count):
        row = {name: cells[i] for name, cells in values.items()}
        yield {name: value for name, value in row.items() if not _missing(value)}


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
