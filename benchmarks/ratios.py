# SPDX-License-Identifier: Apache-2.0
"""Speed of every stage as a ratio against named peers, run side by side in this process.

    python benchmarks/ratios.py [--only GROUP] [--targets all] [--json FILE]

CPU time of one thread (wall time where threads are the point), medians of alternating rounds,
answers compared before anything is timed. One process per instruction set.
Exit code: 0 all goals met, 1 a ratio below its goal, 2 a wrong answer or a failure (the JSON is
not written).
"""

from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"  # before any peer is imported: one thread each

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import gftcore
from cases import FULL_SAMPLE_ONLY, GROUPS, cases_of
from contestants import Case
from exits import FAILED, MET, MISSED, exit_with
from gftcore import graph
from inputs import Sample, load_inputs
from machine import header, write_result
from rows import Row, make_row, scaled, show, show_beside
from startup import startup_rows
from timing import alternate

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
    if case.holds is not None:
        checked(where, lambda: case.holds(answer))
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
    ours_s = seconds[:, 0]

    def row(peer: str, version: str, peer_s: np.ndarray | None, goal: float | None) -> Row:
        wanted = goal if sample.full else None
        if case.threads == 1:  # threads scale alike on every target
            wanted = scaled(wanted, gftcore.simd_target())
        return make_row(
            names=(case.group, case.stage, peer, version, sample.name),
            ours_s=ours_s,
            peer_s=peer_s,
            goal=wanted,
            threads=case.threads,
            shape=sample.mask.shape,
        )

    rows = [
        row(peer.name, peer.version, seconds[:, i], peer.goal)
        for i, peer in enumerate(case.peers, start=1)
    ]
    if case.limit_s is not None and sample.full:
        limit = np.full(len(seconds), case.limit_s)
        rows.append(row(f"limit of {case.limit_s * 1e3:g} ms", "", limit, 1.0))
    return rows or [row("", "", None, None)]


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


def run_here(options: argparse.Namespace) -> tuple[int, list[Row]]:
    """Run the groups on this process's instruction set; no rows if an answer was wrong."""
    rounds = max(options.rounds, 3)
    results: list[list[Row]] = []

    def take(rows: list[Row]) -> None:
        results.append(rows)
        for row in rows:
            show(row)

    for sample in load_inputs(options.samples):
        groups = [g for g in GROUPS if options.only in (None, g)]
        groups = [g for g in groups if sample.full or g not in FULL_SAMPLE_ONLY]
        if groups:
            density = np.count_nonzero(sample.mask) / sample.mask.size
            print(f"input {sample.name}, mask {sample.mask.shape}, density {density:.2f}")
        for group in groups:
            for case in cases_of(group, sample):
                take(measure(case, sample, rounds))
        if sample.full and "image" in groups:
            show_split(sample.image)
    if options.only in (None, "startup"):
        take(run_startup(rounds))
    if not all(results):
        return FAILED, []
    rows = [row for some in results for row in some]
    return MISSED if any(row.met is False for row in rows) else MET, rows


def run_apart(options: argparse.Namespace, targets: Sequence[str]) -> tuple[int, list[Row]]:
    """Run this program once for each instruction set, which is chosen when the core is loaded."""
    codes, rows = [], []
    with tempfile.TemporaryDirectory() as folder:
        for target in targets:
            print(f"instruction set {target}", flush=True)
            file = Path(folder, f"{target}.json")
            command = [sys.executable, __file__, "--json", file]
            command += ["--rounds", str(options.rounds), "--samples", str(options.samples)]
            command += [] if options.only is None else ["--only", options.only]
            environment = {**os.environ, "GFTCORE_SIMD": target}
            code = subprocess.run(command, env=environment, check=False).returncode
            if code not in (MET, MISSED):
                return FAILED, []
            codes.append(code)
            rows += [Row(**row) for row in json.loads(file.read_text())["rows"]]
    return max(codes), rows


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=sorted([*GROUPS, "startup"]), help="one group of stages")
    parser.add_argument(
        "--targets",
        nargs="+",
        choices=["all", *gftcore.simd_targets()],
        default=[gftcore.simd_target()],
        help="instruction sets; default: the best, or what GFTCORE_SIMD names",
    )
    parser.add_argument("--samples", type=int, default=1, help="full samples of the folder")
    parser.add_argument("--json", type=Path, help="write header and rows as JSON")
    parser.add_argument("--rounds", type=int, default=9, help="alternating rounds (at least 3)")
    return parser.parse_args()


def main() -> int:
    options = parse_options()
    targets = list(dict.fromkeys(options.targets))
    if "all" in targets:
        targets = list(reversed(gftcore.simd_targets()))
    cv2.setNumThreads(1)
    warnings.simplefilter("ignore")
    if targets == [gftcore.simd_target()]:
        code, rows = run_here(options)
    else:
        code, rows = run_apart(options, targets)
        show_beside(rows, targets)
    if code != FAILED and options.json:
        write_result(options.json, header("ratios", targets), [asdict(row) for row in rows])
    return code


if __name__ == "__main__":
    exit_with(main)
