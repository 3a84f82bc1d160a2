# SPDX-License-Identifier: Apache-2.0
"""Requests to a language model behind an address: recorded, paid once, resumable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.teacher.budget import Budget, Prices
    from gftcore.teacher.ledger import Attempt, Item, Ledger
    from gftcore.teacher.remote import RemoteTeacher
    from gftcore.teacher.replies import Usage
    from gftcore.teacher.requests import TeacherRequest, chat_request
    from gftcore.teacher.running import RunSummary
    from gftcore.teacher.secret import Secret

__all__ = [
    "Attempt",
    "Budget",
    "Item",
    "Ledger",
    "Prices",
    "RemoteTeacher",
    "RunSummary",
    "Secret",
    "TeacherRequest",
    "Usage",
    "chat_request",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Attempt": "ledger",
        "Budget": "budget",
        "Item": "ledger",
        "Ledger": "ledger",
        "Prices": "budget",
        "RemoteTeacher": "remote",
        "RunSummary": "running",
        "Secret": "secret",
        "TeacherRequest": "requests",
        "Usage": "replies",
        "chat_request": "requests",
    },
)
