# SPDX-License-Identifier: Apache-2.0
"""A teacher that needs no network: sentences by rule from table and findings."""

from __future__ import annotations

from typing import ClassVar

from gftcore._validation import describe, require_choice
from gftcore.errors import ArgumentTypeError
from gftcore.narrative import QuestionAnswer, answer_plan, answer_stage
from gftcore.teacher.cases import TeachingCase
from gftcore.teacher.checks import check_pair
from gftcore.teacher.lessons import check_pairs
from gftcore.teacher.pairs import SLOTS, Lesson, Pair
from gftcore.teacher.wording import question_words, seed_of

__all__ = ["TemplateTeacher", "answers"]


class TemplateTeacher:
    """Lessons in the sentences of `gftcore.narrative`, with the label as stage.

    Equal cases give equal lessons. Questions and answers come in several wordings, chosen by the
    image's pixels and never by label, table or findings.
    """

    #: Name and version, as data sets record it.
    name: ClassVar[str] = "template/1"

    def raw_pairs(self, case: TeachingCase, stage: int) -> tuple[Pair, ...]:
        """Return all pairs of a stage before any check.

        Parameters
        ----------
        case
            The image.
        stage
            1 or 2.
        """
        return tuple(
            _pair(case, one, [s.text for s in one.sentences]) for one in answers(case, stage)
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
            that fail are left out, and what is left is checked again.
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
        return check_pairs(case, stage, pairs)


def answers(case: TeachingCase, stage: int) -> tuple[QuestionAnswer, ...]:
    """Return what the narrative says of a case, in the image's wording."""
    if not isinstance(case, TeachingCase):
        raise ArgumentTypeError(f"case must be a TeachingCase, got {describe(case)}")
    require_choice(stage, tuple(SLOTS), "stage")
    seed = seed_of(case.key, "answers")
    if stage == 1:
        return (answer_stage(case.table, case.findings, stage=case.label, wording=seed),)
    return answer_plan(case.table, case.findings, stage=case.label, wording=seed)


def _pair(case: TeachingCase, one: QuestionAnswer, sentences: list[str]) -> Pair:
    question = question_words(one.slot, one.about, case.key)
    return Pair(slot=one.slot, question=question, answer=" ".join(sentences))
