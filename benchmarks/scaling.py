# SPDX-License-Identifier: Apache-2.0
"""Growth of every stage with the size of the image, and of a batch with the number of threads.

    python benchmarks/scaling.py [--sides 304 608 ..] [--json FILE]

The structures are equally large at every size, so that a linear method takes time in proportion to
the pixels. CPU time of one thread, least of rounds that visit all sizes in turn; threads by wall
time. Exit code: 0 all goals met, 1 an exponent or a speed-up misses its goal, 2 a wrong answer or
a failure (the JSON is not written).
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import gftcore
import sizes
from checks import same_graphs
from exits import MET, MISSED, exit_with
from fit import fit_growth
from gftcore import graph
from inputs import Sample, load_samples
from machine import header, usable_cores, write_result
from timing import alternate

SIDES = (304, 608, 1216, 2432, 4864)
MOST_EXPONENT = 1.05
LEAST_SPEED_UP = {2: 1.8}
ALIKE = 0.1  # segments a pixel may differ by this share among the sizes
BATCH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthRow:
    """Seconds of a stage at each side, and the exponent fitted against the pixels."""

    group: str
    input: str
    stage: str
    target: str
    sides: list[int]
    seconds: list[float]
    exponent: float
    error: float
    goal: float
    met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRow:
    """Wall time of a batch with some threads, and how much faster than with one."""

    group: str
    input: str
    stage: str
    target: str
    threads: int
    wall_s: float
    speed_up: float
    goal: float | None
    met: bool | None


@contextlib.contextmanager
def one_process_each(series: str, sides: Sequence[int]) -> Iterator[dict[int, ProcessPoolExecutor]]:
    """Start a fresh process for each size."""
    fresh = multiprocessing.get_context("spawn")
    with contextlib.ExitStack() as stack:
        yield {
            side: stack.enter_context(
                ProcessPoolExecutor(1, fresh, initializer=sizes.start, initargs=(series, side))
            )
            for side in sides
        }


def measure_growth(
    series: str, sides: Sequence[int], stages: Sequence[str], rounds: int
) -> list[GrowthRow]:
    rows = []
    with one_process_each(series, sides) as workers:
        density = {side: w.submit(sizes.segments_per_px).result() for side, w in workers.items()}
        check_density(density)
        for stage in stages:
            seconds = [
                [worker.submit(sizes.cpu_s, stage).result() for worker in workers.values()]
                for _ in range(rounds)
            ]
            rows.append(growth_row(series, stage, sides, np.min(seconds, axis=0).tolist()))
            show_growth(rows[-1])
    return rows


def check_density(density: Mapping[int, float]) -> None:
    """The premise: as many segments a pixel at every size."""
    low, high = min(density.values()), max(density.values())
    assert high < (1 + ALIKE) * low, f"segments a pixel differ among the sizes: {density}"


def growth_row(
    series: str, stage: str, sides: Sequence[int], seconds: Sequence[float]
) -> GrowthRow:
    growth = fit_growth([side**2 for side in sides], seconds)
    return GrowthRow(
        group="growth",
        input=series,
        stage=stage,
        target=gftcore.simd_target(),
        sides=list(sides),
        seconds=list(seconds),
        exponent=growth.exponent,
        error=growth.error,
        goal=MOST_EXPONENT,
        met=growth.exponent <= MOST_EXPONENT,
    )


def measure_threads(sample: Sample, rounds: int) -> list[ThreadRow]:
    """Time a batch with 1 .. all cores; the graphs must not differ."""
    masks = [sample.mask] * BATCH
    counts = range(1, max(usable_cores(), 2) + 1)

    def run(threads: int) -> list[graph.HeteroGraph]:
        return list(graph.extract_batch(masks, threads=threads))

    expected = run(1)
    for threads in counts:
        same_graphs(run(threads), expected)
    runs = [lambda threads=threads: run(threads) for threads in counts]
    wall = np.median(alternate(runs, rounds=rounds, clock=time.perf_counter), axis=0)
    rows = []
    for threads, seconds in zip(counts, wall, strict=True):
        goal = LEAST_SPEED_UP.get(threads)
        ratio = float(wall[0] / seconds)
        rows.append(
            ThreadRow(
                group="threads",
                input=sample.name,
                stage=f"batch of {BATCH} masks",
                target=gftcore.simd_target(),
                threads=threads,
                wall_s=float(seconds),
                speed_up=ratio,
                goal=goal,
                met=None if goal is None else ratio >= goal,
            )
        )
        show_threads(rows[-1])
    return rows


def show_growth(row: GrowthRow) -> None:
    each = [
        f"{seconds / side**2 * 1e9:8.2f}"
        for side, seconds in zip(row.sides, row.seconds, strict=True)
    ]
    verdict = "" if row.met else f"  goal {row.goal:g} NOT MET"
    print(
        f"{row.stage:32} {' '.join(each)} ns/px"
        f"  exponent {row.exponent:6.3f} +- {row.error:.3f}{verdict}",
        flush=True,
    )


def show_threads(row: ThreadRow) -> None:
    goal = "" if row.goal is None else f"goal {row.goal:g} {'met' if row.met else 'NOT MET'}"
    print(
        f"{row.stage}, {row.threads} thread(s): {row.wall_s * 1e3:9.1f} ms wall"
        f" {row.speed_up:5.2f}x  {goal}",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sides", type=int, nargs="+", default=SIDES, help="sides in mask pixels")
    parser.add_argument("--rounds", type=int, default=7, help="rounds over all sizes (at least 3)")
    parser.add_argument("--only", choices=[*sizes.STAGES, "threads"], help="one stage")
    parser.add_argument("--json", type=Path, help="write header and rows as JSON")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    rounds = max(options.rounds, 3)
    stages = [stage for stage in sizes.STAGES if options.only in (None, stage)]
    rows: list[GrowthRow | ThreadRow] = []
    for series in sizes.usable_series() if stages else ():
        print(f"input {series}: nanoseconds a pixel at the sides {sorted(options.sides)}")
        rows += measure_growth(series, sorted(options.sides), stages, rounds)
    if options.only in (None, "threads"):
        rows += measure_threads(next(load_samples()), rounds)
    if options.json:
        head = header("scaling", [gftcore.simd_target()])
        write_result(options.json, head, [asdict(row) for row in rows])
    return MISSED if any(row.met is False for row in rows) else MET


if __name__ == "__main__":
    exit_with(main)
