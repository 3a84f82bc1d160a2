# SPDX-License-Identifier: Apache-2.0
"""Colours: those of different things stay apart for everybody, scales end where they should."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colour_vision import BLINDNESSES, GREEN, RED, distance, luminance, seen
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError
from gftcore.pictures import palette
from gftcore.pictures.scales import Scale, require_limits, robust_scale, showable

#: What stands side by side in one picture and has to be told apart by its colour.
CLASSES = {
    "overlay": [palette.VESSEL, palette.CENTRELINE, palette.FAZ, palette.VOID],
    "overlay areas": [palette.VESSEL, palette.CENTRELINE, palette.FAZ, palette.AREAS[1]],
    "nodes": [colour for colour, _ in palette.NODES.values()],
    "map": [palette.MISSING, palette.GROUND, palette.FAZ_UNSCALED],
    "comparison": [
        palette.GROUND, palette.BOTH, palette.OTHERWISE, palette.ONLY_LEFT, palette.ONLY_RIGHT,
    ],
}  # fmt: skip


@pytest.mark.parametrize("blindness", BLINDNESSES)
@pytest.mark.parametrize("name", CLASSES)
def test_classes_differ_for_everybody(name: str, blindness: str) -> None:
    for one, other in itertools.combinations(CLASSES[name], 2):
        assert distance(one, other, blindness) > 20, (one, other)


@pytest.mark.parametrize("blindness", BLINDNESSES)
def test_what_one_side_has_is_louder_than_the_rest(blindness: str) -> None:
    ground = seen(palette.GROUND, blindness)[0]
    quiet = seen(palette.BOTH, blindness)[0] - ground
    for loud in (palette.ONLY_LEFT, palette.ONLY_RIGHT):
        assert seen(loud, blindness)[0] - ground > quiet + 10


def test_red_and_green_would_not_do() -> None:
    assert distance(RED, GREEN, "none") > 60
    assert distance(RED, GREEN, "deuteranopia") < 20


@pytest.mark.parametrize("blindness", BLINDNESSES)
def test_the_ramp_has_equal_steps(blindness: str) -> None:
    """More is lighter for everybody, and no step is lost; without a blindness none is a jump."""
    found = seen(palette.ramp(np.linspace(0, 1, 24)), blindness)
    assert (np.diff(found[:, 0]) > 0.3).all()
    steps = np.linalg.norm(np.diff(found, axis=0), axis=1)
    assert steps.min() > 1.4
    assert blindness != "none" or steps.max() < 1.8 * steps.min()
    # Negative control: a rainbow gets darker, and lighter, and darker.
    rainbow = np.array([[0, 0, 255], [0, 255, 255], [0, 255, 0], [255, 255, 0], [255, 0, 0]])
    assert not (np.diff(seen(rainbow, blindness)[:, 0]) > 0).all()


def test_the_ramp_can_be_seen_on_its_ground() -> None:
    light = luminance(palette.ramp(np.linspace(0, 1, 256)))
    ground = luminance(palette.GROUND)
    assert ((light + 0.05) / (ground + 0.05)).min() >= 3


def test_the_table_is_viridis() -> None:
    matplotlib = pytest.importorskip("matplotlib", reason="the oracle of the colours")
    wanted = np.rint(255 * np.array(matplotlib.colormaps["viridis"].colors))
    table = np.frombuffer(palette._VIRIDIS, dtype=np.uint8).reshape(-1, 3)
    assert (table == wanted).all()


@pytest.mark.parametrize("blindness", BLINDNESSES)
def test_missing_values_are_no_value(blindness: str) -> None:
    """Grey may be as light as a colour for somebody; stripes and dashes tell it apart, too."""
    ramp = palette.ramp(np.linspace(0, 1, 64))
    assert min(distance(palette.MISSING, colour, blindness) for colour in ramp) > 10
    assert distance(palette.MISSING, palette.MISSING_STRIPES, blindness) > 30


def test_limits_are_percentiles() -> None:
    values = np.append(np.arange(101.0), [np.nan, np.inf, -np.inf])
    scale = robust_scale(values, log=False)
    assert scale == Scale(2.0, 98.0)
    assert scale.places([2.0, 50.0, 98.0, 1.0, 99.0]).tolist() == [0, 0.5, 1, 0, 1]
    ends = palette.ramp([0.0, 1.0])
    assert (scale.colours([-1e9, 1e9]) == ends).all()
    # One extreme value would make all others alike.
    extreme = robust_scale(np.append(np.arange(101.0), 1e6), log=False)
    assert extreme.high < 102
    assert (extreme.colours([10.0]) != extreme.colours([90.0])).any()
    naive = Scale(0.0, 1e6)
    assert (naive.colours([10.0]) == naive.colours([90.0])).all()


def test_few_values_lie_within() -> None:
    assert robust_scale(np.array([3.0, 9.0]), log=True) == Scale(3.0, 9.0, True)
    one = robust_scale(np.array([4.0, 4.0]), log=False)
    assert one == Scale(2.0, 6.0)
    assert robust_scale(np.zeros(3), log=False) == Scale(-1.0, 1.0)
    assert robust_scale(np.array([np.nan]), log=False) is None
    assert robust_scale(np.array([0.0, -1.0]), log=True) is None


def test_equal_ratios_are_equal_steps_of_areas() -> None:
    scale = Scale(0.01, 100.0, True)
    assert scale.places([0.0, 0.01, 0.1, 1.0, 10.0, 100.0]).tolist() == pytest.approx(
        [0, 0, 0.25, 0.5, 0.75, 1]
    )
    assert [text for _, text in scale.ticks()] == ["0.01", "0.1", "1", "10", "100"]


def test_near_limits_have_few_ticks() -> None:
    limits = require_limits((5, 5.00001), log=False)
    assert len(Scale(*limits).ticks()) <= 8
    alike = robust_scale(np.array([5, 5.000000000000001]), log=False)
    assert (alike.low, alike.high) == pytest.approx((2.5, 7.5))


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=6), st.booleans())
def test_any_values_have_a_scale(values: list[float], log: bool) -> None:
    found = showable(values)
    scale = robust_scale(found, log=log)
    if scale is not None:
        there = found[np.isfinite(found)]
        assert scale.colours(there).shape == (len(there), 3)
        assert len(scale.ticks()) <= 8


@given(
    low=st.floats(-1e6, 1e6),
    width=st.floats(1e-3, 1e6),
    log=st.booleans(),
)
def test_ticks(low: float, width: float, log: bool) -> None:
    """They ascend, lie within, and are where their numbers belong."""
    if log:
        low = abs(low) + 1e-6
    scale = Scale(low, low + width, log)
    ticks = scale.ticks()
    places = [place for place, _ in ticks]
    assert 1 <= len(ticks) <= 8
    assert places == sorted(places)
    assert all(0 <= place <= 1 for place in places)


@pytest.mark.parametrize(
    ("limits", "log", "error", "words"),
    [
        ((1,), False, ShapeError, "two numbers"),
        ((2, 1), False, ArgumentError, "ascend"),
        ((0, np.nan), False, ArgumentError, "finite"),
        ((0, 1), True, ArgumentError, "greater than 0"),
        ("ab", False, ArgumentTypeError, "limits must be"),
        ((-1e308, 1e308), False, ArgumentError, "between 1e-100 and 1e.100 in size"),
        ((0, 5e-324), False, ArgumentError, "between 1e-100"),
        ((5, 5.000000000000001), False, ArgumentError, "apart by a millionth"),
        ((5, 5.000004), True, ArgumentError, "apart by a millionth"),
    ],
)
def test_wrong_limits(limits: Any, log: bool, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        require_limits(limits, log=log)
