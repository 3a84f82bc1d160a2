# SPDX-License-Identifier: Apache-2.0
"""One line of the result: both times, their ratio, and whether the goal is met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import gftcore
from timing import ratio_and_spread

GOAL_FACTOR = {"avx512": 1.0, "avx2": 0.5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the result, and one object of the JSON list."""

    group: str
    stage: str
    peer: str
    peer_version: str
    input: str
    target: str
    threads: int
    ours_s: float
    peer_s: float
    ratio: float
    spread: float
    goal: float | None
    met: bool | None


def scaled(goal: float | None, target: str) -> float | None:
    """Goals are stated for AVX-512; AVX2 owes half, scalar none."""
    factor = GOAL_FACTOR.get(target)
    return None if goal is None or factor is None else goal * factor


def make_row(
    *,
    names: tuple[str, str, str, str, str],
    ours_s: np.ndarray,
    peer_s: np.ndarray,
    goal: float | None,
    threads: int = 1,
) -> Row:
    """Summarize the rounds; names are group, stage, peer, version of the peer, input."""
    ratio, spread = ratio_and_spread(ours_s, peer_s)
    group, stage, peer, peer_version, input_ = names
    return Row(
        group=group,
        stage=stage,
        peer=peer,
        peer_version=peer_version,
        input=input_,
        target=gftcore.simd_target(),
        threads=threads,
        ours_s=float(np.median(ours_s)),
        peer_s=float(np.median(peer_s)),
        ratio=ratio,
        spread=spread,
        goal=goal,
        met=None if goal is None else ratio >= goal,
    )


def show(row: Row) -> None:
    goal = "" if row.goal is None else f"goal {row.goal:g} {'met' if row.met else 'NOT MET'}"
    print(
        f"{row.group:12} {row.stage:35} {row.peer + ' ' + row.peer_version:34}"
        f" {row.ours_s * 1e3:9.3f} ms {row.peer_s * 1e3:9.1f} ms"
        f" {row.ratio:7.1f}x +-{row.spread * 100:3.0f} %  {goal}",
        flush=True,
    )
