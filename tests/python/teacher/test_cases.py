# SPDX-License-Identifier: Apache-2.0
"""Teaching cases and the pictures that a teacher sees. Exactness: exact."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from typing import Any

import numpy as np
import pytest

from gftcore.claims import Facts
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreError, ShapeError
from gftcore.findings import Cell, Finding
from gftcore.teacher import image_key, teacher_images
from lesson_cases import pixels, teaching_case
from words_cases import finding, findings, table


def test_a_case_holds_what_was_given() -> None:
    case = teaching_case("OS", "PDR", overlay=np.zeros((4, 5, 3), dtype=np.uint8))
    assert case.eye == "OS"
    assert case.label == "PDR"
    assert case.findings == findings("OS")
    assert np.array_equal(case.image, pixels(0))


def test_pixels_are_copied_and_read_only() -> None:
    image = pixels(3)
    case = teaching_case(image=image)
    before = case.key
    image[:] = 0
    assert case.key == before
    with pytest.raises(ValueError, match="read-only"):
        case.image[0, 0] = 1


BAD: dict[str, tuple[dict[str, Any], type[GftcoreError], str]] = {
    "id": ({"image_id": 3}, ArgumentTypeError, "image_id must be a str"),
    "findings": ({"findings": (1,)}, ArgumentTypeError, "findings must hold Findings"),
    "label": ({"label": "DR"}, ArgumentError, "label must be one of 'Healthy', 'NPDR', 'PDR'"),
    "truth of another stage": (
        {"truth": Facts.of_findings(eye="OD", stage="PDR", findings=())},
        ArgumentError,
        "truth must have the label, NPDR",
    ),
    "truth of another eye": (
        {"truth": Facts.of_findings(eye="OS", stage="NPDR", findings=())},
        ArgumentError,
        "truth must be of the table's eye, OD",
    ),
    "no facts": ({"truth": {}}, ArgumentTypeError, "truth must be Facts or None"),
    "float image": ({"image": np.zeros((3, 3))}, ArgumentTypeError, "image must be uint8"),
    "colour image": (
        {"image": np.zeros((3, 3, 3), np.uint8)}, ShapeError, r"image must be uint8 pixels \[H, W\]"
    ),
    "grey overlay": (
        {"overlay": np.zeros((3, 3), np.uint8)}, ShapeError, r"overlay must be .* \[H, W, 3\]"
    ),
    "alpha": ({"overlay": np.zeros((3, 3, 4), np.uint8)}, ShapeError, "overlay must be"),
    "empty": ({"image": np.zeros((0, 3), np.uint8)}, ShapeError, "1 to 32767"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused(name: str) -> None:
    changes, error, message = BAD[name]
    case = teaching_case()
    with pytest.raises(error, match=message):
        dataclasses.replace(case, **changes)


def test_the_table_explains_the_label() -> None:
    case = teaching_case()
    with pytest.raises(ArgumentError, match="table must explain the label, NPDR, got 'PDR'"):
        dataclasses.replace(case, table=table(target="PDR"))
    with pytest.raises(ArgumentError, match="table must have a probability of the label, PDR"):
        dataclasses.replace(
            case,
            label="PDR",
            table=table(target="PDR", probabilities={"Healthy": 0.5, "NPDR": 0.5}),
        )


def odd(**changes: Any) -> Finding:
    base = finding("non-perfusion", (Cell(1, "outer"),), ("superior nasal",))
    return dataclasses.replace(base, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "drusen"},
        {"cells": (Cell(13, "outer"),)},
        {"cells": (Cell(None, "outer"),)},
        {"regions": ("upper right",)},
        {"regions": ("A. Smith",)},
    ],
)
def test_findings_have_known_words_only(changes: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        dataclasses.replace(teaching_case(), findings=(odd(**changes),))
    assert dataclasses.replace(teaching_case(), findings=(odd(),))


def test_the_key_is_of_the_pixels_alone() -> None:
    digest = hashlib.sha256(b"16 16\n" + pixels(0).tobytes()).hexdigest()
    assert teaching_case(image_id="0001").key == teaching_case(image_id="x").key == digest[:16]
    assert image_key(pixels(1)) != digest[:16]
    assert re.fullmatch("[0-9a-f]{16}", digest[:16])


def test_small_pictures_stay_as_they_are() -> None:
    case = teaching_case()
    (raw,) = teacher_images(case)
    assert np.array_equal(raw, case.image)


def test_large_pictures_are_made_smaller() -> None:
    image = np.full((1300, 650), 7, dtype=np.uint8)
    image[::2] = 9
    overlay = np.full((800, 1600, 3), 5, dtype=np.uint8)
    raw, drawn = teacher_images(teaching_case(image=image, overlay=overlay))
    assert (raw.shape, drawn.shape) == ((1024, 512), (512, 1024, 3))
    assert (raw.dtype, drawn.dtype) == (np.uint8, np.uint8)
    assert set(np.unique(drawn)) == {5}
    # Lines of one pixel blend: nothing is left out as choosing every other pixel would do.
    tiny = teacher_images(teaching_case(image=image), longest_side=65)[0]
    assert set(np.unique(tiny)) == {8}
    assert set(np.unique(image[::20])) == {9}


def test_a_bound_is_a_number_of_pixels() -> None:
    with pytest.raises(ArgumentError, match="longest_side"):
        teacher_images(teaching_case(), longest_side=0)
