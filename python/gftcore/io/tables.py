# SPDX-License-Identifier: Apache-2.0
"""CSV tables."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from gftcore.errors import ArgumentError
from gftcore.io.files import atomic_path

__all__ = ["write_csv"]


def write_csv(path: str | Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    r"""Write a table as UTF-8 CSV, as a whole or not at all.

    Parameters
    ----------
    path
        Target; replaced if it exists.
    columns
        Header.
    rows
        Python values, one per column; NaN and None become empty cells, floats have the fewest
        digits that read back the same.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_csv(Path(folder) / "t.csv", ["a", "b"], [[1, 0.5], [None, float("nan")]])
    ...     (Path(folder) / "t.csv").read_text()
    'a,b\n1,0.5\n,\n'
    """
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream,
    ):
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            if len(row) != len(columns):
                raise ArgumentError(f"a row has {len(row)} cells, expected {len(columns)}")
            # NaN is the one value that differs from itself; csv writes None as an empty cell.
            writer.writerow([None if value != value else value for value in row])  # noqa: PLR0124
