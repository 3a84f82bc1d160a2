# SPDX-License-Identifier: Apache-2.0
"""Requests to a language model behind an address: recorded, paid once, resumable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.teacher.batch_files import BatchSummary, read_batch, write_batch
    from gftcore.teacher.budget import Budget, Prices
    from gftcore.teacher.judging import Flaw
    from gftcore.teacher.ledger import Attempt, Item, Ledger
    from gftcore.teacher.remote import RemoteTeacher
    from gftcore.teacher.replies import Usage
    from gftcore.teacher.requests import TeacherRequest, chat_request
    from gftcore.teacher.runs import RunSummary
    from gftcore.teacher.secret import Secret

__all__ = [
    "Attempt",
    "BatchSummary",
    "Budget",
    "Flaw",
    "Item",
    "Ledger",
    "Prices",
    "RemoteTeacher",
    "RunSummary",
    "Secret",
    "TeacherRequest",
    "Usage",
    "chat_request",
    "read_batch",
    "write_batch",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Attempt": "ledger",
        "BatchSummary": "batch_files",
        "Budget": "budget",
        "Flaw": "judging",
        "Item": "ledger",
        "Ledger": "ledger",
        "Prices": "budget",
        "RemoteTeacher": "remote",
        "RunSummary": "runs",
        "Secret": "secret",
        "TeacherRequest": "requests",
        "Usage": "replies",
        "chat_request": "requests",
        "read_batch": "batch_files",
        "write_batch": "batch_files",
    },
)
