# SPDX-License-Identifier: Apache-2.0
"""GraphML, for Gephi, yEd, Cytoscape, igraph and NetworkX."""

from __future__ import annotations

import itertools
import math
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from gftcore._lazy import require
from gftcore._validation import describe
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError
from gftcore.formats.graphml_keys import descriptions
from gftcore.formats.graphml_structure import require_one_graph
from gftcore.formats.reading import MAX_BYTES, bounded_bytes, foreign_file
from gftcore.formats.sources import ordered_edges
from gftcore.formats.spatial_graph import SpatialGraph
from gftcore.graph import HeteroGraph
from gftcore.graph.hetero_graph import SCHEMA
from gftcore.io.files import atomic_path, require_path

if TYPE_CHECKING:
    import networkx
    from numpy.typing import NDArray

__all__ = ["read_graphml", "write_graphml"]

#: Each node and each edge gets its own copy of every default value.
MAX_DEFAULTS = 1 << 24
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
"""
#: Columns of numbers for NumPy's `ndim`, which are text in a file.
_ARRAYS = {"points": 2, "radius_px": 1}
_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_graphml(graph: HeteroGraph | SpatialGraph | networkx.Graph, path: str | Path) -> None:
    """Write a graph as GraphML, as a whole or not at all; needs the extra ``networkx``.

    Parameters
    ----------
    graph
        A `HeteroGraph` (its vessels), a `SpatialGraph`, or an undirected NetworkX graph with
        attributes that are numbers, truth values, texts, or ``points`` and ``radius_px`` of edges.
    path
        Target; replaced if it exists.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an attribute is of another kind, a text holds characters that XML has not, or two nodes
        have the same name as text.

    Notes
    -----
    Equal graphs give equal bytes. Floats have the fewest digits that read back the same; NaN and
    infinities are ``NaN``, ``Infinity`` and ``-Infinity``, as in Java, which GraphML takes its
    types from. ``points`` are ``r,c;r,c``, ``radius_px`` of edges ``r;r``. Attributes that are None
    are left out. Keys of an extraction have a ``desc`` with unit and meaning.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore.graph import extract
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "vessels.graphml"
    ...     write_graphml(extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]]), path)
    ...     read_graphml(path).number_of_edges()
    1
    """
    nx = require("networkx", extra="networkx", user="write_graphml")
    if isinstance(graph, (HeteroGraph, SpatialGraph)):
        graph = graph.to_networkx()
    if not isinstance(graph, nx.Graph) or graph.is_directed():
        raise ArgumentTypeError(
            "graph must be a HeteroGraph, SpatialGraph or undirected NetworkX graph, "
            f"got {describe(graph)}"
        )
    target = require_path(path)
    text = "".join(_lines(graph)).encode()
    with atomic_path(target) as temporary:
        temporary.write_bytes(text)


def _lines(graph: networkx.Graph) -> Iterator[str]:
    nodes = list(graph.nodes(data=True))
    edges = ordered_edges(graph)
    names = {node: quoteattr(_legal(str(node))) for node, _ in nodes}
    if len(set(names.values())) != len(names):
        raise ArgumentError(
            "graph must have nodes whose names differ as text, such as not 1 and '1'"
        )
    keys = [key for *_, key, _ in edges]
    if not graph.is_multigraph() or len(set(map(str, keys))) != len(keys):
        keys = list(range(len(edges)))
    tables = {
        "graph": _Table("graph", [graph.graph], 0),
        "node": _Table("node", [data for _, data in nodes], len(graph.graph)),
    }
    count = sum(len(table.types) for table in tables.values())
    tables["edge"] = _Table("edge", [data for *_, data in edges], count)
    yield _HEAD
    ours = graph.graph.get("schema") == SCHEMA
    contacts = "type" in tables["node"].types
    for table in tables.values():
        yield from table.keys(
            descriptions(table.owner, table.types, contacts=contacts) if ours else {}
        )
    yield '  <graph edgedefault="undirected">\n'
    yield from tables["graph"].data(graph.graph, "    ")
    for node, data in nodes:
        yield f"    <node id={names[node]}>\n"
        yield from tables["node"].data(data, "      ")
        yield "    </node>\n"
    for key, (first, last, _, data) in zip(keys, edges, strict=True):
        ends = f"source={names[first]} target={names[last]}"
        yield f"    <edge id={quoteattr(_legal(str(key)))} {ends}>\n"
        yield from tables["edge"].data(data, "      ")
        yield "    </edge>\n"
    yield "  </graph>\n</graphml>\n"


class _Table:
    """The attributes of all nodes, of all edges or of the graph, and their types."""

    def __init__(self, owner: str, rows: Iterable[Mapping[Any, Any]], first: int) -> None:
        self.owner = owner
        self.types: dict[str, str] = {}
        for row in rows:
            for name, value in row.items():
                if value is not None:
                    kind = self._kind(name, value)
                    self.types[name] = _common(self.types.get(name, kind), kind, name)
        self._ids = {name: f"d{first + i}" for i, name in enumerate(self.types)}

    def _kind(self, name: object, value: object) -> str:
        if not isinstance(name, str):
            raise ArgumentTypeError(
                f"graph must have names of attributes as text, got {name!r:.80}"
            )
        if self.owner == "edge" and name in _ARRAYS and not isinstance(value, str):
            return "array"
        if isinstance(value, (bool, np.bool_)):
            return "boolean"
        if isinstance(value, (int, np.integer)):
            return "long"
        if isinstance(value, (float, np.floating)):
            return "double"
        if isinstance(value, str):
            return "string"
        raise ArgumentTypeError(
            f"graph must have numbers, truth values or texts as attributes, got {describe(value)} "
            f"as {name!r:.80} of the {self.owner}"
        )

    def keys(self, meanings: Mapping[str, str]) -> Iterator[str]:
        for name, kind in self.types.items():
            written = "string" if kind == "array" else kind
            about = f'for="{self.owner}" attr.name={quoteattr(_legal(name))} attr.type="{written}"'
            told = f"><desc>{escape(meanings[name])}</desc></key>" if name in meanings else "/>"
            yield f'  <key id="{self._ids[name]}" {about}{told}\n'

    def data(self, row: Mapping[str, Any], indent: str) -> Iterator[str]:
        for name, value in row.items():
            if value is not None:
                text = _text(value, self.types[name], name)
                yield f'{indent}<data key="{self._ids[name]}">{text}</data>\n'


def _common(kind: str, other: str, name: str) -> str:
    if kind == other:
        return kind
    if {kind, other} == {"long", "double"}:
        return "double"
    raise ArgumentTypeError(f"graph must have one type for {name!r:.80}, got {kind} and {other}")


def _text(value: Any, kind: str, name: str) -> str:
    if kind == "array":
        return _array_text(value, name)
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "long":
        return str(int(value))
    if kind == "double":
        return _double(float(value))
    return escape(_legal(str(value)), {"\r": "&#13;"})


def _double(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _array_text(value: Any, name: str) -> str:
    ndim = _ARRAYS[name]
    array = np.asarray(value)
    if array.size == 0:
        return ""
    if array.dtype.kind not in "iuf" or array.ndim != ndim or (ndim == 2 and array.shape[1] != 2):
        shape = "[n, 2]" if ndim == 2 else "[n]"
        raise ArgumentError(
            f"{name} of an edge must be real numbers {shape}, got {describe(array)}"
        )
    numbers = map(_double, array.astype(np.float64).ravel().tolist())
    return (
        ";".join(map(",".join, zip(numbers, numbers, strict=True)))
        if ndim == 2
        else ";".join(numbers)
    )


def _legal(text: str) -> str:
    if _ILLEGAL.search(text):
        raise ArgumentError(f"graph must have texts of characters that XML has, got {text!r:.80}")
    return text


def read_graphml(path: str | Path) -> networkx.MultiGraph:
    """Read GraphML of any program; needs the extra ``networkx``.

    Parameters
    ----------
    path
        The file, UTF-8, at most 256 MB; gzip may have packed it.

    Returns
    -------
    networkx.MultiGraph
        Names of nodes and edges that are written as integers are integers, others texts.
        ``points`` of edges are float64 [n, 2], ``radius_px`` of edges float64 [n]. Directions are
        dropped. `from_networkx` makes a `SpatialGraph` of it if nodes have ``row`` and ``col``.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If it is of another kind, damaged, has more than one graph or an edge of a node that is not
        there, or declares a document type, which could hide entities of any size.
    """
    nx = require("networkx", extra="networkx", user="read_graphml")
    with foreign_file(path, "GraphML") as file:
        text = bounded_bytes(file, MAX_BYTES).decode("utf-8-sig")
        # Before a parser sees it: entities can grow without bound, and name other files.
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise FormatError("declares a document type or entities, which are not read")
        require_one_graph(text)
        number = itertools.count()  # NetworkX would make one edge of two with the same name
        with warnings.catch_warnings():  # of ports and types that are left out
            warnings.simplefilter("ignore")
            found = nx.parse_graphml(
                text,
                node_type=_name,
                edge_key_type=lambda name: (next(number), _name(name)),
                force_multigraph=True,
            )
        return _cleaned(found, nx.MultiGraph())


def _name(text: str) -> int | str:
    """An integer if the text is the one way to write it, so that no two names become one."""
    return int(text) if re.fullmatch("0|-?[1-9][0-9]{0,17}", text) else text


def _cleaned(found: networkx.MultiGraph, out: networkx.MultiGraph) -> networkx.MultiGraph:
    """Copy a graph as NetworkX reads it, undirected, with defaults filled in and arrays."""
    defaults = {owner: found.graph.pop(f"{owner}_default", {}) for owner in ("node", "edge")}
    cells = {"node": found.number_of_nodes(), "edge": found.number_of_edges()}
    if any(count * len(defaults[owner]) > MAX_DEFAULTS for owner, count in cells.items()):
        raise FormatError(f"has more than {MAX_DEFAULTS} values by default")
    out.graph.update(found.graph)
    for node, data in found.nodes(data=True):
        out.add_node(node, **{**defaults["node"], **data})
    for first, last, numbered, data in found.edges(keys=True, data=True):
        key = numbered[1] if isinstance(numbered, tuple) else numbered
        values = {**defaults["edge"], **data}
        for name, ndim in _ARRAYS.items():
            if isinstance(values.get(name), str):
                values[name] = _array(values[name], ndim, f"{name} of edge {key}")
        free = None if out.has_edge(first, last, key) else key
        out.add_edges_from([(first, last, free, values)])
    return out


def _array(text: str, ndim: int, what: str) -> NDArray[np.float64]:
    rows = text.split(";") if text else []
    try:
        if ndim == 1:
            return np.array([float(row) for row in rows])
        pairs = [row.split(",") for row in rows]
        return np.array([(float(row), float(col)) for row, col in pairs]).reshape(-1, 2)
    except ValueError as error:
        form = "r;r" if ndim == 1 else "r,c;r,c"
        raise FormatError(f"{what} must be {form}, got {text!r:.60}") from error
