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
from gftcore.errors import BudgetError, GftcoreError, RefusedError, UnavailableError
from gftcore.instructions import STORE, read_instructions
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
from gftcore.teacher.finished import FINISHED, finished_topics
from gftcore.teacher.ledger_file import STATES

if TYPE_CHECKING:
    from gftcore.teacher import RemoteTeacher

__all__ = ["LEDGER_FILE", "Lessons"]

LEDGER_FILE = "ledger.sqlite"
#: Cases in memory at once; each holds two pictures.
_CASES = 32
#: What is said of a batch file.
_BATCH = ("done", "planned", "failed", "refused", "unknown", "ignored")


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
        Why a run ended before all was asked.
    told
        What came out: counts of requests, and the figures of the quality sheet.
    """

    work: Teaching
    asking: Asking | None
    silent: bool
    stopped: BudgetError | UnavailableError | None = None
    told: dict[str, Any] = field(default_factory=dict)
    #: What requests are about, by image and stage, and the image by that.
    _topics: dict[tuple[str, int], str] = field(default_factory=dict)
    _owners: dict[str, str] = field(default_factory=dict)
    #: Rows of the data set that is there.
    _stored: int = 0

    @property
    def names(self) -> list[str]:
        """Images that have a case."""
        return [one.id for one in self.work.records if self.work.jobs[one.id].status != "failed"]

    @functools.cached_property
    def case(self) -> Callable[[str], TeachingCase]:
        """Read a case, or remember it."""
        return functools.lru_cache(_CASES)(functools.partial(read_teaching_case, self.work.out))

    def require_replaceable(self) -> None:
        """Refuse to replace a data set of another teacher, or of images that get none now."""
        file = self.work.out / STORE
        if not self.work.same_settings() or self.work.overwrite or not file.exists():
            return
        there = read_instructions(file)
        self._stored = len(there)
        if not self._stored:
            return
        said = f"move {STORE} away, use another folder, or --overwrite"
        teacher = TemplateTeacher.name if self.asking is None else self.asking.name
        stored = there.metadata.get("teacher", "unknown")
        if stored != teacher:
            raise RefusedError(
                f"{self.work.out} holds instructions of {stored!r:.160}, not of "
                f"{teacher!r:.160}; {said}"
            )
        left = {one.image_id for one in there} - {one.id for one in self.work.records}
        if left:
            raise RefusedError(
                f"{self.work.out} holds instructions about {len(left)} images that --limit "
                f"leaves out; {said}"
            )

    def by_rule(self) -> None:
        """Write the data set of `TemplateTeacher`."""
        with held_folder(self.work.out):
            self._write(self._told(taught_by_template), TemplateTeacher.name)

    def ask(self, teach: Callable[..., RemoteTeacher], *, retry: bool) -> None:
        """Ask a teacher what the ledger does not know, and write the data set of all replies."""
        with held_folder(self.work.out), self._ledger() as ledger:
            teacher = teach(ledger=ledger)
            if retry:
                self._reopen(ledger)
            with Progress(len(SLOTS) * len(self.names), what="replies", silent=self.silent) as bar:
                try:
                    done = teacher.run(self._requests(bar), validate=self._flaw)
                    self.stopped = UnavailableError(done.stopped) if done.stopped else None
                except (BudgetError, UnavailableError) as error:
                    self.stopped = error
            self._compose(ledger)

    def batch_out(self, folder: Path, budget: Budget, *, retry: bool) -> list[Path]:
        """Write requests that the ledger does not know to batch files."""
        with held_folder(self.work.out), self._ledger() as ledger:
            if retry:
                self._reopen(ledger)
            with Progress(len(SLOTS) * len(self.names), what="requests", silent=self.silent) as bar:
                files = write_batch(folder, self._requests(bar), ledger, budget)
            self._count(ledger)
        return files

    def batch_in(self, files: list[Path], budget: Budget) -> None:
        """Read replies to batch files, and write the data set of all replies."""
        with held_folder(self.work.out), self._ledger() as ledger:
            self._know_topics()
            self.told["batch_replies"] = []
            for file in files:
                found = read_batch(file, ledger, prices=budget.prices, validate=self._flaw)
                counts = {name: getattr(found, name) for name in _BATCH}
                self.told["batch_replies"].append({"file": str(file), **counts})
            self._compose(ledger)

    def finished(self, names: list[str]) -> set[str]:
        """Return the topics of these images that an earlier run finished; nothing is changed."""
        if not (self.work.out / LEDGER_FILE).exists():
            return set()
        known = finished_topics(self.work.out / LEDGER_FILE)
        return {self._topic(name, stage) for name in names for stage in SLOTS} & known

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
        made = []
        for stage in SLOTS:
            made.append(self.asking.request(self.case(name), stage))
            self._remember(name, stage, made[-1].stage)
        return made

    def _remember(self, name: str, stage: int, topic: str) -> str:
        self._owners[topic] = name
        return self._topics.setdefault((name, stage), topic)

    def _topic(self, name: str, stage: int) -> str:
        assert self.asking is not None
        known = self._topics.get((name, stage))
        return known or self._remember(name, stage, self.asking.topic(self.case(name), stage))

    def _know_topics(self) -> None:
        for name in self.names:
            for stage in SLOTS:
                self._topic(name, stage)

    def _reopen(self, ledger: Ledger) -> None:
        """Plan again what failed, of these settings alone."""
        failed = [item for item in ledger.items() if item.state == "failed"]
        if failed:
            self._know_topics()
        for item in failed:
            if item.stage in self._owners:
                ledger.reopen(item.key)

    def _flaw(self, request: TeacherRequest, reply: str) -> Flaw | None:
        """Say what is wrong with a reply; one that no case waits for is not looked at.

        It may be about an image that --limit leaves out or that has changed. It is checked again
        when the data set is written.
        """
        name = self._owners.get(request.stage)
        if name is None:
            return None
        try:
            case = self.case(name)
        except (GftcoreError, OSError):
            return None
        return flaw_of(case, request, reply)

    def _count(self, ledger: Ledger) -> dict[str, Item]:
        """Count the requests of these settings by state; return them by what they are about."""
        self._know_topics()
        known: dict[str, Item] = {}
        states = dict.fromkeys(STATES, 0)
        others = 0
        for item in ledger.items():
            if item.stage in self._owners:
                known[item.stage] = item
                states[item.state] += 1
            elif item.state in FINISHED:
                others += 1
        self.told["requests"] = states
        self.told["other_replies"] = others
        self.told["spent"] = ledger.spent_micros() / 1e6
        return known

    def _compose(self, ledger: Ledger) -> None:
        assert self.asking is not None
        teacher = self.asking.name
        known = self._count(ledger)

        def replies(case: TeachingCase) -> Iterator[Taught]:
            for stage in SLOTS:
                item = known.get(self._topic(case.image_id, stage))
                if item is not None and item.state in FINISHED:
                    yield taught_by_reply(case, stage, item, teacher=teacher)

        if self.stopped is not None:
            count = sum(len(one.lesson.pairs) for one in self._told(replies))
            if count < max(1, self._stored):
                self.told["kept"] = self._stored
                return
        self._write(self._told(replies), teacher)

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
