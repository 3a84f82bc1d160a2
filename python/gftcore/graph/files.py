# SPDX-License-Identifier: Apache-2.0
"""Graphs on disk: ``.npz`` with schema ``gftcore-graph/1``, without pickles."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np

from gftcore._validation import describe
from gftcore.config import canonical_json
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError, GftcoreError
from gftcore.graph.assemble import ARRAYS, KEEPS, read_only
from gftcore.graph.hetero_graph import RELATIONS, SCHEMA, FazInfo, GraphMeta, HeteroGraph
from gftcore.io.files import atomic_path, require_file, require_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["load", "read_meta", "save"]

#: A file may unpack to this many bytes at most: 64 Mpx with all images kept.
MAX_BYTES = 64_000_000 * 30
_META_BYTES = 1 << 24
_MAX_ATTRIBUTES = 8
#: Array fields whose lengths are equal, by what they count.
_COUNTED = {
    "node": "nodes", "segment": "segments", "vessel": "segments", "point": "points",
    "ica": "areas", "face": "faces", "faz": "zones",
}  # fmt: skip
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
    meta, faz = graph.meta, graph.faz_info
    text = canonical_json(
        {
            "schema": meta.schema,
            "shape": list(meta.shape),
            "fov_mm": meta.fov_mm,
            "eye": meta.eye,
            "config": dict(meta.config),
            "config_hash": meta.config_hash,
            "versions": dict(meta.versions),
            "simd_target": meta.simd_target,
            "warnings": list(meta.warnings),
            "source": dict(meta.source),
            "vessel_columns": list(graph.vessel_columns),
            "ica_columns": list(graph.ica_columns),
            "faz": {
                "label": faz.label,
                "area_px2": faz.area_px2,
                "method": faz.method,
                "confidence": None if math.isnan(faz.confidence) else faz.confidence,
            },
        }
    )
    return np.frombuffer(text.encode(), dtype=np.uint8)


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
    with _Reader(path) as reader:
        meta = reader.meta()
        return reader.graph(meta)


def read_meta(path: str | Path) -> GraphMeta:
    """Read only where a stored graph comes from; raises as `load`."""
    with _Reader(path) as reader:
        return reader.graph_meta(reader.meta())


class _Reader:
    """An open graph file; every failure becomes a `FormatError` with the file's name."""

    def __init__(self, path: str | Path) -> None:
        self._path = require_file(path)

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

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._archive.close()
        if error is None or isinstance(error, GftcoreError) or not isinstance(error, Exception):
            return
        if isinstance(error, MemoryError):
            raise FormatError(f"{self._path}: not enough memory to load it") from error
        # zlib, struct, json, NumPy and tokenizer errors: all mean damaged bytes here.
        raise FormatError(f"{self._path}: damaged: {str(error) or type(error).__name__}") from error

    def _require(self, condition: bool, message: str) -> None:
        if not condition:
            raise FormatError(f"{self._path}: {message}")

    def array(self, name: str, dtype: str, cols: int | None, most: tuple[int, int]) -> NDArray[Any]:
        """Read one member of known type, with at most `most` rows and columns."""
        info = self._members.get(f"{name}.npy")
        if info is None:
            raise FormatError(f"{self._path}: no {SCHEMA} file: {name} is missing")
        with self._archive.open(info) as stream:
            shape, fortran, found = _header(stream)
            self._require(
                found == np.dtype(dtype) and not fortran,
                f"{name} must hold {dtype} in C order, got {found}",
            )
            self._require(
                len(shape) == (1 if cols == 0 else 2) and (not cols or shape[1] == cols),
                f"{name} has the wrong shape {shape}",
            )
            self._require(
                all(side <= limit for side, limit in zip(shape, most, strict=False)),
                f"{name} has the wrong shape {shape}: larger than this graph can be",
            )
            size = math.prod(shape) * found.itemsize
            self._require(
                0 <= size <= info.file_size and all(side >= 0 for side in shape),
                f"{name} is cut short",
            )
            data = stream.read(size + 1)
        self._require(len(data) == size, f"{name} has the wrong length")
        return np.frombuffer(data, dtype=found).reshape(shape)

    def meta(self) -> Mapping[str, Any]:
        """Read and check the JSON part."""
        try:
            meta = json.loads(self.array("meta", "uint8", 0, (_META_BYTES, 0)).tobytes())
            json.dumps(meta, ensure_ascii=False).encode()  # half a surrogate pair cannot be saved
        except (UnicodeError, json.JSONDecodeError, RecursionError) as error:
            raise FormatError(f"{self._path}: meta is no JSON: {error}") from error
        self._require(isinstance(meta, dict), "meta is no JSON object")
        schema = meta.get("schema")
        self._require(
            schema == SCHEMA, f"schema is {schema!r:.60}, this version of gftcore reads {SCHEMA!r}"
        )
        return MappingProxyType(meta)

    def _text(self, values: object, name: str) -> tuple[str, ...]:
        ok = isinstance(values, list) and all(isinstance(value, str) for value in values)
        self._require(ok, f"meta.{name} must be a list of texts")
        return tuple(cast("list[str]", values))

    def graph_meta(self, meta: Mapping[str, Any]) -> GraphMeta:
        """Build the `GraphMeta`."""
        shape = meta["shape"]
        ok = isinstance(shape, list) and len(shape) == 2
        ok = ok and all(type(side) is int and 0 < side <= 32767 for side in shape)
        self._require(ok, "meta.shape must be two positive integers")
        for name in ("config", "versions", "source"):
            self._require(isinstance(meta[name], dict), f"meta.{name} must be an object")
        fov = meta["fov_mm"]
        self._require(type(fov) in (int, float) and 0 < fov < math.inf, "meta.fov_mm must be > 0")
        return GraphMeta(
            shape=(shape[0], shape[1]),
            fov_mm=float(fov),
            eye=str(meta["eye"]),
            config=meta["config"],
            config_hash=str(meta["config_hash"]),
            versions=meta["versions"],
            simd_target=str(meta["simd_target"]),
            warnings=self._text(meta["warnings"], "warnings"),
            source=meta["source"],
        )

    def graph(self, meta: Mapping[str, Any]) -> HeteroGraph:
        """Read everything and check that it fits together."""
        vessel_columns = self._text(meta["vessel_columns"], "vessel_columns")
        ica_columns = self._text(meta["ica_columns"], "ica_columns")
        widths = {
            "vessel_x": len(vessel_columns),
            "ica_x": len(ica_columns),
            "faz_x": len(ica_columns),
        }
        origin = self.graph_meta(meta)
        rows, cols_ = origin.shape
        # Each node, point, area and face has a pixel of its own. Each of the two ends of a segment
        # leaves a pixel in one of eight directions, so that there are at most four per pixel.
        most = dict.fromkeys(_COUNTED.values(), rows * cols_)
        most |= {"segments": 4 * rows * cols_, "zones": 1}
        fields: dict[str, Any] = {}
        for name, (dtype, cols) in ARRAYS.items():
            kind = "segments" if name == "point_ptr" else _COUNTED[name.split("_")[0]]
            more = 1 if name == "point_ptr" else 0
            width = widths.get(name, cols)
            limits = (most[kind] + more, width or 0)
            fields[name] = self.array(name, dtype, width, limits)
            most[kind] = len(fields[name]) - more
        nodes = {"vessel": most["segments"], "ica": most["areas"], "faz": most["zones"]}
        edges: dict[str, NDArray[Any]] = {}
        attributes: dict[str, NDArray[Any]] = {}
        for relation, (source, target) in RELATIONS.items():
            pairs = nodes[source] * nodes[target]
            edges[relation] = self.array(f"edges.{relation}", "int64", None, (2, pairs))
            pairs = edges[relation].shape[1]
            attributes[relation] = self.array(
                f"edge_attr.{relation}", "float32", None, (pairs, _MAX_ATTRIBUTES)
            )
        faz = meta["faz"]
        confidence = faz["confidence"]
        graph = HeteroGraph(
            **fields,
            vessel_columns=vessel_columns,
            ica_columns=ica_columns,
            faz_info=FazInfo(
                label=int(faz["label"]),
                area_px2=float(faz["area_px2"]),
                method=str(faz["method"]),
                confidence=math.nan if confidence is None else float(confidence),
            ),
            edges=MappingProxyType(edges),
            edge_attr=MappingProxyType(attributes),
            meta=origin,
            kept=MappingProxyType(
                {
                    name: self.array(f"kept.{name}", dtype, None, origin.shape)
                    for name, dtype in _KEPT_DTYPES.items()
                    if f"kept.{name}.npy" in self._members
                }
            ),
        )
        for name in ARRAYS:
            read_only(getattr(graph, name))
        self._check(graph)
        return graph

    def _check(self, graph: HeteroGraph) -> None:
        counts: dict[str, list[NDArray[Any]]] = {
            "nodes": [graph.node_rowcol, graph.node_radius_px, graph.node_degree,
                      graph.node_pixels, graph.node_kind],
            "segments": [graph.segment_nodes, graph.segment_faces, graph.vessel_x,
                         graph.point_ptr[1:]],
            "points": [graph.point_pixel, graph.point_rowcol, graph.point_radius_px],
            "areas": [graph.ica_x, graph.ica_label_id, graph.ica_bbox, graph.ica_touches_border],
        }  # fmt: skip
        for name, arrays in counts.items():
            self._require(len({len(array) for array in arrays}) == 1, f"numbers of {name} differ")
        ptr = graph.point_ptr
        rising = len(ptr) >= 1 and ptr[0] == 0 and ptr[-1] == graph.num_points
        self._require(rising and bool((np.diff(ptr) >= 0).all()), "point_ptr does not rise")
        self._require(len(graph.faz_x) <= 1, "there is more than one FAZ")
        rows, cols = graph.meta.shape
        self._range(graph.node_kind, 5, "node_kind")
        self._range(graph.node_pixels, rows * cols + 1, "node_pixels")
        self._range(graph.point_pixel[:, 0], rows, "point_pixel")
        self._range(graph.point_pixel[:, 1], cols, "point_pixel")
        self._range(graph.ica_label_id, 1 << 31, "ica_label_id")
        box = graph.ica_bbox
        self._range(box[:, 0::2], rows + 1, "ica_bbox")
        self._range(box[:, 1::2], cols + 1, "ica_bbox")
        self._require(bool((box[:, :2] < box[:, 2:]).all()), "ica_bbox has an empty box")
        self._range(graph.segment_nodes, graph.num_nodes, "segment_nodes")
        degree = np.bincount(graph.segment_nodes.ravel(), minlength=graph.num_nodes)
        fits = np.array_equal(degree, graph.node_degree)
        self._require(fits, "node_degree does not fit segment_nodes")
        self._range(graph.segment_faces, len(graph.face_ica), "segment_faces")
        self._range(graph.face_ica + 2, graph.num_icas + 2, "face_ica")
        sizes = {"vessel": graph.num_segments, "ica": graph.num_icas, "faz": len(graph.faz_x)}
        for relation, (source, target) in RELATIONS.items():
            edges, attr = graph.edges[relation], graph.edge_attr[relation]
            shape_ok = edges.shape[0] == 2 and len(attr) == edges.shape[1]
            self._require(shape_ok, f"edges.{relation} has the wrong shape {edges.shape}")
            self._range(edges[0], sizes[source], f"edges.{relation}")
            self._range(edges[1], sizes[target], f"edges.{relation}")
        areas = max(0, graph.faz_info.label, int(graph.ica_label_id.max(initial=0)))
        labels = {"vessel_label": graph.num_segments, "ica_label": areas}
        labels["face_label"] = len(graph.face_ica)
        for name, image in graph.kept.items():
            self._require(image.shape == graph.meta.shape, f"kept.{name} has the wrong shape")
            if name in labels:
                self._range(image, labels[name] + 1, f"kept.{name}")

    def _range(self, values: NDArray[Any], size: int, name: str) -> None:
        ok = values.size == 0 or (int(values.min()) >= 0 and int(values.max()) < size)
        self._require(ok, f"{name} has values out of range")


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"array format {version} is not supported")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    return shape, fortran, dtype
