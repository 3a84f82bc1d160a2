# SPDX-License-Identifier: Apache-2.0
"""Rows of the comparison: ratios, goals of each instruction set, and the head of a result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gftcore
from machine import command_line, header, processor
from rows import cell, make_row, scaled

NAMES = ("group", "stage", "peer", "1.0", "input")


@pytest.mark.parametrize(
    ("target", "owed"), [("avx512", 80.0), ("avx2", 40.0), ("scalar", None), ("other", None)]
)
def test_avx2_owes_half_and_scalar_nothing(target: str, owed: float | None) -> None:
    assert scaled(80.0, target) == owed
    assert scaled(None, target) is None


@pytest.mark.parametrize(("goal", "met"), [(None, None), (4.0, True), (4.1, False)])
def test_ratio_of_medians_against_the_goal(goal: float | None, met: bool | None) -> None:
    ours, theirs = np.array([1.0, 2.0, 9.0]), np.array([8.0, 8.0, 8.0])
    row = make_row(names=NAMES, ours_s=ours, peer_s=theirs, goal=goal, shape=(3, 4))
    assert (row.ratio, row.met, row.ours_s, row.peer_s) == (4.0, met, 2.0, 8.0)
    assert row.target == gftcore.simd_target()
    assert row.shape == [3, 4]


def test_without_peer_there_is_a_time_but_no_ratio() -> None:
    row = make_row(names=NAMES, ours_s=np.array([1.0, 2.0, 3.0]), peer_s=None)
    assert (row.ratio, row.peer_s, row.met, row.ours_s) == (None, None, None, 2.0)
    assert row.spread == pytest.approx(0.5)
    assert "x" not in cell(row)


def test_a_missed_goal_is_marked() -> None:
    one = np.ones(3)
    assert cell(make_row(names=NAMES, ours_s=one, peer_s=one, goal=2.0)).endswith("!")
    assert not cell(make_row(names=NAMES, ours_s=one, peer_s=3 * one, goal=2.0)).endswith("!")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["/a/ratios.py"], "python benchmarks/ratios.py"),
        (
            ["ratios.py", "--json", "/tmp/x.json", "--only", "faz"],
            "python benchmarks/ratios.py --only faz",
        ),
        (["ratios.py", "--json=x.json", "--rounds", "3"], "python benchmarks/ratios.py --rounds 3"),
        (
            ["scaling.py", "--only", "mask to graph"],
            "python benchmarks/scaling.py --only 'mask to graph'",
        ),
    ],
)
def test_the_command_is_told_without_the_result_file(words: list[str], text: str) -> None:
    assert command_line(words) == text


def test_the_processor_is_named_with_family_and_model(tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text("cpu family\t: 25\nmodel\t\t: 17\nmodel name\t: Some CPU\n\ncpu family\t: 9\n")
    assert processor(file) == "Some CPU (family 25, model 17)"
    assert processor(tmp_path / "missing")


def test_the_head_holds_what_a_reader_needs() -> None:
    head = header("ratios", ["scalar"])
    assert head["versions"]["gftcore"] == gftcore.__version__
    assert {"date", "command", "machine", "python", "schema"} <= head.keys()
    assert head["targets"] == ["scalar"]
