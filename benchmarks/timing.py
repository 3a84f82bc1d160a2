# SPDX-License-Identifier: Apache-2.0
"""Side-by-side timing: contestants alternate in one process, so noise hits all of them alike."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Contestant = Callable[[], Any]
Clock = Callable[[], float]

SLOW_S = 1.0
SLOW_ROUNDS = 5


def alternate(
    contestants: Sequence[Contestant],
    *,
    rounds: int = 9,
    clock: Clock = time.process_time,
    least_s: float = 0.02,
) -> np.ndarray:
    """Time contestants in turn: seconds a call, shape (rounds, contestants).

    A contestant faster than `least_s` is called several times a round, so that the clock's
    resolution does not matter. With one slower than `SLOW_S` there are at most `SLOW_ROUNDS`
    rounds. Every contestant was called once before the first round.
    """
    first = [_seconds(contestant, 1, clock) for contestant in contestants]
    if max(first) > SLOW_S:
        rounds = min(rounds, SLOW_ROUNDS)
    repeats = [max(1, round(least_s / max(seconds, 1e-6))) for seconds in first]
    seconds = np.empty((rounds, len(contestants)))
    gc.collect()
    gc.disable()
    try:
        for row in seconds:
            for i, contestant in enumerate(contestants):
                row[i] = _seconds(contestant, repeats[i], clock)
    finally:
        gc.enable()
    return seconds


def _seconds(contestant: Contestant, repeats: int, clock: Clock) -> float:
    start = clock()
    for _ in range(repeats):
        contestant()
    return (clock() - start) / repeats


def ratio_and_spread(ours_s: np.ndarray, peer_s: np.ndarray) -> tuple[float, float]:
    """Ratio of medians, and the interquartile range of the rounds' ratios relative to it."""
    ratio = float(np.median(peer_s) / np.median(ours_s))
    low, high = np.quantile(peer_s / ours_s, [0.25, 0.75])
    return ratio, float((high - low) / ratio)


def relative_spread(seconds: np.ndarray) -> float:
    """Return the interquartile range relative to the median."""
    low, high = np.quantile(seconds, [0.25, 0.75])
    return float((high - low) / np.median(seconds))
