# SPDX-License-Identifier: Apache-2.0
"""The fuzz targets are complete: sources, seeds, documentation, and how their runs are counted.

The targets themselves are built and run by `.ci/steps/60-fuzz.sh`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import checkout

FOLDER = checkout.ROOT / "tests" / "fuzz"

sys.path.insert(0, str(FOLDER))
try:
    import make_seeds
    import run
finally:
    sys.path.remove(str(FOLDER))


def test_every_target_is_listed_everywhere() -> None:
    listed = re.search(
        r"GFTCORE_FUZZ_TARGETS\n(.*?)\)", (FOLDER / "CMakeLists.txt").read_text(), re.S
    )
    assert listed is not None
    names = set(listed[1].split())
    assert names == set(run.TARGETS)
    assert names == {path.stem for path in (FOLDER / "targets").glob("*.cpp")}
    assert names == {path.name for path in (FOLDER / "corpus").iterdir()}
    assert {path.name for path in (FOLDER / "found").glob("*/")} <= names
    page = (checkout.ROOT / "docs" / "development" / "fuzzing.md").read_text()
    assert names == set(re.findall(r"^\| `(\w+)` \|", page, re.M))


def test_every_target_looks_at_planted_answers() -> None:
    for path in (FOLDER / "targets").glob("*.cpp"):
        assert re.search(r"plant\w*\(", path.read_text()), path


def test_the_seeds_are_those_of_their_program() -> None:
    seeds = make_seeds.seeds()
    found = {path.relative_to(FOLDER / "corpus") for path in (FOLDER / "corpus").glob("*/*")}
    assert found == set(seeds)
    for path, content in seeds.items():
        assert (FOLDER / "corpus" / path).read_bytes() == content, path


def test_the_plan_reaches_its_sum() -> None:
    wanted = run.plan(1_000_000, 15_000, run.TARGETS)
    assert sum(wanted.values()) >= 1_000_000
    assert min(wanted.values()) == 15_000
    assert run.plan(100, 500, ("trace", "label")) == {"trace": 500, "label": 500}
    assert run.plan(900, 100, ("trace", "faces")) == {"trace": 450, "faces": 450}


@pytest.mark.parametrize(
    ("output", "executions"),
    [
        ("#2\tREAD\n#93\tINITED cov: 188\nstat::number_of_executed_units: 1093\n", 1000),
        ("fuzz_trace: 300 executions, nothing found, 1.2 s\n", 300),
        ("ERROR: libFuzzer: deadly signal\n", 0),
    ],
)
def test_executions_are_counted_without_known_inputs(output: str, executions: int) -> None:
    assert run.executed(output) == executions


def test_a_state_goes_on_where_it_stopped(tmp_path: Path) -> None:
    state = run.State(tmp_path)
    state.add("trace", 700, 1.0, None)
    wanted = {"trace": 1000, "label": 1000}
    again = run.State(tmp_path)
    assert again.entry("trace")["executions"] == 700
    assert run.next_target(again, wanted, set()) == "label"
    again.add("label", 800, 1.0, "a finding")
    assert run.next_target(again, wanted, set()) == "trace"
    assert run.report(again, wanted) == 1
    again.add("trace", 300, 1.0, None)
    assert run.next_target(again, wanted, set()) is None
