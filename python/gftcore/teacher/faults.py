# SPDX-License-Identifier: Apache-2.0
"""What an attempt without a reply means: for the bill, for the request, for the others."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

from gftcore.teacher.replies import Completion
from gftcore.teacher.requests import TeacherRequest

__all__ = ["Beginning", "Fault", "fault_of", "option_refused"]

_PASSING = (408, 409, 429)
#: Key, account, address, proxy or model are wrong.
_FOR_ALL = (401, 402, 404, 405, 407)
#: What a service says that did not begin; after others it may have gone on and billed.
_NOT_BEGUN = 503
#: What a service says of an option that it does not know, or cannot have in any request.
_OPTION_STATUS = (400, 422)
#: What it says of the size of one request; such words may name the limit of the reply, too.
_OF_ONE = ("context", "too large", "too long", "exceed")
#: So many requests that are refused alike, and nothing else, are not about the requests.
_ALIKE = 5
#: So many bodies that are no chat completions, and nothing else, come from another service.
_STRANGE = 8


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault by its consequences.

    Attributes
    ----------
    billed
        Whether the service may have answered and billed.
    for_all
        Whether all requests would meet it, so that it is none of this one.
    passing
        Whether another attempt may succeed.
    """

    billed: bool
    for_all: bool
    passing: bool


def fault_of(status: int | None, *, sent: bool = True) -> Fault:
    """Return what an HTTP error means; None is a connection that broke, or never was.

    Examples
    --------
    >>> fault_of(429)
    Fault(billed=False, for_all=False, passing=True)
    """
    if status is None:
        return Fault(billed=sent, for_all=False, passing=True)
    late = status == 408 or (status >= 500 and status != _NOT_BEGUN)
    return Fault(
        billed=late,
        for_all=300 <= status < 400 or status in _FOR_ALL,
        passing=status in _PASSING or status >= 500,
    )


def option_refused(request: TeacherRequest, status: int | None, said: str) -> str:
    """Say what to change if a service refuses an option as it would for all; else nothing.

    Examples
    --------
    >>> from gftcore.teacher import chat_request
    >>> one = chat_request(model="m", system="s", user="u", stage="one", slots=[])
    >>> option_refused(one, 400, "unknown: max_completion_tokens")
    'give the limit its other name: output_limit="max_tokens"'
    """
    if status not in _OPTION_STATUS:
        return ""
    asked = json.loads(request.body)
    if "response_format" in asked and "response_format" in said:
        return "switch structured output off: structured=False"
    names = ("max_completion_tokens", "max_tokens")
    for name, other in (names, names[::-1]):
        if name in asked and name in said and not any(word in said.lower() for word in _OF_ONE):
            return f'give the limit its other name: output_limit="{other}"'
    return ""


@dataclass(slots=True)
class Beginning:
    """What a run heard until a chat completion came; after one, faults are of single requests.

    Attributes
    ----------
    answered
        Whether a chat completion came, accepted or not.
    failed
        Keys of requests that failed before.
    """

    answered: bool = False
    failed: list[str] = field(default_factory=list)
    _statuses: Counter[int] = field(default_factory=Counter)
    _strange: int = 0

    def reply(self, done: Completion) -> bool:
        """Note a body; return whether so many were none that this is no such service."""
        problem = done.problem or ""
        if not problem.startswith(("no UTF-8", "no JSON", "wrong schema")):
            self.answered = True
        self._strange += 1
        return not self.answered and self._strange >= _STRANGE

    def rejection(self, status: int | None) -> bool:
        """Note a request that failed; return whether all did so, and enough of them."""
        if status is not None and 400 <= status < 500:
            self._statuses[status] += 1
        alike = len(self._statuses) == 1 and self._statuses.total() >= _ALIKE
        return alike and not self.answered
