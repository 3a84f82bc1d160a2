# SPDX-License-Identifier: Apache-2.0
"""The list of images, subjects and labels that everything learned starts from."""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gftcore._validation import describe, require_int, require_iterator
from gftcore.datasets.csv_rows import column_names, decoded, rows_of, without_empty_end
from gftcore.datasets.labels import LABELS, class_names, parse_class
from gftcore.datasets.problems import Problems
from gftcore.datasets.records import COLUMNS, OPTIONAL, REQUIRED, Record, parse_cell
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError
from gftcore.io.files import atomic_path, require_file, require_path

__all__ = ["Manifest", "manifest_bytes", "read_manifest", "write_manifest"]

#: Larger files are no list of images.
MAX_BYTES = 1 << 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Images of a data set, as `read_manifest` returns them.

    Attributes
    ----------
    records
        One per image, in the order of the file; iterating over the manifest gives them.
    folder
        Folder that paths are relative to.
    sha256
        SHA-256 of the file.
    rows
        Row of each record in the file, 1 being the header of an ordinary one.
    classes
        Names of the classes from the mildest to the worst, see `class_names`.
    """

    records: tuple[Record, ...] = field(repr=False)
    folder: Path = field(repr=False)
    sha256: str
    rows: tuple[int, ...] = field(repr=False)
    classes: tuple[str, ...] = LABELS

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def image_path(self, record: Record) -> Path | None:
        """Return where the image of a record lies, if it has one."""
        return None if record.path is None else self.folder / record.path

    def mask_path(self, record: Record) -> Path | None:
        """Return where the mask of a record lies, if it has one."""
        return None if record.mask_path is None else self.folder / record.mask_path

    def select(self, ids: Iterable[str]) -> tuple[Record, ...]:
        """Return the records with these ids, in the order of the ids.

        Raises
        ------
        ArgumentError
            If there is no such id.
        """
        by_id = {record.id: record for record in self.records}
        wanted = list(require_iterator(ids, "ids", "a sequence of ids"))
        unknown = sum(not isinstance(name, str) or name not in by_id for name in wanted)
        if unknown:
            raise ArgumentError(f"ids must be in the manifest, got {unknown} that are not")
        return tuple(by_id[name] for name in wanted)


def read_manifest(path: str | Path, *, max_problems: int = 100) -> Manifest:
    r"""Read and check a manifest: ``id,subject,eye,path,label[,split,fov_mm,layer,mask_path]``.

    Columns may be in any order and case; others are refused, so that a misspelt one is no silent
    loss. Blanks around a cell are dropped, and so are blank lines and empty cells beyond the
    header. All problems of the file are reported at once. Files that the manifest names are not
    opened: see `check_files`.

    Parameters
    ----------
    path
        CSV file, UTF-8 with or without byte order mark, any line ends, quoted where needed.
    max_problems
        How many problems are listed; the others are counted.

    Raises
    ------
    MissingFileError
        If there is no such file.
    ManifestError
        If something is wrong with it; names row and column, what was expected and what came, but
        no id, subject or path.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "manifest.csv"
    ...     _ = path.write_text("id,subject,eye,path,label\n1,a,OD,1.png,Normal\n")
    ...     read_manifest(path).records[0].label
    'Healthy'
    """
    file = require_file(path)
    problems = Problems(file, require_int(max_problems, "max_problems", 1))
    with file.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise FormatError(f"{file}: holds more than {MAX_BYTES} bytes; it is no manifest")
    table = list(rows_of(decoded(data, problems), problems))
    if not table:
        problems.add(1, "", f"must be a header with {', '.join(REQUIRED)}, got an empty file")
        problems.raise_any()
    header_row, cells = table.pop(0)
    columns = _header(header_row, cells, problems)
    classes = _classes(columns, table)
    records, rows = _records(columns, table, classes, problems)
    if not table:
        problems.add(header_row, "", "must be followed by at least one row, got none")
    problems.raise_any()
    digest = hashlib.sha256(data).hexdigest()
    return Manifest(records=records, folder=file.parent, sha256=digest, rows=rows, classes=classes)


def _classes(columns: Sequence[str], table: Iterable[tuple[int, Sequence[str]]]) -> tuple[str, ...]:
    place = columns.index("label")
    return class_names(cells[place] for _, cells in table if len(cells) > place)


def _header(row: int, cells: Sequence[str], problems: Problems) -> list[str]:
    """Return the columns of a header; nothing below it can be read if it is wrong."""
    names = column_names(row, cells, problems)
    for name in dict.fromkeys(names):
        if name not in COLUMNS:
            near = difflib.get_close_matches(name, COLUMNS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else "; remove it"
            got = repr(name)[:60] if name else "an empty name"
            problems.add(row, "", f"columns must be {', '.join(COLUMNS)}, got {got}{hint}")
        elif names.count(name) > 1:
            problems.add(row, name, f"must be there once, got it {names.count(name)} times")
    for name in REQUIRED:
        if name not in names and not (name == "path" and "mask_path" in names):
            problems.add(row, name, "must be in the header, got none")
    problems.raise_any()
    return names


def _records(
    columns: Sequence[str],
    table: Iterable[tuple[int, Sequence[str]]],
    classes: Sequence[str],
    problems: Problems,
) -> tuple[tuple[Record, ...], tuple[int, ...]]:
    records, rows = [], []
    row_of_id: dict[str, int] = {}
    for row, all_cells in table:
        cells = without_empty_end(all_cells, len(columns))
        if len(cells) != len(columns):
            problems.add(row, "", f"must have {len(columns)} cells, got {len(cells)}")
            continue
        before = problems.total
        values: dict[str, Any] = {}
        for column, cell in zip(columns, cells, strict=True):
            _read_cell(row, column, cell, classes, values, problems)
        if values.get("mask_path") is None and values.get("path", cells) is None:
            problems.add(row, "path", "must name an image where mask_path is empty, got none")
        if "id" in values and row_of_id.setdefault(values["id"], row) != row:
            problems.add(row, "id", f"must be unique, got that of row {row_of_id[values['id']]}")
        if problems.total == before:
            records.append(Record(**values))
            rows.append(row)
    return tuple(records), tuple(rows)


def _read_cell(
    row: int,
    column: str,
    cell: str,
    classes: Sequence[str],
    values: dict[str, Any],
    problems: Problems,
) -> None:
    try:
        empty = column == "path" and not cell
        values[column] = None if empty else parse_cell(column, cell, classes)
    except ArgumentError as error:
        problems.add(row, column, str(error))


def write_manifest(path: str | Path, records: Iterable[Record]) -> Manifest:
    """Write a manifest, as a whole or not at all, and return it as `read_manifest` would.

    Optional columns appear if any record has a value. Equal records give equal bytes.

    Parameters
    ----------
    path
        CSV file; replaced if it exists.
    records
        At least one; ids are unique, paths relative to the folder of `path`.

    Raises
    ------
    ArgumentError
        If there is no record, or if two have one id.

    Examples
    --------
    >>> import tempfile
    >>> record = Record(id="1", subject="a", eye="OD", path="1.png", label="PDR")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = write_manifest(Path(folder) / "manifest.csv", [record])
    ...     written == read_manifest(Path(folder) / "manifest.csv")
    True
    """
    target = require_path(path)
    items = _checked(records)
    data = manifest_bytes(items)
    with atomic_path(target) as temporary:
        temporary.write_bytes(data)
    return Manifest(
        records=items,
        folder=target.parent,
        sha256=hashlib.sha256(data).hexdigest(),
        rows=tuple(range(2, len(items) + 2)),
        classes=class_names(item.label for item in items),
    )


def manifest_bytes(records: Iterable[Record]) -> bytes:
    """Return what `write_manifest` writes."""
    items = _checked(records)
    used = [c for c in OPTIONAL if any(getattr(item, c) is not None for item in items)]
    columns = [c for c in REQUIRED if c != "path" or any(item.path for item in items)] + used
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([getattr(item, column) for column in columns] for item in items)
    return text.getvalue().encode()


def _checked(records: Iterable[Record]) -> tuple[Record, ...]:
    """Return records that can be a manifest together."""
    items = tuple(require_iterator(records, "records", "a sequence of Record"))
    for item in items:
        if not isinstance(item, Record):
            raise ArgumentTypeError(f"records must hold Record, got {describe(item)}")
    if not items:
        raise ArgumentError("records must hold at least one Record, got none")
    repeated = len(items) - len({item.id for item in items})
    if repeated:
        raise ArgumentError(f"records must have different ids, got {repeated} repeated")
    classes = class_names(item.label for item in items)
    for item in items:
        parse_class(item.label, classes)
    return items
