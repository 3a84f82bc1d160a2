# SPDX-License-Identifier: Apache-2.0
"""Instructions of each kernel under callgrind: a gate without noise, for the AVX2 code.

The programs in `benchmarks/cpp/instructions` are compiled against the core of either side, one for
each folder of kernels. Where an older core has other functions the program does not compile, and
its kernels are not comparable.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gate.builds import Build
from gate.rounds import BENCHMARKS, GateError

LIMIT = 1.03
PROGRAMS = BENCHMARKS / "cpp" / "instructions"
FLAGS = ("-std=c++20", "-O2", "-ffp-contract=off")

TRIGGER = re.compile(r"^desc: Trigger: Client Request: (.+)$", re.MULTILINE)
TOTALS = re.compile(r"^totals: (\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Count:
    """Instructions of one kernel on both sides."""

    kernel: str
    base: int
    head: int

    @property
    def ratio(self) -> float:
        return self.head / self.base

    @property
    def slow(self) -> bool:
        return self.ratio > LIMIT


def why_not() -> str | None:
    """Why this machine cannot count instructions, or None."""
    for tool in ("valgrind", compiler()):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    header = ["-include", "valgrind/callgrind.h", "-fsyntax-only", "-x", "c++", os.devnull]
    if subprocess.run([compiler(), *header], capture_output=True, check=False).returncode != 0:
        return "valgrind/callgrind.h is not installed"
    return None


def target() -> str:
    """The best instruction set that both this processor and valgrind run."""
    flags = Path("/proc/cpuinfo")
    return "avx2" if flags.exists() and " avx2 " in flags.read_text() else "scalar"


def compiler() -> str:
    return os.environ.get("CXX", "c++")


def compile_program(source: Path, build: Build) -> Path | str:
    """A program linked with the core of a build, or the first error of the compiler."""
    (library,) = build.build.rglob("libgftcore_core.a")
    program = build.folder / f"instructions-{source.stem}"
    includes = [f"-I{build.source / 'cpp' / 'include'}"]
    command = [compiler(), *FLAGS, *includes, "-o", program, source, library, "-pthread"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return program
    return next((line for line in done.stderr.splitlines() if "error" in line), done.stderr[-300:])


def count(program: Path, variables: Mapping[str, str]) -> dict[str, int]:
    """Instructions of each kernel of a program."""
    folder = program.parent / f"{program.name}-counts"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    callgrind = ["--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=counts"]
    done = subprocess.run(
        ["valgrind", "--quiet", *callgrind, str(program)],
        cwd=folder,
        env=os.environ | {"GFTCORE_SIMD": target()} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise GateError(f"{program} under callgrind ended with {done.returncode}: {done.stderr}")
    counts = {}
    for text in (file.read_text() for file in folder.glob("counts.*")):
        if (kernel := TRIGGER.search(text)) and (totals := TOTALS.search(text)):
            counts[kernel[1]] = int(totals[1])
    kernels = done.stdout.splitlines()
    if set(counts) != set(kernels):
        raise GateError(f"{program}: ran {kernels}, counted {sorted(counts)}")
    return {kernel: counts[kernel] for kernel in kernels}


def compare_counts(
    base: Build, head: Build, variables: Mapping[str, str]
) -> tuple[list[Count], dict[str, str]]:
    """Counts of all kernels, and why those of a program are not comparable.

    `variables` are set for the head side.
    """
    counts: list[Count] = []
    reasons: dict[str, str] = {}
    for source in sorted(PROGRAMS.glob("*.cpp")):
        programs = [compile_program(source, build) for build in (base, head)]
        wrong = {
            side: program
            for side, program in zip(("base", "head"), programs, strict=True)
            if isinstance(program, str)
        }
        if "head" in wrong:
            raise GateError(f"{source} does not fit the core of head: {wrong['head']}")
        if wrong:
            reasons[source.stem] = wrong["base"]
            continue
        old, new = (count(p, v) for p, v in zip(programs, ({}, variables), strict=True))
        counts += [Count(kernel, old[kernel], new[kernel]) for kernel in old]
    return counts, reasons
