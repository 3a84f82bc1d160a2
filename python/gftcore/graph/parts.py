# SPDX-License-Identifier: Apache-2.0
"""What every stored form of a graph is made of, and what must hold of the parts together."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from gftcore._validation import describe
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError, GftcoreError
from gftcore.graph.assemble import ARRAYS, read_only
from gftcore.graph.hetero_graph import RELATIONS, SCHEMA, FazInfo, GraphMeta, HeteroGraph

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "MAX_ATTRIBUTES",
    "MAX_BYTES",
    "GraphParts",
    "damage_named",
    "meta_document",
    "require_graph",
]

#: A file may unpack to this many bytes at most: 64 Mpx with all images kept.
MAX_BYTES = 64_000_000 * 30
#: An edge has this many values at most.
MAX_ATTRIBUTES = 8
#: Array fields whose lengths are equal, by what they count.
_COUNTED = {
    "node": "nodes", "segment": "segments", "vessel": "segments", "point": "points",
    "ica": "areas", "face": "faces", "faz": "zones",
}  # fmt: skip

#: Gives one array of a file: name, element type, columns (0: one-dimensional, None: any), and the
#: most rows and columns that it can have.
ArrayOf: TypeAlias = "Callable[[str, str, int | None, tuple[int, int]], NDArray[Any]]"


def meta_document(graph: HeteroGraph) -> dict[str, Any]:
    """Return everything but the arrays as plain values; NaN is None."""
    meta, faz = graph.meta, graph.faz_info
    return {
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


def require_graph(graph: object, name: str = "graph") -> HeteroGraph:
    """Return a graph whose parts fit together, so that what is written can be read."""
    if not isinstance(graph, HeteroGraph):
        raise ArgumentTypeError(f"{name} must be a HeteroGraph, got {describe(graph)}")
    parts = GraphParts(name, error=ArgumentError)
    for field, (dtype, cols) in ARRAYS.items():
        array = getattr(graph, field)
        parts.require(
            array.dtype == np.dtype(dtype) and array.ndim == (1 if cols == 0 else 2),
            f"{field} must hold {dtype}, got {describe(array)}",
        )
    for relation in RELATIONS:
        edges, attributes = graph.edges[relation], graph.edge_attr[relation]
        ok = edges.dtype == np.int64 and attributes.dtype == np.float32
        parts.require(
            ok and edges.ndim == attributes.ndim == 2,
            f"edges.{relation} and edge_attr.{relation} must hold int64 and float32, "
            f"got {describe(edges)} and {describe(attributes)}",
        )
        width = attributes.shape[1]
        parts.require(
            width <= MAX_ATTRIBUTES,
            f"edge_attr.{relation} must have at most {MAX_ATTRIBUTES} columns, got {width}",
        )
    parts.check(graph)
    return graph


@contextlib.contextmanager
def damage_named(path: str | Path) -> Iterator[None]:
    """Turn whatever reading a file raises into a `FormatError` with the file's name."""
    try:
        yield
    except GftcoreError:
        raise
    except MemoryError as error:
        raise FormatError(f"{path}: not enough memory to load it") from error
    except Exception as error:
        # zlib, struct, json, NumPy, Arrow and tokenizer errors: all mean damaged bytes here.
        raise FormatError(f"{path}: damaged: {str(error) or type(error).__name__}") from error


class GraphParts:
    """Builds a graph from what a file holds; what does not fit is a `FormatError`.

    Parameters
    ----------
    where
        Name of the file, for messages.
    error
        Class of the errors.
    """

    def __init__(self, where: str | Path, *, error: type[GftcoreError] = FormatError) -> None:
        self._where = where
        self._error = error

    def require(self, condition: bool, message: str) -> None:
        """Raise the error with the name of the file unless a condition holds."""
        if not condition:
            raise self._error(f"{self._where}: {message}")

    def require_form(
        self,
        name: str,
        found: tuple[np.dtype[Any], tuple[int, ...]],
        wanted: tuple[str, int | None],
        most: tuple[int, int],
    ) -> None:
        """Check element type and shape of an array before, or after, its values are read."""
        (found_dtype, shape), (dtype, cols) = found, wanted
        self.require(found_dtype == np.dtype(dtype), f"{name} must hold {dtype}, got {found_dtype}")
        self.require(
            len(shape) == (1 if cols == 0 else 2) and (not cols or shape[1] == cols),
            f"{name} has the wrong shape {shape}",
        )
        self.require(
            all(side <= limit for side, limit in zip(shape, most, strict=False)),
            f"{name} has the wrong shape {shape}: larger than this graph can be",
        )

    def meta(self, meta: object) -> Mapping[str, Any]:
        """Check the schema, and that all texts can be saved again."""
        try:
            # Half a surrogate pair cannot be.
            json.dumps(meta, ensure_ascii=False).encode()
        except UnicodeError as error:
            raise self._error(f"{self._where}: meta is no JSON: {error}") from error
        self.require(isinstance(meta, dict), "meta is no JSON object")
        document = cast("dict[str, Any]", meta)
        schema = document.get("schema")
        self.require(
            schema == SCHEMA, f"schema is {schema!r:.60}, this version of gftcore reads {SCHEMA!r}"
        )
        return MappingProxyType(document)

    def _texts(self, values: object, name: str) -> tuple[str, ...]:
        ok = isinstance(values, list) and all(isinstance(value, str) for value in values)
        self.require(ok, f"meta.{name} must be a list of texts")
        return tuple(cast("list[str]", values))

    def graph_meta(self, meta: Mapping[str, Any]) -> GraphMeta:
        """Build the `GraphMeta`."""
        shape = meta["shape"]
        ok = isinstance(shape, list) and len(shape) == 2
        ok = ok and all(type(side) is int and 0 < side <= 32767 for side in shape)
        self.require(ok, "meta.shape must be two positive integers")
        for name in ("config", "versions", "source"):
            self.require(isinstance(meta[name], dict), f"meta.{name} must be an object")
        fov = meta["fov_mm"]
        self.require(type(fov) in (int, float) and 0 < fov < math.inf, "meta.fov_mm must be > 0")
        return GraphMeta(
            shape=(shape[0], shape[1]),
            fov_mm=float(fov),
            eye=str(meta["eye"]),
            config=meta["config"],
            config_hash=str(meta["config_hash"]),
            versions=meta["versions"],
            simd_target=str(meta["simd_target"]),
            warnings=self._texts(meta["warnings"], "warnings"),
            source=meta["source"],
        )

    def _faz(self, faz: Mapping[str, Any]) -> FazInfo:
        label, confidence = faz["label"], faz["confidence"]
        ok = type(label) is int and 0 <= label < 1 << 31
        self.require(ok, "meta.faz.label must be an integer from 0 to 2147483647")
        return FazInfo(
            label=label,
            area_px2=float(faz["area_px2"]),
            method=str(faz["method"]),
            confidence=math.nan if confidence is None else float(confidence),
        )

    def graph(
        self,
        meta: Mapping[str, Any],
        array: ArrayOf,
        kept: Callable[[tuple[int, int]], Mapping[str, NDArray[Any]]] = lambda _: {},
    ) -> HeteroGraph:
        """Read everything and check that it fits together.

        Parameters
        ----------
        meta
            From `meta`.
        array
            Gives the arrays, which it holds to what it is told about them.
        kept
            Gives the kept images for the shape of the mask.
        """
        vessel_columns = self._texts(meta["vessel_columns"], "vessel_columns")
        ica_columns = self._texts(meta["ica_columns"], "ica_columns")
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
            # No columns at all are still two axes.
            width = (widths[name] or None) if name in widths else cols
            limits = (most[kind] + more, width or 0)
            fields[name] = read_only(array(name, dtype, width, limits))
            most[kind] = len(fields[name]) - more
        nodes = {"vessel": most["segments"], "ica": most["areas"], "faz": most["zones"]}
        edges: dict[str, NDArray[Any]] = {}
        attributes: dict[str, NDArray[Any]] = {}
        for relation, (source, target) in RELATIONS.items():
            pairs = nodes[source] * nodes[target]
            edges[relation] = array(f"edges.{relation}", "int64", None, (2, pairs))
            limits = (edges[relation].shape[1], MAX_ATTRIBUTES)
            attributes[relation] = array(f"edge_attr.{relation}", "float32", None, limits)
        graph = HeteroGraph(
            **fields,
            vessel_columns=vessel_columns,
            ica_columns=ica_columns,
            faz_info=self._faz(meta["faz"]),
            edges=MappingProxyType({name: read_only(pairs) for name, pairs in edges.items()}),
            edge_attr=MappingProxyType({name: read_only(a) for name, a in attributes.items()}),
            meta=origin,
            kept=MappingProxyType(dict(kept(origin.shape))),
        )
        self.check(graph)
        return graph

    def check(self, graph: HeteroGraph) -> None:
        """Check that the arrays of a graph fit together."""
        counts: dict[str, list[NDArray[Any]]] = {
            "nodes": [graph.node_rowcol, graph.node_radius_px, graph.node_degree,
                      graph.node_pixels, graph.node_kind],
            "segments": [graph.segment_nodes, graph.segment_faces, graph.vessel_x,
                         graph.point_ptr[1:]],
            "points": [graph.point_pixel, graph.point_rowcol, graph.point_radius_px],
            "areas": [graph.ica_x, graph.ica_label_id, graph.ica_bbox, graph.ica_touches_border],
        }  # fmt: skip
        for name, arrays in counts.items():
            self.require(len({len(array) for array in arrays}) == 1, f"numbers of {name} differ")
        ptr = graph.point_ptr
        rising = len(ptr) >= 1 and ptr[0] == 0 and ptr[-1] == graph.num_points
        self.require(rising and bool((np.diff(ptr) >= 0).all()), "point_ptr does not rise")
        self.require(len(graph.faz_x) <= 1, "there is more than one FAZ")
        rows, cols = graph.meta.shape
        self._range(graph.node_kind, 5, "node_kind")
        self._range(graph.node_pixels, rows * cols + 1, "node_pixels")
        self._range(graph.point_pixel[:, 0], rows, "point_pixel")
        self._range(graph.point_pixel[:, 1], cols, "point_pixel")
        self._range(graph.ica_label_id, 1 << 31, "ica_label_id")
        box = graph.ica_bbox
        self._range(box[:, 0::2], rows + 1, "ica_bbox")
        self._range(box[:, 1::2], cols + 1, "ica_bbox")
        self.require(bool((box[:, :2] < box[:, 2:]).all()), "ica_bbox has an empty box")
        self._range(graph.segment_nodes, graph.num_nodes, "segment_nodes")
        degree = np.bincount(graph.segment_nodes.ravel(), minlength=graph.num_nodes)
        fits = np.array_equal(degree, graph.node_degree)
        self.require(fits, "node_degree does not fit segment_nodes")
        self._range(graph.segment_faces, len(graph.face_ica), "segment_faces")
        self._range(graph.face_ica + 2, graph.num_icas + 2, "face_ica")
        sizes = {"vessel": graph.num_segments, "ica": graph.num_icas, "faz": len(graph.faz_x)}
        for relation, (source, target) in RELATIONS.items():
            edges, attr = graph.edges[relation], graph.edge_attr[relation]
            shape_ok = edges.shape[0] == 2 and len(attr) == edges.shape[1]
            self.require(shape_ok, f"edges.{relation} has the wrong shape {edges.shape}")
            self._range(edges[0], sizes[source], f"edges.{relation}")
            self._range(edges[1], sizes[target], f"edges.{relation}")
        areas = max(0, graph.faz_info.label, int(graph.ica_label_id.max(initial=0)))
        labels = {"vessel_label": graph.num_segments, "ica_label": areas}
        labels["face_label"] = len(graph.face_ica)
        for name, image in graph.kept.items():
            self.require(image.shape == graph.meta.shape, f"kept.{name} has the wrong shape")
            if name in labels:
                self._range(image, labels[name] + 1, f"kept.{name}")

    def _range(self, values: NDArray[Any], size: int, name: str) -> None:
        ok = values.size == 0 or (int(values.min()) >= 0 and int(values.max()) < size)
        self.require(ok, f"{name} has values out of range")
