# SPDX-License-Identifier: Apache-2.0
"""The work behind ``gftcore teach run``: lessons of a teacher, and the data set of them."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gftcore.cli.progress import Progress
from gftcore.cli.teaching import Teaching
from gftcore.errors import BudgetError, UnavailableError
from gftcore.io.files import held_folder
from gftcore.teacher import (
    PROMPTS_VERSION,
    SLOTS,
    Asking,
    Budget,
    Flaw,
    Item,
    Ledger,
    Taught,
    TeacherRequest,
    TeachingCase,
    TemplateTeacher,
    flaw_of,
    read_batch,
    read_teaching_case,
    taught_by_reply,
    taught_by_template,
    write_batch,
    write_data_set,
)
from gftcore.teacher.case_files import case_key

if TYPE_CHECKING:
    from gftcore.teacher import RemoteTeacher

__all__ = ["LEDGER_FILE", "Lessons"]

LEDGER_FILE = "ledger.sqlite"
#: Cases in memory at once; each holds two pictures.
_CASES = 32


@dataclass
class Lessons:
    """Lessons of one data set.

    Attributes
    ----------
    work
        The data set, with its cases.
    asking
        How a teacher behind an address is asked; None for `TemplateTeacher`.
    silent
        Whether no progress is shown.
    stopped
        Why a run ended before all was asked; the data set has what there is.
    told
        What came out: counts of requests, and the figures of the quality sheet.
    """

    work: Teaching
    asking: Asking | None
    silent: bool
    stopped: BudgetError | UnavailableError | None = None
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Images that have a case."""
        return [one.id for one in self.work.records if self.work.jobs[one.id].status != "failed"]

    @functools.cached_property
    def case(self) -> Callable[[str], TeachingCase]:
        """Read a case, or remember it."""
        return functools.lru_cache(_CASES)(functools.partial(read_teaching_case, self.work.out))

    def by_rule(self) -> None:
        """Write the data set of `TemplateTeacher`."""
        with held_folder(self.work.out):
            self._write(self._told(taught_by_template), TemplateTeacher.name)

    def ask(self, teach: Callable[..., RemoteTeacher], *, retry: bool) -> None:
        """Ask a teacher what the ledger does not know, and write the data set of all replies."""
        with held_folder(self.work.out), self._ledger() as ledger:
            teacher = teach(ledger=ledger)
            if retry:
                ledger.reopen_all()
            with Progress(len(SLOTS) * len(self.names), what="replies", silent=self.silent) as bar:
                try:
                    done = teacher.run(self._requests(bar), validate=self._flaw)
                    self.stopped = UnavailableError(done.stopped) if done.stopped else None
                except (BudgetError, UnavailableError) as error:
                    self.stopped = error
            self._compose(ledger)

    def batch_out(self, folder: Path, budget: Budget) -> list[Path]:
        """Write requests that the ledger does not know to batch files."""
        with held_folder(self.work.out), self._ledger() as ledger:
            with Progress(len(SLOTS) * len(self.names), what="requests", silent=self.silent) as bar:
                files = write_batch(folder, self._requests(bar), ledger, budget)
            self.told["requests"] = ledger.counts()
        return files

    def batch_in(self, files: list[Path], budget: Budget) -> None:
        """Read replies to batch files, and write the data set of all replies."""
        with held_folder(self.work.out), self._ledger() as ledger:
            for file in files:
                read_batch(file, ledger, prices=budget.prices, validate=self._flaw)
            self._compose(ledger)

    def _ledger(self) -> Ledger:
        return Ledger(self.work.out / LEDGER_FILE)

    def _requests(self, bar: Progress) -> Iterator[TeacherRequest]:
        for name in self.names:
            for request in self.requests_of(name):
                yield request
                bar.step(failed=False)

    def requests_of(self, name: str) -> list[TeacherRequest]:
        """Return what is sent about an image, stage by stage."""
        assert self.asking is not None
        return [self.asking.request(self.case(name), stage) for stage in SLOTS]

    @functools.cached_property
    def _keys(self) -> dict[str, str]:
        return {case_key(self.work.out, name): name for name in self.names}

    def _flaw(self, request: TeacherRequest, reply: str) -> Flaw | None:
        case = self.case(self._keys[request.stage.split("/")[1]])
        return flaw_of(case, request, reply)

    def _compose(self, ledger: Ledger) -> None:
        assert self.asking is not None
        asking = self.asking
        known: dict[str, Item] = {item.stage: item for item in ledger.items()}
        self.told["requests"] = ledger.counts()
        self.told["spent"] = ledger.spent_micros() / 1e6

        def replies(case: TeachingCase) -> Iterator[Taught]:
            for stage in SLOTS:
                item = known.get(asking.topic(case, stage))
                if item is not None and item.state in ("done", "failed", "refused"):
                    yield taught_by_reply(case, stage, item, teacher=asking.name)

        self._write(self._told(replies), asking.name)

    def _told(self, teach: Callable[[TeachingCase], Iterator[Taught]]) -> Iterator[Taught]:
        names = self.names
        with Progress(len(names), what="lessons", silent=self.silent) as bar:
            for name in names:
                yield from teach(self.case(name))
                bar.step(failed=False)

    def _write(self, taught: Iterator[Taught], teacher: str) -> None:
        about = self.work.document
        metadata = {
            "fold": str(about["fold"]),
            "manifest_sha256": about["manifest_sha256"],
            "splits": json.dumps(about["splits"], sort_keys=True),
            "facts": about["facts"],
            "settings_sha256": about["config_hash"],
            "teacher": teacher,
            "prompts": PROMPTS_VERSION,
            "model_notice": about["notice"],
        }
        self.told["figures"] = write_data_set(
            self.work.out,
            taught,
            records={one.id: one for one in self.work.manifest},
            data=about["data"],
            metadata=metadata,
        )
