# SPDX-License-Identifier: Apache-2.0
"""What becomes of a request by its reply, and what its next attempt says of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gftcore.errors import ArgumentTypeError
from gftcore.teacher.ledger import Attempt
from gftcore.teacher.replies import Completion
from gftcore.teacher.requests import TeacherRequest

__all__ = [
    "INVALID_RETRIES",
    "Flaw",
    "History",
    "Judgement",
    "Validate",
    "judge",
    "require_validate",
]

#: How often a reply that is not accepted is asked for again.
INVALID_RETRIES = 3
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a reply.

    Attributes
    ----------
    reason
        For the model, which is asked again with it, and for the ledger.
    usable
        Whether the reply is better than none: it is kept once the retries are used up.

    Examples
    --------
    >>> Flaw("it is no JSON")
    Flaw(reason='it is no JSON', usable=False)
    """

    reason: str
    usable: bool = False

    def __post_init__(self) -> None:
        for name, kind in (("reason", str), ("usable", bool)):
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise ArgumentTypeError(
                    f"{name} must be a {kind.__name__}, got {type(value).__name__}"
                )


#: Says what is wrong with the reply to a request, or None.
Validate = Callable[[TeacherRequest, str], Flaw | None]


def require_validate(value: object) -> None:
    """Refuse what cannot be called."""
    if value is not None and not callable(value):
        raise ArgumentTypeError(f"validate must be a function, got {type(value).__name__}")


@dataclass(slots=True)
class History:
    """What earlier replies to a request left.

    Attributes
    ----------
    invalid
        How many were not accepted.
    reason
        What was wrong with the last one that had a text.
    usable
        The last one that is better than none.
    """

    invalid: int = 0
    reason: str | None = None
    usable: str | None = None

    @classmethod
    def of(cls, attempts: Iterable[Attempt]) -> History:
        """Return what a ledger remembers."""
        made = cls()
        for one in attempts:
            if one.outcome in ("flawed", "invalid"):
                made.invalid += 1
                made.reason = one.error if one.reply is not None else made.reason
                made.usable = one.reply if one.outcome == "flawed" else made.usable
        return made

    def addition(self) -> str:
        """Return what the next attempt says besides the request itself."""
        if self.reason is None:
            return ""
        return f"An earlier reply was not accepted: {self.reason}. Answer again."

    def body(self, request: TeacherRequest) -> dict[str, Any]:
        """Return the body of the next attempt."""
        body: dict[str, Any] = json.loads(request.body)
        if added := self.addition():
            body["messages"].append({"role": "user", "content": added})
        return body


@dataclass(frozen=True, slots=True)
class Judgement:
    """How an attempt is settled, as `gftcore.teacher.Ledger.settle` has it, or what was raised."""

    outcome: str
    state: str
    error: str | None = None
    reply: str | None = None
    kept: str | None = None
    raised: Exception | None = None


def judge(
    request: TeacherRequest, done: Completion, history: History, validate: Validate | None
) -> Judgement:
    """Return what becomes of a request, and add to its history."""
    if done.refused:
        return Judgement("refused", "refused", error=done.problem)
    flaw: Flaw | None = Flaw(done.problem or "no text")
    if done.text is not None:
        try:
            flaw = None if validate is None else validate(request, done.text)
            if not isinstance(flaw, Flaw | None):
                raise ArgumentTypeError(
                    f"validate must return a Flaw or None, got {type(flaw).__name__}"
                )
        except Exception as error:
            told = f"validate raised {type(error).__name__}"
            return Judgement("unchecked", "planned", error=told, reply=done.text, raised=error)
    if flaw is None:
        return Judgement("answered", "done", reply=done.text)
    outcome = "flawed" if flaw.usable else "invalid"
    reason = flaw.reason.encode(errors="replace").decode()[:_LONGEST_REASON] or "no reason given"
    history.invalid += 1
    if done.text is not None:
        history.reason = reason
        history.usable = done.text if flaw.usable else history.usable
    if history.invalid <= INVALID_RETRIES:
        return Judgement(outcome, "planned", error=reason, reply=done.text)
    state = "failed" if history.usable is None else "done"
    return Judgement(outcome, state, error=reason, reply=done.text, kept=history.usable)
