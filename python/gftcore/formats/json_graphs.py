# SPDX-License-Identifier: Apache-2.0
"""One graph as JSON text: everything but the kept images, to the bit."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from gftcore.errors import ArgumentError, FormatError
from gftcore.formats.reading import MAX_BYTES
from gftcore.graph.assemble import ARRAYS
from gftcore.graph.hetero_graph import RELATIONS, SCHEMA, HeteroGraph
from gftcore.graph.parts import GraphParts, damage_named, meta_document, require_graph
from gftcore.io.files import atomic_path, require_file, require_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_json", "write_json"]

_SUFFIXES = (".json", ".json.gz")
_INFINITIES = {"inf": np.inf, "-inf": -np.inf}
#: Python types that stand for the values of an array, by the kind of its elements.
_TYPES: Mapping[str, frozenset[type]] = {
    "b": frozenset({bool}),
    "i": frozenset({int}),
    "u": frozenset({int}),
    "f": frozenset({int, float, str, type(None)}),
}


def write_json(graph: HeteroGraph, path: str | Path) -> None:
    """Write a graph as JSON, as a whole or not at all.

    Parameters
    ----------
    graph
        The graph; its kept images are left out.
    path
        Target ending with ``.json``, or with ``.json.gz`` to be packed; replaced if it exists.

    Raises
    ------
    ArgumentError
        If the parts of the graph do not fit together, if a text in it is no Unicode, or if the
        text would be longer than `read_json` reads.

    Notes
    -----
    UTF-8, sorted keys, one line per entry. Arrays are lists, those with two axes lists of rows, as
    in `HeteroGraph`; ``edge_attr`` has a list per attribute. NaN is ``null``, infinities are
    ``"inf"`` and ``"-inf"``. Numbers read back to the bit: float64 with the fewest digits that do,
    float32 with nine. Equal graphs give equal bytes.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore import graph
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_json(graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]]), Path(folder) / "a.json")
    ...     text = (Path(folder) / "a.json").read_text()
    >>> json.loads(text)["node_kind"]
    [2, 2]
    """
    found = require_graph(graph)
    target = _require_suffix(require_path(path))
    try:
        data = _text(found).encode()
    except UnicodeError as error:
        raise ArgumentError(f"graph must hold texts of Unicode only: {error}") from error
    if len(data) > MAX_BYTES:
        raise ArgumentError(
            f"graph must make at most {MAX_BYTES} bytes of JSON, which is what `read_json` reads, "
            f"got {len(data)}; save it as .npz or Parquet"
        )
    with atomic_path(target) as temporary, temporary.open("wb") as stream:
        if target.suffix != ".gz":
            stream.write(data)
            return
        # No name and no time in the header.
        with gzip.GzipFile("", "wb", compresslevel=6, fileobj=stream, mtime=0) as packed:
            packed.write(data)


def read_json(path: str | Path) -> HeteroGraph:
    """Read a graph that `write_json` wrote.

    Parameters
    ----------
    path
        A ``.json`` or ``.json.gz`` file.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If the file is damaged, of another kind or version, or inconsistent in itself. The message
        names the entry.

    Notes
    -----
    At most 256 MB of text are read; parsed, they may take thirty times as much memory.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore import graph
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_json(graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]]), Path(folder) / "a.json.gz")
    ...     read_json(Path(folder) / "a.json.gz")
    HeteroGraph(3x3: 2 nodes, 1 segments, 0 areas, FAZ none, 0 edges)
    """
    file = _require_suffix(require_file(path))
    with damage_named(file):
        reader = _Reader(file)
        return reader.graph()


def _require_suffix(path: Path) -> Path:
    if not path.name.endswith(_SUFFIXES):
        raise ArgumentError(f"path must end with {' or '.join(_SUFFIXES)}, got {path.name!r}")
    return path


def _text(graph: HeteroGraph) -> str:
    entries = meta_document(graph)
    entries |= {name: _values(getattr(graph, name)) for name in ARRAYS}
    entries["edges"] = {name: _values(graph.edges[name]) for name in RELATIONS}
    entries["edge_attr"] = {name: _values(graph.edge_attr[name].T) for name in RELATIONS}
    lines = (f"{json.dumps(name)}:{_json(entries[name])}" for name in sorted(entries))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _json(value: object) -> str:
    try:
        return json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"graph must hold plain, finite values in its meta: {error}") from error


def _values(array: NDArray[Any]) -> list[Any]:
    """Nested lists of what JSON can hold."""
    if array.dtype.kind != "f":
        return array.tolist()  # type: ignore[no-any-return]
    if array.dtype == np.float32:
        # Nine digits tell float32 values apart; as float64 they would have seventeen.
        digits = (float(f"{value:.9g}") for value in array.ravel().tolist())
        array = np.fromiter(digits, np.float64, array.size).reshape(array.shape)
    if bool(np.isfinite(array).all()):
        return array.tolist()  # type: ignore[no-any-return]
    out = array.astype(object)
    out[np.isnan(array)] = None
    for name, value in _INFINITIES.items():
        out[array == value] = name
    return out.tolist()  # type: ignore[no-any-return]


class _Reader:
    """The entries of a JSON file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parts = GraphParts(path)
        try:
            document = json.loads(self._read().decode(), parse_constant=_no_number)
        except (ValueError, RecursionError) as error:  # UnicodeDecodeError, JSONDecodeError
            raise FormatError(f"{path}: no JSON: {error!s:.200}") from error
        self._parts.require(isinstance(document, dict), "no JSON object")
        self._document: dict[str, Any] = document

    def _read(self) -> bytearray:
        packed = self._path.suffix == ".gz"
        with gzip.open(self._path) if packed else self._path.open("rb") as stream:
            data = bytearray()
            while block := stream.read(1 << 20):
                data += block
                enough = len(data) <= MAX_BYTES
                self._parts.require(enough, f"holds more than {MAX_BYTES} bytes of text")
        return data

    def graph(self) -> HeteroGraph:
        """Build the graph from all entries."""
        arrays = {*ARRAYS, "edges", "edge_attr"}
        meta = {name: value for name, value in self._document.items() if name not in arrays}
        return self._parts.graph(self._parts.meta(meta), self._array)

    def _array(
        self, name: str, dtype: str, cols: int | None, most: tuple[int, int]
    ) -> NDArray[Any]:
        entry, _, relation = name.partition(".")
        value = self._entry(self._document, entry, entry)
        if relation:
            self._parts.require(isinstance(value, dict), f"{entry} must be an object")
            value = self._entry(value, relation, name)
        if entry == "edge_attr":  # stored by attribute, so that no edges have attributes, too
            array = self._matrix(value, name, dtype, most[0]).T
        elif cols == 0:
            array = self._vector(value, name, dtype)
        else:
            array = self._matrix(value, name, dtype, cols)
        out = np.ascontiguousarray(array)
        self._parts.require_form(name, (out.dtype, out.shape), (dtype, cols), most)
        return out

    def _entry(self, values: Mapping[str, Any], name: str, shown: str) -> Any:
        self._parts.require(name in values, f"no {SCHEMA} file: {shown} is missing")
        return values[name]

    def _vector(self, values: object, name: str, dtype: str) -> NDArray[Any]:
        self._parts.require(isinstance(values, list), f"{name} must be a list")
        return self._converted(values, name, dtype)  # type: ignore[arg-type]

    def _matrix(self, rows: object, name: str, dtype: str, cols: int | None) -> NDArray[Any]:
        if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
            raise FormatError(f"{self._path}: {name} must be a list of lists")
        wanted = cols if cols is not None else len(rows[0]) if rows else 0
        bad = next((row for row in rows if len(row) != wanted), None)
        if bad is not None:
            raise FormatError(
                f"{self._path}: {name} must have rows of {wanted} values, got one of {len(bad)}"
            )
        flat = self._converted(list(chain.from_iterable(rows)), name, dtype)
        return flat.reshape(len(rows), wanted)

    def _converted(self, values: list[Any], name: str, dtype: str) -> NDArray[Any]:
        kind = np.dtype(dtype).kind
        types = set(map(type, values))
        wrong = sorted(found.__name__ for found in types - _TYPES[kind])
        self._parts.require(not wrong, f"{name} must hold {dtype}, got {', '.join(wrong)}")
        try:
            return self._floats(values, name, dtype) if kind == "f" else np.array(values, dtype)
        except OverflowError as error:
            raise FormatError(f"{self._path}: {name} must hold {dtype}: {error}") from error

    def _floats(self, values: list[Any], name: str, dtype: str) -> NDArray[Any]:
        infinite = [(i, value) for i, value in enumerate(values) if isinstance(value, str)]
        unknown = next((text for _, text in infinite if text not in _INFINITIES), None)
        self._parts.require(unknown is None, f"{name} must hold {dtype}, got {unknown!r:.60}")
        if infinite:
            values = [0.0 if isinstance(value, str) else value for value in values]
        # None becomes NaN.
        wide = np.array(values, dtype=np.float64)
        with np.errstate(over="ignore"):
            out = wide.astype(dtype)
        self._parts.require(
            not bool(np.isinf(out).any()), f"{name} must hold {dtype}, got a larger number"
        )
        for index, text in infinite:
            out[index] = _INFINITIES[text]
        return out


def _no_number(token: str) -> NoReturn:
    raise ValueError(f"{token} is no number in JSON; null is NaN, infinities are texts")
