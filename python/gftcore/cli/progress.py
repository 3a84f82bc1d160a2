# SPDX-License-Identifier: Apache-2.0
"""Progress on stderr: a bar on a terminal, else a line every ten seconds."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

from gftcore.cli.outcome import say

__all__ = ["Progress"]

_LINE_EVERY_S = 10.0


class Progress:
    """Counts finished and failed inputs while a block runs."""

    def __init__(self, total: int, *, what: str, silent: bool) -> None:
        self._total, self._what, self._silent = total, what, silent
        self._done = self._failed = 0
        self._began = self._told = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        if not self._silent and self._total > 1 and sys.stderr.isatty():
            from rich import progress
            from rich.console import Console

            self._bar = progress.Progress(
                progress.TextColumn("{task.description}"),
                progress.BarColumn(),
                progress.MofNCompleteColumn(),
                progress.TextColumn("{task.fields[rate]}"),
                progress.TimeRemainingColumn(),
                progress.TextColumn("{task.fields[failed]} failed"),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task(self._what, total=self._total, rate="", failed=0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def step(self, *, failed: bool) -> None:
        """Count one input."""
        self._done += 1
        self._failed += failed
        now = time.monotonic()
        rate = f"{self._done / max(now - self._began, 1e-9):.1f}/s"
        if self._bar is not None:
            self._bar.update(self._task, advance=1, rate=rate, failed=self._failed)
        elif not self._silent and now - self._told > _LINE_EVERY_S:
            self._told = now
            say(f"{self._what}: {self._done}/{self._total}, {rate}, {self._failed} failed")
