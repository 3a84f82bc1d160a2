# SPDX-License-Identifier: Apache-2.0
"""The columns of the table, their goals, and how sure a difference of means is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gftcore import metrics


@dataclass(frozen=True)
class Measure:
    """One column.

    `meets` tells whether a mean reaches the goal, `skeletons` whom it binds; the extractor of
    least `badness` is the best.
    """

    name: str
    title: str
    read: Callable[[metrics.GraphAgreement], float]
    goal: str = ""
    meets: Callable[[float], bool] | None = None
    skeletons: tuple[str, ...] = ("fast", "ordered")
    badness: Callable[[np.ndarray], np.ndarray] = np.negative

    @property
    def compared(self) -> bool:
        """Whether it makes sense to call one mean better than another."""
        return self.name != "length_ratio"


def _node(within_px: float) -> Callable[[metrics.GraphAgreement], float]:
    return lambda agreement: agreement.node_f1(within_px)


MEASURES = (
    # The goal is stated to two decimals.
    Measure("node_f1_8px", "F@8", _node(8), ">= .81", lambda x: round(x, 2) >= 0.81),
    Measure("node_f1_5px", "F@5", _node(5), ">= .72", lambda x: x >= 0.72),
    Measure("node_f1_3px", "F@3", _node(3)),
    Measure(
        "resolvable_f1_8px",
        "res@8",
        lambda a: a.resolvable.f1,
        ">= .82",
        lambda x: x >= 0.82,
        skeletons=("fast",),
    ),
    Measure("completeness", "compl", lambda a: a.completeness, ">= .93", lambda x: x >= 0.93),
    Measure("correctness", "corr", lambda a: a.correctness, ">= .985", lambda x: x >= 0.985),
    Measure(
        "radius_relative_error",
        "radius",
        lambda a: a.radius_relative_error,
        "<= .06",
        lambda x: x <= 0.06,
        badness=lambda x: x,
    ),
    Measure(
        "clear_length_ratio",
        "length",
        lambda a: a.clear_length_ratio,
        "1 +- .03",
        lambda x: abs(x - 1) <= 0.03,
        badness=lambda x: np.abs(x - 1),
    ),
    Measure("segment_recall", "seg R", lambda a: a.segment_recall),
    Measure("segment_precision", "seg P", lambda a: a.segment_precision),
    Measure("length_ratio", "total", lambda a: a.length_ratio),
)

# Beyond the goals: what telling apart close junctions would reach.
RAISED = ("node_f1_5px", 0.76)


def better_by(ours: np.ndarray, theirs: np.ndarray, measure: Measure) -> np.ndarray:
    """How much better ours is in each sample; positive is better."""
    return measure.badness(theirs) - measure.badness(ours)
