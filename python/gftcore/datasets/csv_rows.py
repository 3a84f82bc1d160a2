# SPDX-License-Identifier: Apache-2.0
"""Rows of the CSV files that users write: manifests and lists of labels."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from gftcore.datasets.problems import Problems

__all__ = ["column_names", "decoded", "rows_of", "without_empty_end"]


def decoded(data: bytes, problems: Problems) -> str:
    """Return the text of a file in UTF-8, or raise what is wrong with it."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        got = "UTF-16" if wide else f"the byte 0x{data[error.start]:02X}"
        row = len((data[: error.start] + b".").splitlines())
        problems.add(row, "", f"must be UTF-8, got {got}; save the file as CSV UTF-8")
        problems.raise_any()
        raise AssertionError from error  # raise_any does not return after add


def rows_of(text: str, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """Yield number and stripped cells of each row that is not blank.

    The rows before damaged quoting are still good.
    """
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.add(number, "", f"must be cells separated by commas: {error!s:.100}")
            return
        if any(cell.strip() for cell in cells):
            yield number, [cell.strip() for cell in cells]


def column_names(row: int, cells: Sequence[str], problems: Problems) -> list[str]:
    """Return the names in a header, in lower case; one with another separator is refused."""
    names = [cell.casefold() for cell in without_empty_end(cells, 0)]
    if len(names) == 1 and (other := next((c for c in ";\t|" if c in names[0]), None)):
        problems.add(row, "", f"must have commas between columns, got {other!r}")
        problems.raise_any()
    return names


def without_empty_end(cells: Sequence[str], keep: int) -> list[str]:
    """Drop empty cells from the end, down to `keep` cells."""
    end = len(cells)
    while end > keep and not cells[end - 1]:
        end -= 1
    return list(cells[:end])
