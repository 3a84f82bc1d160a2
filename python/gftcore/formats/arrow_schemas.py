# SPDX-License-Identifier: Apache-2.0
"""The data dictionary as Arrow schemas, the same for all graphs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gftcore._lazy import require
from gftcore.config import canonical_json
from gftcore.formats.dictionary import Field, data_dictionary
from gftcore.graph.columns import column_info
from gftcore.graph.hetero_graph import RELATIONS, SCHEMA
from gftcore.io import provenance

__all__ = ["COUNTS", "FILES", "arrow", "arrow_schema", "feature_column"]

#: File of each table, in the order in which they are written.
FILES: Mapping[str, str] = MappingProxyType(
    {table: f"{table}.parquet" for table in ("images", "junctions", "nodes", "edges")}
)
#: Columns of images that say how many rows an image has in each of the other tables.
COUNTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "junctions": ("junctions",),
        "nodes": ("vessels", "icas", "faz"),
        "edges": tuple(f"edges_{relation}" for relation in RELATIONS),
    }
)


def arrow(module: str = "pyarrow") -> Any:
    """Import a module of pyarrow, or say which extra brings it."""
    return require(module, extra="bulk", user="Parquet in gftcore.formats")


def arrow_schema(table: str) -> Any:
    """Return the `pyarrow.Schema` of a table, with units, meanings and provenance."""
    pa = arrow()
    fields = data_dictionary()[table]
    entries = {**provenance(SCHEMA), "table": table, "dictionary": _dictionary(fields)}
    return pa.schema(
        [
            pa.field(
                field.name,
                _arrow_type(field.type),
                metadata={"unit": field.unit, "meaning": field.meaning},
            )
            for field in fields
        ],
        metadata=entries,
    )


def _arrow_type(name: str) -> Any:
    pa = arrow()
    if name.startswith("list of "):
        # The name that Parquet gives to the values, so that what is read equals what was written.
        return pa.list_(pa.field("element", _arrow_type(name.removeprefix("list of "))))
    return {"text": pa.string(), "bool": pa.bool_()}.get(name) or getattr(pa, name)()


def _dictionary(fields: tuple[Field, ...]) -> str:
    return canonical_json(
        [
            {
                "column": field.name,
                "type": field.type,
                "unit": field.unit,
                "applies_to": list(field.applies_to),
                "feature": field.feature,
                "meaning": field.meaning,
            }
            for field in fields
        ]
    )


def feature_column(node_type: str, name: str) -> str:
    """Name of the column that holds the exact values of a feature."""
    return column_info(node_type, name).exported
