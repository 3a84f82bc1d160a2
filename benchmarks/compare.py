# SPDX-License-Identifier: Apache-2.0
"""Speed of this version beside another commit's: a gate against slow-downs.

    python benchmarks/compare.py --base HEAD~1
    python benchmarks/compare.py --self-test --times 10

Both versions are built and timed in turn; instructions are counted where valgrind is installed.
Needs git, pip and a compiler, no other package. Exit code: 0 no slow-down, 1 a slow-down that a
second pass confirmed, or too many instructions, 2 a failure.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gate import instructions, plants, rounds, verdict
from gate.builds import WORKTREE, Build, Workshop, accepted
from gate.instructions import Count
from gate.rounds import GateError, Samples, Side
from gate.verdict import Comparison

PASSED, SLOW, FAILED = 0, 1, 2
SLICES = 4


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass
class Result:
    """What a comparison found. `slow` and `many` decide the exit code, the rest is reported."""

    first: dict[str, Comparison] = field(default_factory=dict)
    second: dict[str, Comparison] = field(default_factory=dict)
    one_sided: dict[str, dict[str, str]] = field(default_factory=dict)  # benchmark -> side: reason
    answers_differ: list[str] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    not_comparable: dict[str, str] = field(default_factory=dict)  # program -> reason
    accepted: set[str] = field(default_factory=set)  # benchmarks and kernels slower on purpose
    who: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, list[list[list[float]]]] = field(default_factory=dict)

    @property
    def slow(self) -> list[str]:
        slow = [name for name, found in self.second.items() if found.slow]
        return [name for name in slow if name not in self.accepted]

    @property
    def many(self) -> list[str]:
        many = [count.kernel for count in self.counts if count.slow]
        return [kernel for kernel in many if kernel not in self.accepted]

    @property
    def code(self) -> int:
        return SLOW if self.slow or self.many else PASSED


def time_both(
    base: Side, head: Side, folder: Path, *, pattern: str, least_rounds: int, result: Result
) -> None:
    """A first pass over everything, and a longer second one over what looks slow."""
    inputs = folder / "inputs.npz"
    rounds.write_inputs((base, head), inputs)

    def measured(names: list[str] | None, number: int, slices: int) -> dict[str, Comparison]:
        def wanted(name: str) -> bool:
            return pattern in name if names is None else name in names

        samples, result.who = rounds.measure(
            base, head, inputs, wanted=wanted, rounds=number, slices=slices, tell=tell
        )
        take_remarks(samples, result)
        timed = {name: found for name, found in samples.items() if found.base}
        for name, found in timed.items():
            result.seconds.setdefault(name, []).extend([found.base, found.head])
        return {name: verdict.compare(found.base, found.head) for name, found in timed.items()}

    result.first = measured(None, least_rounds, SLICES)
    if not result.first and not result.one_sided:
        raise GateError(f"no benchmark has {pattern!r} in its name")
    suspects = [name for name, found in result.first.items() if found.ratio > verdict.LIMIT]
    if suspects:
        tell(f"second pass: {', '.join(suspects)}")
        result.second = measured(suspects, 2 * least_rounds + 1, 2 * SLICES)


def take_remarks(samples: dict[str, Samples], result: Result) -> None:
    for name, found in samples.items():
        if found.missing:
            result.one_sided[name] = found.missing
        if found.answers_differ and name not in result.answers_differ:
            result.answers_differ.append(name)


def count_both(base: Build, head: Build, variables: dict[str, str], result: Result) -> None:
    if reason := instructions.why_not():
        print(f"SKIPPED: instruction counts: {reason}")
        return
    result.counts, result.not_comparable = instructions.compare_counts(base, head, variables)


def show(result: Result) -> None:
    for name, found in result.first.items():
        show_times(name, found, "suspect" if name in result.second else "")
    for name, found in result.second.items():
        show_times(f"{name}, second pass", found, "SLOW" if found.slow else "not confirmed")
    for count in result.counts:
        print(
            f"{count.kernel:34} {count.base:12} {count.head:12} instructions"
            f" {count.ratio:6.3f}  {'MORE' if count.slow else ''}"
        )
    for name, reasons in result.one_sided.items():
        for side, reason in reasons.items():
            print(f"REPORT: {name}: not on the side of {side}: {reason}")
    for name in result.answers_differ:
        print(f"REPORT: {name}: the answers differ")
    if result.accepted:
        print(f"REPORT: slower on purpose: {', '.join(sorted(result.accepted))}")
    for program, reason in result.not_comparable.items():
        print(f"REPORT: instructions of {program}: not comparable: {reason}")


def show_times(name: str, found: Comparison, word: str) -> None:
    print(
        f"{name:34} {found.base_s * 1e3:9.3f} ms {found.head_s * 1e3:9.3f} ms"
        f" {found.ratio:6.3f} [{found.low:.3f}, {found.high:.3f}]  {word}"
    )


def as_json(result: Result, versions: dict[str, str]) -> str:
    content = {
        "versions": versions,
        "machine": platform.machine(),
        "limits": {"time": verdict.LIMIT, "instructions": instructions.LIMIT},
        "slow": result.slow,
        "more_instructions": result.many,
        **asdict(result) | {"accepted": sorted(result.accepted)},
    }
    return json.dumps(content, indent=1) + "\n"


def compare_builds(
    base: Build,
    head: Build,
    options: argparse.Namespace,
    *,
    call: dict[str, str] | None = None,
    kernel: dict[str, str] | None = None,
) -> Result:
    """Run the wanted gates. The variables `call` and `kernel` switch plants on, on head's side."""
    result = Result()
    if options.gate != "instructions":
        sides = (Side("base", base.python), Side("head", head.python, call or {}))
        with tempfile.TemporaryDirectory() as folder:
            time_both(
                *sides,
                Path(folder),
                pattern=options.only,
                least_rounds=options.rounds,
                result=result,
            )
    if options.gate != "time":
        count_both(base, head, kernel or {}, result)
    return result


def gate(options: argparse.Namespace, folder: Path) -> int:
    shop = Workshop(folder, tell)
    if shop.hash(options.base) == shop.hash(options.head):
        print(f"{options.base} and {options.head} have the same package: nothing to compare")
        return PASSED
    head = shop.make(options.head)
    try:
        base = shop.make(options.base)
    except GateError as error:
        # Head builds here, so this is the base's own fault, and not one that head can mend.
        print(f"SKIPPED: {options.base} cannot be built: {error}")
        return PASSED
    result = compare_builds(base, head, options)
    result.accepted = accepted(options.base, options.head)
    show(result)
    if options.json:
        options.json.write_text(as_json(result, {"base": options.base, "head": options.head}))
    total = len(result.first) + len(result.counts)
    print(f"{total} compared, slower: {', '.join(result.slow + result.many) or 'none'}")
    return result.code


def self_test(options: argparse.Namespace, folder: Path) -> int:
    """The gate passes when nothing changed and notices each planted slow-down."""
    shop = Workshop(folder, tell)
    runs: list[str] = []
    base = shop.make(options.head)
    again = shop.make(options.head, tag="again")
    planted = shop.make(options.head, tag="planted", change=plants.plant_all)
    passed = caught = 0
    for i in range(options.times):
        same = compare_builds(base, again, options)
        show(same)
        runs.append(as_json(same, {"kind": "A/A"}))
        passed += same.code == PASSED
        print(f"A/A {i + 1}: {'passed' if same.code == PASSED else 'FAILED'}", flush=True)

        call = plants.CALLS[i % len(plants.CALLS)]
        kernel = plants.KERNELS[i % len(plants.KERNELS)]
        worse = compare_builds(base, planted, options, call=call.variables, kernel=kernel.variables)
        show(worse)
        runs.append(as_json(worse, {"kind": "planted", **call.variables, **kernel.variables}))
        found = noticed(call, kernel, worse)
        caught += found
        names = f"{call.function}(), kernel {kernel.kernel}"
        print(f"planted {i + 1}, {names}: {'caught' if found else 'MISSED'}", flush=True)
    if options.json:
        options.json.write_text(f"[{','.join(runs)}]\n")
    print(f"A/A passed {passed} of {options.times}, planted caught {caught} of {options.times}")
    return PASSED if passed == caught == options.times else FAILED


def noticed(call: plants.PlantedCall, kernel: plants.PlantedKernel, result: Result) -> bool:
    """Each gate that ran must name what was planted for it."""
    expected = {name for name in call.benchmarks if name in result.first}
    by_time = not result.first or (bool(expected) and expected <= set(result.slow))
    by_count = not result.counts or kernel.kernel in result.many
    return by_time and by_count and bool(result.first or result.counts)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", help="commit to compare with")
    parser.add_argument("--head", default=WORKTREE, help="commit, or 'worktree' (default)")
    parser.add_argument("--only", default="", help="time benchmarks whose names contain this")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the first pass (>= 5)")
    parser.add_argument("--gate", choices=("both", "time", "instructions"), default="both")
    parser.add_argument("--json", type=Path, help="write everything that was measured")
    parser.add_argument("--keep", type=Path, help="folder of builds to reuse (default: temporary)")
    parser.add_argument("--self-test", action="store_true", help="test the gate itself")
    parser.add_argument("--times", type=int, default=10, help="runs of each kind in the self-test")
    options = parser.parse_args()
    if options.self_test == (options.base is not None):
        parser.error("give either --base or --self-test")
    options.rounds = max(options.rounds, 5)
    return options


def main() -> int:
    options = parsed()
    action = self_test if options.self_test else gate
    with tempfile.TemporaryDirectory(prefix="gftcore-compare-") as folder:
        return action(options, options.keep or Path(folder))


if __name__ == "__main__":
    try:
        code = main()
    except GateError as error:
        tell(f"FAILED: {error}")
        code = FAILED
    except Exception:
        traceback.print_exc()
        code = FAILED  # Python's own 1 would read as a slow-down
    sys.exit(code)
