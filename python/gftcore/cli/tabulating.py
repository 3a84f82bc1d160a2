# SPDX-License-Identifier: Apache-2.0
"""The work behind ``gftcore table``: explain, measure, write, resume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from gftcore import __version__
from gftcore.cli.explaining import SHOWN, WORK, Explaining
from gftcore.cli.jobs import Job
from gftcore.errors import FormatError
from gftcore.pipeline import TABLE_KEEP, ExplainedImage, tabulate
from gftcore.pipeline.times import Laps
from gftcore.tabulation import (
    Table,
    read_table,
    write_legacy_csv,
    write_table,
    write_table_csv,
    write_table_markdown,
)

__all__ = ["Tabulating", "told_of_table", "write_tables"]

_WORK = {name: words for name, words in WORK.items() if name not in ("picture", "files")}


@dataclass(slots=True)
class Tabulating(Explaining):
    """Settings of one run of ``gftcore table``, and what came out."""

    command: ClassVar[str] = "table"
    schema: ClassVar[str] = "gftcore-table-run/1"
    work: ClassVar[Mapping[str, str]] = {**_WORK, "table": "table", "files": "files"}
    keep: ClassVar[tuple[str, ...]] = TABLE_KEEP
    what: ClassVar[str] = "table"
    done: ClassVar[str] = "tabulated"

    #: Whether the older CSV is written.
    legacy: bool = False

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Ends of the files that a job writes; the first one is read again."""
        more = (".legacy.csv",) if self.legacy else ()
        return (".table.json", ".table.md", ".table.csv", *more)

    def _read(self, file: Path, sha256: str, settings: str) -> tuple[bool, dict[str, Any] | None]:
        try:
            table = read_table(file)
        except FormatError:
            return False, None
        same = (
            table.settings_hash == settings
            and table.gftcore == __version__
            and table.image.sha256 == sha256
        )
        return True, told_of_table(table) if same else None

    def _finish(self, job: Job, said: ExplainedImage) -> None:
        lap = Laps()
        settings = self.settings_hash_of(job)
        table = tabulate(said, self.model, image_id=str(job.stem), settings_hash=settings)
        made_s, _ = lap.next()
        write_tables(table, *self.names(job))
        written_s, _ = lap.next()
        self._done(job, said, told_of_table(table), {"table": made_s, "files": written_s})
        job.warnings = table.warnings


def write_tables(
    table: Table, text: Path, markdown: Path, flat: Path, legacy: Path | None = None
) -> None:
    """Write all forms of a table, the JSON file first: a run that finds it makes the others."""
    write_table(text, table)
    write_table_markdown(markdown, table)
    write_table_csv(flat, table)
    if legacy is not None:
        write_legacy_csv(legacy, table)


def told_of_table(table: Table) -> dict[str, Any]:
    """What the command says of an image."""
    about = table.attribution
    out: dict[str, Any] = {name: getattr(table, name) for name in SHOWN}
    out["probabilities"] = dict(table.probabilities)
    out["kind"] = about.kind
    out["errors"] = {
        name: error
        for name, panels, error in (
            ("nodes", about.n_nodes, about.error_nodes),
            ("edges", about.n_edges, about.error_edges),
        )
        if panels
    }
    out["selected"] = {
        name: {"count": len(rows), "share": sum(row.share for row in rows)}
        for name, rows in (("nodes", table.nodes), ("edges", table.edges))
    }
    return out
