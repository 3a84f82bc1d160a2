# SPDX-License-Identifier: Apache-2.0
"""What a ledger has finished, for those who only look."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from gftcore.errors import FormatError
from gftcore.io.files import require_file
from gftcore.teacher.ledger_file import APPLICATION, translated

__all__ = ["FINISHED", "finished_topics"]

#: States of requests that are never sent again by themselves.
FINISHED = ("done", "failed", "refused")


def finished_topics(path: str | Path) -> frozenset[str]:
    """Return the `stage` of all finished requests; the ledger is neither locked nor changed.

    Parameters
    ----------
    path
        A ledger that is there; somebody else may be writing it.

    Raises
    ------
    FormatError
        If the file is no ledger.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore.teacher import Ledger
    >>> with tempfile.TemporaryDirectory() as folder, Ledger(f"{folder}/ledger.sqlite"):
    ...     finished_topics(f"{folder}/ledger.sqlite")
    frozenset()
    """
    file = require_file(path)
    with (
        translated(file),
        contextlib.closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as own,
    ):
        if own.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
            raise FormatError(f"{file} is no ledger; use another file")
        marks = ", ".join("?" * len(FINISHED))
        found = own.execute(f"SELECT stage FROM items WHERE state IN ({marks})", FINISHED)
        return frozenset(stage for (stage,) in found.fetchall())
