# SPDX-License-Identifier: Apache-2.0
"""Speed of every stage as a ratio against named peers, run side by side in this process.

    python benchmarks/ratios.py [--only GROUP] [--json FILE]

CPU time of one thread (wall time where threads are the point), medians of alternating rounds,
answers compared before anything is timed. Exit code: 0 all goals met, 1 a ratio below its goal,
2 a wrong answer or a failure (the JSON is not written).
"""

from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"  # before any peer is imported: one thread each

import argparse
import json
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import gftcore
from cases import FULL_SAMPLE_ONLY, GROUPS, Case
from gftcore import graph
from inputs import Sample, load_inputs
from rows import Row, make_row, scaled, show
from startup import startup_rows
from timing import alternate

MET, MISSED, WRONG = 0, 1, 2

# The core's stages under the six names of the report.
SPLIT = {
    "segmentation": ("segmentation", "mask"),
    "thinning": ("thinning",),
    "distance": ("distance",),
    "regions": ("regions", "faz"),
    "graph": (
        "trace and prune",
        "centrelines",
        "vessel features",
        "faces and adjacency",
        "tables",
    ),
}


class WrongAnswerError(Exception):
    """Ours and a peer's answer differ, or one of them failed."""


def checked(where: str, step: Callable[[], Any]) -> Any:
    """Run one step of the comparison; arrays of other shapes raise more than AssertionError."""
    try:
        return step()
    except Exception as error:
        raise WrongAnswerError(f"{where}: {type(error).__name__}: {error}") from error


def check_answers(case: Case, sample: Sample) -> None:
    where = f"{case.group}: {case.stage} on {sample.name}"
    answer = checked(where, case.ours)
    for peer in case.peers:
        against = f"{where} against {peer.name} {peer.version}"
        checked(against, lambda peer=peer: peer.check(answer, peer.run()))


def measure(case: Case, sample: Sample, rounds: int) -> list[Row]:
    """Check the answers, then time all contestants in turn; no rows if an answer is wrong."""
    try:
        check_answers(case, sample)
    except WrongAnswerError as error:
        report_wrong(str(error))
        return []
    clock = time.process_time if case.threads == 1 else time.perf_counter
    seconds = alternate([case.ours, *(p.run for p in case.peers)], rounds=rounds, clock=clock)
    rows = []
    for i, peer in enumerate(case.peers, start=1):
        goal = peer.goal if sample.full else None
        if case.threads == 1:  # threads scale alike on every target
            goal = scaled(goal, gftcore.simd_target())
        rows.append(
            make_row(
                names=(case.group, case.stage, peer.name, peer.version, sample.name),
                ours_s=seconds[:, 0],
                peer_s=seconds[:, i],
                goal=goal,
                threads=case.threads,
            )
        )
    return rows


def run_startup(rounds: int) -> list[Row]:
    try:
        return startup_rows(rounds)
    except AssertionError as error:
        report_wrong(f"startup against its limit: {error}")
        return []


def report_wrong(message: str) -> None:
    print(f"WRONG ANSWER in {message}", file=sys.stderr, flush=True)


def show_split(image: np.ndarray, runs: int = 21, kept: int = 9) -> None:
    """Print where the CPU time of image -> graph goes: medians over the least disturbed runs.

    The core's clock is a wall clock, so each run's laps are scaled by the run's CPU / wall time.
    """
    graph.extract_image(image)
    measured = []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        laps = dict(graph.extract_image(image).meta.stage_seconds)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        measured.append((cpu, wall, laps))
    measured.sort(key=lambda run: run[1] / run[0])
    parts: dict[str, list[float]] = {}
    for cpu, wall, laps in measured[:kept]:
        rest = cpu
        for name, seconds in grouped(laps).items():
            parts.setdefault(name, []).append(seconds * cpu / wall)
            rest -= seconds * cpu / wall
        parts.setdefault("Python", []).append(rest)
        parts.setdefault("total", []).append(cpu)
    for name, seconds in parts.items():
        print(f"image to graph, CPU time: {name:14} {np.median(seconds) * 1e3:8.3f} ms")


def grouped(laps: dict[str, float]) -> dict[str, float]:
    """Sum the core's stages by name of the report; a stage without one keeps its own."""
    sums = {name: sum(laps.pop(stage, 0.0) for stage in stages) for name, stages in SPLIT.items()}
    return sums | laps


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=sorted([*GROUPS, "startup"]), help="one group of stages")
    parser.add_argument("--json", type=Path, help="write the rows as a JSON list")
    parser.add_argument("--rounds", type=int, default=9, help="alternating rounds (at least 3)")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    warnings.simplefilter("ignore")
    rounds = max(options.rounds, 3)
    results: list[list[Row]] = []

    def take(rows: list[Row]) -> None:
        results.append(rows)
        for row in rows:
            show(row)

    for sample in load_inputs():
        groups = [g for g in GROUPS if options.only in (None, g)]
        groups = [g for g in groups if sample.full or g not in FULL_SAMPLE_ONLY]
        if groups:
            density = np.count_nonzero(sample.mask) / sample.mask.size
            print(f"input {sample.name}, mask {sample.mask.shape}, density {density:.2f}")
        for group in groups:
            for case in GROUPS[group](sample):
                take(measure(case, sample, rounds))
        if sample.full and "image" in groups:
            show_split(sample.image)
    if options.only in (None, "startup"):
        take(run_startup(rounds))
    if not all(results):
        return WRONG
    all_rows = [row for rows in results for row in rows]
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in all_rows], indent=1) + "\n")
    return MISSED if any(row.met is False for row in all_rows) else MET


if __name__ == "__main__":
    try:
        code = main()
    except Exception:
        traceback.print_exc()
        code = WRONG  # Python's own 1 would read as a missed goal
    sys.exit(code)
