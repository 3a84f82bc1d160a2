# SPDX-License-Identifier: Apache-2.0
"""One line of the result: both times, their ratio, and whether the goal is met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

import gftcore
from timing import ratio_and_spread, relative_spread

GOAL_FACTOR = {"avx512": 1.0, "avx2": 0.5}
TIME = "{:10.3f} ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the result, and one object of the JSON list.

    Where there is no fair peer, `peer` is empty and its times and the ratio are None.
    """

    group: str
    stage: str
    peer: str
    peer_version: str
    input: str
    shape: list[int] | None
    target: str
    threads: int
    ours_s: float
    peer_s: float | None
    ratio: float | None
    spread: float
    goal: float | None
    met: bool | None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What is compared, whatever the instruction set."""
        return self.group, self.stage, self.input, self.peer


def scaled(goal: float | None, target: str) -> float | None:
    """Goals are stated for AVX-512; AVX2 owes half, scalar none."""
    factor = GOAL_FACTOR.get(target)
    return None if goal is None or factor is None else goal * factor


def make_row(
    *,
    names: tuple[str, str, str, str, str],
    ours_s: np.ndarray,
    peer_s: np.ndarray | None,
    goal: float | None = None,
    threads: int = 1,
    shape: Sequence[int] | None = None,
) -> Row:
    """Summarize the rounds; names are group, stage, peer, version of the peer, input."""
    group, stage, peer, peer_version, input_ = names
    if peer_s is None:
        ratio, spread = None, relative_spread(ours_s)
    else:
        ratio, spread = ratio_and_spread(ours_s, peer_s)
    return Row(
        group=group,
        stage=stage,
        peer=peer,
        peer_version=peer_version,
        input=input_,
        shape=None if shape is None else list(shape),
        target=gftcore.simd_target(),
        threads=threads,
        ours_s=float(np.median(ours_s)),
        peer_s=None if peer_s is None else float(np.median(peer_s)),
        ratio=ratio,
        spread=spread,
        goal=goal,
        met=None if goal is None or ratio is None else ratio >= goal,
    )


def show(row: Row) -> None:
    print(
        f"{row.group:12} {row.stage:35} {f'{row.peer} {row.peer_version}':34} "
        + TIME.format(row.ours_s * 1e3)
        + (" " * 13 if row.peer_s is None else TIME.format(row.peer_s * 1e3))
        + (" " * 9 if row.ratio is None else f" {row.ratio:7.1f}x")
        + f" +-{row.spread * 100:3.0f} %  {verdict(row)}",
        flush=True,
    )


def verdict(row: Row) -> str:
    if row.goal is None:
        return ""
    return f"goal {row.goal:g} {'met' if row.met else 'NOT MET'}"


def show_beside(rows: Iterable[Row], targets: Sequence[str]) -> None:
    """Print one line per comparison, the instruction sets beside each other."""
    found: dict[tuple[str, str, str, str], dict[str, Row]] = {}
    for row in rows:
        found.setdefault(row.key, {})[row.target] = row
    print("".join([f"{'':12} {'':35} {'':68} ", *(f"{target:>22}" for target in targets)]))
    for (group, stage, input_, peer), by_target in found.items():
        cells = [cell(by_target.get(target)) for target in targets]
        print("".join([f"{group:12} {stage:35} {f'{input_}, {peer}':68} ", *cells]))


def cell(row: Row | None) -> str:
    if row is None:
        return f"{'-':>22}"
    ratio = "" if row.ratio is None else f" {row.ratio:.1f}x"
    return f"{f'{row.ours_s * 1e3:.3f} ms{ratio}':>21}" + ("!" if row.met is False else " ")
