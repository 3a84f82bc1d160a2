# SPDX-License-Identifier: Apache-2.0
"""From the seconds of both sides to a ratio with an interval, and to a verdict."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

LIMIT = 1.15
LEVEL = 0.95
RESAMPLES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Fastest seconds of both sides and head / base with its bootstrap interval."""

    base_s: float
    head_s: float
    ratio: float
    low: float
    high: float

    @property
    def slow(self) -> bool:
        """Slower by more than the limit, and not by chance."""
        return self.ratio > LIMIT and self.low > 1.0


def compare(base: Sequence[Sequence[float]], head: Sequence[Sequence[float]]) -> Comparison:
    """Compare seconds [rounds][slices]: the minimum of each round, then the median of the rounds.

    Noise only adds to a slice, so the minimum of a round is its best guess; a round that never met
    a quiet moment, or a side with a lucky memory layout, is outvoted by the others. The interval
    draws rounds with replacement, always both sides of a round together.
    """
    pairs = [(min(b), min(h)) for b, h in zip(base, head, strict=True)]
    chance = random.Random(len(pairs))
    drawn = sorted(
        statistics.median(h / b for b, h in chance.choices(pairs, k=len(pairs)))
        for _ in range(RESAMPLES)
    )
    tail = round(RESAMPLES * (1 - LEVEL) / 2)
    return Comparison(
        base_s=min(b for b, _ in pairs),
        head_s=min(h for _, h in pairs),
        ratio=statistics.median(h / b for b, h in pairs),
        low=drawn[tail],
        high=drawn[-1 - tail],
    )
