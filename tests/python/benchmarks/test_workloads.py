# SPDX-License-Identifier: Apache-2.0
"""The gate's workloads on this package, and on one that lacks some."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from checkout import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from gate import inputs, worker
from gate.workloads import WORKLOADS, Prepared


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    path = tmp_path_factory.mktemp("gate") / "inputs.npz"
    inputs.write_inputs(path)
    return path


@pytest.fixture(scope="module")
def timer(stored):
    return worker.Timer(stored)


@pytest.mark.parametrize("name", [w.name for w in WORKLOADS if not w.name.startswith("import")])
def test_every_workload_runs_and_is_timed(timer, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ready = timer.prepare(name)
    assert ready["seconds"] > 0
    assert (ready["digest"] is None) == (name == "save")


def test_answer_decides_the_digest(timer):
    first = timer.prepare("label")["digest"]
    assert timer.prepare("label")["digest"] == first
    assert timer.prepare("label background")["digest"] != first


def test_older_package_lacks_what_it_lacks(stored, monkeypatch):
    monkeypatch.setattr(Prepared, "graph", SimpleNamespace())
    assert "no attribute 'label'" in worker.Timer(stored).prepare("label")["missing"]


def test_stored_inputs_are_kept(tmp_path, monkeypatch):
    path = tmp_path / "inputs.npz"
    monkeypatch.setattr(inputs, "make_arrays", lambda: {"mask": [1]})
    inputs.write_inputs(path)
    monkeypatch.setattr(inputs, "make_arrays", lambda: {"mask": [2], "anchors": [3]})
    inputs.write_inputs(path)
    assert {k: v.tolist() for k, v in inputs.read_inputs(path).items()} == {
        "mask": [1],
        "anchors": [3],
    }
