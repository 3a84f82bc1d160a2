# SPDX-License-Identifier: Apache-2.0
"""CSV tables."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from gftcore.errors import ArgumentError
from gftcore.io.files import atomic_path

__all__ = ["csv_bytes", "guarded", "open_csv", "unguarded", "write_csv"]

#: Spreadsheet programs run a cell that begins so as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """Return a text as a cell that spreadsheet programs show instead of running it as a formula.

    Texts that begin like a formula and are no number get a leading apostrophe; so do those that
    already look as if they had one, so that `unguarded` is exact.

    Examples
    --------
    >>> guarded("=1+2"), guarded("-1.5"), guarded("0001_OD")
    ("'=1+2", '-1.5', '0001_OD')
    """
    if not text.lstrip("'").startswith(_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def unguarded(cell: str) -> str:
    """Return the text of a cell that `write_csv` wrote.

    Examples
    --------
    >>> unguarded("'=1+2"), unguarded("'s"), unguarded("-1.5")
    ('=1+2', "'s", '-1.5')
    """
    return cell[1:] if cell[:1] == "'" and cell.lstrip("'").startswith(_FORMULA) else cell


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

    Notes
    -----
    A text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return and is no number
    gets a leading apostrophe, so that no spreadsheet program runs it as a formula. Numbers stay.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_csv(Path(folder) / "t.csv", ["a", "b"], [[1, 0.5], [None, float("nan")]])
    ...     (Path(folder) / "t.csv").read_text()
    'a,b\n1,0.5\n,\n'
    """
    with open_csv(path, columns) as write_row:
        for row in rows:
            write_row(row)


@contextlib.contextmanager
def open_csv(
    path: str | Path, columns: Sequence[str]
) -> Iterator[Callable[[Sequence[object]], None]]:
    """Give a function that writes a row; the file appears if the block ends without error.

    Parameters
    ----------
    path, columns
        As for `write_csv`, which this does for rows that come one by one.
    """
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream,
    ):
        yield _begin(stream, columns)


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    r"""Return what `write_csv` writes.

    Examples
    --------
    >>> csv_bytes(["a", "b"], [["=1", None]])
    b"a,b\n'=1,\n"
    """
    stream = io.StringIO(newline="")
    write_row = _begin(stream, columns)
    for row in rows:
        write_row(row)
    return stream.getvalue().encode("utf-8", "surrogateescape")


def _begin(stream: TextIO, columns: Sequence[str]) -> Callable[[Sequence[object]], None]:
    """Write the header; return what writes a row."""
    writer = csv.writer(_Lines(stream))
    writer.writerow(columns)

    def write_row(row: Sequence[object]) -> None:
        if len(row) != len(columns):
            raise ArgumentError(f"a row has {len(row)} cells, expected {len(columns)}")
        writer.writerow([_cell(value) for value in row])

    return write_row


class _Lines:
    r"""Ends lines with ``\n``; `csv` quotes a carriage return only where it ends lines with it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: str) -> int:
        return self._stream.write(line.removesuffix("\r\n") + "\n")


def _cell(value: object) -> object:
    if isinstance(value, str):
        return guarded(value)
    # NaN is the one value that differs from itself; csv writes None as an empty cell.
    return None if value != value else value  # noqa: PLR0124
