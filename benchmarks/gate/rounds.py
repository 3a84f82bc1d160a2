# SPDX-License-Identifier: Apache-2.0
"""Two versions of the package timed in turn, in small slices, so that noise meets both.

A round starts a fresh process for each side. Within a process the memory's layout favours one side
by a few percent for good, so rounds in one process would repeat that luck and call it a finding.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

BENCHMARKS = Path(__file__).resolve().parents[1]
ANSWER_WITHIN_S = 600
SLICE_S = 0.012
MAX_CALLS = 50


class GateError(Exception):
    """The comparison itself failed: a build, a process, a workload."""


class Worker(Protocol):
    """What `measure_round` needs of a side; tests put a made-up one in its place."""

    def prepare(self, name: str) -> dict[str, Any]: ...
    def time(self, name: str, calls: int) -> float: ...


@dataclass(frozen=True)
class Side:
    """One version: its name, the Python of its environment, and variables for its processes."""

    name: str
    python: Path
    variables: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "GFTCORE_"))}
        if "GFTCORE_SIMD" in os.environ:
            kept["GFTCORE_SIMD"] = os.environ["GFTCORE_SIMD"]
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        fixed = {"PYTHONPATH": str(BENCHMARKS), "PYTHONHASHSEED": "0"}
        return kept | threads | fixed | self.variables

    def command(self, inputs: Path) -> list[str]:
        return [str(self.python), "-m", "gate.worker", str(inputs)]


def write_inputs(sides: Sequence[Side], inputs: Path) -> None:
    """The first side makes the inputs; the others fill what it could not make."""
    for side in sides:
        command = [*side.command(inputs), "--write"]
        done = subprocess.run(
            command,
            cwd=inputs.parent,
            env=side.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise GateError(f"{side.name}: the inputs were not made:\n{done.stderr[-2000:]}")


class Process:
    """A running worker of one side."""

    def __init__(self, side: Side, inputs: Path, core: int | None) -> None:
        self._side = side
        self._process = subprocess.Popen(
            side.command(inputs),
            cwd=inputs.parent,
            env=side.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        if core is not None:
            with suppress(OSError):  # a container may forbid it
                os.sched_setaffinity(self._process.pid, {core})
        self.identity = self._answer()
        folder = side.python.parents[1].resolve()
        if not Path(self.identity["file"]).resolve().is_relative_to(folder):
            raise GateError(f"{side.name}: imported {self.identity['file']}, not from {folder}")

    def prepare(self, name: str) -> dict[str, Any]:
        return self._ask({"prepare": name})

    def time(self, name: str, calls: int) -> float:
        return float(self._ask({"time": name, "calls": calls})["seconds"])

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            print(json.dumps(request), file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise self._death(request) from None
        return self._answer(request)

    def _answer(self, request: dict[str, Any] | None = None) -> dict[str, Any]:
        ready, _, _ = select.select([self._process.stdout], [], [], ANSWER_WITHIN_S)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            raise self._death(request)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _death(self, request: dict[str, Any] | None) -> GateError:
        self.close()
        what = f"{request}" if request else "the start"
        code = self._process.returncode
        return GateError(f"{self._side.name}: no answer to {what}, exit code {code}")


@dataclass
class Samples:
    """Seconds of one workload, [rounds][slices] for each side, and what else was noticed."""

    base: list[list[float]] = field(default_factory=list)
    head: list[list[float]] = field(default_factory=list)
    digests: tuple[str | None, str | None] = (None, None)
    missing: dict[str, str] = field(default_factory=dict)  # side -> reason

    @property
    def answers_differ(self) -> bool:
        return None not in self.digests and self.digests[0] != self.digests[1]


def measure_round(
    base: Worker, head: Worker, name: str, *, slices: int, head_first: bool, samples: Samples
) -> None:
    """Add one round of one workload. The order within a slice swaps from slice to slice."""
    ready = {"base": base.prepare(name), "head": head.prepare(name)}
    if "error" in ready["head"]:
        raise GateError(f"{name} on head: {ready['head']['error']}")
    for side, answer in ready.items():
        if "seconds" not in answer:  # an older package may also refuse the input
            samples.missing[side] = answer.get("missing") or answer["error"]
    if samples.missing:
        return
    samples.digests = (ready["base"]["digest"], ready["head"]["digest"])
    fastest = min(answer["seconds"] for answer in ready.values())
    calls = min(MAX_CALLS, max(1, round(SLICE_S / max(fastest, 1e-6))))
    seconds: dict[str, list[float]] = {"base": [], "head": []}
    workers = {"base": base, "head": head}
    for i in range(slices):
        order = ("head", "base") if (i % 2 == 0) == head_first else ("base", "head")
        for side in order:
            seconds[side].append(workers[side].time(name, calls))
    samples.base.append(seconds["base"])
    samples.head.append(seconds["head"])


@contextmanager
def running(
    base: Side, head: Side, inputs: Path, core: int | None
) -> Iterator[tuple[Process, Process]]:
    with (
        closing(Process(base, inputs, core)) as left,
        closing(Process(head, inputs, core)) as right,
    ):
        yield left, right


def cores() -> list[int | None]:
    """The cores this process may use; both sides of a round share one, the next round another."""
    if not hasattr(os, "sched_getaffinity"):
        return [None]
    return [*sorted(os.sched_getaffinity(0))]


def measure(
    base: Side,
    head: Side,
    inputs: Path,
    *,
    wanted: Callable[[str], bool],
    rounds: int,
    slices: int,
    tell: Callable[[str], None] = lambda text: print(text, file=sys.stderr, flush=True),
) -> tuple[dict[str, Samples], list[dict[str, Any]]]:
    """Samples of each wanted workload, and who answered on either side."""
    samples: dict[str, Samples] = {}
    who: list[dict[str, Any]] = []
    usable = cores()
    for i in range(rounds):
        with running(base, head, inputs, usable[i % len(usable)]) as (left, right):
            who = [left.identity, right.identity]
            for name in filter(wanted, left.identity["workloads"]):
                entry = samples.setdefault(name, Samples())
                if not entry.missing:
                    measure_round(
                        left, right, name, slices=slices, head_first=i % 2 == 1, samples=entry
                    )
        tell(f"round {i + 1} of {rounds}: {len(samples)} benchmarks")
    return samples, who
