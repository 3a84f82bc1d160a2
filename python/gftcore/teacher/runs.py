# SPDX-License-Identifier: Apache-2.0
"""What bounds a run, and what it did."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits", "RunSummary"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Checked numbers of a `gftcore.teacher.RemoteTeacher`."""

    parallel: int
    requests_per_minute: float | None
    tokens_per_minute: float | None
    timeout_s: float
    tries: int
    backoff_s: float
    max_wait_s: float
    max_reply_bytes: int


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run did, and what all runs on the ledger spent.

    Attributes
    ----------
    done, failed, refused
        Requests that this run finished so.
    known
        Requests that were finished before.
    attempts
        How often something was sent.
    spent_micros
        Upper bound of the bill of all runs, in millionths of the currency.
    left
        Requests that are not finished: planned, or in a batch file. Of an iterator that the run did
        not use up, those it took.
    stopped
        Why the run ended early: the name of a signal; empty if it did not.
    """

    done: int
    failed: int
    refused: int
    known: int
    attempts: int
    spent_micros: int
    left: int = 0
    stopped: str = ""
