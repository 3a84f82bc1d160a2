# SPDX-License-Identifier: Apache-2.0
"""Questions and answers about images for teaching: who writes them, who checks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.teacher.asking import Asking, flaw_of
    from gftcore.teacher.batch_files import BatchSummary, read_batch, write_batch
    from gftcore.teacher.budget import Budget, Prices
    from gftcore.teacher.case_files import read_teaching_case, write_teaching_case
    from gftcore.teacher.cases import TeachingCase
    from gftcore.teacher.checks import CODES, check_pair
    from gftcore.teacher.composing import (
        Taught,
        taught_by_reply,
        taught_by_template,
        write_data_set,
    )
    from gftcore.teacher.images import image_key, teacher_images
    from gftcore.teacher.judging import Flaw
    from gftcore.teacher.ledger import Attempt, Item, Ledger, ledger_counts
    from gftcore.teacher.lessons import check_pairs, read_lesson
    from gftcore.teacher.pairs import SLOTS, Dropped, Lesson, Pair, Problem
    from gftcore.teacher.prompts import PROMPTS_VERSION, Prompt, prompt
    from gftcore.teacher.remote import RemoteTeacher
    from gftcore.teacher.replies import Usage
    from gftcore.teacher.requests import TeacherRequest, chat_request
    from gftcore.teacher.runs import RunSummary
    from gftcore.teacher.secret import Secret
    from gftcore.teacher.template import TemplateTeacher

__all__ = [
    "CODES",
    "PROMPTS_VERSION",
    "SLOTS",
    "Asking",
    "Attempt",
    "BatchSummary",
    "Budget",
    "Dropped",
    "Flaw",
    "Item",
    "Ledger",
    "Lesson",
    "Pair",
    "Prices",
    "Problem",
    "Prompt",
    "RemoteTeacher",
    "RunSummary",
    "Secret",
    "Taught",
    "TeacherRequest",
    "TeachingCase",
    "TemplateTeacher",
    "Usage",
    "chat_request",
    "check_pair",
    "check_pairs",
    "flaw_of",
    "image_key",
    "ledger_counts",
    "prompt",
    "read_batch",
    "read_lesson",
    "read_teaching_case",
    "taught_by_reply",
    "taught_by_template",
    "teacher_images",
    "write_batch",
    "write_data_set",
    "write_teaching_case",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "CODES": "checks",
        "PROMPTS_VERSION": "prompts",
        "SLOTS": "pairs",
        "Asking": "asking",
        "Attempt": "ledger",
        "BatchSummary": "batch_files",
        "Budget": "budget",
        "Dropped": "pairs",
        "Flaw": "judging",
        "Item": "ledger",
        "Ledger": "ledger",
        "Lesson": "pairs",
        "Pair": "pairs",
        "Prices": "budget",
        "Problem": "pairs",
        "Prompt": "prompts",
        "RemoteTeacher": "remote",
        "RunSummary": "runs",
        "Secret": "secret",
        "Taught": "composing",
        "TeacherRequest": "requests",
        "TeachingCase": "cases",
        "TemplateTeacher": "template",
        "Usage": "replies",
        "chat_request": "requests",
        "check_pair": "checks",
        "check_pairs": "lessons",
        "flaw_of": "asking",
        "image_key": "images",
        "ledger_counts": "ledger",
        "prompt": "prompts",
        "read_batch": "batch_files",
        "read_lesson": "lessons",
        "read_teaching_case": "case_files",
        "taught_by_reply": "composing",
        "taught_by_template": "composing",
        "teacher_images": "images",
        "write_batch": "batch_files",
        "write_data_set": "composing",
        "write_teaching_case": "case_files",
    },
)
