# SPDX-License-Identifier: Apache-2.0
"""Every way to hold a mask gives one result; what is no mask is refused by every function."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gftcore import graph
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreWarning, ShapeError
from gftcore.graph import BatchItem
from graph_bytes import array_bytes, assert_same_graph_bytes, graph_bytes
from random_masks import vessels

Mask = NDArray[np.bool_]


def mask_70x131() -> Mask:
    rng = np.random.default_rng(4)
    return vessels(rng, (70, 131)) ^ (rng.random((70, 131)) < 0.01)


def one_bit_png(mask: Mask) -> NDArray[Any]:
    file = io.BytesIO()
    Image.fromarray(mask).convert("1").save(file, format="PNG")
    return np.array(Image.open(file))


def padded_view(mask: Mask) -> NDArray[Any]:
    """Every second pixel of the inner part of a larger array, read backwards."""
    rows, cols = mask.shape
    large = np.ones((2 * rows + 5, 2 * cols + 6), np.uint8)
    view = large[2 : 2 * rows + 2 : 2, 3 : 2 * cols + 3 : 2][::-1, ::-1]
    view[:] = mask
    return view


FORMS: dict[str, Callable[[Mask], Any]] = {
    "bool with bytes 255": lambda m: np.where(m, np.uint8(255), np.uint8(0)).view(np.bool_),
    "bool with bytes 2": lambda m: np.where(m, np.uint8(2), np.uint8(0)).view(np.bool_),
    "uint8 0/1": lambda m: m.astype(np.uint8),
    "uint8 0/255": lambda m: m * np.uint8(255),
    "uint16 0/256": lambda m: m * np.uint16(256),
    "int64 0/-1": lambda m: -m.astype(np.int64),
    "int64 0/2**32": lambda m: m * np.int64(2**32),
    "big-endian": lambda m: m.astype(">i2"),
    "Fortran order": np.asfortranarray,
    "Fortran order, bytes 255": lambda m: np.asfortranarray(m * np.uint8(255)).view(np.bool_),
    "non-contiguous": padded_view,
    "transposed view": lambda m: np.ascontiguousarray(m.T).T,
    "1-bit PNG": one_bit_png,
    "list": lambda m: m.tolist(),
    "read-only": lambda m: np.frombuffer(m.tobytes(), np.bool_).reshape(m.shape),
}

#: Stages that take a mask, as functions of the mask alone.
STAGES: dict[str, Callable[[Any], Any]] = {
    "border_anchors": graph.border_anchors,
    "thin": graph.thin,
    "thin ordered": lambda m: graph.thin(m, method="ordered"),
    "minimal_pass": graph.minimal_pass,
    "squared_distance": graph.squared_distance,
    "label": lambda m: graph.label(m, background=True),
    "fill_small": lambda m: graph.fill_small(m, area_px=9),
    "fill_small excluded": lambda m: graph.fill_small(
        np.zeros((70, 131), bool), area_px=10**6, excluded=m
    ),
    "trace": lambda m: graph.trace(m).point_pixel,
    "assign_pixels": lambda m: graph.assign_pixels(SKELETON, m),
    "segment_table": lambda m: graph.segment_table(SKELETON, m, DISTANCE).values,
    "find_faz": lambda m: np.array(graph.find_faz(m, LABELS).label),
}
SKELETON = graph.trace(graph.thin(mask_70x131()))
DISTANCE = graph.squared_distance(mask_70x131())
LABELS = graph.label(mask_70x131())


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_extract_gives_one_result(form: Callable[[Mask], Any]) -> None:
    mask = mask_70x131()
    hole = np.zeros_like(mask)
    hole[20:30, 40:60] = True
    keep = ("mask", "ica_label", "distance")
    expected = graph.extract(mask, exclude=hole, faz_mask=~mask, keep=keep)
    given = {"exclude": form(hole), "faz_mask": form(~mask)}
    if isinstance(given["exclude"], list):
        given["exclude"] = hole  # a list stands for rectangles
    found = graph.extract(form(mask), **given, keep=keep)
    assert_same_graph_bytes(found, expected, "extract")
    (batched,) = graph.extract_batch([BatchItem(mask=form(mask), **given)], keep=keep)
    assert_same_graph_bytes(batched, expected, "extract_batch")


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_stages_give_one_result(stage: Callable[[Any], Any]) -> None:
    mask = mask_70x131()
    expected = array_bytes(stage(mask))
    for name, form in FORMS.items():
        assert array_bytes(stage(form(mask))) == expected, name


def test_a_mask_stays_as_it_is() -> None:
    for form in FORMS.values():
        given = form(mask_70x131())
        before = np.array(given).tobytes()
        graph.extract(given, exclude=[(0, 0, 20, 20)])
        assert np.array(given).tobytes() == before


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_stages_refuse_what_is_no_mask(stage: Callable[[Any], Any]) -> None:
    three = mask_70x131().astype(np.uint8)
    three[0, :3] = (0, 1, 2)
    with pytest.raises(ArgumentError, match="at most two values"):
        stage(three)
    with pytest.raises(ArgumentTypeError, match="threshold"):
        stage(three.astype(float))
    with pytest.raises(ShapeError, match="2-D"):
        stage(three[0])
    with pytest.raises(ShapeError):
        stage(three[:0])


def test_extract_refuses_three_values_unless_it_gets_a_threshold() -> None:
    grey = (mask_70x131() * np.uint8(200)) + np.uint8(7)
    grey[0, 0] = 50
    with pytest.raises(ArgumentError, match="threshold="):
        graph.extract(grey)
    found = graph.extract(grey, threshold=100, keep=("mask",))
    np.testing.assert_array_equal(found.kept["mask"], grey > 100)
    (batched,) = graph.extract_batch([BatchItem(mask=grey, threshold=100)], keep=("mask",))
    assert graph_bytes(batched) == graph_bytes(found)


@pytest.mark.parametrize(
    ("mask", "codes", "areas"),
    [
        (np.zeros((30, 40), bool), ("EMPTY_MASK",), 1),
        (np.ones((30, 40), bool), ("FULL_MASK",), 0),
    ],
    ids=["empty", "full"],
)
def test_empty_and_full_masks_warn_and_give_a_valid_graph(
    mask: Mask, codes: tuple[str, ...], areas: int
) -> None:
    for form in (lambda m: m, *FORMS.values()):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = graph.extract(form(mask))
            (batched,) = graph.extract_batch([form(mask)])
        assert [str(w.message).split(":")[0] for w in caught] == [*codes, *codes]
        assert all(w.category is GftcoreWarning for w in caught)
        assert found.meta.warnings == codes
        assert (found.num_nodes, found.num_segments) == (0, 0)
        assert found.num_icas + len(found.faz_x) == areas
        assert graph_bytes(batched) == graph_bytes(found)


def test_negative_control_naive_readings_of_a_mask_go_wrong() -> None:
    mask = mask_70x131()
    loaded = one_bit_png(mask)
    assert loaded.dtype == np.bool_
    assert not (loaded > 127).any()  # a threshold for grey values empties it
    bytes_255 = FORMS["bool with bytes 255"](mask)
    assert bytes_255.view(np.uint8).max() == 255  # astype(bool) would keep these bytes
    assert bytes_255.view(np.uint8).sum() != mask.sum()
