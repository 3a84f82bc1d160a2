# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a manifest or a data set, cell by cell and file by file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gftcore.errors import FormatError

__all__ = ["ManifestError", "Problem", "Problems"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    row
        Row as a spreadsheet counts it: 1 is the first line of the file, blank lines count; 0 if it
        concerns no row.
    column
        Name of the column; empty if the row as a whole is wrong.
    message
        What was expected and what came. Identifiers and paths are not repeated.
    """

    row: int
    column: str
    message: str

    def __str__(self) -> str:
        """Text with the place in front."""
        if self.row == 0:
            return self.message
        column = f", column {self.column}" if self.column else ""
        return f"row {self.row}{column}: {self.message}"


class ManifestError(FormatError):
    """A manifest, or the files of a data set, that cannot be used.

    Attributes
    ----------
    problems
        What is wrong, in the order of the rows, up to the limit of the reader.
    total
        How many problems there are.
    """

    def __init__(
        self, message: str, *, problems: Sequence[Problem] = (), total: int | None = None
    ) -> None:
        super().__init__(message)
        self.problems = tuple(problems)
        self.total = len(self.problems) if total is None else total


class Problems:
    """Problems of one file, kept up to a limit and counted beyond it."""

    def __init__(self, file: Path, limit: int) -> None:
        self._file, self._limit = file, limit
        self._kept: list[Problem] = []
        self.total = 0

    def add(self, row: int, column: str, message: str) -> None:
        """Note one more."""
        self.total += 1
        if len(self._kept) < self._limit:
            self._kept.append(Problem(row, column, message))

    def raise_any(self) -> None:
        """Raise all of them as one error, if there are any."""
        if not self.total:
            return
        if self.total == 1:
            message = f"{self._file}: {self._kept[0]}"
        else:
            lines = [f"{self._file}: has {self.total} problems", *map(str, self._kept)]
            if self.total > len(self._kept):
                lines.append(f"and {self.total - len(self._kept)} more")
            message = "\n".join(lines)
        raise ManifestError(message, problems=self._kept, total=self.total)
