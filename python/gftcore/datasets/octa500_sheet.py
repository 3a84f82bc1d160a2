# SPDX-License-Identifier: Apache-2.0
"""The sheet of OCTA-500: ids, eyes and diseases, from Excel or CSV."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from gftcore._lazy import require
from gftcore.datasets.labels import Eye, parse_eye
from gftcore.datasets.problems import Problems
from gftcore.errors import ArgumentError, FormatError, GftcoreError

__all__ = ["DISEASES", "Sheet", "SheetRow", "read_sheet"]

#: Words of the column Disease.
DISEASES = ("NORMAL", "DR", "AMD", "CNV", "CSC", "RVO", "OTHERS")

_IDS = range(10001, 10501)
_EYE_COLUMNS = ("os/od", "od/os", "eye")
#: The sheet has 500 rows; an Excel file is a zip archive, which may unpack to anything.
_MAX_ROWS = 10_000
_MAX_BYTES = 1 << 25


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One row: its number as a spreadsheet counts it, and what it says of an image."""

    row: int
    id: int
    eye: Eye
    disease: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Rows that are sound, and what is known of the others.

    Attributes
    ----------
    rows
        Sound rows.
    ids
        Ids of all rows, sound or not.
    all_ids
        Whether each row has an id of its own; else it is not known which images have no row.
    """

    rows: tuple[SheetRow, ...] = ()
    ids: frozenset[int] = frozenset()
    all_ids: bool = False


def read_sheet(file: Path, problems: Problems) -> Sheet:
    """Return what the sheet says; what is wrong with it is added to `problems`."""
    table = [
        (number, cells)
        for number, line in enumerate(_lines(file), start=1)
        if any(cells := [_text(cell) for cell in line])
    ]
    if not table:
        problems.add(1, "", f"of {file.name}: must have the columns ID and Disease, got nothing")
        return Sheet()
    before = problems.total
    header = [name.casefold() for name in table[0][1]]
    for name in ("ID", "Disease"):
        if header.count(name.casefold()) != 1:
            times = header.count(name.casefold())
            problems.add(
                1, name, f"of {file.name}: must be in the header once, got it {times} times"
            )
    if problems.total > before:
        return Sheet()
    at = {name: header.index(name) for name in ("id", "disease")}
    eyes = [header.index(name) for name in _EYE_COLUMNS if name in header]
    return _rows(table[1:], at, eyes[0] if eyes else None, problems)


def _rows(
    table: Iterable[tuple[int, Sequence[str]]],
    at: dict[str, int],
    eye_at: int | None,
    problems: Problems,
) -> Sheet:
    out: list[SheetRow] = []
    row_of_id: dict[int, int] = {}
    all_ids = True
    for row, line in table:
        cells = [*line, *[""] * (max(*at.values(), eye_at or 0) + 1 - len(line))]
        before = problems.total
        number = _id(cells[at["id"]])
        if number is None:
            got = cells[at["id"]]
            problems.add(row, "ID", f"must be {_IDS[0]} to {_IDS[-1]}, got {got!r:.40}")
            all_ids = False
        elif row_of_id.setdefault(number, row) != row:
            problems.add(
                row, "ID", f"must be unique, got {number} of row {row_of_id[number]} again"
            )
            all_ids = False
        disease = cells[at["disease"]].upper()
        if disease not in DISEASES:
            shown = ", ".join(DISEASES)
            problems.add(row, "Disease", f"must be one of {shown}, got {disease!r:.40}")
        eye: Eye = "unknown"
        try:
            eye = parse_eye((eye_at is not None and cells[eye_at]) or "unknown")
        except ArgumentError as error:
            problems.add(row, "OS/OD", str(error).removeprefix("eye "))
        if problems.total == before and number is not None:
            out.append(SheetRow(row=row, id=number, eye=eye, disease=disease))
    return Sheet(rows=tuple(out), ids=frozenset(row_of_id), all_ids=all_ids)


def _id(text: str) -> int | None:
    match = re.fullmatch(r"(\d{1,9})(\.0*)?", text, re.ASCII)  # Excel may hold 10301.0
    return int(match[1]) if match and int(match[1]) in _IDS else None


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _lines(file: Path) -> list[Sequence[Any]]:
    if file.stat().st_size > _MAX_BYTES:
        raise FormatError(
            f"{file}: holds more than {_MAX_BYTES} bytes; it is no list of 500 images"
        )
    try:
        lines = _csv(file) if file.suffix.lower() == ".csv" else _excel(file)
    except GftcoreError:
        raise
    except Exception as error:  # readers raise whatever a damaged file makes them raise
        raise FormatError(f"{file}: cannot be read as a sheet ({type(error).__name__})") from error
    if len(lines) > _MAX_ROWS:
        raise FormatError(f"{file}: has more than {_MAX_ROWS} rows; it is no list of 500 images")
    return lines


def _csv(file: Path) -> list[Sequence[Any]]:
    text = file.read_bytes().decode("utf-8-sig")
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    return list(islice(reader, _MAX_ROWS + 1))


def _excel(file: Path) -> list[Sequence[Any]]:
    openpyxl = require("openpyxl", extra="io", user="reading the sheet of OCTA-500")
    with zipfile.ZipFile(file) as archive:
        if sum(member.file_size for member in archive.infolist()) > _MAX_BYTES:
            raise FormatError(f"{file}: unpacks to more than {_MAX_BYTES} bytes")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        try:
            rows = book.worksheets[0].iter_rows(values_only=True)
            return list(islice(rows, _MAX_ROWS + 1))
        finally:
            book.close()
