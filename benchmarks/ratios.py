# SPDX-License-Identifier: Apache-2.0
"""Speed of every stage as a ratio against named peers, run side by side in this process.

    python benchmarks/ratios.py [--only GROUP] [--json FILE]

CPU time of one thread (wall time where threads are the point), medians of alternating rounds,
answers compared before anything is timed. Exits with 1 if a ratio is below its goal.
"""

from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"  # before any peer is imported: one thread each

import argparse
import json
import sys
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

import gftcore
from cases import GROUPS, Case
from gftcore import graph
from inputs import Sample, load_sample
from timing import alternate, ratio_and_spread

GOAL_FACTOR = {"avx512": 1.0, "avx2": 0.5}


@dataclass(frozen=True, slots=True)
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


def scaled(goal: float | None, target: str, threads: int) -> float | None:
    """Goals are stated for AVX-512; AVX2 owes half, scalar none; threads scale alike on all."""
    if goal is None or threads > 1:
        return goal
    factor = GOAL_FACTOR.get(target)
    return None if factor is None else goal * factor


def measure(case: Case, sample: Sample, rounds: int) -> list[Row]:
    """Check the answers, then time all contestants in turn."""
    answer = case.ours()
    for peer in case.peers:
        peer.check(answer, peer.run())
    clock = time.process_time if case.threads == 1 else time.perf_counter
    seconds = alternate([case.ours, *(p.run for p in case.peers)], rounds=rounds, clock=clock)
    rows = []
    for i, peer in enumerate(case.peers, start=1):
        ratio, spread = ratio_and_spread(seconds[:, 0], seconds[:, i])
        target = gftcore.simd_target()
        goal = scaled(peer.goal, target, case.threads)
        ours_s, peer_s = np.median(seconds[:, 0]), np.median(seconds[:, i])
        rows.append(
            Row(
                group=case.group,
                stage=case.stage,
                peer=peer.name,
                peer_version=peer.version,
                input=sample.name,
                target=target,
                threads=case.threads,
                ours_s=float(ours_s),
                peer_s=float(peer_s),
                ratio=ratio,
                spread=spread,
                goal=goal,
                met=None if goal is None else ratio >= goal,
            )
        )
    return rows


def show(row: Row) -> None:
    goal = "" if row.goal is None else f"goal {row.goal:g} {'met' if row.met else 'NOT MET'}"
    print(
        f"{row.group:9} {row.stage:36} {row.peer + ' ' + row.peer_version:32}"
        f" {row.ours_s * 1e3:9.3f} ms {row.peer_s * 1e3:9.1f} ms"
        f" {row.ratio:7.1f}x +-{row.spread * 100:3.0f} %  {goal}",
        flush=True,
    )


def show_stages(sample: Sample) -> None:
    """Where the time of image -> graph goes, by the core's own clock; medians of 9 runs."""
    runs, total = [], []
    for _ in range(9):
        start = time.perf_counter()
        result = graph.extract_image(sample.image)
        total.append(time.perf_counter() - start)
        runs.append(result.meta.stage_seconds)
    stages = {name: float(np.median([run[name] for run in runs])) for name in runs[0]}
    stages["Python"] = max(float(np.median(total)) - sum(stages.values()), 0.0)
    for name, seconds in stages.items():
        print(f"image to graph: {name:24} {seconds * 1e3:8.3f} ms")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=sorted(GROUPS), help="one group of stages")
    parser.add_argument("--json", type=Path, help="write the rows as a JSON list")
    parser.add_argument("--rounds", type=int, default=9, help="alternating rounds (at least 3)")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    warnings.simplefilter("ignore")
    sample = load_sample()
    print(f"input {sample.name}, mask {sample.mask.shape}, target {gftcore.simd_target()}")
    rows: list[Row] = []
    for group, cases in GROUPS.items():
        if options.only not in (None, group):
            continue
        for case in cases(sample):
            for row in measure(case, sample, max(options.rounds, 3)):
                show(row)
                rows.append(row)
    if options.only in (None, "image"):
        show_stages(sample)
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    return 0 if all(row.met is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
