# SPDX-License-Identifier: Apache-2.0
"""Where lesions lie, and the label that they make."""

from __future__ import annotations

import numpy as np
import pytest

from gftcore.synth import Lesion, label_of
from gftcore.synth.lesions import place_of

CENTRE = 607.5


def square_at(right_mm, down_mm):
    row, col = CENTRE + down_mm * 1216 / 3, CENTRE + right_mm * 1216 / 3
    return np.array(
        [[row - 5, col - 5], [row - 5, col + 5], [row + 5, col + 5], [row + 5, col - 5]]
    )


def lesion(kind, area=0.01):
    return Lesion(
        id=0,
        type=kind,
        polygon_rowcol_px=square_at(0, 0),
        segment_ids=np.zeros(0, dtype=np.int64),
        first_row=0,
        num_rows=0,
        area_mm2=area,
        severity=0.0,
        place=place_of(square_at(0, 0), "OD"),
    )


@pytest.mark.parametrize("hour", range(1, 13))
@pytest.mark.parametrize("distance", [0.3, 0.8, 1.4])
def test_places_around_the_clock(hour, distance):
    angle = np.radians(30 * hour + 7)
    right, down = distance * np.sin(angle), -distance * np.cos(angle)
    square = square_at(right, down)
    od, os = place_of(square, "OD"), place_of(square, "OS")
    assert od.clock_hour == os.clock_hour == hour
    assert od.zone == {0.3: "foveal", 0.8: "parafoveal", 1.4: "outer"}[distance]
    assert od.quadrant == os.quadrant == ("B" if down > 0 else "T") + ("R" if right > 0 else "L")
    vertical = "inferior" if down > 0 else "superior"
    assert od.side == f"{vertical} {'nasal' if right > 0 else 'temporal'}"
    assert os.side == f"{vertical} {'temporal' if right > 0 else 'nasal'}"


def test_the_centre_is_bottom_right_of_itself():
    """As rows and columns of the lower and right half are counted everywhere."""
    assert place_of(square_at(0, 0), "OD").quadrant == "BR"


@pytest.mark.parametrize(
    ("lesions", "label"),
    [
        ([], "Healthy"),
        ([lesion("faz_enlargement", 1.5)], "Healthy"),
        ([lesion("microaneurysm")], "NPDR"),
        ([lesion("non_perfusion", 0.199)], "NPDR"),
        ([lesion("non_perfusion", 0.199)] * 9, "NPDR"),
        ([lesion("non_perfusion", 0.2)], "PDR"),
        ([lesion("microaneurysm"), lesion("non_perfusion", 0.7)], "PDR"),
        ([lesion("tuft")], "PDR"),
        ([lesion("faz_enlargement"), lesion("tuft"), lesion("non_perfusion")], "PDR"),
    ],
)
def test_label_rule(lesions, label):
    assert label_of(lesions) == label
    assert label_of(reversed(lesions)) == label
