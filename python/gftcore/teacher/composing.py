# SPDX-License-Identifier: Apache-2.0
"""Lessons to the files of a data set."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gftcore.claims import Facts
from gftcore.datasets import Record
from gftcore.instructions import (
    STORE,
    Instruction,
    InstructionSet,
    Message,
    quality_figures,
    quality_sheet,
    write_instructions,
)
from gftcore.io import atomic_path, provenance
from gftcore.io.files import require_path
from gftcore.report import write_page
from gftcore.tabulation import table_json
from gftcore.teacher.case_files import case_document
from gftcore.teacher.cases import TeachingCase
from gftcore.teacher.ledger import Item
from gftcore.teacher.lessons import read_lesson
from gftcore.teacher.pairs import SLOTS, Dropped, Lesson, Pair
from gftcore.teacher.template import TemplateTeacher

__all__ = ["DROPPED", "QUALITY", "SHEET", "Taught", "taught_by_reply", "taught_by_template"]
__all__ += ["write_data_set"]

DROPPED, QUALITY, SHEET = "dropped.json", "quality.json", "quality.html"
#: The image does not tell the side, but nasal and temporal depend on it.
_SIDE = {"OD": "This is a right eye. ", "OS": "This is a left eye. ", "unknown": ""}
_DROPPED_SCHEMA = "gftcore-dropped/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What a teacher said about a case.

    Attributes
    ----------
    case
        The image.
    lesson
        What may be used, and what not.
    raw
        All that was said, before any check.
    teacher
        Who said it.
    """

    case: TeachingCase
    lesson: Lesson
    raw: tuple[Pair, ...]
    teacher: str


def taught_by_template(case: TeachingCase) -> Iterator[Taught]:
    """Yield what `TemplateTeacher` says about a case, stage by stage."""
    teacher = TemplateTeacher()
    for stage in SLOTS:
        yield Taught(
            case=case,
            lesson=teacher.teach(case, stage),
            raw=teacher.raw_pairs(case, stage),
            teacher=teacher.name,
        )


def taught_by_reply(case: TeachingCase, stage: int, item: Item, *, teacher: str) -> Taught:
    """Return what became of a request about a case.

    Parameters
    ----------
    case, stage
        What it was about.
    item
        Its row of the ledger, finished.
    teacher
        Who was asked.
    """
    if item.reply is not None:
        lesson = read_lesson(case, stage, item.reply)
    else:
        lost = tuple(Dropped(slot, item.state, item.reason or "") for slot in SLOTS[stage])
        lesson = Lesson(stage=stage, pairs=(), dropped=lost)
    return Taught(case=case, lesson=lesson, raw=_said_in(lesson), teacher=teacher)


def _said_in(lesson: Lesson) -> tuple[Pair, ...]:
    """Return all pairs of a lesson, also those that were refused, in the order of the slots."""
    pairs = [*lesson.pairs, *(one.pair for one in lesson.dropped if one.pair is not None)]
    return tuple(sorted(pairs, key=lambda pair: SLOTS[lesson.stage].index(pair.slot)))


def write_data_set(
    folder: str | Path,
    taught: Iterable[Taught],
    *,
    records: Mapping[str, Record],
    data: str,
    metadata: Mapping[str, str],
) -> dict[str, Any]:
    """Write instructions, what was dropped, and the quality sheet.

    Parameters
    ----------
    folder
        Of the data set, with the files of its cases, see `write_teaching_case`.
    taught
        Lessons, in the order of the rows.
    records
        Of all images that the data set may have, by id: their subjects get numbers in this order.
    data, metadata
        As for `gftcore.instructions.write_instructions`.

    Returns
    -------
    dict
        The figures, see `gftcore.instructions.quality_figures`.
    """
    root = require_path(folder)
    subjects = {one.subject: 0 for one in records.values()}
    numbers = {subject: number for number, subject in enumerate(subjects)}
    kept: list[Instruction] = []
    before: list[Instruction] = []
    dropped: list[dict[str, Any]] = []
    facts: dict[str, Facts] = {}
    truth: dict[str, Facts] = {}
    for one in taught:
        case, stage = one.case, one.lesson.stage
        facts[case.image_id] = Facts.of_findings(
            eye=case.eye, stage=case.label, findings=case.findings
        )
        if case.truth is not None:
            truth[case.image_id] = case.truth
        about = _About.of(root, case, numbers[records[case.image_id].subject], one.teacher)
        kept += about.rows(stage, one.lesson.pairs)
        before += about.rows(stage, filter(_is_text, one.raw))
        dropped += [_row(case, stage, lost) for lost in one.lesson.dropped]
    rows = InstructionSet(records=tuple(kept), data=data, metadata=dict(metadata))
    figures = quality_figures(rows, facts, truth=truth or None, dropped=dropped, before=before)
    _write_json(root / DROPPED, {**provenance(_DROPPED_SCHEMA), "dropped": dropped})
    _write_json(root / QUALITY, figures)
    write_page(root / SHEET, quality_sheet(figures))
    write_instructions(root / STORE, kept, data=data, metadata=metadata)
    return figures


def _is_text(pair: Pair) -> bool:
    """Whether a pair that nobody checked has two texts that a file can hold."""
    texts = (pair.question, pair.answer)
    try:
        return all(text.encode() and "\0" not in text for text in texts)
    except UnicodeEncodeError:
        return False


def _row(case: TeachingCase, stage: int, lost: Dropped) -> dict[str, Any]:
    pair = None if lost.pair is None else dataclasses.asdict(lost.pair)
    return {
        "image_id": case.image_id,
        "label": case.label,
        "stage": stage,
        "slot": lost.slot,
        "code": lost.code,
        "reason": lost.reason,
        "pair": pair,
    }


@dataclass(frozen=True, slots=True)
class _About:
    """What all rows of an image share."""

    case: TeachingCase
    shared: Mapping[str, Any]

    @staticmethod
    def of(root: Path, case: TeachingCase, subject: int, teacher: str) -> _About:
        picture = case_document(root, case.image_id)["image"]
        shared = {
            "image_id": case.image_id,
            "image": picture["path"],
            "image_sha256": picture["sha256"],
            "table_sha256": hashlib.sha256(table_json(case.table).encode()).hexdigest(),
            "label": case.label,
            "eye": case.eye,
            "split": "train",
            "subject": subject,
            "teacher": teacher,
        }
        return _About(case, shared)

    def rows(self, stage: int, pairs: Iterable[Pair]) -> Iterator[Instruction]:
        for pair in pairs:
            asked = Message(role="user", content=f"{_SIDE[self.case.eye]}{pair.question}")
            answered = Message(role="assistant", content=pair.answer)
            yield Instruction(
                stage=stage, slot=pair.slot, messages=(asked, answered), **self.shared
            )


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    with atomic_path(path) as temporary:
        # A reply may hold what is no valid Unicode, which ASCII can still write.
        text = json.dumps(document, indent=1, allow_nan=False)
        temporary.write_text(text + "\n", encoding="ascii")
