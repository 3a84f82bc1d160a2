# SPDX-License-Identifier: Apache-2.0
"""The work behind ``gftcore run``: everything that is known about an image, written and listed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from gftcore import graph as graphs
from gftcore import report
from gftcore.cli.explaining import WORK, write_explanation
from gftcore.cli.jobs import Job
from gftcore.cli.tabulating import Tabulating, told_of_table, write_tables
from gftcore.pipeline import CASE_KEEP, Case, ExplainedImage, make_case
from gftcore.pipeline.times import Laps
from gftcore.tabulation import read_table

__all__ = ["Reporting", "write_case"]

#: Ends of the files of a case; the table is read again, and the page comes last.
SUFFIXES = (
    ".table.json",
    ".table.md",
    ".table.csv",
    ".npz",
    ".explanation.json",
    ".explanation.png",
    ".report.html",
)
INDEX = "index.html"


@dataclass(slots=True)
class Reporting(Tabulating):
    """Settings of one run of ``gftcore run``, and what came out."""

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

    def _finish(self, job: Job, said: ExplainedImage) -> None:
        lap = Laps()
        case = make_case(said, self.model, image_id=str(job.stem), settings_hash=self.settings_hash)
        made_s, _ = lap.next()
        home = "../" * (len(job.stem.parts) - 1) + INDEX
        more = {"settings_hash": self.settings_hash}
        seconds = write_case(case, self.names(job), home=home, more=more)
        self._done(job, said, told_of_table(case.table), {"case": made_s, **seconds})
        job.warnings = case.table.warnings

    def write_index(self, jobs: list[Job]) -> Path:
        """List all images of a run, those of earlier runs among them, and those that failed."""
        rows, failures = [], []
        for job in jobs:
            names = self.names(job)
            if job.status == "failed":
                # Messages may name folders of this machine, which a page must not.
                why = "no report; the output of the command says why"
                failures.append(report.IndexFailure(name=str(job.stem), code=job.code, message=why))
            else:
                href = names[-1].relative_to(self.out).as_posix()
                rows.append(report.IndexCase.of(read_table(names[0]), href))
        path = self.out / INDEX
        page = report.index_page(
            rows, notice=self.notice, failures=failures, model=report.model_line(self.model)
        )
        report.write_page(path, page)
        return path


def write_case(
    case: Case, names: list[Path], *, home: str, more: Mapping[str, Any]
) -> dict[str, float]:
    """Write all files of a case, the page last; return the times of it."""
    table, markdown, flat, graph, explanation, picture, page = names
    lap = Laps()
    write_tables(case.table, table, markdown, flat)
    kept = {name: case.said.graph.kept[name] for name in CASE_KEEP}
    graphs.save(dataclasses.replace(case.said.graph, kept=kept), graph)
    written_s, _ = lap.next()
    image_id = case.table.image.id
    _, seconds = write_explanation(case.said, explanation, picture, image_id=image_id, more=more)
    lap.next()
    text = case.page(home=home)
    page_s, _ = lap.next()
    report.write_page(page, text)
    last_s, _ = lap.next()
    files_s = seconds["files"] + written_s + last_s
    return {"picture": seconds["picture"], "page": page_s, "files": files_s}
