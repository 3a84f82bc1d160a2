# SPDX-License-Identifier: Apache-2.0
"""The older CSV with four blocks: answer, densities, top nodes, top edges."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gftcore._validation import describe
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError
from gftcore.io import atomic_path
from gftcore.io.files import require_file
from gftcore.tabulation.document import rounded
from gftcore.tabulation.places import QUADRANTS
from gftcore.tabulation.table import NodeRow, Table

__all__ = ["LegacyCase", "legacy_case", "read_legacy_csv", "write_legacy_csv"]

_TITLES = ("Density Statistics:", "Top Nodes:", "Top Edges:")
_PROBABILITY = " Probability"
_DENSITIES = tuple(f"{kind} Density ({name})" for kind in ("Node", "Edge") for name in QUADRANTS)
_PLACED = ("x_percent", "y_percent")
#: Columns that hold words; a cell of any other column is a number or empty.
_WORDS = ("type", "relation")
_MAX_BYTES = 16_000_000

Row = Mapping[str, float | str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyCase:
    """What the older CSV says about one eye.

    Attributes
    ----------
    image
        First cell of the first block.
    true_class, predicted_class
        The true class may be empty.
    probabilities
        Class to probability, in the order of the columns.
    densities
        ``Node Density (TL)`` and so on, then ``Edge Density (TL)`` and so on, to what the file
        calls density: the share of all nodes or edges that lie there.
    nodes, edges
        One mapping a row, column to number, None for an empty cell; words under ``type`` and
        ``relation``. All rows have ``x_percent`` and ``y_percent``.
    """

    image: str
    true_class: str
    predicted_class: str
    probabilities: Mapping[str, float]
    densities: Mapping[str, float]
    nodes: tuple[Row, ...]
    edges: tuple[Row, ...]


def legacy_case(table: Table) -> LegacyCase:
    """Return what the older CSV can say of a table.

    Features are columns, each in the unit of the table. Only those that one of the listed nodes
    shows have a column; of a node that does not show them, the cell is empty.

    Parameters
    ----------
    table
        With the 8-vector as ``fraction``.

    Raises
    ------
    ArgumentError
        If the 8-vector is another one.
    """
    if not isinstance(table, Table):
        raise ArgumentTypeError(f"table must be a Table, got {describe(table)}")
    if table.vector8_mode != "fraction":
        raise ArgumentError(f"table must have vector8_mode 'fraction', got {table.vector8_mode!r}")
    table = rounded(table)
    features = list(dict.fromkeys(cell.name for node in table.nodes for cell in node.features))
    return LegacyCase(
        image=table.image.id,
        true_class=table.label or "",
        predicted_class=table.prediction,
        probabilities=dict(table.probabilities),
        densities=dict(zip(_DENSITIES, table.vector8, strict=True)),
        nodes=tuple(_node(one, features) for one in table.nodes),
        edges=tuple(
            {
                "rank": float(one.rank),
                "relation": one.relation,
                "src": float(one.src),
                "dst": float(one.dst),
                "contribution": one.contribution,
                "x_percent": one.x_percent,
                "y_percent": one.y_percent,
            }
            for one in table.edges
        ),
    )


def _node(one: NodeRow, features: Sequence[str]) -> Row:
    cells: dict[str, float | str | None] = {
        "rank": float(one.rank),
        "type": one.type,
        "id": float(one.id),
        "contribution": one.contribution,
        "x_percent": one.x_percent,
        "y_percent": one.y_percent,
    }
    values = {cell.name: cell.value for cell in one.features}
    return cells | {name: values.get(name) for name in features}


def write_legacy_csv(path: str | Path, case: LegacyCase | Table) -> None:
    """Write the older CSV, as a whole or not at all.

    Parameters
    ----------
    path
        Target; replaced if it exists.
    case
        The case, or a table to make one of.

    Raises
    ------
    ArgumentError
        If the rows of a block have different columns, or a number is not finite.
    """
    one = legacy_case(case) if isinstance(case, Table) else case
    if not isinstance(one, LegacyCase):
        raise ArgumentTypeError(f"case must be a LegacyCase or a Table, got {describe(case)}")
    names = [f"{name}{_PROBABILITY}" for name in one.probabilities]
    blocks: list[list[list[object]]] = [
        [["Image", "True Class", "Predicted Class", *names],
         [one.image, one.true_class, one.predicted_class, *one.probabilities.values()]],
        [[_TITLES[0]], list(one.densities), list(one.densities.values())],
        [[_TITLES[1]], *_rows(one.nodes, "nodes")],
        [[_TITLES[2]], *_rows(one.edges, "edges")],
    ]  # fmt: skip
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for i, block in enumerate(blocks):
        if i:
            text.write("\n")
        writer.writerows([[_cell(value) for value in row] for row in block])
    with atomic_path(path) as temporary:
        temporary.write_bytes(text.getvalue().encode())


def _rows(rows: Sequence[Row], name: str) -> list[list[object]]:
    heads = list(rows[0]) if rows else list(_PLACED)
    for row in rows:
        if list(row) != heads:
            raise ArgumentError(f"{name} must have the same columns in all rows")
    out: list[list[object]] = [list(heads)]
    out += [[row[head] for head in heads] for row in rows]
    return out


def _cell(value: object) -> object:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ArgumentError(f"case must hold finite numbers, got {value}")
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    # A line end in a name would end the row for readers that split the file at blank lines.
    return " ".join(value.split()) if isinstance(value, str) else value


def read_legacy_csv(path: str | Path) -> LegacyCase:
    """Read the older CSV.

    Parameters
    ----------
    path
        UTF-8, with or without byte order mark; any line ends. Blocks may be in any order after the
        first, and have any further columns; classes are those of the columns of probabilities.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If a block or column is missing, or a cell is no number; it names the line.

    Notes
    -----
    Nothing is converted: features of files of other programs have the units of those.
    """
    file = require_file(path)
    size = file.stat().st_size
    if size > _MAX_BYTES:
        raise FormatError(f"{file}: has {size} bytes, such a table at most {_MAX_BYTES}")
    try:
        text = file.read_bytes().decode("utf-8-sig")
        return _case(list(_blocks(text)))
    except UnicodeDecodeError as error:
        raise FormatError(f"{file}: is no UTF-8: {error}") from error
    except csv.Error as error:
        raise FormatError(f"{file}: is no CSV: {error}") from error
    except FormatError as error:
        raise FormatError(f"{file}: {error}") from error


Line = tuple[int, list[str]]


def _blocks(text: str) -> Iterator[list[Line]]:
    """Yield lines between blank lines; a line of commas is blank too."""
    block: list[Line] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    for cells in reader:
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            block.append((reader.line_num, stripped))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _case(blocks: list[list[Line]]) -> LegacyCase:
    if not blocks:
        raise FormatError("is empty")
    heads, rows = _table(blocks[0])
    if len(heads) < 2 or heads[1] != "True Class":
        got = heads[1] if len(heads) > 1 else ""
        raise FormatError(f"line {blocks[0][0][0]}: column 2 must be 'True Class', got {got!r:.60}")
    if len(rows) != 1:
        raise FormatError(f"the first block must have one row, got {len(rows)}")
    number, answer = rows[0]
    classes = [name for name in heads if name.endswith(_PROBABILITY)]
    if "Predicted Class" not in heads or not classes:
        raise FormatError("the first block must have 'Predicted Class' and '... Probability'")
    titled = _titled(blocks[1:])
    densities = _numbers(*_table(titled[_TITLES[0]]))
    if len(densities) != 1:
        raise FormatError(f"{_TITLES[0]} must have one row, got {len(densities)}")
    lacking = [name for name in _DENSITIES if densities[0].get(name) is None]
    if lacking:
        raise FormatError(f"{_TITLES[0]} lacks {', '.join(lacking)}")
    nodes, edges = (_placed(titled[title], title) for title in _TITLES[1:])
    return LegacyCase(
        image=answer[heads[0]],
        true_class=answer["True Class"],
        predicted_class=answer["Predicted Class"],
        probabilities={
            name.removesuffix(_PROBABILITY): _filled(answer[name], number, name) for name in classes
        },
        densities={name: value for name, value in densities[0].items() if isinstance(value, float)},
        nodes=nodes,
        edges=edges,
    )


def _titled(blocks: list[list[Line]]) -> dict[str, list[Line]]:
    out: dict[str, list[Line]] = {}
    for block in blocks:
        number, cells = block[0]
        title = cells[0]
        if title not in _TITLES or any(cells[1:]):
            raise FormatError(
                f"line {number}: a block must begin with {', '.join(_TITLES)}, got {title!r:.60}"
            )
        if title in out:
            raise FormatError(f"line {number}: {title} is there twice")
        out[title] = block[1:]
    missing = [title for title in _TITLES if title not in out]
    if missing:
        raise FormatError(f"lacks the block {', '.join(missing)}")
    return out


def _table(lines: list[Line]) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    if not lines:
        raise FormatError("a block has no header")
    number, heads = lines[0]
    while heads and not heads[-1]:
        heads = heads[:-1]
    if len(set(heads)) != len(heads) or not all(heads):
        raise FormatError(f"line {number}: columns must have different names")
    rows = []
    for at, cells in lines[1:]:
        if len(cells) < len(heads) or any(cells[len(heads) :]):
            raise FormatError(f"line {at}: must have {len(heads)} cells, got {len(cells)}")
        rows.append((at, dict(zip(heads, cells, strict=False))))
    return heads, rows


def _numbers(heads: list[str], rows: list[tuple[int, dict[str, str]]]) -> list[Row]:
    return [
        {name: row[name] if name in _WORDS else _number(row[name], number, name) for name in heads}
        for number, row in rows
    ]


def _placed(lines: list[Line], title: str) -> tuple[Row, ...]:
    heads, rows = _table(lines)
    lacking = [name for name in _PLACED if name not in heads]
    if lacking:
        raise FormatError(f"{title} lacks {', '.join(lacking)}")
    found = _numbers(heads, rows)
    for (number, _), row in zip(rows, found, strict=True):
        for name in _PLACED:
            value = row[name]
            if not isinstance(value, float) or not 0 <= value <= 100:
                raise FormatError(f"line {number}: {name} must be 0 to 100, got {value}")
    return tuple(found)


def _number(cell: str, line: int, name: str) -> float | None:
    return _filled(cell, line, name) if cell else None


def _filled(cell: str, line: int, name: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FormatError(f"line {line}: {name} must be a number, got {cell!r:.60}")
    return value
