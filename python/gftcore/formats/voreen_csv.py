# SPDX-License-Identifier: Apache-2.0
"""Voreen's vessel graphs as two tables with semicolons."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore.errors import ArgumentError, FormatError
from gftcore.formats.reading import bounded_bytes, foreign_file
from gftcore.formats.voreen_graph import EDGE_COLUMNS, NODE_COLUMNS, VoreenGraph, column
from gftcore.io.files import atomic_path, require_path

if TYPE_CHECKING:
    from gftcore.formats.spatial_graph import SpatialGraph
    from gftcore.formats.voreen_graph import Column
    from gftcore.graph import HeteroGraph

__all__ = ["read_voreen_csv", "write_voreen_csv"]

_NODES = ("id", "pos_x", "pos_y", "pos_z")
_EDGES = ("id", "node1id", "node2id")
_INTEGER = re.compile("-?[0-9]{1,19}")
_FLAGS = {"0": False, "1": True, "false": False, "true": True}


def read_voreen_csv(nodes_path: str | Path, edges_path: str | Path) -> VoreenGraph:
    r"""Read a vessel graph from Voreen's two tables, ``<stem>_nodes.csv`` and ``<stem>_edges.csv``.

    Nodes need ``id;pos_x;pos_y;pos_z``, edges ``id;node1id;node2id``; further columns, in any
    order, are kept, those of unknown names as text. There are no voxels: edges are straight.

    Raises
    ------
    MissingFileError
        If one of the files is not there.
    FormatError
        If one is of another kind, or damaged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     nodes, edges = Path(folder) / "a_nodes.csv", Path(folder) / "a_edges.csv"
    ...     _ = nodes.write_text("id;pos_x;pos_y;pos_z\n4;0;0;0\n9;3;4;0\n")
    ...     _ = edges.write_text("id;node1id;node2id;avgRadiusAvg\n0;4;9;1.5\n")
    ...     read_voreen_csv(nodes, edges).edges["avgRadiusAvg"].tolist()
    [1.5]
    """
    with foreign_file(nodes_path, "table of nodes") as file:
        table = _table(file, _NODES)
        row = {name: i for i, name in enumerate(_integers(table.pop("id"), "id"))}
        axes = [column(list(map(_real, table.pop(name))), "real", name) for name in _NODES[1:]]
        places = np.stack([np.asarray(axis) for axis in axes], axis=1)
        if len(row) != len(places):
            raise FormatError("two nodes have the same id")
        alone = VoreenGraph(
            node_id=np.array(list(row), dtype=np.int64),
            node_pos=places,
            edge_id=np.empty(0, dtype=np.int64),
            edge_nodes=np.empty((0, 2), dtype=np.int64),
            point_ptr=np.zeros(1, dtype=np.int64),
            voxel_pos=np.empty((0, 3)),
            nodes=_columns(table, NODE_COLUMNS),
        )
    with foreign_file(edges_path, "table of edges") as file:
        table = _table(file, _EDGES)
        edge_id = _integers(table.pop("id"), "id")
        ends = [
            [row[name] for name in _integers(table.pop(end), end)] for end in ("node1id", "node2id")
        ]
        return dataclasses.replace(
            alone,
            edge_id=np.array(edge_id, dtype=np.int64),
            edge_nodes=np.array(ends, dtype=np.int64).T,
            point_ptr=np.zeros(len(edge_id) + 1, dtype=np.int64),
            edges=_columns(table, EDGE_COLUMNS),
        )


def _table(file: Path, needed: Sequence[str]) -> dict[str, list[str]]:
    text = bounded_bytes(file).decode("utf-8-sig")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    header = next(rows, [])
    missing = [name for name in needed if name not in header]
    if missing or len(set(header)) != len(header):
        what = f"no {', '.join(missing)}" if missing else "a name twice"
        raise FormatError(f"the header must have {';'.join(needed)}, got {what}")
    cells = []
    for row in rows:
        if len(row) != len(header):
            raise FormatError(f"line {rows.line_num} must have {len(header)} cells, got {len(row)}")
        cells.append(row)
    return {name: [row[i] for row in cells] for i, name in enumerate(header)}


def _integers(cells: Sequence[str], name: str) -> list[int]:
    values = list(map(_count, cells))
    if None in values:
        raise FormatError(f"{name} must be an integer, got an empty cell")
    return [value for value in values if value is not None]


def _count(cell: str) -> int | None:
    text = cell.strip()
    # `int` takes more: 1_000, and digits of other scripts.
    if text and not _INTEGER.fullmatch(text):
        raise FormatError(f"must be an integer, got {text!r:.60}")
    return int(text) if text else None


def _real(cell: str) -> float | None:
    return float(cell) if cell.strip() else None


def _flag(cell: str) -> bool | None:
    return _FLAGS[cell.strip().lower()] if cell.strip() else None


def _columns(table: Mapping[str, list[str]], kinds: Mapping[str, str]) -> dict[str, Column]:
    parse: dict[str, Any] = {"real": _real, "count": _count, "flag": _flag}
    out: dict[str, Column] = {}
    for name, cells in table.items():
        kind = kinds.get(name)
        out[name] = (
            tuple(cells) if kind is None else column(list(map(parse[kind], cells)), kind, name)
        )
    return out


def write_voreen_csv(
    graph: VoreenGraph | HeteroGraph | SpatialGraph, stem: str | Path
) -> list[Path]:
    """Write ``<stem>_nodes.csv`` and ``<stem>_edges.csv`` with semicolons, as Voreen does.

    Parameters
    ----------
    graph
        A `VoreenGraph`, or what `VoreenGraph.from_graph` takes.
    stem
        Path without the ends of the names; files of these names are replaced.

    Returns
    -------
    list of Path
        The files written.

    Notes
    -----
    Equal graphs give equal bytes. Nodes are ``id;pos_x;pos_y;pos_z;degree;isAtSampleBorder``, edges
    ``id;node1id;node2id`` and their features, each followed by all further columns of single
    values; voxels and nested values have no place in a table. Missing values and NaN are empty
    cells, truth values 0 and 1.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore.graph import extract
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = write_voreen_csv(extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]]), Path(folder) / "a")
    ...     [path.name for path in paths]
    ['a_nodes.csv', 'a_edges.csv']
    """
    base = require_path(stem)
    if not base.name:
        raise ArgumentError(f"stem must end with the name of the tables, got {str(stem)!r:.80}")
    known = graph if isinstance(graph, VoreenGraph) else VoreenGraph.from_graph(graph)
    places = dict(zip(_NODES[1:], known.node_pos.T, strict=True))
    border = {name: known.nodes[name] for name in ("isAtSampleBorder",) if name in known.nodes}
    degree = known.nodes.get("degree", known.node_degree)
    nodes: dict[str, Column] = {"id": known.node_id, **places, "degree": degree, **border}
    ends = dict(zip(_EDGES[1:], known.node_id[known.edge_nodes].T, strict=True))
    edges: dict[str, Column] = {"id": known.edge_id, **ends, **known.edges}
    paths = [base.with_name(f"{base.name}_{table}.csv") for table in ("nodes", "edges")]
    _write(paths[0], {**nodes, **{k: v for k, v in known.nodes.items() if k not in nodes}})
    _write(paths[1], edges)
    return paths


def _write(path: Path, columns: Mapping[str, Column]) -> None:
    cells = {name: [_cell(value) for value in _plain(values)] for name, values in columns.items()}
    flat = {name: values for name, values in cells.items() if None not in values}
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        writer = csv.writer(stream, delimiter=";", lineterminator="\n")
        writer.writerow(flat)
        writer.writerows(zip(*flat.values(), strict=True))


def _plain(values: Column) -> Sequence[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else values


def _cell(value: Any) -> str | None:
    """Text of a single value; None if it is nested."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return str(value) if isinstance(value, (int, float, str)) else None
