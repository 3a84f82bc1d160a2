# SPDX-License-Identifier: Apache-2.0
"""What a teacher behind an address is asked, by versioned templates."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gftcore._validation import describe, require_choice
from gftcore.errors import ArgumentTypeError
from gftcore.teacher.cases import TeachingCase
from gftcore.teacher.images import teacher_images
from gftcore.teacher.pairs import SLOTS
from gftcore.teacher.plain import ANSWER, QUESTION
from gftcore.teacher.template import answers
from gftcore.teacher.view import table_view
from gftcore.teacher.wording import kind_of
from gftcore.teacher.words import LISTED

if TYPE_CHECKING:
    import numpy as np
    from jinja2 import Environment
    from numpy.typing import NDArray

__all__ = ["PROMPTS_VERSION", "TEMPLATES", "Prompt", "prompt"]

#: Of the templates; other texts need another version.
PROMPTS_VERSION = "prompts/1"
#: Files that the version covers.
TEMPLATES = ("system.txt", "case.txt", "stage1.txt", "stage2.txt")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prompt:
    """What is asked about one image.

    Attributes
    ----------
    system, user
        The two texts.
    images
        Raw image, then the overlay if there is one: uint8 pixels.
    schema
        JSON Schema of the reply, in the strict form that services take.
    """

    system: str
    user: str
    images: tuple[NDArray[np.uint8], ...]
    schema: dict[str, Any]


def prompt(case: TeachingCase, stage: int) -> Prompt:
    """Return what to ask a teacher about one image.

    Parameters
    ----------
    case
        The image. Of its table only numbers are told, and words of closed lists: no name, digest,
        path, setting, nor anything that somebody may have typed.
    stage
        1 for the staging question, 2 for the thirty of the plan.

    Returns
    -------
    Prompt
        The same for equal cases, whatever the image is called.
    """
    if not isinstance(case, TeachingCase):
        raise ArgumentTypeError(f"case must be a TeachingCase, got {describe(case)}")
    slots = SLOTS[require_choice(stage, tuple(SLOTS), "stage")]
    asked = [
        {"name": one.slot, "kind": kind_of(one.slot), "about": one.about}
        for one in answers(case, stage)
    ]
    given = {
        **table_view(case),
        "slots": asked,
        "banned": LISTED,
        "question": QUESTION,
        "answer": ANSWER,
        "overlay": case.overlay is not None,
    }
    made = _environment()
    return Prompt(
        system=made.get_template("system.txt").render(given),
        user=made.get_template(f"stage{stage}.txt").render(given),
        images=teacher_images(case),
        schema=_schema(slots),
    )


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # Plain text, in which nothing is markup; nothing of it is ever shown as a page.
    return Environment(
        loader=PackageLoader("gftcore.teacher"),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _schema(slots: tuple[str, ...]) -> dict[str, Any]:
    pair = {
        "slot": {"type": "string", "enum": list(slots)},
        "question": {"type": "string"},
        "answer": {"type": "string"},
    }
    return _object({"pairs": {"type": "array", "items": _object(pair)}})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }
