# SPDX-License-Identifier: Apache-2.0
"""How a teacher behind an address is asked about a case."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

from gftcore._validation import describe, require_bool, require_choice, require_int
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.teacher.cases import TeachingCase
from gftcore.teacher.images import image_key
from gftcore.teacher.judging import Flaw
from gftcore.teacher.lessons import read_lesson
from gftcore.teacher.pairs import SLOTS
from gftcore.teacher.prompts import PROMPTS_VERSION, Prompt, prompt
from gftcore.teacher.requests import TeacherRequest, chat_request

__all__ = ["Asking", "flaw_of"]

#: Thirty pairs need about 4000 tokens.
OUTPUT_TOKENS = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How a teacher behind an address is asked. Validated when made.

    Parameters
    ----------
    model
        Name of the model at the service.
    structured
        Whether the form of the reply is sent along; services that do not know this refuse it.
    max_output_tokens
        Of one reply. Models that think before they write need more.
    output_limit
        Name under which the service takes that limit.

    Examples
    --------
    >>> Asking(model="m").name
    'm, prompts/1'
    """

    model: str
    structured: bool = True
    max_output_tokens: int = OUTPUT_TOKENS
    output_limit: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"

    def __post_init__(self) -> None:
        if not isinstance(self.model, str):
            raise ArgumentTypeError(f"model must be a str, got {describe(self.model)}")
        if not (1 <= len(self.model) <= 150 and self.model.isprintable()):
            raise ArgumentError("model must be a printable name of 1 to 150 characters")
        require_bool(self.structured, "structured")
        require_int(self.max_output_tokens, "max_output_tokens", 1)
        require_choice(self.output_limit, ("max_completion_tokens", "max_tokens"), "output_limit")

    @property
    def name(self) -> str:
        """What data sets record as teacher."""
        return f"{self.model}, {PROMPTS_VERSION}"

    def request(self, case: TeachingCase, stage: int) -> TeacherRequest:
        """Return what is sent about a case.

        Parameters
        ----------
        case
            The image.
        stage
            1 or 2.

        Returns
        -------
        TeacherRequest
            Texts and pixels; no name, path, digest or date of the image is in it.
        """
        asked = prompt(case, stage)
        return chat_request(
            model=self.model,
            system=asked.system,
            user=asked.user,
            stage=self._topic(case, stage, asked),
            slots=SLOTS[stage],
            images=asked.images,
            schema=asked.schema if self.structured else None,
            max_output_tokens=self.max_output_tokens,
            output_limit=self.output_limit,
        )

    def topic(self, case: TeachingCase, stage: int) -> str:
        """Return the `stage` of the request: what it is about, without encoding its images.

        Another text, picture, model or limit gives another one.
        """
        return self._topic(case, stage, prompt(case, stage))

    def _topic(self, case: TeachingCase, stage: int, asked: Prompt) -> str:
        texts = [self.model, asked.system, asked.user, asked.schema, self.structured]
        limits = [self.output_limit, self.max_output_tokens]
        pictures = [image_key(pixels) for pixels in asked.images]
        told = json.dumps([*texts, *limits, *pictures], sort_keys=True)
        digest = hashlib.sha256(told.encode())
        return f"{stage}/{case.key}/{digest.hexdigest()[:16]}"


def flaw_of(case: TeachingCase, request: TeacherRequest, reply: str) -> Flaw | None:
    """Return what is wrong with the reply about a case, as `RemoteTeacher.run` asks for it."""
    lesson = read_lesson(case, int(request.stage.partition("/")[0]), reply)
    return Flaw(lesson.reason, lesson.usable) if lesson.dropped else None
