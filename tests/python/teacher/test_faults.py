# SPDX-License-Identifier: Apache-2.0
"""A failing service and a client that is killed: nothing is lost, nothing accepted is resent."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("openai", reason="needs the extra teacher")
pytest.importorskip("tenacity", reason="needs the extra teacher")

from fault_server import Arrival
from teacher_faults import Report, audit, campaign


def test_killed_again_and_again(tmp_path: Path) -> None:
    report = campaign(tmp_path, items=80, kills=2)
    assert report.problems == []
    assert report.resent == 0
    assert sum(report.states.values()) == 80
    assert report.states["done"] > 60
    assert report.outcomes["abandoned"] > 0
    # What the check rests on can fail: a request that is no row, and a row that never was.
    strange = Arrival("item 1", "unknown-1", {}, {})
    changed = Report(items=80, kills=2)
    audit(tmp_path / "ledger.sqlite", [strange], changed)
    assert any("no row" in problem for problem in changed.problems)
    assert any("answered, seen 0 times" in problem for problem in changed.problems)


def test_without_a_ledger_accepted_items_are_sent_again(tmp_path: Path) -> None:
    report = campaign(tmp_path, items=20, kills=2, client="naive")
    assert report.resent > 0
    assert any("sent again" in problem for problem in report.problems)
