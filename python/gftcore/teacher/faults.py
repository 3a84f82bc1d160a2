# SPDX-License-Identifier: Apache-2.0
"""What an attempt without a reply means: for the bill, for the request, for the others."""

from __future__ import annotations

import json
from dataclasses import dataclass

from gftcore.teacher.requests import TeacherRequest

__all__ = ["Fault", "fault_of", "structured_output_refused"]

_PASSING = (408, 409, 429)
#: Key, account, address, proxy or model are wrong.
_FOR_ALL = (401, 402, 404, 405, 407)
#: What a service says that did not begin; after others it may have gone on and billed.
_NOT_BEGUN = 503


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


def structured_output_refused(request: TeacherRequest, status: int | None, said: str) -> bool:
    """Whether a service refuses the form that a request asks for, as it would for all of them."""
    asked = b'"response_format"' in request.body and "response_format" in json.loads(request.body)
    return status == 400 and "response_format" in said and asked
