# SPDX-License-Identifier: Apache-2.0
"""From graphs to rows of Arrow tables, without a loop over nodes, points or edges."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore.config import canonical_json
from gftcore.errors import ArgumentError
from gftcore.formats.arrow_schemas import COUNTS, arrow, arrow_schema, feature_column
from gftcore.graph.columns import exported_columns
from gftcore.graph.hetero_graph import NODE_KINDS, NODE_TYPES, RELATIONS, HeteroGraph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.graph.bulk import ExtractFailure

__all__ = ["GraphRows"]


class GraphRows:
    """Makes the rows of graphs for all four tables."""

    def __init__(self) -> None:
        self._pa = arrow()
        self.schemas = {table: arrow_schema(table) for table in ("images", *COUNTS)}

    def image(self, image_id: str, graph: HeteroGraph) -> dict[str, Any]:
        """Return the row of `images`; what is not there is null."""
        meta, faz = graph.meta, graph.faz_info
        return {
            "image_id": image_id,
            "relpath": meta.source.get("relpath"),
            "sha256": meta.source.get("sha256"),
            "kind": meta.source.get("kind"),
            "rows": meta.shape[0],
            "cols": meta.shape[1],
            "fov_mm": meta.fov_mm,
            "mm_per_px": meta.mm_per_px,
            "eye": meta.eye,
            "layer": meta.source.get("layer"),
            "status": "ok",
            "warnings": list(meta.warnings),
            "junctions": graph.num_nodes,
            "vessels": graph.num_segments,
            "icas": graph.num_icas,
            "faz": len(graph.faz_x),
            **{f"edges_{name}": graph.edges[name].shape[1] for name in RELATIONS},
            "faz_method": faz.method,
            "faz_confidence": faz.confidence,
            "faz_label": faz.label,
            "faz_area_px2": faz.area_px2,
            "vessel_columns": list(graph.vessel_columns),
            "ica_columns": list(graph.ica_columns),
            "face_ica": graph.face_ica,
            "edge_values": [graph.edge_attr[name].shape[1] for name in RELATIONS],
            "config": canonical_json(dict(meta.config)),
            "config_hash": meta.config_hash,
            "versions": canonical_json(dict(meta.versions)),
            "gftcore": meta.versions.get("gftcore"),
            "simd_target": meta.simd_target,
            "source": canonical_json(dict(meta.source)),
            "schema": meta.schema,
        }

    def failure(self, image_id: str, failure: ExtractFailure) -> dict[str, Any]:
        """Return the row of `images` of an image without a graph."""
        return {
            "image_id": image_id,
            "relpath": failure.name or None,
            "status": "failed",
            "error_code": failure.code,
            "message": failure.message,
            "error_index": failure.index,
            "error_name": failure.name,
        }

    def images(self, rows: list[dict[str, Any]]) -> Any:
        """Return the table of images."""
        schema = self.schemas["images"]
        columns = []
        for field in schema:
            values = [row.get(field.name) for row in rows]
            try:
                columns.append(self._pa.array(values, field.type, from_pandas=False))
            except (UnicodeError, TypeError, OverflowError, self._pa.ArrowException) as error:
                raise ArgumentError(f"{field.name} must hold {field.type}: {error}") from error
        return self._pa.Table.from_arrays(columns, schema=schema)

    def junctions(self, image_id: str, graph: HeteroGraph) -> Any:
        """Return the rows of the skeleton nodes."""
        names = self._pa.array(NODE_KINDS)
        codes = self._pa.array(graph.node_kind)
        columns = {
            "junction_id": np.arange(graph.num_nodes),
            "row": graph.node_rowcol[:, 0],
            "col": graph.node_rowcol[:, 1],
            "radius_px": graph.node_radius_px,
            "degree": graph.node_degree,
            "kind": self._pa.DictionaryArray.from_arrays(codes, names).dictionary_decode(),
            "pixels": graph.node_pixels,
        }
        return self._batch("junctions", image_id, graph.num_nodes, columns)

    def nodes(self, image_id: str, graph: HeteroGraph) -> Iterator[Any]:
        """Yield the rows of vessels, of areas and of the FAZ."""
        own = {
            "vessel": self._vessels(graph),
            "ica": {
                "label": graph.ica_label_id,
                "touches_border": graph.ica_touches_border,
                "bbox": self._lists(4 * np.arange(graph.num_icas + 1), graph.ica_bbox),
            },
            "faz": {"label": np.full(len(graph.faz_x), graph.faz_info.label, np.int32)},
        }
        for node_type in NODE_TYPES:
            count = len(graph.features(node_type))
            columns = {
                "type": self._pa.repeat(node_type, count),
                "node_id": np.arange(count),
                **_features(graph, node_type),
                **own[node_type],
            }
            yield self._batch("nodes", image_id, count, columns)

    def _vessels(self, graph: HeteroGraph) -> dict[str, Any]:
        ptr = graph.point_ptr
        return {
            "node1": graph.segment_nodes[:, 0],
            "node2": graph.segment_nodes[:, 1],
            "face_left": graph.segment_faces[:, 0],
            "face_right": graph.segment_faces[:, 1],
            "polyline": self._lists(2 * ptr, graph.point_rowcol),
            "point_pixels": self._lists(2 * ptr, graph.point_pixel),
            "point_radii_px": self._lists(ptr, graph.point_radius_px),
        }

    def edges(self, image_id: str, graph: HeteroGraph) -> Iterator[Any]:
        """Yield the rows of each relation."""
        for relation in RELATIONS:
            pairs, values = graph.edges[relation], graph.edge_attr[relation]
            count, width = values.shape
            columns = {
                "relation": self._pa.repeat(relation, count),
                "src": pairs[0],
                "dst": pairs[1],
                "attribute": self._pa.repeat("shared_node" if relation == "vv" else "border_px",
                                             count),
            }  # fmt: skip
            if width > 0:
                columns["value"] = values[:, 0]
            if width > 1:
                ends = (width - 1) * np.arange(count + 1)
                columns["more_values"] = self._lists(ends, values[:, 1:])
            yield self._batch("edges", image_id, count, columns)

    def _batch(self, table: str, image_id: str, count: int, columns: Mapping[str, Any]) -> Any:
        pa = self._pa
        schema = self.schemas[table]
        known = {**columns, "image_id": pa.repeat(image_id, count)}
        arrays = [
            pa.array(known[field.name], field.type, from_pandas=False)
            if field.name in known
            else pa.nulls(count, field.type)
            for field in schema
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _lists(self, ends: NDArray[np.int64], values: NDArray[Any]) -> Any:
        """Lists between `ends` of all values, one row after the other."""
        pa = self._pa
        flat = pa.array(np.ascontiguousarray(values).reshape(-1), from_pandas=False)
        kind = pa.list_(pa.field("element", flat.type))
        return pa.ListArray.from_arrays(ends.astype(np.int32), flat, type=kind)


def _features(graph: HeteroGraph, node_type: str) -> dict[str, NDArray[np.float64]]:
    """Features in px, which are exact, and in mm."""
    names = graph.vessel_columns if node_type == "vessel" else graph.ica_columns
    if len(set(names)) < len(names):
        raise ArgumentError(f"columns of {node_type} must differ, got {', '.join(names):.200}")
    values = graph.features(node_type)
    out = {}
    for index, name, power in exported_columns(names, node_type):
        # A product, since a power raises where it is too large for a float.
        scale = math.prod([graph.meta.mm_per_px] * power)
        with np.errstate(all="ignore"):
            out[name] = values[:, index] * scale if power else values[:, index]
    if node_type != "vessel":
        for name, feature in (("row", "centroid-0"), ("col", "centroid-1")):
            if feature in names:
                out[name] = out[feature_column(node_type, feature)]
    return out
