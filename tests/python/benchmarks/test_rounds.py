# SPDX-License-Identifier: Apache-2.0
"""Slices of both sides: their order, and what is reported when a side cannot answer."""

from __future__ import annotations

import shutil
import sys

import pytest

from checkout import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from gate import rounds
from gate.rounds import GateError, Samples


class Recorder:
    """A worker that writes down who was asked for what."""

    def __init__(self, name, log, answer=None):
        self.name, self.log = name, log
        self.answer = answer or {"digest": "same", "seconds": 0.003}

    def prepare(self, _):
        return self.answer

    def time(self, _, calls):
        self.log.append((self.name, calls))
        return 0.003


@pytest.mark.parametrize(("head_first", "order"), [(False, "bhhbbhhb"), (True, "hbbhhbbh")])
def test_slices_alternate_in_swapped_order(head_first, order):
    log: list = []
    samples = Samples()
    sides = Recorder("b", log), Recorder("h", log)
    rounds.measure_round(*sides, "label", slices=4, head_first=head_first, samples=samples)
    assert "".join(side for side, _ in log) == order
    assert {calls for _, calls in log} == {4}  # 12 ms of 3 ms calls
    assert (samples.base, samples.head) == ([[0.003] * 4], [[0.003] * 4])
    assert not samples.answers_differ


def round_of(base_answer, head_answer):
    samples = Samples()
    sides = Recorder("b", [], base_answer), Recorder("h", [], head_answer)
    rounds.measure_round(*sides, "label", slices=2, head_first=False, samples=samples)
    return samples


def test_benchmark_of_one_side_is_reported():
    samples = round_of({"missing": "AttributeError: label"}, None)
    assert samples.missing == {"base": "AttributeError: label"}
    assert samples.base == samples.head == []
    assert round_of(None, {"missing": "gone"}).missing == {"head": "gone"}


def test_failure_is_reported_on_base_and_fatal_on_head():
    assert round_of({"error": "ValueError: old"}, None).missing == {"base": "ValueError: old"}
    with pytest.raises(GateError, match="label on head: ValueError: broken"):
        round_of(None, {"error": "ValueError: broken"})


def test_other_answer_is_noticed():
    assert round_of(None, {"digest": "other", "seconds": 0.003}).answers_differ
    assert not round_of(None, {"digest": None, "seconds": 0.003}).answers_differ


def test_silent_process_is_a_failure(tmp_path):
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(shutil.which("true"))
    with pytest.raises(GateError, match="head: no answer to the start"):
        rounds.Process(rounds.Side("head", python), tmp_path / "inputs.npz", None)
