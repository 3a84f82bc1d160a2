# SPDX-License-Identifier: Apache-2.0
"""How many processors there are to work with."""

from __future__ import annotations

import os

from gftcore._validation import require_int

__all__ = ["MAX_THREADS", "default_threads", "thread_count"]

MAX_THREADS = 1024


def default_threads() -> int:
    """Return the number of processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def thread_count(threads: int | None) -> int:
    """Return the number of threads that a caller asked for; None means one per processor.

    Examples
    --------
    >>> thread_count(3), thread_count(None) >= 1
    (3, True)
    """
    if threads is None:
        return default_threads()
    return require_int(threads, "threads", 1, MAX_THREADS)
