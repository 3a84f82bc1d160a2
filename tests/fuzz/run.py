# SPDX-License-Identifier: Apache-2.0
"""Run the fuzz targets for a number of executions, in pieces that can be stopped and resumed.

    python tests/fuzz/run.py --build build/fuzz --executions 1000000 --least 20000 --jobs 2

Uses ``libfuzzer_NAME`` where it was built and ``fuzz_NAME`` (generated inputs) elsewhere. What was
done is kept in ``--state``; the same command goes on where it stopped. Exit code 1 with a finding,
whose input is then in the folder ``found`` of the state.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
#: Targets that take a third of a millisecond; they get what the others leave.
LIGHT = (
    "biomarkers", "bit_image", "distance", "edges", "faz", "label", "nearest", "resample",
    "segments",
)  # fmt: skip
HEAVY = (
    "extract", "faces", "filters", "network", "path_integral", "regions", "sage_layer", "segment",
    "synth", "thinning", "threshold", "trace",
)  # fmt: skip
TARGETS = tuple(sorted(LIGHT + HEAVY))
#: Inputs are options and a small picture; more bytes would not be read.
MAX_BYTES = 224
#: A piece is worth its start.
_SHORTEST = 1000
SANITIZERS = {
    # Short stacks and a small quarantine: several times as many executions a second.
    "ASAN_OPTIONS": "malloc_context_size=2:quarantine_size_mb=8:detect_leaks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


def plan(executions: int, least: int, targets: tuple[str, ...]) -> dict[str, int]:
    """Executions of each target: `least`, and for light ones a share of the rest."""
    light = [name for name in targets if name in LIGHT] or list(targets)
    share = -(-(executions - least * (len(targets) - len(light))) // len(light))
    return {name: max(least, share) if name in light else least for name in targets}


class State:
    """Executions done, seconds and findings of each target, on disk after every piece."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._file = folder / "state.json"
        self.targets: dict[str, dict[str, Any]] = {}
        if self._file.exists():
            self.targets = json.loads(self._file.read_text())

    def entry(self, name: str) -> dict[str, Any]:
        """Return what is known of a target."""
        with self._lock:
            return self.targets.setdefault(
                name, {"executions": 0, "seconds": 0.0, "pieces": 0, "findings": []}
            )

    def add(self, name: str, executions: int, seconds: float, finding: str | None) -> None:
        """Count one piece."""
        entry = self.entry(name)
        with self._lock:
            entry["executions"] += executions
            entry["seconds"] += seconds
            entry["pieces"] += 1
            if finding is not None:
                entry["findings"].append(finding)
            temporary = self._file.with_suffix(".tmp")
            temporary.write_text(json.dumps(self.targets, indent=1))
            temporary.replace(self._file)


def command(build: Path, state: State, name: str, count: int, engine: str) -> list[str]:
    """Return the command line of one piece."""
    seed = 1 + state.entry(name)["pieces"]
    found = state.folder / "found" / name
    found.mkdir(parents=True, exist_ok=True)
    binary = build / "tests" / "fuzz" / f"libfuzzer_{name}"
    if engine == "libfuzzer" or (engine == "auto" and binary.exists()):
        grown = state.folder / "corpus" / name
        grown.mkdir(parents=True, exist_ok=True)
        known = [HERE / folder / name for folder in ("corpus", "found")]
        folders = [grown, *(path for path in known if path.is_dir())]
        # Its first runs read the known inputs and an empty one; they come on top.
        runs = count + 1 + sum(len(list(path.iterdir())) for path in folders)
        return [
            str(binary), f"-runs={runs}", f"-seed={seed}", f"-max_len={MAX_BYTES}",
            "-timeout=60", "-rss_limit_mb=2000", "-print_final_stats=1", "-reload=0",
            # Leaks are looked for at the end. Its bookkeeping of rare features takes half the time.
            "-detect_leaks=0", "-entropic=0",
            f"-artifact_prefix={found}/", *(str(path) for path in folders),
        ]  # fmt: skip
    # Seeds far apart: no input is generated twice.
    first = seed * 1_000_000_000
    return [
        str(build / "tests" / "fuzz" / f"fuzz_{name}"),
        *("--random", str(count), "--seed", str(first), "--artifacts", str(found)),
    ]


def executed(output: str) -> int:
    """Return the executions a piece reports, without its reading of the known inputs."""
    units = re.search(r"stat::number_of_executed_units: (\d+)", output)
    if units is None:
        plain = re.search(r": (\d+) executions", output)
        return int(plain[1]) if plain else 0
    known = re.search(r"^#(\d+)\s+INITED", output, re.MULTILINE)
    return int(units[1]) - (int(known[1]) if known else 0)


def run_piece(build: Path, state: State, name: str, count: int, engine: str) -> None:
    """Run a target `count` times and note the result."""
    began = time.monotonic()
    result = subprocess.run(
        command(build, state, name, count, engine),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **SANITIZERS},
        text=True,
        errors="replace",
        check=False,
    )
    finding = None
    done = executed(result.stdout)
    if result.returncode != 0 or done < 1:
        log = state.folder / "found" / name / f"{state.entry(name)['pieces']}.log"
        log.write_text(result.stdout)
        finding = f"exit code {result.returncode}, see {log}"
        print(f"{name}: {finding}\n{result.stdout[-6000:]}", file=sys.stderr)
    state.add(name, done, time.monotonic() - began, finding)


def next_target(state: State, wanted: dict[str, int], busy: set[str]) -> str | None:
    """Return the free target that is farthest from its goal, without findings."""
    open_ = [
        name
        for name in wanted
        if name not in busy
        and not state.entry(name)["findings"]
        and state.entry(name)["executions"] < wanted[name]
    ]
    return min(open_, key=lambda n: state.entry(n)["executions"] / wanted[n], default=None)


def report(state: State, wanted: dict[str, int]) -> int:
    """Print the table; the exit code."""
    total = 0
    findings = 0
    print(f"{'target':<12}{'executions':>12}{'seconds':>10}  findings")
    for name in wanted:
        entry = state.entry(name)
        total += entry["executions"]
        findings += len(entry["findings"])
        print(
            f"{name:<12}{entry['executions']:>12}{entry['seconds']:>10.0f}  "
            f"{len(entry['findings'])}"
        )
    print(f"{'all':<12}{total:>12}{'':>10}  {findings}")
    return 1 if findings else 0


def main() -> int:
    """Run what is missing and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=Path("build/fuzz"))
    parser.add_argument("--state", type=Path, default=None, help="default: BUILD/fuzz-state")
    parser.add_argument("--executions", type=int, default=1_000_000, help="over all targets")
    parser.add_argument("--least", type=int, default=20_000, help="of each target")
    parser.add_argument("--piece", type=int, default=50_000, help="executions of one process")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--engine", choices=("auto", "libfuzzer", "plain"), default="auto")
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=TARGETS)
    args = parser.parse_args()
    folder = args.state or args.build / "fuzz-state"
    folder.mkdir(parents=True, exist_ok=True)
    state = State(folder)
    wanted = plan(args.executions, args.least, tuple(args.targets))
    busy: set[str] = set()
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                name = next_target(state, wanted, busy)
                if name is None:
                    return
                busy.add(name)
            left = wanted[name] - state.entry(name)["executions"]
            run_piece(args.build, state, name, max(min(args.piece, left), _SHORTEST), args.engine)
            with lock:
                busy.discard(name)

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for done in [pool.submit(work) for _ in range(args.jobs)]:
            done.result()
    return report(state, wanted)


if __name__ == "__main__":
    sys.exit(main())
