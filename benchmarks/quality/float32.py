# SPDX-License-Identifier: Apache-2.0
"""Integrated gradients in float32 beside float64, and with float64's decisions.

    python benchmarks/quality/float32.py FOLDER [--graphs 20] [--model FILE] [--json FILE]

FOLDER holds graphs (.npz), of which some are taken in equal steps by name. Goals for every graph,
path and rule: by itself, float32 is within 1e-5 in L1 (1e-4 for points where a slope changed, 1e-3
where other rows lead a maximum), 1e-4 (1e-3 where other rows lead) of the largest contribution, and
1 % of the nodes or edges beyond 1e-5 of it; with float64's multipliers, leading rows and crossings
within 2e-6 of the largest. Exit code: 0 all are met, 1 one is not, 2 a failure.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from exits import MET, MISSED, exit_with
from gftcore import graph, simd_target
from gftcore.attribution.precision import Precision, precision
from gftcore.model import Model, default_model
from machine import header

WAYS = (
    ("nodes", "logit", "secant", 8),
    ("nodes", "logit", "gausslegendre", 50),
    ("nodes", "prob", "secant", 16),
    ("edges", "logit", "secant", 8),
)
GOALS = {"l1": 1e-5, "largest": 1e-4, "far": 0.01}
SLOPE_GOALS = {**GOALS, "l1": 1e-4}
EXCHANGED_GOALS = {"l1": 1e-3, "largest": 1e-3, "far": 0.01}
OBEYED_GOAL = 2e-6

Way = tuple[str, str, str, int]


def chosen(folder: Path, count: int) -> list[Path]:
    """Graphs in equal steps by name."""
    paths = sorted(folder.glob("*.npz"))
    if len(paths) < count:
        raise SystemExit(f"{folder} holds {len(paths)} graphs, {count} are wanted")
    return [paths[i * len(paths) // count] for i in range(count)]


def compared(
    network: Model, paths: Iterable[Path], ways: Iterable[Way] = WAYS
) -> Iterator[tuple[str, Way, Precision]]:
    ways = tuple(ways)
    for path in paths:
        for over, kind, method, n in ways:
            (one,) = precision(
                network, [graph.load(path)], over=over, kind=kind, method=method, n=n
            )
            yield path.stem, (over, kind, method, n), one


def met(one: Precision, way: Way) -> bool:
    plain, goals = asdict(one.plain), GOALS
    if one.exchanged:
        goals = EXCHANGED_GOALS
    elif one.changed and way[2] != "secant":
        goals = SLOPE_GOALS
    return one.obeyed.largest <= OBEYED_GOAL and all(plain[k] <= goals[k] for k in goals)


def row(name: str, found: list[Precision]) -> str:
    """Worst values of some graphs."""

    def worst(which: str) -> str:
        each = [asdict(getattr(one, which)) for one in found]
        return " ".join(f"{max(one[k] for one in each):9.1e}" for k in GOALS)

    def total(count: str) -> int:
        return sum(getattr(one, count) for one in found)

    counts = f"{total('changed')}/{total('multipliers')} {total('exchanged')}/{total('maxima')}"
    return f"{name:30} {worst('plain')} | {worst('obeyed')} | {worst('repaired')} | {counts}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--graphs", type=int, default=20)
    parser.add_argument("--model", type=Path, help="a network's file or folder (the shipped one)")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    network = Model.load(options.model) if options.model else default_model()
    columns = "L1, largest, far"
    print(f"plain ({columns}) | with float64's decisions | with its own but those that changed | ")
    print("multipliers that changed, rows that lead in place of others")
    by_way: dict[Way, list[Precision]] = {}
    rows: list[dict[str, Any]] = []
    for name, way, one in compared(network, chosen(options.folder, options.graphs)):
        print(row(f"{name} {' '.join(map(str, way))}", [one]), flush=True)
        by_way.setdefault(way, []).append(one)
        rows.append({"graph": name, "way": way, **asdict(one)})
    print(f"worst of {options.graphs} graphs")
    for way, found in by_way.items():
        print(row(" ".join(map(str, way)), found))
    if options.json:
        head = header("float32", [simd_target()])
        options.json.write_text(json.dumps({**head, "rows": rows}, indent=1))
    return MET if all(met(one, way) for way, found in by_way.items() for one in found) else MISSED


if __name__ == "__main__":
    exit_with(main)
