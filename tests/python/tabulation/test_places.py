# SPDX-License-Identifier: Apache-2.0
"""Clock hours, zones, quadrants and regions: exact points, borders, mirrors.

Exactness: words and hours are exact but on the line between two of them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreError, ShapeError
from gftcore.tabulation import REGIONS, WARNINGS, ZONES, Fovea, region_word
from gftcore.tabulation.places import CENTRE_CODE
from tabled import eye_graph, with_eye, without_faz

SIDE = 1200
MM = 0.0025


def fovea(eye: Any = "OD", row: float = 599.5, col: float = 599.5) -> Fovea:
    return Fovea(shape=(SIDE, SIDE), row=row, col=col, mm_per_px=MM, eye=eye)


@pytest.mark.parametrize("hour", range(1, 13))
def test_the_twelve_hours(hour: int) -> None:
    angle = math.radians(30 * hour)
    for turn in (-14.9, 0.0, 14.9):
        a = angle + math.radians(turn)
        place = fovea().place(599.5 - 300 * math.cos(a), 599.5 + 300 * math.sin(a))
        assert place.clock_hour == hour


def test_three_is_right_and_twelve_is_up() -> None:
    at = fovea()
    assert at.place(599.5, 1100).clock_hour == 3
    assert at.place(100, 599.5).clock_hour == 12
    assert at.place(599.5, 100).clock_hour == 9
    assert at.place(1100, 599.5).clock_hour == 6


@pytest.mark.parametrize(
    ("right_px", "zone"),
    [(0, "foveal"), (199.9, "foveal"), (200, "parafoveal"), (499.9, "parafoveal"), (500, "outer")],
)
def test_zones_end_below_their_radius(right_px: float, zone: str) -> None:
    # 200 px are 0.5 mm, 500 px are 1.25 mm; a fovea at whole px keeps the differences exact.
    at = fovea(row=600, col=600)
    place = at.place(600, 600 + right_px)
    assert place.zone == zone
    assert place.faz_distance_mm == pytest.approx(right_px * MM)
    assert (place.clock_hour is None) == (zone == "foveal") == (place.region == "centre")
    assert at.zones([[600, 600 + right_px]]) == [zone]


def test_quadrants_are_of_the_image_and_not_of_the_fovea() -> None:
    at = fovea(row=300.0, col=900.0)
    corners = {(599, 599): "TL", (599, 600): "TR", (600, 599): "BL", (600, 600): "BR"}
    for (row, col), name in corners.items():
        assert at.place(row, col).quadrant == name
    # The middle row and column of odd sides lie at the bottom and to the right.
    odd = Fovea(shape=(3, 3), row=1, col=1, mm_per_px=1.0)
    assert odd.place(1, 1).quadrant == "BR"
    assert odd.place(0, 1).quadrant == "TR"


def test_percent_counts_whole_pixels() -> None:
    place = Fovea(shape=(100, 200), row=50, col=100, mm_per_px=0.015).place(0, 199)
    assert (place.x_percent, place.y_percent) == (99.75, 0.5)


def test_words_of_both_eyes() -> None:
    wanted = {
        "OD": ["superior temporal", "superior nasal", "inferior temporal", "inferior nasal"],
        "OS": ["superior nasal", "superior temporal", "inferior nasal", "inferior temporal"],
        "unknown": ["upper left", "upper right", "lower left", "lower right"],
    }
    for eye, words in wanted.items():
        assert list(REGIONS[eye]) == words
        corners = [(-1, -1), (-1, 1), (1, -1), (1, 1)]
        assert [region_word(down, right, eye) for down, right in corners] == words


points = st.tuples(st.floats(0, SIDE - 1), st.floats(0, SIDE - 1))


@given(point=points, centre=points)
def test_the_flag_alone_exchanges_nasal_and_temporal(
    point: tuple[float, float], centre: tuple[float, float]
) -> None:
    right = fovea("OD", *centre).place(*point)
    left = fovea("OS", *centre).place(*point)
    words = {"nasal": "temporal", "temporal": "nasal"}
    assert left.region == " ".join(words.get(word, word) for word in right.region.split())
    for name in ("quadrant", "clock_hour", "zone", "faz_distance_mm", "x_percent", "y_percent"):
        assert getattr(left, name) == getattr(right, name)


@given(point=points, centre=points)
def test_mirror_and_flag_keep_the_words_and_mirror_the_hours(
    point: tuple[float, float], centre: tuple[float, float]
) -> None:
    # On the vertical line through the fovea a point has no side, and its word is a convention.
    assume(abs(point[1] - centre[1]) > 1e-6)
    assume(abs(point[1] - (SIDE - 1) / 2) > 1e-6)
    seen = fovea("OD", *centre).place(*point)
    other = fovea("OS", centre[0], SIDE - 1 - centre[1]).place(point[0], SIDE - 1 - point[1])
    assert other.faz_distance_mm == pytest.approx(seen.faz_distance_mm, abs=1e-9)
    assume(seen.zone == other.zone)  # else rounding moved it across a border
    assert other.region == seen.region
    assert other.quadrant == {"L": "{}R", "R": "{}L"}[seen.quadrant[1]].format(seen.quadrant[0])
    assert other.x_percent == pytest.approx(100 - seen.x_percent)
    if seen.clock_hour is not None:
        assert other.clock_hour == (12 - seen.clock_hour) % 12 + (seen.clock_hour == 12) * 12 or 12


@pytest.mark.parametrize("hour", range(12))
def test_half_hours_mirror_too(hour: int) -> None:
    angle = math.radians(30 * hour + 15)
    down, right = -400 * math.cos(angle), 400 * math.sin(angle)
    seen = fovea().place(599.5 + down, 599.5 + right).clock_hour
    other = fovea().place(599.5 + down, 599.5 - right).clock_hour
    assert seen is not None
    assert other == (12 - seen) % 12 or other == 12 == seen


def test_a_naive_clock_would_not_mirror() -> None:
    # Rounding half up: 15 degrees are hour 1, -15 degrees hour 12 and not 11.
    naive = [math.floor(a / 30 + 0.5) % 12 or 12 for a in (15, -15)]
    assert naive == [1, 12]


def test_the_faz_of_a_graph_and_its_absence() -> None:
    graph = eye_graph()
    at = Fovea.of(graph)
    assert at.found
    assert [at.row, at.col] == graph.positions("faz")[0].tolist()
    assert (at.eye, at.mm_per_px) == ("OD", graph.meta.mm_per_px)
    bare = Fovea.of(with_eye(without_faz(graph), "OS"))
    rows, cols = graph.meta.shape
    assert (bare.found, bare.eye) == (False, "OS")
    assert (bare.row, bare.col) == ((rows - 1) / 2, (cols - 1) / 2)
    assert list(WARNINGS) == [CENTRE_CODE]
    assert set(at.zones(graph.positions("ica"))) <= set(ZONES)
    assert at.zones(np.empty((0, 2))) == []


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"eye": "left"}, ArgumentError, "eye must be one of 'OD', 'OS', 'unknown'"),
        ({"eye": None}, ArgumentTypeError, "eye must be"),
        ({"shape": (3, 3, 3)}, ShapeError, "shape must be"),
        ({"shape": (0, 3)}, ArgumentError, "shape must be between 1"),
        ({"row": math.nan}, ArgumentError, "row must be finite"),
        ({"col": "x"}, ArgumentTypeError, "col must be a real number"),
        ({"mm_per_px": 0}, ArgumentError, "mm_per_px must be finite and greater"),
    ],
)
def test_refusals(options: dict[str, Any], error: type[GftcoreError], words: str) -> None:
    good: dict[str, Any] = {"shape": (3, 3), "row": 1, "col": 1, "mm_per_px": 1.0}
    with pytest.raises(error, match=words):
        Fovea(**{**good, **options})


def test_refusals_of_points_and_graphs() -> None:
    with pytest.raises(ArgumentError, match="row must be finite"):
        fovea().place(math.inf, 0)
    with pytest.raises(ArgumentError, match="eye must be one of"):
        region_word(1, 1, "od")
    with pytest.raises(ArgumentTypeError, match="graph must be a HeteroGraph"):
        Fovea.of("graph")  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="down must be a real number"):
        region_word(None, 1, "OD")  # type: ignore[arg-type]
