# SPDX-License-Identifier: Apache-2.0
"""Graphs on disk: ``.npz`` with schema ``gftcore-graph/1``, without pickles."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from gftcore._validation import describe
from gftcore.config import canonical_json
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError
from gftcore.graph.assemble import ARRAYS, KEEPS
from gftcore.graph.hetero_graph import RELATIONS, SCHEMA, GraphMeta, HeteroGraph
from gftcore.graph.parts import MAX_BYTES, GraphParts, damage_named, meta_document
from gftcore.io.files import atomic_path, require_file, require_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["load", "read_meta", "save"]

_META_BYTES = 1 << 24
_KEPT_DTYPES = {
    "mask": "bool",
    "skeleton": "bool",
    "distance": "float32",
    "vessel_label": "int32",
    "ica_label": "int32",
    "face_label": "int32",
    "ridge": "float32",
}


def save(graph: HeteroGraph, path: str | Path) -> None:
    """Write a graph to a ``.npz`` file, as a whole or not at all.

    Parameters
    ----------
    graph
        The graph, with its kept images.
    path
        Target ending with ``.npz``; replaced if it exists.

    Notes
    -----
    Equal graphs give equal bytes. The file holds no time, host, user or path. `numpy.load` with
    ``allow_pickle=False`` opens it too; ``meta`` is JSON text in bytes.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore import graph
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]]), Path(folder) / "a.npz")
    ...     load(Path(folder) / "a.npz").num_segments
    1
    """
    if not isinstance(graph, HeteroGraph):
        raise ArgumentTypeError(f"graph must be a HeteroGraph, got {describe(graph)}")
    target = require_path(path)
    if target.suffix != ".npz":
        raise ArgumentError(f"path must end with .npz, got {target.name!r}")
    arrays: dict[str, NDArray[Any]] = {"meta": _meta_bytes(graph)}
    arrays |= {name: getattr(graph, name) for name in ARRAYS}
    for relation in RELATIONS:
        arrays[f"edges.{relation}"] = graph.edges[relation]
        arrays[f"edge_attr.{relation}"] = graph.edge_attr[relation]
    arrays |= {f"kept.{name}": graph.kept[name] for name in KEEPS if name in graph.kept}
    with (
        atomic_path(target) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for name, array in arrays.items():
            # ZipInfo's default date keeps the bytes independent of the clock.
            info = zipfile.ZipInfo(f"{name}.npy")
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, array, version=(1, 0), allow_pickle=False)


def _meta_bytes(graph: HeteroGraph) -> NDArray[np.uint8]:
    return np.frombuffer(canonical_json(meta_document(graph)).encode(), dtype=np.uint8)


def load(path: str | Path) -> HeteroGraph:
    """Read a graph that `save` wrote.

    Parameters
    ----------
    path
        A ``.npz`` file.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If the file is damaged, of another kind or version, or inconsistent in itself.

    Notes
    -----
    Nothing in the file is executed. No member is read before its size fits the image that `meta`
    names and the members before it; 1.92 GB in all is the limit.
    """
    with damage_named(path), _Reader(path) as reader:
        return reader.graph()


def read_meta(path: str | Path) -> GraphMeta:
    """Read only where a stored graph comes from; raises as `load`."""
    with damage_named(path), _Reader(path) as reader:
        return reader.graph_meta()


class _Reader:
    """An open graph file."""

    def __init__(self, path: str | Path) -> None:
        self._path = require_file(path)
        self._parts = GraphParts(self._path)

    def __enter__(self) -> _Reader:
        try:
            self._archive = zipfile.ZipFile(self._path)
        except zipfile.BadZipFile as error:
            raise FormatError(f"{self._path}: no graph file (no .npz archive)") from error
        except (ValueError, NotImplementedError, EOFError) as error:
            raise FormatError(f"{self._path}: damaged archive: {error}") from error
        self._members = {info.filename: info for info in self._archive.infolist()}
        if sum(info.file_size for info in self._members.values()) > MAX_BYTES:
            self._archive.close()
            raise FormatError(f"{self._path}: would unpack to more than {MAX_BYTES} bytes")
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def array(self, name: str, dtype: str, cols: int | None, most: tuple[int, int]) -> NDArray[Any]:
        """Read one member of known type, with at most `most` rows and columns."""
        info = self._members.get(f"{name}.npy")
        if info is None:
            raise FormatError(f"{self._path}: no {SCHEMA} file: {name} is missing")
        parts = self._parts
        with self._archive.open(info) as stream:
            shape, fortran, found = _header(stream)
            parts.require(not fortran, f"{name} must hold {dtype} in C order, got {found}")
            parts.require_form(name, (found, shape), (dtype, cols), most)
            size = math.prod(shape) * found.itemsize
            parts.require(
                0 <= size <= info.file_size and all(side >= 0 for side in shape),
                f"{name} is cut short",
            )
            data = stream.read(size + 1)
        parts.require(len(data) == size, f"{name} has the wrong length")
        return np.frombuffer(data, dtype=found).reshape(shape)

    def meta(self) -> Mapping[str, Any]:
        """Read and check the JSON part."""
        try:
            meta = json.loads(self.array("meta", "uint8", 0, (_META_BYTES, 0)).tobytes())
        except (UnicodeError, json.JSONDecodeError, RecursionError) as error:
            raise FormatError(f"{self._path}: meta is no JSON: {error}") from error
        return self._parts.meta(meta)

    def graph_meta(self) -> GraphMeta:
        """Read only where the graph comes from."""
        return self._parts.graph_meta(self.meta())

    def graph(self) -> HeteroGraph:
        """Read everything and check that it fits together."""
        return self._parts.graph(self.meta(), self.array, self._kept)

    def _kept(self, shape: tuple[int, int]) -> dict[str, NDArray[Any]]:
        return {
            name: self.array(f"kept.{name}", dtype, None, shape)
            for name, dtype in _KEPT_DTYPES.items()
            if f"kept.{name}.npy" in self._members
        }


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"array format {version} is not supported")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    return shape, fortran, dtype
