# SPDX-License-Identifier: Apache-2.0
"""A teacher that needs no network: sentences by rule from table and findings."""

from __future__ import annotations

from typing import ClassVar

from gftcore._validation import describe, require_choice
from gftcore.errors import ArgumentTypeError
from gftcore.narrative import QuestionAnswer, answer_plan, answer_stage
from gftcore.teacher.cases import TeachingCase
from gftcore.teacher.checks import CODES, check_pair
from gftcore.teacher.lessons import check_pairs
from gftcore.teacher.pairs import SLOTS, Dropped, Lesson, Pair
from gftcore.teacher.survivors import overlooked, surviving
from gftcore.teacher.wording import question_words, seed_of

__all__ = ["TemplateTeacher", "answers"]

#: Slots that speak of the stage, and of what it rests on.
_STAGED = ("stage", "diagnosis", "why-not")


class TemplateTeacher:
    """Lessons in the sentences of `gftcore.narrative`, with the label as stage.

    Equal cases give equal lessons. Questions and answers come in several wordings, chosen by the
    image's pixels and never by label, table or findings.
    """

    #: Name and version, as data sets record it.
    name: ClassVar[str] = "template/1"

    def raw_pairs(self, case: TeachingCase, stage: int) -> tuple[Pair, ...]:
        """Return all pairs of a stage before any check, from the findings alone.

        Parameters
        ----------
        case
            The image.
        stage
            1 or 2.
        """
        return tuple(
            _pair(case, one, [s.text for s in one.sentences])
            for one in answers(case, stage, whole=True)
        )

    def teach(self, case: TeachingCase, stage: int) -> Lesson:
        """Return the pairs of a stage that the facts bear out.

        Parameters
        ----------
        case, stage
            As for `raw_pairs`.

        Returns
        -------
        Lesson
            Through the same checks as that of any teacher. Of an answer of several sentences, those
            that fail are left out, and what is left is checked again. Where lesions are known, of
            findings only that is told which they bear out; if nothing is left of a diseased eye,
            all pairs about its stage are dropped as ``unseen``.
        """
        pairs = []
        for one in answers(case, stage):
            texts = [sentence.text for sentence in one.sentences]
            pair = _pair(case, one, texts)
            if len(texts) > 1 and check_pair(case, pair):
                kept: list[str] = []
                for text in texts:
                    if not check_pair(case, _pair(case, one, [*kept, text])):
                        kept.append(text)
                pair = _pair(case, one, kept or texts)
            pairs.append(pair)
        lesson = check_pairs(case, stage, pairs)
        return _without_stages(lesson) if overlooked(case) else lesson


def _without_stages(lesson: Lesson) -> Lesson:
    """Drop what would say that nothing is there."""
    unseen = [pair for pair in lesson.pairs if pair.slot.startswith(_STAGED)]
    dropped = [Dropped(pair.slot, "unseen", CODES["unseen"], pair) for pair in unseen]
    slots = SLOTS[lesson.stage]
    return Lesson(
        stage=lesson.stage,
        pairs=tuple(pair for pair in lesson.pairs if pair not in unseen),
        dropped=tuple(sorted([*lesson.dropped, *dropped], key=lambda one: slots.index(one.slot))),
    )


def answers(case: TeachingCase, stage: int, *, whole: bool = False) -> tuple[QuestionAnswer, ...]:
    """Return what the narrative says of a case, in the image's wording.

    Of the findings that its lesions bear out, or of its ``whole`` findings.
    """
    if not isinstance(case, TeachingCase):
        raise ArgumentTypeError(f"case must be a TeachingCase, got {describe(case)}")
    require_choice(stage, tuple(SLOTS), "stage")
    seed = seed_of(case.key, "answers")
    found = case.findings if whole else surviving(case)
    if stage == 1:
        return (answer_stage(case.table, found, stage=case.label, wording=seed),)
    return answer_plan(case.table, found, stage=case.label, wording=seed)


def _pair(case: TeachingCase, one: QuestionAnswer, sentences: list[str]) -> Pair:
    question = question_words(one.slot, one.about, case.key)
    return Pair(slot=one.slot, question=question, answer=" ".join(sentences))
