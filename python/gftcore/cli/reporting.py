# SPDX-License-Identifier: Apache-2.0
"""The work behind ``gftcore run``: everything that is known about an image, written and listed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from gftcore import graph as graphs
from gftcore import report
from gftcore.cli.explaining import WORK, write_explanation
from gftcore.cli.jobs import Job
from gftcore.cli.tabulating import Tabulating, told_of_table, write_tables
from gftcore.errors import FormatError, RefusedError
from gftcore.io import atomic_path
from gftcore.pipeline import CASE_KEEP, Case, ExplainedImage, make_case
from gftcore.pipeline.times import Laps
from gftcore.tabulation import read_table

if TYPE_CHECKING:
    from gftcore.cli.progress import Progress

__all__ = ["Reporting", "write_case"]

#: Ends of the files of a case; the table is read again, and the page comes last.
SUFFIXES = (
    ".table.json",
    ".table.md",
    ".table.csv",
    ".text.json",
    ".npz",
    ".explanation.json",
    ".explanation.png",
    ".report.html",
)
INDEX = "index.html"


@dataclass(slots=True)
class Reporting(Tabulating):
    """Settings of one run of ``gftcore run``, and what came out."""

    command: ClassVar[str] = "run"
    schema: ClassVar[str] = "gftcore-run/1"
    work: ClassVar[Mapping[str, str]] = {
        **{name: words for name, words in WORK.items() if name != "files"},
        "case": "table and text",
        "page": "page",
        "files": "files",
    }
    keep: ClassVar[tuple[str, ...]] = CASE_KEEP
    done: ClassVar[str] = "reported"
    shown: ClassVar[int] = len(SUFFIXES) - 1

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Ends of the files that a job writes; the first one is read again."""
        return SUFFIXES

    def plan(self, jobs: list[Job]) -> None:
        """Say what would be written, without writing."""
        self._require_index()
        Tabulating.plan(self, jobs)

    def run(self, jobs: list[Job], threads: int | None, progress: Progress) -> None:
        """Work on all jobs, then list them."""
        self._require_index()
        Tabulating.run(self, jobs, threads, progress)
        self._write_index(jobs)

    def _finish(self, job: Job, said: ExplainedImage) -> None:
        lap = Laps()
        settings = self.settings_hash_of(job)
        case = make_case(said, self.model, image_id=str(job.stem), settings_hash=settings)
        made_s, _ = lap.next()
        home = "../" * (len(job.stem.parts) - 1) + INDEX
        more = {"settings_hash": settings}
        seconds = write_case(case, self.names(job), home=home, more=more)
        self._done(job, said, told_of_table(case.table), {"case": made_s, **seconds})
        job.warnings = case.table.warnings

    @property
    def index(self) -> Path:
        """The page that lists all eyes of the folder."""
        return self.out / INDEX

    def _require_index(self) -> None:
        """Refuse to replace an index that is no result of this command.

        Raises
        ------
        RefusedError
            If there is one.
        """
        if self.overwrite or not self.index.exists():
            return
        if report.INDEX_SCHEMA not in self.index.read_text("utf-8", errors="replace"):
            raise RefusedError(f"{self.index} is no index of reports; use --overwrite")

    def _write_index(self, jobs: list[Job]) -> None:
        """List all eyes of the folder, those of earlier runs among them, and what failed now."""
        rows = []
        for page in sorted(self.out.rglob(f"*{SUFFIXES[-1]}")):
            stem = page.name.removesuffix(SUFFIXES[-1])
            try:
                table = read_table(page.with_name(stem + SUFFIXES[0]))
            except (FormatError, OSError):
                continue  # a page of something else
            if tuple(table.probabilities) == self.model.config.classes:
                rows.append(report.IndexCase.of(table, page.relative_to(self.out).as_posix()))
        # Messages may name folders of this machine, which a page must not.
        why = "no report; the output of the command says why"
        failures = [
            report.IndexFailure(name=str(job.stem), code=job.code, message=why)
            for job in jobs
            if job.status == "failed"
        ]
        page_text = report.index_page(
            rows, notice=self.notice, failures=failures, model=report.model_line(self.model)
        )
        report.write_page(self.index, page_text)


def write_case(
    case: Case, names: list[Path], *, home: str, more: Mapping[str, Any]
) -> dict[str, float]:
    """Write all files of a case, the page last; return the times of it."""
    table, markdown, flat, words, graph, explanation, picture, page = names
    lap = Laps()
    write_tables(case.table, table, markdown, flat)
    with atomic_path(words) as temporary:
        text = json.dumps(case.document(), indent=1, sort_keys=True, ensure_ascii=False)
        temporary.write_text(text + "\n", "utf-8")
    kept = {name: case.said.graph.kept[name] for name in CASE_KEEP}
    graphs.save(dataclasses.replace(case.said.graph, kept=kept), graph)
    written_s, _ = lap.next()
    image_id = case.table.image.id
    _, seconds = write_explanation(case.said, explanation, picture, image_id=image_id, more=more)
    lap.next()
    content = case.page(home=home)
    page_s, _ = lap.next()
    report.write_page(page, content)
    last_s, _ = lap.next()
    files_s = seconds["files"] + written_s + last_s
    return {"picture": seconds["picture"], "page": page_s, "files": files_s}
