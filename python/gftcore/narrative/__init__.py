# SPDX-License-Identifier: Apache-2.0
"""Findings and table in words: a short clinical text, answers to questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.narrative.plan import PLAN, answer_plan
    from gftcore.narrative.text import QuestionAnswer, Sentence, answer_stage, write_text

__all__ = [
    "PLAN",
    "QuestionAnswer",
    "Sentence",
    "answer_plan",
    "answer_stage",
    "write_text",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "PLAN": "plan",
        "QuestionAnswer": "text",
        "Sentence": "text",
        "answer_plan": "plan",
        "answer_stage": "text",
        "write_text": "text",
    },
)
