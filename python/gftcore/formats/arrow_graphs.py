# SPDX-License-Identifier: Apache-2.0
"""From rows of Arrow tables back to graphs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore.formats.arrow_schemas import arrow, feature_column
from gftcore.graph.bulk import ExtractFailure
from gftcore.graph.hetero_graph import NODE_KINDS, NODE_TYPES, RELATIONS, HeteroGraph
from gftcore.graph.parts import MAX_ATTRIBUTES, GraphParts

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["failure_of_row", "graph_of_rows"]

_WIDTHS = range(MAX_ATTRIBUTES + 1)
#: Columns of images that are null where there is no graph, or where nobody knows.
_MAY_BE_NULL = frozenset(
    {
        "relpath", "sha256", "kind", "layer", "error_code", "message", "error_index",
        "error_name", "gftcore",
    }
)  # fmt: skip


def failure_of_row(row: Mapping[str, Any]) -> ExtractFailure:
    """Return why an image has no graph, from its row of `images`."""
    return ExtractFailure(
        index=int(row["error_index"]),
        code=str(row["error_code"]),
        message=str(row["message"]),
        name=str(row["error_name"]),
    )


def graph_of_rows(folder: Path, row: Mapping[str, Any], rows: Mapping[str, Any]) -> HeteroGraph:
    """Return the graph of one image.

    Parameters
    ----------
    folder
        Where the tables lie, for messages.
    row
        The row of `images`; ``face_ica`` is an Arrow array.
    rows
        The image's rows of the other tables.
    """
    image_id = row["image_id"]
    parts = GraphParts(f"{folder}, image {image_id!r:.100}")
    for name, value in row.items():
        parts.require(value is not None or name in _MAY_BE_NULL, f"images.{name} is null")
    tables = {name: _Rows(table, name, image_id, parts) for name, table in rows.items()}
    meta = parts.meta(
        {
            **{name: row[name] for name in ("schema", "fov_mm", "eye", "config_hash", "warnings",
                                            "simd_target", "vessel_columns", "ica_columns")},
            **{name: json.loads(row[name]) for name in ("config", "versions", "source")},
            "shape": [row["rows"], row["cols"]],
            "faz": {
                "label": row["faz_label"],
                "area_px2": row["faz_area_px2"],
                "method": row["faz_method"],
                "confidence": row["faz_confidence"],
            },
        }
    )  # fmt: skip
    nodes = dict(
        zip(NODE_TYPES, tables["nodes"].split([row[n] for n in ("vessels", "icas", "faz")]),
            strict=True)
    )  # fmt: skip
    for node_type, part in nodes.items():
        part.require_text("type", node_type)
        part.require_numbers("node_id")
    arrays = {
        **_junctions(tables["junctions"]),
        **_vessels(nodes["vessel"]),
        "vessel_x": _features(nodes["vessel"], "vessel", row["vessel_columns"]),
        "ica_x": _features(nodes["ica"], "ica", row["ica_columns"]),
        "faz_x": _features(nodes["faz"], "faz", row["ica_columns"]),
        "ica_label_id": nodes["ica"].values("label"),
        "ica_touches_border": nodes["ica"].values("touches_border"),
        "ica_bbox": nodes["ica"].lists("bbox", 4),
        "face_ica": row["face_ica"].to_numpy(zero_copy_only=False),
        **_edges(tables["edges"], row, parts),
    }

    def array(name: str, dtype: str, cols: int | None, most: tuple[int, int]) -> NDArray[Any]:
        found = np.ascontiguousarray(arrays[name])
        parts.require_form(name, (found.dtype, found.shape), (dtype, cols), most)
        # Arrow's memory holds the rows of other images, too.
        return found if found.flags.owndata else found.copy()

    return parts.graph(meta, array)


class _Rows:
    """Rows of one table that belong to one image."""

    def __init__(self, table: Any, name: str, image_id: str, parts: GraphParts) -> None:
        self._table = table
        self._name = name
        self._image_id = image_id
        self._parts = parts
        self.require_text("image_id", image_id)

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def split(self, counts: list[int]) -> list[_Rows]:
        """Return consecutive pieces of these lengths."""
        starts = np.cumsum([0, *counts]).tolist()
        return [
            _Rows(self._table.slice(start, count), self._name, self._image_id, self._parts)
            for start, count in zip(starts, counts, strict=False)
        ]

    def _whole(self, column: str) -> Any:
        found = self._table.column(column).combine_chunks()
        self._parts.require(
            found.null_count == 0, f"{self._name}.{column} has {found.null_count} nulls, expected 0"
        )
        return found

    def values(self, column: str) -> NDArray[Any]:
        """Return a column of numbers, in which nothing may be null."""
        found: NDArray[Any] = self._whole(column).to_numpy(zero_copy_only=False)
        return found

    def lists(self, column: str, length: int) -> NDArray[Any]:
        """Return a column of lists of one length as rows."""
        values, lengths = self.ragged(column)
        self._parts.require(
            bool((lengths == length).all()), f"{self._name}.{column} must have lists of {length}"
        )
        return values.reshape(len(self), length)

    def ragged(self, column: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return all values of a column of lists, and the lengths of the lists."""
        found = self._whole(column)
        flat = found.flatten()
        self._parts.require(
            flat.null_count == 0, f"{self._name}.{column} has lists with nulls, expected none"
        )
        lengths = np.diff(found.offsets.to_numpy()).astype(np.int64)
        return flat.to_numpy(zero_copy_only=False), lengths

    def codes(self, column: str, names: tuple[str, ...]) -> NDArray[np.uint8]:
        """Return the numbers of a column's texts in a list of names."""
        pa, pc = arrow(), arrow("pyarrow.compute")
        found = pc.index_in(self._whole(column), value_set=pa.array(names))
        self._parts.require(
            found.null_count == 0, f"{self._name}.{column} must be one of {', '.join(names)}"
        )
        codes: NDArray[Any] = found.to_numpy(zero_copy_only=False)
        return codes.astype(np.uint8)

    def require_text(self, column: str, text: str) -> None:
        """Check that a column has one text in all rows."""
        same = arrow("pyarrow.compute").equal(self._whole(column), text)
        self._parts.require(
            same.true_count == len(self),
            f"{self._name}.{column} must be {text!r:.100} in {len(self)} rows, "
            f"is so in {same.true_count}",
        )

    def require_twice(
        self, column: str, found: NDArray[np.int64], points: NDArray[np.int64]
    ) -> None:
        """Check that a column has two numbers a point."""
        self._parts.require(
            np.array_equal(found, 2 * points),
            f"{self._name}.{column} must have two numbers for each of point_radii_px",
        )

    def require_numbers(self, column: str) -> None:
        """Check that a column counts the rows from 0."""
        self._parts.require(
            np.array_equal(self.values(column), np.arange(len(self))),
            f"{self._name}.{column} must count from 0 to {len(self) - 1}",
        )


def _junctions(rows: _Rows) -> dict[str, NDArray[Any]]:
    rows.require_numbers("junction_id")
    return {
        "node_rowcol": np.column_stack([rows.values("row"), rows.values("col")]),
        "node_radius_px": rows.values("radius_px"),
        "node_degree": rows.values("degree"),
        "node_pixels": rows.values("pixels"),
        "node_kind": rows.codes("kind", NODE_KINDS),
    }


def _vessels(rows: _Rows) -> dict[str, NDArray[Any]]:
    radii, lengths = rows.ragged("point_radii_px")
    line, line_lengths = rows.ragged("polyline")
    pixels, pixel_lengths = rows.ragged("point_pixels")
    for name, found in (("polyline", line_lengths), ("point_pixels", pixel_lengths)):
        rows.require_twice(name, found, lengths)
    return {
        "segment_nodes": np.column_stack([rows.values("node1"), rows.values("node2")]),
        "segment_faces": np.column_stack([rows.values("face_left"), rows.values("face_right")]),
        "point_ptr": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        "point_pixel": pixels.reshape(-1, 2),
        "point_rowcol": line.reshape(-1, 2),
        "point_radius_px": radii,
    }


def _features(rows: _Rows, node_type: str, names: list[str]) -> NDArray[np.float64]:
    out = np.empty((len(rows), len(names)))
    for index, name in enumerate(names):
        out[:, index] = rows.values(feature_column(node_type, name))
    return out


def _edges(rows: _Rows, image: Mapping[str, Any], parts: GraphParts) -> dict[str, NDArray[Any]]:
    widths = image["edge_values"]
    parts.require(
        len(widths) == len(RELATIONS) and all(width in _WIDTHS for width in widths),
        f"images.edge_values must be {len(RELATIONS)} numbers up to {MAX_ATTRIBUTES}, got {widths}",
    )
    out = {}
    counts = [image[f"edges_{relation}"] for relation in RELATIONS]
    for relation, width, part in zip(RELATIONS, widths, rows.split(counts), strict=True):
        part.require_text("relation", relation)
        values = np.empty((len(part), width), np.float32)
        if width > 0:
            values[:, 0] = part.values("value")
        if width > 1:
            values[:, 1:] = part.lists("more_values", width - 1)
        out[f"edges.{relation}"] = np.stack([part.values("src"), part.values("dst")])
        out[f"edge_attr.{relation}"] = values
    return out
