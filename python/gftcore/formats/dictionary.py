# SPDX-License-Identifier: Apache-2.0
"""The data dictionary: type, unit and meaning of every column of ``gftcore-graph/1`` as tables.

The tables of `write_tables`, the schemas of `write_parquet` and the reference page come from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from gftcore.graph.columns import ICA_COLUMNS, VESSEL_COLUMNS, Column
from gftcore.graph.hetero_graph import NODE_KINDS, RELATIONS, SCHEMA
from gftcore.io import write_csv

__all__ = ["TABLES", "Field", "csv_columns", "data_dictionary", "dictionary_markdown"]
__all__ += ["unit_of", "write_dictionary", "write_fields"]

TABLES = ("images", "junctions", "nodes", "edges")
_FORMS = ("csv", "parquet")
_PARQUET = ("parquet",)
_VESSEL = ("vessel",)
_ICA = ("ica",)
_ZONES = ("ica", "faz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column of a table.

    Attributes
    ----------
    table
        ``images``, ``junctions``, ``nodes`` or ``edges``.
    name
        Name of the column.
    type
        ``text``, ``bool``, ``int32``, ``int64``, ``float32``, ``float64``, or ``list of`` one of
        them. In CSV, truth values are 0 and 1, lists are texts, counts have no decimals.
    unit
        ``px``, ``px^2``, ``mm``, ``mm^2``, ``rad``, or the kind of a number without unit; empty
        for names and positions in tables.
    meaning
        One line.
    applies_to
        Node types that have the column; empty where the table has no node types.
    forms
        ``csv``, ``parquet`` or both.
    feature
        Name in ``vessel_columns`` or ``ica_columns``; empty if it is no feature.
    """

    table: str
    name: str
    type: str
    unit: str
    meaning: str
    applies_to: tuple[str, ...] = ()
    forms: tuple[str, ...] = _FORMS
    feature: str = ""


def data_dictionary() -> Mapping[str, tuple[Field, ...]]:
    """Return the columns of each table, in their order.

    Examples
    --------
    >>> fields = {field.name: field for field in data_dictionary()["nodes"]}
    >>> fields["length_mm"].unit, fields["length_mm"].meaning
    ('mm', 'length of the smoothed centreline')
    """
    return _DICTIONARY


def csv_columns(table: str) -> tuple[str, ...]:
    """Names of those columns of a table that its CSV form has."""
    return tuple(field.name for field in _DICTIONARY[table] if "csv" in field.forms)


def write_dictionary(path: str | Path, *, more: Iterable[Field] = ()) -> None:
    """Write the data dictionary as CSV, one row per column.

    Parameters
    ----------
    path
        Target; replaced if it exists.
    more
        Columns of further tables.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_dictionary(Path(folder) / "columns.csv")
    ...     (Path(folder) / "columns.csv").read_text().splitlines()[0]
    'table,column,type,unit,applies_to,forms,feature,meaning'
    """
    write_fields(path, (field for fields in (*_DICTIONARY.values(), more) for field in fields))


def write_fields(path: str | Path, fields: Iterable[Field]) -> None:
    """Write a dictionary of these columns alone, as `write_dictionary` does of all."""
    head = ("table", "column", "type", "unit", "applies_to", "forms", "feature", "meaning")
    rows = [
        (field.table, field.name, field.type, field.unit, " ".join(field.applies_to),
         " ".join(field.forms), field.feature, field.meaning)
        for field in fields
    ]  # fmt: skip
    write_csv(path, head, rows)


def unit_of(info: Column) -> str:
    """Unit of the exact values of a feature; its kind if it has no unit."""
    return _UNITS.get(info.unit, info.unit)


def dictionary_markdown(*, more: Iterable[Field] = ()) -> str:
    """Return the reference page: one Markdown table per table; `more` as in `write_dictionary`.

    Examples
    --------
    >>> dictionary_markdown().splitlines()[0]
    '# Data dictionary'
    """
    lines = [
        "# Data dictionary",
        "",
        f"Every column of `{SCHEMA}` as tables, see [graphs as tables](../guide/graph-tables.md). "
        "`gftcore.formats.data_dictionary`",
        "gives the same in Python, `gftcore.formats.write_dictionary` as CSV. Parquet has all "
        "columns, CSV those with *both*.",
        "In CSV, truth values are 0 and 1, lists are texts, and counts have no decimals.",
    ]
    tables: dict[str, list[Field]] = {}
    for field in (*(one for fields in _DICTIONARY.values() for one in fields), *more):
        tables.setdefault(field.table, []).append(field)
    for table, fields in tables.items():
        nodes = table == "nodes"
        lines += ["", f"## {table}", "", _HEADS[nodes], _RULES[nodes]]
        for field in fields:
            of = f" {', '.join(field.applies_to)} |" if nodes else ""
            forms = {_FORMS: "both", _PARQUET: "Parquet"}.get(field.forms, "CSV")
            cells = (f"`{field.name}`", field.type, field.unit, forms)
            text = " | ".join(cell.replace("|", "\\|") for cell in cells)
            lines.append(f"| {text} |{of} {field.meaning} |".replace("|  |", "| |"))
    return "\n".join(lines) + "\n"


_HEADS = ("| column | type | unit | in | meaning |", "| column | type | unit | in | of | meaning |")
_RULES = ("|---|---|---|---|---|", "|---|---|---|---|---|---|")
_UNITS = {"length": "px", "area": "px^2", "position": "px", "angle": "rad"}
_UNITS_MM = {"length": "mm", "area": "mm^2"}


def _fields(table: str, *rows: tuple[str, str, str, str]) -> tuple[Field, ...]:
    """Fields of rows of name, type, unit and meaning; a name with ``*`` is in Parquet alone."""
    return tuple(
        Field(
            table=table, name=name.rstrip("*"), type=kind, unit=unit, meaning=meaning,
            forms=_PARQUET if name.endswith("*") else _FORMS,
        )
        for name, kind, unit, meaning in rows
    )  # fmt: skip


def _images() -> tuple[Field, ...]:
    return _fields(
        "images",
        ("image_id", "text", "", "name of the image, unique"),
        ("relpath", "text", "",
         "file of the image, relative to the folder of the images; of a failed one error_name"),
        ("sha256", "text", "", "SHA-256 of the file of the image"),
        ("kind", "text", "", "what was read: mask or image"),
        ("rows", "int64", "count", "rows of the mask"),
        ("cols", "int64", "count", "columns of the mask"),
        ("fov_mm", "float64", "mm", "length of the longer side"),
        ("mm_per_px*", "float64", "mm", "side of a pixel of the mask"),
        ("eye", "text", "", "OD, OS or unknown"),
        ("layer*", "text", "", "layer of the retina, where source names it"),
        ("status", "text", "", "ok, or failed: there is no graph, the next columns say why"),
        ("error_code", "text", "", "stable short name of the error"),
        ("message", "text", "", "what is wrong"),
        ("error_index*", "int64", "", "position of the failed item in its batch"),
        ("error_name*", "text", "", "name of the failed item in its batch"),
        ("warnings", "list of text", "", "codes such as EMPTY_MASK"),
        ("junctions", "int64", "count", "rows of the image in the table junctions"),
        ("vessels", "int64", "count", "vessel segments"),
        ("icas", "int64", "count", "intercapillary areas, the FAZ not counted"),
        ("faz", "int64", "count", "1 if there is a foveal avascular zone, else 0"),
        *((f"edges_{name}", "int64", "count", f"undirected edges between {source} and {target}")
          for name, (source, target) in RELATIONS.items()),
        ("faz_method", "text", "", "how the FAZ was found: auto, nearest, fixed, mask or none"),
        ("faz_confidence", "float64", "ratio", "1 - second largest / largest candidate"),
        ("faz_label*", "int64", "", "label of the FAZ in the image of areas; 0 if there is none"),
        ("faz_area_px2*", "float64", "px^2", "area of the FAZ; 0 if there is none"),
        ("vessel_columns*", "list of text", "", "features of the vessels of this graph, in order"),
        ("ica_columns*", "list of text", "", "features of areas and FAZ of this graph, in order"),
        ("face_ica*", "list of int64", "",
         "for each face the node_id of the area that owns it; -1 none, -2 the FAZ"),
        ("edge_values*", "list of int32", "count",
         f"number of values of an edge, for {', '.join(RELATIONS)}"),
        ("config*", "text", "", "all settings as JSON"),
        ("config_hash", "text", "", "SHA-256 of the settings"),
        ("versions*", "text", "", "versions of what computed the graph, as JSON"),
        ("gftcore", "text", "", "version of gftcore that computed the graph"),
        ("simd_target", "text", "", "instruction set that computed the graph"),
        ("source*", "text", "", "what was read, as JSON"),
        ("schema*", "text", "", "version of the file format"),
    )  # fmt: skip


def _junctions() -> tuple[Field, ...]:
    return _fields(
        "junctions",
        ("image_id", "text", "", "name of the image"),
        ("junction_id", "int64", "", "number of the skeleton node in its image, from 0"),
        ("row", "float32", "px", "mean of the node's pixels"),
        ("col", "float32", "px", "mean of the node's pixels"),
        ("radius_px", "float32", "px", "radius of the vessel at the node"),
        ("degree", "int32", "count", "ends of segments at the node"),
        ("kind", "text", "", ", ".join(NODE_KINDS)),
        ("pixels*", "int32", "count", "pixels of the node"),
    )


def _nodes() -> tuple[Field, ...]:
    every = (*_VESSEL, *_ZONES)

    def own(name: str, kind: str, unit: str, meaning: str, of: tuple[str, ...]) -> Field:
        return Field(
            table="nodes", name=name.rstrip("*"), type=kind, unit=unit, meaning=meaning,
            applies_to=of, forms=_PARQUET if name.endswith("*") else _FORMS,
        )  # fmt: skip

    return (
        own("image_id", "text", "", "name of the image", every),
        own("type", "text", "", "vessel, ica or faz", every),
        own("node_id", "int64", "", "number of the node among those of its type, from 0", every),
        own("row", "float64", "px", "middle of the arc, or centroid", every),
        own("col", "float64", "px", "middle of the arc, or centroid", every),
        own("node1", "int64", "", "junction_id where the walk along the segment starts", _VESSEL),
        own("node2", "int64", "", "junction_id where it ends", _VESSEL),
        own("face_left", "int64", "", "face to the left of the walk, a place in face_ica", _VESSEL),
        own("face_right", "int64", "", "face to the right of the walk", _VESSEL),
        own("label", "int32", "", "label in the image of areas", _ZONES),
        own("touches_border", "bool", "flag", "whether the area touches the border", _ICA),
        own("bbox*", "list of int32", "px", "first row, first column, end row, end column", _ICA),
        *_features(),
        own("polyline", "list of float32", "px",
            "smoothed centreline between the nodes: row, column, row, column, ...", _VESSEL),
        own("point_pixels*", "list of int32", "px",
            "pixels of the centreline: row, column, row, column, ...", _VESSEL),
        own("point_radii_px*", "list of float32", "px", "radius at each of these pixels", _VESSEL),
    )  # fmt: skip


def _features() -> Iterator[Field]:
    """Columns of the features, in px and in mm; one column where both kinds of node have it."""
    found: dict[str, Field] = {}
    for of, table in ((_VESSEL, VESSEL_COLUMNS), (_ZONES, ICA_COLUMNS)):
        for info in table.values():
            if info.exported in ("row", "col"):
                continue  # the two are columns of all nodes
            for name, unit in _exported(info):
                other = found.get(name)
                meaning = info.meaning
                if other is not None:
                    meaning = f"vessel: {other.meaning}; ica, faz: {meaning}"
                found[name] = Field(
                    table="nodes", name=name, type="float64", unit=unit, meaning=meaning,
                    applies_to=of if other is None else (*other.applies_to, *of),
                    feature=info.name,
                )  # fmt: skip
    yield from found.values()


def _exported(info: Column) -> Iterator[tuple[str, str]]:
    yield info.exported, unit_of(info)
    if info.exported_mm is not None:
        yield info.exported_mm, _UNITS_MM[info.unit]


def _edges() -> tuple[Field, ...]:
    return _fields(
        "edges",
        ("image_id", "text", "", "name of the image"),
        ("relation", "text", "", ", ".join(RELATIONS)),
        ("src", "int64", "", "node_id of the first node, whose type the relation names first"),
        ("dst", "int64", "", "node_id of the second node"),
        ("attribute", "text", "", "what value is: shared_node (vv) or border_px"),
        ("value", "float32", "",
         "lowest shared junction_id (vv), else shared border in centreline points"),
        ("more_values*", "list of float32", "", "further values of the edge"),
    )  # fmt: skip


_DICTIONARY: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {"images": _images(), "junctions": _junctions(), "nodes": _nodes(), "edges": _edges()}
)
