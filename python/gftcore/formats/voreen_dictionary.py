# SPDX-License-Identifier: Apache-2.0
"""Type, unit and meaning of the columns of Voreen's two tables."""

from __future__ import annotations

from pathlib import Path

from gftcore.formats.dictionary import Field, unit_of, write_fields
from gftcore.formats.voreen_graph import EDGE_COLUMNS, EDGE_FEATURES
from gftcore.graph.columns import VESSEL_COLUMNS

__all__ = ["VOREEN_FIELDS", "write_voreen_dictionary"]

_TYPES = {"real": "float64", "count": "int64", "flag": "bool"}


def write_voreen_dictionary(path: str | Path) -> None:
    """Write the dictionary of the columns that `write_voreen_csv` makes of an extraction."""
    write_fields(path, VOREEN_FIELDS)


def _field(table: str, name: str, kind: str, unit: str, meaning: str, feature: str = "") -> Field:
    return Field(
        table=table, name=name, type=kind, unit=unit, meaning=meaning, forms=("csv",),
        feature=feature,
    )  # fmt: skip


#: In the order of the tables.
VOREEN_FIELDS = (
    _field("nodes", "id", "int64", "", "number of the node, from 0"),
    _field("nodes", "pos_x", "float64", "px", "row: mean of the node's pixels"),
    _field("nodes", "pos_y", "float64", "px", "column: mean of the node's pixels"),
    _field("nodes", "pos_z", "float64", "px", "0: an image is flat"),
    _field("nodes", "degree", "int64", "count", "ends of segments at the node"),
    _field("nodes", "isAtSampleBorder", "bool", "flag", "whether the node lies on the border"),
    _field("nodes", "radius", "float64", "px", "radius of the vessel at the node"),
    _field("edges", "id", "int64", "", "number of the segment, from 0"),
    _field("edges", "node1id", "int64", "", "id of the first node"),
    _field("edges", "node2id", "int64", "", "id of the second node"),
    *(
        _field("edges", name, _TYPES[EDGE_COLUMNS[name]], unit_of(info), info.meaning, info.name)
        for name in EDGE_FEATURES
        for info in (VESSEL_COLUMNS[name],)
    ),
)
