# SPDX-License-Identifier: Apache-2.0
"""Arguments are refused in words, or brought into the one form that the core takes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gftcore import _validation as v
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError

BASE = np.array([[0, 1, 1], [1, 0, 0]], dtype=np.uint8)


def bool_with_bytes_255() -> np.ndarray:
    return (BASE * 255).view(np.bool_)


@pytest.mark.parametrize(
    "mask",
    [
        BASE,
        BASE.astype(bool),
        bool_with_bytes_255(),
        BASE * 255,
        BASE.astype(np.int64) * -7,
        BASE.astype(">u2"),
        np.asfortranarray(BASE),
        np.repeat(np.repeat(BASE, 2, axis=0), 3, axis=1)[::2, ::3],
        BASE[::-1, ::-1][::-1, ::-1],
        BASE.tolist(),
    ],
    ids=lambda mask: f"{getattr(mask, 'dtype', 'list')}",
)
def test_all_forms_of_a_mask_give_one_result(mask: Any) -> None:
    out = v.require_mask(mask)
    assert out.dtype == np.uint8
    assert out.flags.c_contiguous
    assert out.tolist() == BASE.tolist()


def test_a_mask_that_is_right_is_not_copied() -> None:
    assert np.shares_memory(v.require_mask(BASE), BASE)
    as_bool = BASE.astype(bool)
    assert np.shares_memory(v.require_mask(as_bool), as_bool)


def test_float_masks_are_refused_with_the_documented_message() -> None:
    message = (
        r"mask must be a 2-D bool or two-valued integer array, got float32 \(3, 4, 5\); "
        "threshold it first"
    )
    with pytest.raises(ArgumentTypeError, match=message) as caught:
        v.require_mask(np.zeros((3, 4, 5), dtype=np.float32))
    assert isinstance(caught.value, TypeError)


def test_three_values_need_a_threshold() -> None:
    grey = np.array([[0, 100, 200]])
    with pytest.raises(
        ArgumentError, match=r"at most two values, got 0, 100, 200, \.\.\.;.*thresh"
    ):
        v.require_mask(grey)
    assert v.require_mask(grey, threshold=100).tolist() == [[0, 0, 1]]
    assert v.require_mask(grey / 200, threshold=0.2).tolist() == [[0, 1, 1]]


def test_two_values_need_a_zero() -> None:
    with pytest.raises(
        ArgumentError, match=r"0 as one of its two values, got 1 and 2; .*threshold="
    ):
        v.require_mask([[1, 2]])
    with pytest.raises(ArgumentError, match="got -1 and 1"):
        v.require_mask([[-1, 1]])
    assert v.require_mask([[1, 2]], threshold=1).tolist() == [[0, 1]]
    assert v.require_mask([[7, 7]]).tolist() == [[1, 1]]


def test_many_values_are_not_sorted_to_word_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(np, "unique")
    with pytest.raises(ArgumentError, match=r"got 0, 1, 99, \.\.\."):
        v.require_mask(np.arange(100).reshape(10, 10))


def test_a_threshold_does_not_empty_a_bool_mask() -> None:
    # The naive way, `mask > 127`, has no foreground left.
    mask = BASE.astype(bool)
    assert not (mask > 127).any()
    assert v.require_mask(mask, threshold=127).tolist() == BASE.tolist()


@pytest.mark.parametrize("value", [math.nan, math.inf, "1", 1j, True])
def test_a_threshold_is_a_finite_number(value: Any) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError), match="threshold must be"):
        v.require_mask(BASE, threshold=value)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (32768, 1), (1, 32768), (4,), (1, 1, 1)])
def test_impossible_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="mask must"):
        v.require_mask(np.zeros(shape, dtype=bool))


@pytest.mark.parametrize("shape", [(1, 1), (32767, 1), (1, 32767)])
def test_extreme_shapes_are_fine(shape: tuple[int, int]) -> None:
    assert v.require_mask(np.zeros(shape, dtype=bool)).shape == shape


@pytest.mark.parametrize(
    "value",
    [
        None,
        "mask.png",
        b"\0",
        {},
        object(),
        [[1, 2], [3]],
        np.array([["a"]]),
        np.array([[1 + 1j]]),
        np.array([[object()]]),
        np.zeros((2, 2), dtype="M8[s]"),
        np.ma.masked_array(BASE, mask=BASE),
    ],
)
def test_things_that_are_no_masks(value: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="mask must be"):
        v.require_mask(value)


def test_an_array_interface_that_fails_is_explained() -> None:
    class Broken:
        def __array__(self, *_args: Any, **_kwargs: Any) -> np.ndarray:
            raise RuntimeError("no device")

    with pytest.raises(ArgumentTypeError, match="got Broken that is no array: no device"):
        v.require_mask(Broken())  # type: ignore[arg-type]


def test_images_become_float32() -> None:
    out = v.require_image(np.arange(6, dtype=">u2").reshape(2, 3)[:, ::-1])
    assert (out.dtype, out.tolist()) == (np.float32, [[2, 1, 0], [5, 4, 3]])
    assert v.require_image(bool_with_bytes_255()).max() == 1


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e300])
def test_images_are_finite(bad: float) -> None:
    with pytest.raises(ArgumentError, match="image must be finite"):
        v.require_image([[0.0, bad]])


def test_colour_images_are_told_to_choose_a_channel() -> None:
    with pytest.raises(ShapeError, match="choose one channel"):
        v.require_image(np.zeros((4, 4, 3)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_intensity_keeps_the_types_of_the_core(dtype: type) -> None:
    assert v.require_intensity(np.ones((2, 3), dtype=dtype), (4, 6)).dtype == dtype


@pytest.mark.parametrize("dtype", [np.int32, np.float16, np.int64, np.uint32])
def test_other_intensities_become_float64(dtype: type) -> None:
    assert v.require_intensity(np.ones((2, 3), dtype=dtype), (2, 3)).dtype == np.float64


@pytest.mark.parametrize("shape", [(4, 3), (2, 6), (3, 4), (8, 12), (1, 2)])
def test_intensity_must_divide_both_sides_alike(shape: tuple[int, int]) -> None:
    with pytest.raises(ShapeError, match="intensity must have the mask's shape"):
        v.require_intensity(np.ones(shape), (4, 6))


def test_choices_offer_the_nearest_name() -> None:
    with pytest.raises(ArgumentError, match="did you mean 'planar'"):
        v.require_choice("planer", ("planar", "centerline4"), "adjacency")
    with pytest.raises(ArgumentTypeError, match=r"connectivity must be one of 4, 8, got 8\.0"):
        v.require_choice(8.0, (4, 8), "connectivity")
    with pytest.raises(ArgumentError):
        v.require_choice(True, (1, 2), "n")


@pytest.mark.parametrize("value", [1.0, "1", None, True, np.float64(1)])
def test_integers_are_integers(value: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="n must be an integer"):
        v.require_int(value, "n")


def test_integers_have_limits() -> None:
    assert v.require_int(np.int8(3), "n") == 3
    with pytest.raises(ArgumentError, match="n must be between 0 and 2147483647, got -1"):
        v.require_int(-1, "n")
    with pytest.raises(ArgumentError):
        v.require_int(10**30, "n")


def test_reals_have_limits() -> None:
    with pytest.raises(ArgumentError, match="greater than 0"):
        v.require_real(0, "fov_mm", above=0.0)
    with pytest.raises(ArgumentError):
        v.require_real(10**400, "x")


def test_excluded_pixels_by_rectangle_and_by_mask() -> None:
    drawn = np.zeros((4, 5), dtype=bool)
    drawn[1:3, 2:] = True
    by_mask = v.require_excluded(drawn, (4, 5))
    by_rectangle = v.require_excluded([(1, 2, 3, 99)], (4, 5))
    assert by_mask is not None
    assert by_rectangle is not None
    assert by_mask.tolist() == by_rectangle.tolist() == drawn.astype(int).tolist()
    assert v.require_excluded(np.array([[1, 2, 3, 5]]), (4, 5)).tolist() == by_mask.tolist()  # type: ignore[union-attr]
    assert v.require_excluded((), (4, 5)) is None
    assert v.require_excluded(np.zeros((4, 5), dtype=bool), (4, 5)) is None


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ((1, 2, 3, 4), ArgumentTypeError),
        ([(1, 2, 3)], ArgumentError),
        ([(3, 2, 1, 4)], ArgumentError),
        ([(0, 0, -1, 4)], ArgumentError),
        ([(0.0, 0, 1, 4)], ArgumentTypeError),
        ("0,0,1,1", ArgumentTypeError),
        (7, ArgumentTypeError),
        (np.zeros((3, 3), dtype=bool), ShapeError),
    ],
)
def test_bad_exclusions(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="exclude must"):
        v.require_excluded(value, (4, 5))


def test_labels_and_points_stay_in_range() -> None:
    with pytest.raises(ArgumentError, match="labels must be >= 0"):
        v.require_labels([[-1, 0]])
    with pytest.raises(ArgumentError, match="int32"):
        v.require_labels([[2**31]])
    with pytest.raises(ArgumentTypeError, match="integers"):
        v.require_labels([[0.5]])
    with pytest.raises(ArgumentError, match="inside the image"):
        v.require_points([[0, 3]], (3, 3), name="anchors")
    assert v.require_points([], (3, 3), name="anchors").shape == (0, 2)


def test_names_come_as_a_sequence() -> None:
    assert v.require_names(("a", "b", "a"), ("a", "b"), "keep") == ("a", "b")
    with pytest.raises(ArgumentTypeError, match="sequence of names"):
        v.require_names("mask", ("mask",), "keep")
    with pytest.raises(ArgumentTypeError, match="sequence of names"):
        v.require_names(3, ("mask",), "keep")  # type: ignore[arg-type]
