# SPDX-License-Identifier: Apache-2.0
"""Questions with answers about one image, and what became of those that were refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from gftcore._validation import describe, require_choice
from gftcore.errors import ArgumentTypeError
from gftcore.narrative import PLAN

__all__ = ["SLOTS", "UNREADABLE", "Dropped", "Lesson", "Pair", "Problem"]

#: Stage to its slots: one question for the stage, then the thirty of the plan.
SLOTS: dict[int, tuple[str, ...]] = {1: ("stage",), 2: PLAN}
#: Codes of a reply that is of no use as a whole.
UNREADABLE = ("reply", "slots")
# A reason goes back to the teacher, who knows what it wrote.
_MOST_REASONS, _REASON_CHARACTERS = 12, 2000


class Problem(NamedTuple):
    """What is wrong with a pair: a code of `gftcore.teacher.CODES`, and words for the teacher."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A question about one image and its answer.

    Attributes
    ----------
    slot
        ``stage``, or one of `gftcore.narrative.PLAN`.
    question, answer
        Plain text.

    Examples
    --------
    >>> Pair(slot="faz.1", question="How large is the FAZ?", answer="The FAZ is enlarged.").slot
    'faz.1'
    """

    slot: str
    question: str
    answer: str

    def __post_init__(self) -> None:
        for name in ("slot", "question", "answer"):
            value = getattr(self, name)
            if not isinstance(value, str):
                raise ArgumentTypeError(f"{name} must be a str, got {describe(value)}")


class Dropped(NamedTuple):
    """A slot without an accepted pair: what is wrong first, in code and words, and the pair."""

    slot: str
    code: str
    reason: str
    pair: Pair | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """All accepted pairs about one image, and all slots that have none.

    Attributes
    ----------
    stage
        1 or 2, see `SLOTS`.
    pairs, dropped
        In the order of the slots, each of which is in one of both.

    Examples
    --------
    >>> dropped = Dropped("stage", "stage", "the answer does not state the stage")
    >>> lesson = Lesson(stage=1, pairs=(), dropped=(dropped,))
    >>> lesson.usable, lesson.reason
    (True, 'stage: the answer does not state the stage')
    """

    stage: int
    pairs: tuple[Pair, ...]
    dropped: tuple[Dropped, ...]

    def __post_init__(self) -> None:
        require_choice(self.stage, tuple(SLOTS), "stage")

    @property
    def usable(self) -> bool:
        """Whether the reply could be read, so that what is left of it can be used."""
        return all(one.code not in UNREADABLE for one in self.dropped)

    @property
    def reason(self) -> str:
        """What is wrong, for the teacher to do better; empty if nothing is."""
        if not self.usable:
            return self.dropped[0].reason
        lines = [f"{one.slot}: {one.reason}" for one in self.dropped]
        if len(lines) > _MOST_REASONS:
            lines[_MOST_REASONS:] = [f"and {len(lines) - _MOST_REASONS} more"]
        return "\n".join(lines)[:_REASON_CHARACTERS]
