# SPDX-License-Identifier: Apache-2.0
"""Tables with one row per image of this and earlier runs into the same folder."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gftcore.cli.jobs import Job
from gftcore.errors import RefusedError
from gftcore.formats.tables import IMAGE_COLUMNS
from gftcore.io import write_csv
from gftcore.io.tables import unguarded

__all__ = ["ImageTable", "RowTable", "relpath_of"]


def relpath_of(job: Job) -> str:
    """File of a job below the folder of the images."""
    return f"{job.stem}{job.path.suffix}"


class RowTable:
    """A CSV file whose first column names the image."""

    def __init__(self, path: Path, columns: Sequence[str], *, overwrite: bool) -> None:
        self._path, self._columns = path, tuple(columns)
        self._rows: dict[str, list[Any]] = {}
        if not path.exists():
            return
        try:
            with path.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
                rows = [list(map(unguarded, row)) for row in csv.reader(stream)]
        except (OSError, csv.Error):
            rows = []
        if rows and tuple(rows[0]) == self._columns:
            self._rows = {row[0]: row for row in rows[1:] if len(row) == len(self._columns)}
        elif not overwrite:
            raise RefusedError(f"{path} exists and was not written by gftcore; use --overwrite")

    def __contains__(self, job: Job) -> bool:
        return str(job.stem) in self._rows

    def add(self, row: Sequence[Any]) -> None:
        """Take a row in place of the one that has its name."""
        self._rows[str(row[0])] = list(row)

    def drop(self, job: Job) -> None:
        """Forget the row of a job."""
        self._rows.pop(str(job.stem), None)

    def write(self) -> None:
        """Write all rows, sorted by name."""
        write_csv(self._path, self._columns, [self._rows[key] for key in sorted(self._rows)])


class ImageTable(RowTable):
    """``images.csv``: what is known of each image, failures among them."""

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        super().__init__(path, IMAGE_COLUMNS, overwrite=overwrite)

    def add_failures(self, jobs: list[Job], kind: str) -> None:
        """Take rows of what failed; a refused result keeps that of the run that wrote it."""
        done = {job.stem for job in jobs if job.status != "failed"}
        for job in jobs:
            # A path that does not exist may have the name of an image that does.
            if job.status != "failed" or job.stem in done:
                continue
            if job.code == "REFUSED" and job in self:
                continue
            known = {
                "image_id": str(job.stem),
                "relpath": relpath_of(job),
                "kind": None if kind == "auto" else kind,
                "status": "failed",
                "error_code": job.code,
                "message": job.message,
            }
            self.add([known.get(column) for column in IMAGE_COLUMNS])
