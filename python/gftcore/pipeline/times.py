# SPDX-License-Identifier: Apache-2.0
"""CPU time of a run by kind of work."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

__all__ = ["CpuTimes", "Laps", "RunClock"]


@dataclass(slots=True)
class CpuTimes:
    """CPU seconds of a run, all threads together; complete when its results have been read.

    Attributes
    ----------
    read
        Files and their SHA-256.
    graph
        Segmentation and extraction, with all that the process did meanwhile in other threads.
    standardise
        Features to network inputs.
    network
        The network.
    """

    read: float = 0.0
    graph: float = 0.0
    standardise: float = 0.0
    network: float = 0.0


class Laps:
    """Wall and CPU time of this thread, lap by lap."""

    def __init__(self) -> None:
        self._last = time.perf_counter(), time.thread_time()

    def next(self) -> tuple[float, float]:
        """Return both since the lap before."""
        now = time.perf_counter(), time.thread_time()
        wall, busy = now[0] - self._last[0], now[1] - self._last[1]
        self._last = now
        return wall, busy


@dataclass(slots=True)
class RunClock:
    """Gives `CpuTimes.graph` what the process used beyond the other times and the caller's work.

    Native threads go on while the caller works on a result, so that their time is what is left.
    """

    cpu: CpuTimes
    start: float = field(default_factory=time.process_time)
    before: float = 0.0
    known: float = 0.0
    away: float = 0.0
    left: float = 0.0

    def __post_init__(self) -> None:
        self.before, self.known = self.cpu.graph, self._others()

    def _others(self) -> float:
        return self.cpu.read + self.cpu.standardise + self.cpu.network

    def pause(self) -> None:
        """Add up what was used; the caller works from here on."""
        used = time.process_time() - self.start - self.away
        self.cpu.graph = self.before + max(used - (self._others() - self.known), 0.0)
        self.left = time.thread_time()

    def go_on(self) -> None:
        """Leave out what the caller used in this thread."""
        self.away += time.thread_time() - self.left
