# SPDX-License-Identifier: Apache-2.0
"""CSV tables."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from gftcore.errors import ArgumentError
from gftcore.io.files import atomic_path

__all__ = ["write_csv"]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return str(value)


def write_csv(
    path: str | Path, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Write a table as UTF-8 CSV, as a whole or not at all.

    Parameters
    ----------
    path
        Target; replaced if it exists.
    columns
        Header.
    rows
        Python values, one per column. Missing values (None, NaN) are empty cells, infinity is
        ``inf``, floats have the fewest digits that read back the same.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_csv(Path(folder) / "t.csv", ["a", "b"], [[1, 0.5], [None, float("nan")]])
    ...     (Path(folder) / "t.csv").read_text()
    'a,b\\n1,0.5\\n,\\n'
    """
    with atomic_path(path) as temporary, temporary.open(
        "w", encoding="utf-8", errors="surrogateescape", newline=""
    ) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            if len(row) != len(columns):
                raise ArgumentError(f"a row has {len(row)} cells, expected {len(columns)}")
            writer.writerow([_cell(value) for value in row])
