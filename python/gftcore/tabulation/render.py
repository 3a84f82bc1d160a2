# SPDX-License-Identifier: Apache-2.0
"""A table as Markdown for people and as flat CSV for spreadsheets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from gftcore._validation import describe
from gftcore.biomarkers import WARNINGS as MARKER_WARNINGS
from gftcore.errors import ArgumentTypeError
from gftcore.graph.assemble import WARNINGS as GRAPH_WARNINGS
from gftcore.io import atomic_path, write_csv
from gftcore.tabulation.document import COUNTS, rounded
from gftcore.tabulation.places import WARNINGS
from gftcore.tabulation.table import EdgeRow, FeatureCell, NodeRow, RangeCell, ReferenceInfo, Table

__all__ = ["reference_words", "table_markdown", "write_table_csv", "write_table_markdown"]

_TARGETS: Mapping[str, str] = {"logit": "logit", "margin": "margin", "prob": "probability"}
_PLACED = (
    "quadrant", "region", "clock_hour", "zone", "faz_distance_mm", "row", "col", "x_percent",
    "y_percent",
)  # fmt: skip
_SCORES = ("contribution", "magnitude", "share")
_CELL = ("name", "value", "unit", "z", "ig", "low", "high", "band")
_BANDS: Mapping[str | None, str] = {
    "below": "below",
    "lower": "in the lower part",
    "middle": "in the middle half",
    "upper": "in the upper part",
    "above": "above",
    None: "",
}


def table_markdown(table: Table) -> str:
    """Return a table as Markdown: the answer, what it rests on, and what decided.

    Parameters
    ----------
    table
        The table.

    Notes
    -----
    Equal tables give equal text. Cells cannot break out of it: bars, line ends and what Markdown or
    HTML would read as markup is escaped.
    """
    table = _require_table(table)
    parts = [
        f"# {_escaped(table.image.id) or 'Table'}",
        "\n".join(f"- {line}" for line in _head(table)),
        "## Answer\n\n" + _rows(["class", "probability"], _answer(table)),
        "## Quadrants\n\n" + _quadrants(table),
        "## Measurements\n\n" + _measurements(table),
        f"## Vessels and areas that decided\n\n{_how(table, 'nodes')}\n\n{_nodes(table)}",
        f"## Edges that decided\n\n{_how(table, 'edges')}\n\n{_edges(table)}",
        "## What this is\n\n" + "\n".join(f"- {line}" for line in _statements(table)),
    ]
    return "\n\n".join(parts) + "\n"


def write_table_markdown(path: str | Path, table: Table) -> None:
    """Write `table_markdown` as UTF-8, as a whole or not at all.

    Parameters
    ----------
    path
        Target; replaced if it exists.
    table
        The table.
    """
    text = table_markdown(table)
    with atomic_path(path) as temporary:
        temporary.write_bytes(text.encode())


def write_table_csv(path: str | Path, tables: Table | Iterable[Table]) -> None:
    """Write one row per listed node and edge as CSV, as a whole or not at all.

    Parameters
    ----------
    path
        Target; replaced if it exists.
    tables
        One table, or several of different images.

    Notes
    -----
    The columns are the same for all rows: image, answer, ``part`` (``node`` or ``edge``), what the
    row is, its contribution and place, then ``feature_1_name``, ``feature_1_value`` and so on, as
    many as the node with most features has. Edges leave those empty, nodes ``src`` and ``dst``.
    """
    given = [tables] if isinstance(tables, Table) else list(tables)
    each = [_require_table(one) for one in given]
    most = max((len(node.features) for one in each for node in one.nodes), default=0)
    head = ("image_id", "eye", "label", "prediction", "target", "part", "rank", "type", "id",
            "src", "dst", *_SCORES, *_PLACED)  # fmt: skip
    features = [f"feature_{i}_{name}" for i in range(1, most + 1) for name in _CELL]
    rows: list[list[object]] = []
    for one in each:
        about = [one.image.id, one.image.eye, one.label, one.prediction, one.target]
        for node in one.nodes:
            start = [*about, "node", node.rank, node.type, node.id, None, None]
            cells = [value for cell in node.features for value in _cells(cell)]
            cells += [None] * (len(features) - len(cells))
            rows.append([*start, *_values(node), *cells])
        for edge in one.edges:
            start = [*about, "edge", edge.rank, edge.relation, edge.id, edge.src, edge.dst]
            rows.append([*start, *_values(edge), *[None] * len(features)])
    write_csv(path, [*head, *features], rows)


def reference_words(table: Table) -> str:
    """Say in a sentence what the reference eyes are; empty without them.

    Examples
    --------
    >>> _eyes(ReferenceInfo(eyes=520, label="Healthy", data="synthetic"))[:43]
    'Ranges hold the middle 95 % of 520 Healthy '
    """
    return "" if table.reference is None else _eyes(table.reference)


def _eyes(info: ReferenceInfo) -> str:
    made = {
        "synthetic": "They are synthetic eyes: a value outside them is unusual for the generator, "
        "not proof of a disease.",
    }.get(info.data, "Nobody recorded where those eyes come from.")
    return (
        f"Ranges hold the middle 95 % of {info.eyes} {info.label} eyes that the network learned "
        f"from. {made}"
    )


def _require_table(table: object) -> Table:
    if not isinstance(table, Table):
        raise ArgumentTypeError(f"table must be a Table, got {describe(table)}")
    return rounded(table)


def _values(row: NodeRow | EdgeRow) -> list[object]:
    return [getattr(row, name) for name in (*_SCORES, *_PLACED)]


def _cells(cell: FeatureCell) -> list[object]:
    found = cell.reference
    low, high, band = (None,) * 3 if found is None else (found.low, found.high, found.band)
    return [cell.name, cell.value, cell.unit, cell.z, cell.ig, low, high, band]


def _head(table: Table) -> list[str]:
    image = table.image
    eye = {"OD": "right eye (OD)", "OS": "left eye (OS)"}.get(image.eye, "eye not known")
    size = f"{image.cols} x {image.rows} px, {image.fov_mm:.2f} mm on the longer side"
    lines = [f"{eye}; {size}{f'; {_escaped(image.layer)}' if image.layer else ''}"]
    lines.append(f"answer: {_escaped(table.prediction)}")
    if table.label is not None:
        lines.append(f"true class: {_escaped(table.label)}")
    return lines + [f"warning: {_escaped(code)}{_meaning(code)}" for code in table.warnings]


def _meaning(code: str) -> str:
    known = {**GRAPH_WARNINGS, **MARKER_WARNINGS, **WARNINGS}
    return f": {known[code]}" if code in known else ""


def _answer(table: Table) -> list[list[str]]:
    return [[_escaped(name), f"{p:.4f}"] for name, p in table.probabilities.items()]


def _quadrants(table: Table) -> str:
    heads = ["quadrant", "nodes", "edges", "vessel density, %", "intercapillary area, mm2"]
    rows = [
        [name, str(one.nodes), str(one.edges), _shown(one.vessel_density_pct, 1),
         _shown(one.ica_area_mm2, 4)]
        for name in ("TL", "TR", "BL", "BR")
        for one in (table.quadrants[name],)
    ]  # fmt: skip
    return _rows(heads, rows)


def _measurements(table: Table) -> str:
    rows = [
        [_escaped(name), _shown(value, 0 if name in COUNTS else 4),
         *_range(table.ranges.get(name))]
        for name, value in table.biomarkers.items()
    ]  # fmt: skip
    text = _rows(["measurement", "value", "reference range", "where"], rows)
    said = reference_words(table)
    return f"{text}\n\n{_escaped(said)}" if said else text


def _how(table: Table, part: str) -> str:
    about = table.attribution
    panels, error = getattr(about, f"n_{part}"), getattr(about, f"error_{part}")
    if not panels:
        return "Not computed."
    what = f"the {_TARGETS[about.kind]} of {_escaped(table.target)}"
    if about.against is not None:
        what += f" over {_escaped(about.against)}"
    exact = "not estimated" if error is None else f"{100 * error:.2f} %"
    return (
        f"Contributions to {what} by integrated gradients, {_escaped(about.method)}, {panels} "
        f"steps, error {exact}; ranked by {about.by}."
    )


def _place(row: NodeRow | EdgeRow) -> list[str]:
    hour = "-" if row.clock_hour is None else str(row.clock_hour)
    return [row.region, hour, row.zone, f"{row.faz_distance_mm:.2f}"]


def _nodes(table: Table) -> str:
    heads = ["rank", "type", "id", "contribution", "share, %", "region", "clock hour", "zone",
             "mm from the FAZ", "features"]  # fmt: skip
    rows = [
        [str(one.rank), one.type, str(one.id), f"{one.contribution:+.4f}",
         f"{100 * one.share:.2f}", *_place(one), "; ".join(map(_feature, one.features))]
        for one in table.nodes
    ]  # fmt: skip
    return _rows(heads, rows) if rows else "None."


def _feature(cell: FeatureCell) -> str:
    value = "does not exist" if cell.value is None else f"{cell.value:.4g} {cell.unit}".strip()
    text = f"{_escaped(cell.name)} {value}"
    if cell.reference is not None and cell.reference.band is not None:
        low, high = cell.reference.low, cell.reference.high
        text += f" ({_BANDS[cell.reference.band]}: {low:.4g} to {high:.4g})"
    return text


def _edges(table: Table) -> str:
    heads = ["rank", "relation", "id", "nodes", "contribution", "share, %", "region",
             "clock hour", "zone", "mm from the FAZ"]  # fmt: skip
    rows = [
        [str(one.rank), one.relation, str(one.id), f"{one.src}, {one.dst}",
         f"{one.contribution:+.4f}", f"{100 * one.share:.2f}", *_place(one)]
        for one in table.edges
    ]  # fmt: skip
    return _rows(heads, rows) if rows else "None."


def _statements(table: Table) -> list[str]:
    lines = [
        "It explains what a network computed from the graph of this image. It does not say where "
        "a disease is, nor that there is one."
    ]
    lines += [_escaped(table.notice)] if table.notice else []
    lines.append(f"network {table.model.sha256}, settings {table.model.config_hash}")
    made = [f"gftcore {table.gftcore}" if table.gftcore else "", table.simd_target]
    if any(made):
        lines.append(", ".join(_escaped(word) for word in made if word))
    return lines


def _range(cell: RangeCell | None) -> list[str]:
    if cell is None:
        return ["", ""]
    return [f"{cell.low:.4g} to {cell.high:.4g}", _BANDS[cell.band]]


def _shown(value: float | None, digits: int) -> str:
    if value is None:
        return "-"
    return str(int(value)) if digits == 0 else f"{value:.{digits}f}"


def _rows(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _escaped(text: str) -> str:
    """Text that stays text: no markup, no line end, no end of a cell."""
    plain = " ".join(text.split())
    for mark, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        plain = plain.replace(mark, entity)
    # Within a word an underscore is no markup, and names of features would be hard to read.
    return re.sub(r"[\\`*\[\]|#~]|(?<!\w)_|_(?!\w)", r"\\\g<0>", plain)
