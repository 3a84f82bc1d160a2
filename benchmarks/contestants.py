# SPDX-License-Identifier: Apache-2.0
"""The parts of a comparison: ours, its peers, what counts as the same answer, and the goals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import gftcore
from checks import Check


@dataclass(frozen=True)
class Peer:
    """A contestant, what counts as the same answer, and the ratio we aim at."""

    package: str
    run: Callable[[], Any]
    check: Check
    goal: float | None = None
    label: str = ""

    @property
    def name(self) -> str:
        return self.label or self.package

    @property
    def version(self) -> str:
        # gftcore may run from a folder that no installer described
        return gftcore.__version__ if self.package == "gftcore" else version(self.package)


@dataclass(frozen=True)
class Case:
    """One stage: ours against its peers. Threads above 1 are timed by the wall clock.

    A case without a fair peer has `holds`, which raises AssertionError for a wrong answer.
    `limit_s` is a time that ours must not exceed on a full sample.
    """

    group: str
    stage: str
    ours: Callable[[], Any]
    peers: list[Peer] = field(default_factory=list)
    threads: int = 1
    limit_s: float | None = None
    holds: Callable[[Any], None] | None = None
