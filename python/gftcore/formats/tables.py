# SPDX-License-Identifier: Apache-2.0
"""The CSV form of ``gftcore-graph/1``: junctions, nodes, edges, images."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gftcore._validation import describe, require_bool
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.formats.dictionary import TABLES, csv_columns
from gftcore.formats.table_sets import named_results, require_free, whole_set
from gftcore.graph.bulk import ExtractFailure
from gftcore.graph.columns import column_info, exported_columns
from gftcore.graph.hetero_graph import NODE_KINDS, NODE_TYPES, RELATIONS, HeteroGraph
from gftcore.io import write_csv
from gftcore.io.files import require_path
from gftcore.io.tables import open_csv

__all__ = ["IMAGE_COLUMNS", "failure_row", "image_row", "write_csv_tables", "write_tables"]

IMAGE_COLUMNS = csv_columns("images")
_COMMON = ("image_id", "type", "node_id", "row", "col")


def write_tables(graph: HeteroGraph, stem: str | Path, *, image_id: str = "") -> list[Path]:
    """Write ``<stem>.junctions.csv``, ``<stem>.nodes.csv`` and ``<stem>.edges.csv``.

    Parameters
    ----------
    graph
        The graph.
    stem
        Path without suffix.
    image_id
        First column of all rows; the name of the stem if empty.

    Returns
    -------
    list of Path
        The files written.

    Notes
    -----
    Lengths and areas stand in px and in mm; missing values are empty. The three node types share
    one table, so each row leaves the columns of the other types empty. Every undirected edge is
    one row.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore import graph
    >>> mask = [[0, 0, 0], [1, 1, 1], [0, 0, 0]]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_tables(graph.extract(mask), Path(folder) / "a")]
    ['a.junctions.csv', 'a.nodes.csv', 'a.edges.csv']
    """
    if not isinstance(graph, HeteroGraph):
        raise ArgumentTypeError(f"graph must be a HeteroGraph, got {describe(graph)}")
    base = require_path(stem)
    if not base.name:
        raise ArgumentError(f"stem must end with the name of the tables, got {str(stem)!r:.80}")
    if not isinstance(image_id, str):
        raise ArgumentTypeError(f"image_id must be a text, got {describe(image_id)}")
    key = image_id or base.name
    paths = [
        base.with_name(f"{base.name}.{table}.csv") for table in ("junctions", "nodes", "edges")
    ]
    write_csv(paths[0], csv_columns("junctions"), _junctions(graph, key))
    columns = _node_columns(graph)
    write_csv(paths[1], columns, _nodes(graph, key, columns))
    write_csv(paths[2], csv_columns("edges"), _edges(graph, key))
    return paths


def write_csv_tables(
    folder: str | Path,
    items: Iterable[tuple[str, HeteroGraph | ExtractFailure]],
    *,
    overwrite: bool = False,
) -> list[Path]:
    """Write many graphs as ``images.csv``, ``junctions.csv``, ``nodes.csv`` and ``edges.csv``.

    Parameters
    ----------
    folder
        Folder for the four files, which get there together or not at all.
    items
        Names of images, each with its graph or the reason why there is none, as
        ``zip(names, extract_batch(...))`` gives them. Read one by one.
    overwrite
        Whether files of these names may be replaced. Other files stay.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    RefusedError
        If one of the files is there and `overwrite` is False.
    ArgumentError
        If a name comes twice, or if a graph has parts that do not fit together.

    Notes
    -----
    The columns are always all that the data dictionary has for CSV, whatever the graphs have.
    ``relpath`` comes from the source of a graph, see `HeteroGraph.with_source`.

    Examples
    --------
    >>> import csv, tempfile
    >>> from gftcore import graph
    >>> masks = {"a": [[0, 0, 0], [1, 1, 1], [0, 0, 0]], "b": [[0, 1, 0]] * 3}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     images, *_, nodes, _ = write_csv_tables(
    ...         folder, zip(masks, graph.extract_batch(masks.values()))
    ...     )
    ...     with nodes.open() as stream:
    ...         [(row["image_id"], row["length_px"]) for row in csv.DictReader(stream)]
    [('a', '2.0'), ('b', '2.0')]
    """
    target = require_path(folder)
    replace = require_bool(overwrite, "overwrite")
    each = named_results(items)
    names = {table: f"{table}.csv" for table in TABLES}
    require_free(target, names.values(), overwrite=replace)
    with (
        whole_set(target, tuple(names.values())) as temporary,
        contextlib.ExitStack() as stack,
    ):
        write = {
            table: stack.enter_context(open_csv(temporary / name, csv_columns(table)))
            for table, name in names.items()
        }
        for image_id, result in each:
            if isinstance(result, ExtractFailure):
                write["images"](failure_row(result, image_id=image_id))
                continue
            relpath = result.meta.source.get("relpath", "")
            write["images"](image_row(result, image_id=image_id, relpath=relpath))
            for table, rows in (
                ("junctions", _junctions(result, image_id)),
                ("nodes", _nodes(result, image_id, csv_columns("nodes"))),
                ("edges", _edges(result, image_id)),
            ):
                for row in rows:
                    write[table](row)
    return [target / name for name in names.values()]


def _junctions(graph: HeteroGraph, key: str) -> Iterator[list[Any]]:
    columns = (graph.node_rowcol, graph.node_radius_px, graph.node_degree, graph.node_kind)
    values = zip(*(column.tolist() for column in columns), strict=True)
    for index, ((row, col), radius, degree, kind) in enumerate(values):
        yield [key, index, row, col, radius, degree, NODE_KINDS[kind]]


def _node_columns(graph: HeteroGraph) -> list[str]:
    """Columns of the table of one graph: only the features that it has."""
    own = ["node1", "node2", "face_left", "face_right", "label", "touches_border"]
    tables = [_feature_columns(graph, node_type) for node_type in NODE_TYPES]
    features = dict.fromkeys(name for table in tables for name in table)
    return [*_COMMON, *own, *features, "polyline"]


def _nodes(graph: HeteroGraph, key: str, columns: Sequence[str]) -> Iterator[list[Any]]:
    for node_type in NODE_TYPES:
        count = len(graph.features(node_type))
        rowcol = graph.positions(node_type)
        known: dict[str, list[Any]] = {
            "image_id": [key] * count,
            "type": [node_type] * count,
            "node_id": list(range(count)),
            "row": rowcol[:, 0].tolist(),
            "col": rowcol[:, 1].tolist(),
            **_own_columns(graph, node_type),
            **_feature_columns(graph, node_type),
        }
        missing = [None] * count
        yield from map(list, zip(*(known.get(name, missing) for name in columns), strict=True))


def _feature_columns(graph: HeteroGraph, node_type: str) -> dict[str, list[Any]]:
    """Map exported names to values; counts are integers."""
    names = graph.vessel_columns if node_type == "vessel" else graph.ica_columns
    out: dict[str, list[Any]] = {}
    for index, name, power in exported_columns(names, node_type):
        if name in _COMMON:
            continue
        # A product, since a power raises where it is too large for a float.
        scale = math.prod([graph.meta.mm_per_px] * power)
        with np.errstate(over="ignore", invalid="ignore"):
            values = graph.features(node_type)[:, index] * scale
        whole = column_info(node_type, names[index]).unit in ("count", "flag")
        out[name] = values.astype(np.int64).tolist() if whole else values.tolist()
    return out


def _own_columns(graph: HeteroGraph, node_type: str) -> dict[str, list[Any]]:
    if node_type == "vessel":
        return {
            "node1": graph.segment_nodes[:, 0].tolist(),
            "node2": graph.segment_nodes[:, 1].tolist(),
            "face_left": graph.segment_faces[:, 0].tolist(),
            "face_right": graph.segment_faces[:, 1].tolist(),
            "polyline": [_polyline(graph, segment) for segment in range(graph.num_segments)],
        }
    if node_type == "ica":
        return {
            "label": graph.ica_label_id.tolist(),
            "touches_border": graph.ica_touches_border.astype(np.int64).tolist(),
        }
    return {"label": [graph.faz_info.label] * len(graph.faz_x)}


def _polyline(graph: HeteroGraph, segment: int) -> str:
    """Smoothed centreline between the nodes as ``row,col;row,col`` to a hundredth of a pixel."""
    first, last = graph.point_ptr[segment : segment + 2]
    points = graph.point_rowcol[first:last].tolist()
    return ";".join(f"{row:.2f},{col:.2f}" for row, col in points)


def _edges(graph: HeteroGraph, key: str) -> Iterator[list[Any]]:
    for relation in RELATIONS:
        attribute = "shared_node" if relation == "vv" else "border_px"
        pairs = graph.edges[relation].T.tolist()
        for (source, target), value in zip(pairs, graph.edge_attr[relation].tolist(), strict=True):
            yield [key, relation, source, target, attribute, value[0] if value else None]


def image_row(graph: HeteroGraph, *, image_id: str, relpath: str) -> list[Any]:
    """One row of the table of images, for `IMAGE_COLUMNS`."""
    meta = graph.meta
    return [
        image_id, relpath, meta.source.get("sha256"), meta.source.get("kind"),
        *meta.shape, meta.fov_mm, meta.eye, "ok", None, None, " ".join(meta.warnings),
        graph.num_nodes, graph.num_segments, graph.num_icas, len(graph.faz_x),
        *(graph.edges[relation].shape[1] for relation in RELATIONS),
        graph.faz_info.method, graph.faz_info.confidence,
        meta.config_hash, meta.versions.get("gftcore"), meta.simd_target,
    ]  # fmt: skip


def failure_row(failure: ExtractFailure, *, image_id: str) -> list[Any]:
    """One row of the table of images, for `IMAGE_COLUMNS`, of an image without a graph."""
    known = {
        "image_id": image_id,
        "relpath": failure.name,
        "status": "failed",
        "error_code": failure.code,
        "message": failure.message,
    }
    return [known.get(column) for column in IMAGE_COLUMNS]
