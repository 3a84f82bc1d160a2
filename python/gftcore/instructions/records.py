# SPDX-License-Identifier: Apache-2.0
"""One question about one image with its answer, as data sets hold it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from gftcore._validation import describe, require_choice, require_int, require_iterator
from gftcore.datasets.labels import EYES, SPLITS
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.narrative.plan import PLAN

__all__ = ["DATA", "ROLES", "STAGE_SLOTS", "Instruction", "InstructionSet", "Message"]
__all__ += ["slot_group"]

ROLES = ("system", "user", "assistant")
#: Stage of the teaching to the questions that it has.
STAGE_SLOTS: Mapping[int, tuple[str, ...]] = MappingProxyType({1: ("stage",), 2: PLAN})
#: What the images are, as far as is known.
DATA = ("synthetic", "unknown")

_NAME_LENGTH = 200
_TEXT_LENGTH = 1_000_000
_DIGEST = re.compile(r"[0-9a-f]{64}")
_IMAGE = re.compile(r"images(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}){1,4}")
_LAST_SUBJECT = 2**31 - 1


def slot_group(slot: str) -> str:
    """Return the group of a slot, such as ``faz`` of ``faz.2``."""
    return slot.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one side says. Validated when made.

    Attributes
    ----------
    role
        ``system``, ``user`` or ``assistant``.
    content
        Plain text of at least one character. The image is not in it.
    """

    role: str
    content: str

    def __post_init__(self) -> None:
        require_choice(self.role, ROLES, "role")
        _require_text(self.content, "content", _TEXT_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One row of a data set: an image, and what is asked and answered about it.

    Validated when made, each value for itself; what has to fit together, `check_instructions`
    looks at.

    Attributes
    ----------
    stage
        1: the stage of the eye alone; 2: thirty questions.
    slot
        Which question: ``stage`` in stage 1, one of `gftcore.narrative.PLAN` in stage 2.
    image_id
        Name of the image, as in its table; no patient identifier.
    image
        Path of the image relative to the folder of the data set, ``images/NAME``.
    image_sha256
        SHA-256 of that file.
    table_sha256
        SHA-256 of the canonical JSON of the table that the answer was made of.
    label
        Class of the image.
    eye
        ``OD``, ``OS`` or ``unknown``.
    split
        ``train``, ``validate`` or ``test``.
    subject
        Number of the subject among those of the data set, from 0. Who that is, only the manifest
        knows.
    teacher
        Who answered, such as ``template/1``.
    messages
        What is said in turn. The image belongs to the first message of the user.
    """

    stage: int
    slot: str
    image_id: str
    image: str
    image_sha256: str
    table_sha256: str
    label: str
    eye: str
    split: str
    subject: int
    teacher: str
    messages: tuple[Message, ...]

    def __post_init__(self) -> None:
        require_int(self.stage, "stage", 1, 2)
        require_choice(self.slot, STAGE_SLOTS[self.stage], f"slot of stage {self.stage}")
        for name in ("image_id", "label", "teacher"):
            _require_text(getattr(self, name), name, _NAME_LENGTH, printable=True)
        _require_text(self.image, "image", _NAME_LENGTH * 5)
        if not _IMAGE.fullmatch(self.image):
            raise ArgumentError(
                "image must be a path images/NAME of letters, digits, '_', '-' and '.', relative "
                f"to the folder of the data set, got {self.image!r:.80}"
            )
        for name in ("image_sha256", "table_sha256"):
            value = getattr(self, name)
            _require_text(value, name, _NAME_LENGTH)
            if not _DIGEST.fullmatch(value):
                raise ArgumentError(f"{name} must be 64 digits 0-9 and a-f, got {value!r:.80}")
        require_choice(self.eye, EYES, "eye")
        require_choice(self.split, SPLITS, "split")
        require_int(self.subject, "subject", 0, _LAST_SUBJECT)
        messages = tuple(require_iterator(self.messages, "messages", "a sequence of Message"))
        for one in messages:
            if not isinstance(one, Message):
                raise ArgumentTypeError(f"messages must be of Message, got {describe(one)}")
        if not messages:
            raise ArgumentError("messages must be a question and an answer at least, got none")
        object.__setattr__(self, "messages", messages)

    @property
    def id(self) -> str:
        """Name of the row: image and slot."""
        return f"{self.image_id}/{self.slot}"

    @property
    def question(self) -> str:
        """First text of the user; empty if there is none."""
        return next((one.content for one in self.messages if one.role == "user"), "")

    @property
    def answer(self) -> str:
        """Last text of the assistant; empty if there is none."""
        texts = (one.content for one in reversed(self.messages) if one.role == "assistant")
        return next(texts, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionSet:
    """A data set, as `read_instructions` returns it; iterating over it gives its rows.

    Attributes
    ----------
    records
        The rows in their order.
    data
        ``synthetic`` if the images were made by a program, else ``unknown``.
    metadata
        What else the file says of itself: versions, settings.
    """

    records: tuple[Instruction, ...] = field(repr=False)
    data: str = "unknown"
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "records", require_instructions(self.records))
        require_choice(self.data, DATA, "data")
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Instruction]:
        return iter(self.records)


def require_instructions(values: object, name: str = "instructions") -> tuple[Instruction, ...]:
    """Return instructions as a tuple, or say that something else was given."""
    out = tuple(require_iterator(values, name, "a sequence of Instruction"))
    for one in out:
        if not isinstance(one, Instruction):
            raise ArgumentTypeError(f"{name} must be of Instruction, got {describe(one)}")
    return out


def _require_text(value: object, name: str, length: int, *, printable: bool = False) -> None:
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{name} must be text, got {describe(value)}")
    if not 1 <= len(value) <= length:
        raise ArgumentError(f"{name} must have 1 to {length} characters, got {len(value)}")
    try:
        value.encode()
    except UnicodeError as error:
        raise ArgumentError(f"{name} must be Unicode, got {value!r:.80}") from error
    if "\0" in value or (printable and not value.isprintable()):
        raise ArgumentError(f"{name} must be printable, got {value!r:.80}")
