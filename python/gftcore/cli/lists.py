# SPDX-License-Identifier: Apache-2.0
"""Lists of images with their width and eye: ``images.csv`` of `data convert`, and manifests."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gftcore.datasets.records import parse_cell
from gftcore.errors import ArgumentError, FormatError
from gftcore.io.files import require_file
from gftcore.io.tables import unguarded

__all__ = ["Listed", "read_list"]

_NEEDED = ("id", "path")
_KNOWN = ("fov_mm", "eye")
#: Larger files are no lists.
_MAX_BYTES = 1 << 28


@dataclass(frozen=True, slots=True)
class Listed:
    """One row: the file, its name below the results, and what is known of it."""

    path: Path
    name: str
    fov_mm: float | None
    eye: str | None


def read_list(path: Path) -> Iterator[Listed]:
    """Read the rows of a list; columns other than id, path, fov_mm and eye are not for us.

    Raises
    ------
    FormatError
        If it is no such list; names row and column, what was expected and what came.
    """
    file = require_file(path)
    if file.stat().st_size > _MAX_BYTES:
        raise FormatError(f"{file}: holds more than {_MAX_BYTES} bytes; it is no list of images")
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream, strict=True)
            columns = [name.strip().casefold() for name in rows.fieldnames or ()]
            missing = [name for name in _NEEDED if name not in columns]
            if missing:
                got = ", ".join(columns)[:100] or "an empty file"
                raise FormatError(f"{file}: must be a list with the columns id and path, got {got}")
            twice = [name for name in (*_NEEDED, *_KNOWN) if columns.count(name) > 1]
            if twice:
                raise FormatError(f"{file}: must have each column once, got {twice[0]} again")
            rows.fieldnames = columns
            for row in rows:
                yield _listed(file, rows.line_num, row)
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f"{file}: is no CSV in UTF-8: {error!s:.100}") from error


def _listed(file: Path, line: int, row: dict[str, str | None]) -> Listed:
    values: dict[str, object] = {}
    for column in (*_NEEDED, *_KNOWN):
        cell = unguarded((row.get(column) or "").strip())
        try:
            unknown = column in _KNOWN and not cell
            values[column] = None if unknown else parse_cell(column, cell)
        except ArgumentError as error:
            raise FormatError(f"{file}: line {line}, column {column}: {error}") from error
    fov, eye = values["fov_mm"], values["eye"]
    return Listed(
        path=file.parent / str(values["path"]),
        name=str(values["id"]),
        fov_mm=fov if isinstance(fov, float) else None,
        eye=None if eye in (None, "unknown") else str(eye),
    )
