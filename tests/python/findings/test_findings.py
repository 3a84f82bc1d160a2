# SPDX-License-Identifier: Apache-2.0
"""Findings of drawn eyes: a lattice of vessels with one thing changed. Exactness: exact."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from gftcore import graph
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.findings import (
    CELLS,
    FINDINGS,
    Cell,
    Thresholds,
    find_findings,
    finding_thresholds,
    finding_values,
)
from gftcore.findings.measures import cell_numbers
from gftcore.findings.wide_spots import wide_spots
from gftcore.tabulation import Fovea

SIDE = 608


def lattice(step: int = 16, width: int = 3) -> np.ndarray:
    """A lattice with a hole in the middle, the FAZ of this eye."""
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    for shift in range(width):
        mask[shift::step] = mask[:, shift::step] = True
    mask[272:336, 272:336] = False
    return mask


def eye_of(mask: np.ndarray, eye: str = "OD", **options: object) -> graph.HeteroGraph:
    return graph.extract(mask, graph.ExtractConfig(eye=eye), **options)


@pytest.fixture(scope="module")
def healthy() -> Thresholds:
    return finding_thresholds([eye_of(lattice())])


def test_healthy_eye_has_no_abnormality(healthy: Thresholds) -> None:
    (found,) = find_findings(eye_of(lattice()), healthy)
    assert found.name == "no abnormality"
    assert found.cells == found.evidence == found.regions == ()


def test_hole_is_non_perfusion_where_it_is(healthy: Thresholds) -> None:
    mask = lattice()
    mask[100:180, 420:500] = False
    eye = eye_of(mask)
    found = find_findings(eye, healthy)
    (hole,) = (one for one in found if one.name == "non-perfusion")
    assert {cell.clock_hour for cell in hole.cells} <= {1, 2}
    assert hole.regions == ("superior nasal",)
    ((kind, number),) = hole.evidence
    assert kind == "ica"
    assert number == int(eye.ica("area").argmax())
    assert hole.value is not None
    assert hole.threshold is not None
    assert hole.value > hole.threshold
    assert hole.strength > 1
    assert len(hole.cell_evidence) == len(hole.cells)


def test_wide_spot_is_a_dilation(healthy: Thresholds) -> None:
    mask = lattice()
    row, col = np.ogrid[:SIDE, :SIDE]
    mask |= (row - 145) ** 2 + (col - 81) ** 2 <= 9**2
    eye = eye_of(mask, "OS")
    (spot,) = (
        one for one in find_findings(eye, healthy) if one.name == "microaneurysm-like dilation"
    )
    assert spot.cells == (Cell(10, "outer"),)
    assert spot.regions == ("superior nasal",)
    ((kind, number),) = spot.evidence
    assert kind == "vessel"
    assert np.hypot(*(eye.positions("vessel")[number] - (145, 81))) < 30


def test_faz_findings(healthy: Thresholds) -> None:
    mask = lattice()
    mask[240:368, 240:368] = False
    names = [one.name for one in find_findings(eye_of(mask), healthy)]
    assert "FAZ enlarged" in names
    mask = lattice()
    mask[296:312, 200:400] = False
    (jagged,) = (one for one in find_findings(eye_of(mask), healthy) if one.name == "FAZ irregular")
    assert jagged.cells == (Cell(None, "foveal"),)
    assert jagged.regions == ("centre",)
    assert jagged.evidence == (("faz", 0),)


def test_missing_vessels_are_a_sparse_network(healthy: Thresholds) -> None:
    mask = lattice()
    mask[440:, :] = lattice(step=48)[440:, :]
    found = find_findings(eye_of(mask), healthy)
    sparse = [one for one in found if one.name == "sparse network"]
    hours = {cell.clock_hour for one in sparse for cell in one.cells}
    assert 6 in hours
    assert hours <= {4, 5, 6, 7, 8}
    assert {kind for one in sparse for kind, _ in one.evidence} == {"ica"}


def test_names_come_in_their_order(healthy: Thresholds) -> None:
    mask = lattice()
    mask[100:180, 420:500] = mask[500:560, 60:100] = mask[240:368, 240:368] = False
    found = find_findings(eye_of(mask), healthy)
    order = [(FINDINGS.index(one.name), -one.strength) for one in found]
    assert len(found) > 2
    assert order == sorted(order)


def test_eye_flag_changes_regions_only(healthy: Thresholds) -> None:
    mask = lattice()
    mask[100:180, 420:500] = mask[480:560, 280:340] = False
    right, left = (find_findings(eye_of(mask, eye), healthy) for eye in ("OD", "OS"))
    sides = {"nasal": "temporal", "temporal": "nasal"}

    def swapped(words: str) -> str:
        return " ".join(sides.get(word, word) for word in words.split())

    assert len(right) == len(left) > 1
    for one, other in zip(right, left, strict=True):
        assert tuple(swapped(region) for region in one.regions) == other.regions
        assert dataclasses.replace(one, regions=()) == dataclasses.replace(other, regions=())


def test_no_vessels_nothing_to_say(healthy: Thresholds) -> None:
    with pytest.warns(match="EMPTY_MASK|empty"):
        nothing = eye_of(np.zeros((SIDE, SIDE), dtype=bool))
    assert find_findings(nothing, healthy) == ()


def test_bar_has_no_faz(healthy: Thresholds) -> None:
    mask = np.zeros((60, 60), dtype=bool)
    mask[20:23] = True
    assert all(one.name in FINDINGS for one in find_findings(eye_of(mask), healthy))


def test_dark_areas_need_grey_values() -> None:
    mask = lattice()
    mask[100:180, 420:500] = mask[420:500, 100:180] = False
    image = np.full((SIDE, SIDE), 100.0, dtype=np.float32)
    image[100:180, 420:500] = 10
    grey = eye_of(mask, intensity=image)
    first = finding_thresholds([eye_of(lattice(), intensity=image * 0 + 100)])
    assert first.grey
    cells = finding_values(grey, first)["non-perfusion"]
    dark = max(cells, key=cells.__getitem__)
    assert dark.clock_hour in (1, 2)
    (found,) = (one for one in find_findings(grey, first) if one.name == "non-perfusion")
    assert found.regions == ("superior nasal",)
    # Without grey values nothing is dark, so that no hole counts.
    assert "non-perfusion" not in {one.name for one in find_findings(eye_of(mask), first)}


def test_cells_are_places() -> None:
    fovea = Fovea(shape=(SIDE, SIDE), row=300.25, col=310.5, mm_per_px=3 / SIDE, eye="OD")
    rng = np.random.default_rng(0)
    points = rng.uniform(0, SIDE, (2000, 2))
    points[:50] = np.array([300.25, 310.5]) + rng.integers(-200, 200, (50, 2)) * [1, 0]
    for point, number in zip(points.tolist(), cell_numbers(points, fovea).tolist(), strict=True):
        place = fovea.place(*point)
        assert CELLS[number] == Cell(place.clock_hour, place.zone)


def test_thresholds_are_quantiles_of_eyes() -> None:
    eyes = [eye_of(lattice()) for _ in range(3)]
    mask = lattice()
    mask[100:180, 420:500] = False
    eyes.append(eye_of(mask))
    found = finding_thresholds(eyes)
    most = [max(finding_values(eye, found)["non-perfusion"].values()) for eye in eyes]
    assert found.limit["non-perfusion"] == float(np.quantile(most, 0.975))
    assert found.median["non-perfusion"] == float(np.quantile(most, 0.5))


def test_thresholds_as_json(healthy: Thresholds) -> None:
    text = json.dumps(healthy.to_dict(), allow_nan=False)
    assert Thresholds.from_dict(json.loads(text)) == healthy
    never = dataclasses.replace(healthy, limit={**healthy.limit, "FAZ enlarged": math.inf})
    text = json.dumps(never.to_dict(), allow_nan=False)
    assert Thresholds.from_dict(json.loads(text)) == never


@pytest.mark.parametrize("change", [{"schema": "other"}, {"quantile": 0.9}, {"limit": {}}])
def test_other_thresholds_are_refused(healthy: Thresholds, change: dict[str, object]) -> None:
    with pytest.raises(ArgumentError, match="thresholds"):
        Thresholds.from_dict({**healthy.to_dict(), **change})


def test_bad_arguments(healthy: Thresholds) -> None:
    with pytest.raises(ArgumentError, match="at least one graph"):
        finding_thresholds([])
    with pytest.raises(ArgumentTypeError, match="graphs must hold HeteroGraphs"):
        finding_thresholds(["no"])  # type: ignore[list-item]
    with pytest.raises(ArgumentTypeError, match="graph must be a HeteroGraph"):
        find_findings("no", healthy)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="thresholds must be Thresholds"):
        find_findings(eye_of(lattice()), {})  # type: ignore[arg-type]


def test_evidence_of_some_cells(healthy: Thresholds) -> None:
    mask = lattice()
    mask[100:180, 420:500] = False
    hole = next(one for one in find_findings(eye_of(mask), healthy) if one.name == "non-perfusion")
    assert hole.evidence_in(hole.cells) == hole.evidence
    assert hole.evidence_in([Cell(7, "outer")]) == ()
    assert dataclasses.replace(hole, cell_evidence=()).evidence_in([]) == hole.evidence


def test_wide_spots_of_a_plain_lattice() -> None:
    eye = eye_of(lattice())
    assert (wide_spots(eye, eye.meta.mm_per_px).ratio <= 2).all()
