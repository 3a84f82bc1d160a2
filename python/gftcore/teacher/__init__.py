# SPDX-License-Identifier: Apache-2.0
"""Questions and answers about images for teaching, and their checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.teacher.case_files import read_teaching_case, write_teaching_case
    from gftcore.teacher.cases import TeachingCase
    from gftcore.teacher.checks import CODES, check_pair
    from gftcore.teacher.images import image_key, teacher_images
    from gftcore.teacher.lessons import check_pairs, read_lesson
    from gftcore.teacher.pairs import SLOTS, Dropped, Lesson, Pair, Problem
    from gftcore.teacher.prompts import PROMPTS_VERSION, Prompt, prompt
    from gftcore.teacher.template import TemplateTeacher

__all__ = [
    "CODES",
    "PROMPTS_VERSION",
    "SLOTS",
    "Dropped",
    "Lesson",
    "Pair",
    "Problem",
    "Prompt",
    "TeachingCase",
    "TemplateTeacher",
    "check_pair",
    "check_pairs",
    "image_key",
    "prompt",
    "read_lesson",
    "read_teaching_case",
    "teacher_images",
    "write_teaching_case",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "CODES": "checks",
        "PROMPTS_VERSION": "prompts",
        "SLOTS": "pairs",
        "Dropped": "pairs",
        "Lesson": "pairs",
        "Pair": "pairs",
        "Problem": "pairs",
        "Prompt": "prompts",
        "TeachingCase": "cases",
        "TemplateTeacher": "template",
        "check_pair": "checks",
        "check_pairs": "lessons",
        "image_key": "images",
        "prompt": "prompts",
        "read_lesson": "lessons",
        "read_teaching_case": "case_files",
        "teacher_images": "images",
        "write_teaching_case": "case_files",
    },
)
