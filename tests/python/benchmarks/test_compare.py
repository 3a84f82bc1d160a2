# SPDX-License-Identifier: Apache-2.0
"""Both passes of the gate, what decides its exit code, and what it reports."""

from __future__ import annotations

import argparse
import sys

import pytest

import checkout
from checkout import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

import compare
from gate import builds, instructions, plants, verdict
from gate.rounds import GateError, Samples


def passes(monkeypatch, tmp_path, *factors):
    """Result of passes in which head takes these factors of base's time."""
    left = list(factors)
    asked = []

    def measure(*_, wanted, rounds, slices, tell):  # noqa: ARG001
        names = [name for name in ("label", "trace") if wanted(name)]
        asked.append((names, rounds, slices))
        factor = left.pop(0)
        found = {"label": Samples([[1.0]] * rounds, [[factor]] * rounds)}
        found["trace"] = Samples([[1.0]] * rounds, [[1.0]] * rounds, digests=("a", "b"))
        return {name: found[name] for name in names}, []

    monkeypatch.setattr(compare.rounds, "measure", measure)
    monkeypatch.setattr(compare.rounds, "write_inputs", lambda *_: None)
    result = compare.Result()
    compare.time_both(None, None, tmp_path, pattern="", least_rounds=5, result=result)
    return result, asked


def test_slow_down_needs_a_second_longer_pass(monkeypatch, tmp_path):
    result, asked = passes(monkeypatch, tmp_path, 1.3, 1.3)
    assert asked == [(["label", "trace"], 5, 4), (["label"], 11, 8)]
    assert result.slow == ["label"]
    assert result.code == compare.SLOW


def test_unconfirmed_suspicion_passes(monkeypatch, tmp_path):
    result, _ = passes(monkeypatch, tmp_path, 1.3, 1.0)
    assert result.slow == []
    assert result.code == compare.PASSED


def test_without_suspicion_there_is_one_pass(monkeypatch, tmp_path, capsys):
    result, asked = passes(monkeypatch, tmp_path, 1.1)
    assert len(asked) == 1
    assert result.code == compare.PASSED
    compare.show(result)
    assert "REPORT: trace: the answers differ" in capsys.readouterr().out


@pytest.mark.parametrize(("broken", "code"), [("old", compare.PASSED), ("new", None)])
def test_only_head_must_build(monkeypatch, tmp_path, capsys, broken, code):
    def make(_, version):
        if version == broken:
            raise GateError("no compiler")

    monkeypatch.setattr(builds.Workshop, "hash", lambda _, version: version)
    monkeypatch.setattr(builds.Workshop, "make", make)
    options = argparse.Namespace(base="old", head="new")
    if code is None:
        with pytest.raises(GateError, match="no compiler"):
            compare.gate(options, tmp_path)
    else:
        assert compare.gate(options, tmp_path) == code
        assert "SKIPPED: old cannot be built: no compiler" in capsys.readouterr().out


def test_pattern_without_a_benchmark_is_a_failure(monkeypatch, tmp_path):
    monkeypatch.setattr(compare.rounds, "measure", lambda *_, **__: ({}, []))
    monkeypatch.setattr(compare.rounds, "write_inputs", lambda *_: None)
    with pytest.raises(GateError, match="no benchmark has 'trac'"):
        compare.time_both(
            None, None, tmp_path, pattern="trac", least_rounds=5, result=compare.Result()
        )


def test_more_instructions_fail_at_once():
    result = compare.Result(counts=[instructions.Count("trace", 1000, 1030)])
    assert result.code == compare.PASSED
    result.counts.append(instructions.Count("label_runs", 1000, 1031))
    assert result.many == ["label_runs"]
    assert result.code == compare.SLOW


def test_slower_on_purpose_is_reported_and_passes(monkeypatch, tmp_path, capsys):
    result, _ = passes(monkeypatch, tmp_path, 1.3, 1.3)
    result.accepted = {"label"}
    assert result.code == compare.PASSED
    compare.show(result)
    shown = capsys.readouterr().out
    assert "SLOW" in shown
    assert "slower on purpose: label" in shown


def test_plant_must_be_caught_by_every_gate_that_ran():
    call, kernel = plants.CALLS[1], plants.KERNELS[0]
    worse = verdict.compare([[1.0]] * 5, [[1.3]] * 5)
    times = dict.fromkeys(call.benchmarks, worse)
    more = instructions.Count(kernel.kernel, 1000, 1300)
    equal = instructions.Count(kernel.kernel, 1000, 1000)

    def noticed(first, second, counts):
        result = compare.Result(first=first, second=second, counts=counts)
        return compare.noticed(call, kernel, result)

    assert noticed(times, times, [more])
    assert noticed(times, times, [])
    assert noticed({}, {}, [more])
    assert not noticed(times, times, [equal])
    assert not noticed(times, {}, [more])
    assert not noticed(times, {call.benchmarks[0]: worse}, [more])
    assert not noticed({"label": worse}, {}, [])
    assert not noticed({}, {}, [])


@pytest.mark.parametrize(
    "arguments", [[], ["--base", "HEAD", "--self-test"], ["--base", "no-such-commit"]]
)
def test_failure_has_its_own_exit_code(arguments, tmp_path):
    command = [sys.executable, ROOT / "benchmarks" / "compare.py", *arguments, "--keep", tmp_path]
    assert checkout.run(command).returncode == compare.FAILED


def test_equal_packages_need_no_comparison(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(builds.Workshop, "hash", lambda *_: "0123")
    monkeypatch.setattr(builds.Workshop, "make", None)
    options = argparse.Namespace(base="HEAD", head="HEAD")
    assert compare.gate(options, tmp_path) == compare.PASSED
    assert "nothing to compare" in capsys.readouterr().out
