# SPDX-License-Identifier: Apache-2.0
"""Scores of findings: cells of lesions, claims, chance and intervals by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import findings
from gftcore.findings import CELLS, Cell, Finding
from gftcore.tabulation import Fovea

SIDE = 1216
FOVEA = Fovea(shape=(SIDE, SIDE), row=607.5, col=607.5, mm_per_px=3 / SIDE, eye="OD")


def square(row: float, col: float, half: float) -> np.ndarray:
    return np.array([[row - half, col - half], [row - half, col + half],
                     [row + half, col + half], [row + half, col - half]])  # fmt: skip


def test_lesions_are_in_their_cells() -> None:
    lesions = [
        SimpleNamespace(type="microaneurysm", polygon_rowcol_px=square(607.5, 907.5, 5)),
        # Half-way between 1 and 2 o'clock, so that both cells hold half of it.
        SimpleNamespace(type="non_perfusion", polygon_rowcol_px=square(357.5, 857.5, 20)),
    ]
    found = findings.lesion_cells(SimpleNamespace(lesions=lesions), FOVEA)
    assert [CELLS[i] for i in np.flatnonzero(found["microaneurysm"])] == [Cell(3, "parafoveal")]
    both = {CELLS[i] for i in np.flatnonzero(found["non_perfusion"])}
    assert both == {Cell(1, "parafoveal"), Cell(2, "parafoveal")}
    assert not found["tuft"].any()


def claim(name: str, *cells: Cell) -> Finding:
    return Finding(name=name, cells=cells, regions=(), evidence=(), value=1.0, threshold=0.5,
                   strength=2.0)  # fmt: skip


def test_claims_of_one_lesion_count_once() -> None:
    said = findings.claims(
        [
            claim("non-perfusion", Cell(1, "outer"), Cell(2, "outer")),
            claim("sparse network", Cell(2, "outer")),
            claim("tortuous vessels", Cell(3, "outer")),
        ]
    )
    assert {name: int(cells.sum()) for name, cells in said.items()} == {
        "non-perfusion": 2, "sparse network": 1, "microaneurysm-like dilation": 0,
        "neovascular tuft": 0,
    }  # fmt: skip
    assert {kind: int(cells.sum()) for kind, cells in findings.by_lesion(said).items()} == {
        "non_perfusion": 2, "microaneurysm": 0, "tuft": 0,
    }  # fmt: skip


def test_chance_keeps_the_zones() -> None:
    claimed, true = np.zeros(25, dtype=bool), np.zeros(25, dtype=bool)
    claimed[[1, 2, 13]] = True
    true[[1, 3, 4, 14]] = True
    # Two parafoveal claims at 3 / 12, one outer at 1 / 12.
    assert findings.counts(claimed, true) == pytest.approx([3, 1, 2 * 3 / 12 + 1 / 12, 4])


@pytest.mark.parametrize("good", [True, False])
def test_summary(good: bool) -> None:
    row = [4.0, 3.0, 1.0, 6.0] if good else [4.0, 1.0, 1.0, 6.0]
    found = findings.summary(np.array([row] * 6), np.array(["a", "a", "b", "c", "d", "e"]))
    assert found["precision"]["value"] == pytest.approx(row[1] / 4)
    assert found["recall"]["random"] == pytest.approx(1 / 6)
    assert found["precision"]["difference"] == pytest.approx((row[1] - 1) / 4)
    assert (found["precision"]["low"] > 0) is good


def test_no_claim_has_no_interval() -> None:
    found = findings.summary(np.zeros((3, 4)), np.array(["a", "b", "c"]))
    assert found["precision"]["low"] is None
