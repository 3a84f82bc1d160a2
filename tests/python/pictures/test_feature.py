# SPDX-License-Identifier: Apache-2.0
"""Maps of features: each value in its colour, the limits, missing values, units."""

from __future__ import annotations

import dataclasses
import math
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

from gftcore import graph
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreWarning
from gftcore.pictures import PICTURE_KEEP, Picture, draw_feature, draw_overlay, palette
from gftcore.pictures.raster import stripes
from gftcore.pictures.scales import Scale
from gftcore.pictures.scene import Polygon

MASK = np.zeros((60, 80), dtype=bool)
MASK[29:32] = MASK[:, 20:23] = MASK[:, 60:62] = True
MASK[5:15, 30:45] = True
MASK[7:13, 33:42] = False
SMALL = graph.extract(MASK, keep=PICTURE_KEEP)
UM = 1000 * SMALL.meta.mm_per_px
SVG = "{http://www.w3.org/2000/svg}"


def with_column(node_type: str, column: str, values: Any) -> graph.HeteroGraph:
    """The graph with other values of a feature."""
    columns = SMALL.vessel_columns if node_type == "vessel" else SMALL.ica_columns
    table = SMALL.features(node_type).copy()
    table[:, columns.index(column)] = values
    return dataclasses.replace(SMALL, **{f"{node_type}_x": table})


def map_of(picture: Picture) -> Any:
    panel = picture.scene.panels[0]
    height, width = panel.rows * panel.scale, panel.cols * panel.scale
    return picture.pixels()[panel.y : panel.y + height, panel.x : panel.x + width].astype(int)


def words_of(picture: Picture) -> str:
    return "\n".join(one.text for one in picture.scene.texts)


def arrows(picture: Picture) -> int:
    return sum(isinstance(one, Polygon) and len(one.points) == 3 for one in picture.scene.shapes)


def titles(picture: Picture) -> dict[str, str]:
    out: dict[str, str] = {}
    for one in ET.fromstring(picture.svg()).iter():
        title = one.find(SVG + "title")
        if one.get("id") and title is not None:
            assert one.get("id") not in out
            out[one.get("id") or ""] = title.text or ""
    return out


def test_each_segment_has_the_colour_of_its_value() -> None:
    values = np.linspace(2, 11, SMALL.num_segments)
    found = with_column("vessel", "radius_mean_px", values)
    picture = draw_feature(found, scale=1, limits=(4 * UM, 9 * UM))
    pixels, label = map_of(picture), SMALL.kept["vessel_label"]
    wanted = Scale(4, 9).colours(values)
    ends = palette.ramp([0.0, 1.0])
    assert (wanted[values < 4] == ends[0]).all()
    assert (wanted[values > 9] == ends[1]).all()
    for index in range(SMALL.num_segments):
        assert (pixels[label == index + 1] == wanted[index]).all()
    assert (pixels[SMALL.kept["ica_label"] > 0] == palette.GROUND).all()
    assert arrows(picture) == 2
    below, above = int((values < 4).sum()), int((values > 9).sum())
    assert f"{below} below, {above} above" in words_of(picture)
    assert "(um)" in words_of(picture)
    assert "Colours: 150 to 338 um (as given) of 8 values" in words_of(picture)


def test_each_area_has_the_colour_of_its_value() -> None:
    sizes = np.array([1e1, 1e2, 1e3, 1e4, 1e5, 1e6])
    assert SMALL.num_icas == 6
    found = with_column("ica", "area", sizes)
    picture = draw_feature(found, "ica", "area", scale=1)
    pixels, label = map_of(picture), SMALL.kept["ica_label"]
    wanted = palette.ramp(np.linspace(0, 1, 6))  # equal ratios are equal steps
    for index, own in enumerate(SMALL.ica_label_id.tolist()):
        assert (pixels[label == own] == wanted[index]).all()
    assert (pixels[label == SMALL.faz_info.label] == palette.FAZ_UNSCALED).all()
    assert (pixels[SMALL.kept["vessel_label"] > 0] == palette.GROUND).all()
    words = words_of(picture)
    assert "area of intercapillary areas (mm2)" in words
    assert "logarithmic" in words
    assert "FAZ, not in the scale" in words
    assert arrows(picture) == 0
    # Negative control: in equal steps of size all but the largest would look alike.
    linear = Scale(sizes.min(), sizes.max()).colours(sizes)
    assert (np.abs(linear[0].astype(int) - linear[4]) < 60).all()


def test_missing_values_are_striped_and_named() -> None:
    values = np.arange(float(SMALL.num_icas))
    values[2] = np.nan
    values[3] = np.inf
    found = with_column("ica", "solidity", values)
    picture = draw_feature(found, "ica", "solidity", scale=6)
    pixels, label = map_of(picture)[3::6, 3::6], SMALL.kept["ica_label"]
    for index in (2, 3):
        here = label == SMALL.ica_label_id[index]
        on = stripes(label.shape, 1)
        assert (pixels[here & on] == palette.MISSING_STRIPES).all()
        assert (pixels[here & ~on] == palette.MISSING).all()
    assert "without a value: 2" in words_of(picture)
    assert "of 4 values" in words_of(picture)
    assert titles(picture)["area-2"] == "area 2: solidity n/a"
    full = draw_feature(SMALL, "ica", "solidity")
    assert "without a value" not in words_of(full)


def test_loops_have_no_curveness() -> None:
    ring = int(np.flatnonzero(np.isnan(SMALL.vessel("curveness")))[0])
    picture = draw_feature(SMALL, "vessel", "curveness", scale=1)
    pixels = map_of(picture)[SMALL.kept["vessel_label"] == ring + 1]
    assert {tuple(p) for p in pixels.tolist()} <= {palette.MISSING, palette.MISSING_STRIPES}
    assert titles(picture)[f"segment-{ring}"] == f"segment {ring}: curveness n/a"


def test_without_images_segments_are_lines() -> None:
    bare = dataclasses.replace(SMALL, kept={})
    picture = draw_feature(bare, scale=4)
    lines = {one.name: one for one in picture.scene.panels[0].shapes}
    assert lines.keys() == {f"segment-{i}" for i in range(SMALL.num_segments)}
    radii = SMALL.vessel("radius_mean_px")
    for index, radius in enumerate(radii.tolist()):
        assert lines[f"segment-{index}"].width == pytest.approx(2 * radius, rel=0.2)
    curved = draw_feature(bare, "vessel", "curveness")
    dashed = [one.name for one in curved.scene.panels[0].shapes if one.dash is not None]
    missing = np.flatnonzero(np.isnan(SMALL.vessel("curveness"))).tolist()
    assert dashed == [f"segment-{i}" for i in missing]
    assert "without a value: 1" in words_of(curved)
    with pytest.raises(ArgumentError, match="holds no ica_label; extract it with keep="):
        draw_feature(bare, "ica", "area")


def test_every_segment_and_area_is_there_once() -> None:
    found = titles(draw_feature(SMALL))
    assert found.keys() == {f"segment-{i}" for i in range(SMALL.num_segments)}
    value = SMALL.vessel("radius_mean_px")[0] * UM
    assert found["segment-0"] == f"segment 0: radius_mean {value:.3g} um"
    areas = titles(draw_feature(SMALL, "ica", "area"))
    assert areas.keys() == {f"area-{i}" for i in range(SMALL.num_icas)} | {"faz"}


def test_segments_without_pixels_are_thin_lines() -> None:
    label = SMALL.kept["vessel_label"].copy()
    label[label == 3] = 1
    found = dataclasses.replace(SMALL, kept={**SMALL.kept, "vessel_label": label})
    picture = draw_feature(found, scale=4)
    assert [one.name for one in picture.scene.panels[0].shapes] == ["segment-2"]
    assert len(titles(picture)) == SMALL.num_segments


@pytest.mark.parametrize(
    ("node_type", "column", "unit"),
    [
        ("vessel", "length", "(um)"),
        ("vessel", "volume", "(mm2)"),
        ("ica", "perimeter", "(um)"),
        ("ica", "orientation", "(rad)"),
        ("vessel", "row", "(px)"),
        ("vessel", "degree", "degree of vessel segments"),
    ],
)
def test_units(node_type: str, column: str, unit: str) -> None:
    words = words_of(draw_feature(SMALL, node_type, column))
    assert unit in words
    pixels = {"volume": "area of the mask nearest to this segment"}
    assert pixels.get(column, graph.column_info(node_type, column).meaning) in words


def test_a_map_in_mm2_does_not_speak_of_numbers() -> None:
    words = words_of(draw_feature(SMALL, "ica", "area"))
    assert "area: area of its pixels" in words
    assert "number of pixels" not in words


@pytest.mark.parametrize("fov_mm", [1e300, 1e160, 1e-300, 5e-324])
def test_absurd_sizes_of_pixels(fov_mm: float) -> None:
    found = dataclasses.replace(SMALL, meta=dataclasses.replace(SMALL.meta, fov_mm=fov_mm))
    for node_type, column in (("vessel", "length"), ("vessel", "volume"), ("ica", "area")):
        picture = draw_feature(found, node_type, column)
        assert picture.pixels().size
        assert picture.svg()
    assert draw_overlay(found).svg()
    with pytest.raises(OverflowError):
        1e300**2  # noqa: B018 - what a power does


@pytest.mark.parametrize("node_type", ["vessel", "ica"])
@pytest.mark.parametrize("size", [1.7976931348623157e308, 1e154, 1e-200, 5e-324])
def test_absurd_values(node_type: str, size: float) -> None:
    column = "curveness" if node_type == "vessel" else "solidity"
    rows = len(SMALL.features(node_type))
    picture = draw_feature(
        with_column(node_type, column, np.linspace(-1, 1, rows) * size), node_type, column
    )
    assert picture.pixels().size
    words = words_of(picture)
    assert ("with a value" in words) == (size > 1)


def test_limits_read_otherwise_than_what_lies_beyond() -> None:
    values = np.array([1.2345, 1.2346, 1.2349, 1.3, 1.4, 1.5, 1.6, 1.6001])
    assert len(values) == SMALL.num_segments
    found = with_column("vessel", "curveness", values)
    words = words_of(draw_feature(found, "vessel", "curveness", limits=(1.2349, 1.7)))
    assert "Colours: 1.235 to 1.7 (as given) of 8 values; 2 below." in words
    assert (f"{values.min():.3g}", f"{1.2349:.3g}") == ("1.23", "1.23")  # so three digits say
    words = words_of(draw_feature(found, "vessel", "curveness", limits=(1, 1.55)))
    assert "Colours: 1 to 1.55 (as given) of 8 values; 2 above." in words
    words = words_of(draw_feature(found, "vessel", "curveness"))
    assert "of 8 values." in words
    assert "below" not in words
    # Straight vessels are as long as their chord, but for the last bit.
    values[:3] = 1 + np.array([0, 1e-15, 3e-15])
    straight = with_column("vessel", "curveness", values)
    picture = draw_feature(straight, "vessel", "curveness", limits=(1 + 2e-15, 2))
    assert "below" not in words_of(picture)
    assert arrows(picture) == 0


@pytest.mark.parametrize(("node_type", "count"), [("vessel", 29), ("ica", 17)])
def test_every_column_can_be_drawn(node_type: str, count: int) -> None:
    grey = graph.extract(MASK, intensity=np.arange(4800).reshape(60, 80), keep=PICTURE_KEEP)
    columns = grey.vessel_columns if node_type == "vessel" else grey.ica_columns
    assert len(columns) >= count
    for column in columns:
        picture = draw_feature(grey, node_type, column, scale=1)
        assert "Colours: " in words_of(picture)


def test_limits_make_pictures_comparable() -> None:
    values = SMALL.vessel("length") * UM
    middle = (float(values.min()), 2 * float(values.max()))
    twice = with_column("vessel", "length", 2 * SMALL.vessel("length"))
    first = map_of(draw_feature(SMALL, "vessel", "length", limits=middle, scale=1))
    second = map_of(draw_feature(twice, "vessel", "length", limits=middle, scale=1))
    assert (first != second).any()
    alone = [map_of(draw_feature(one, "vessel", "length", scale=1)) for one in (SMALL, twice)]
    assert (alone[0] == alone[1]).all()


@pytest.mark.filterwarnings("ignore")
def test_nothing_to_draw() -> None:
    with pytest.warns(GftcoreWarning):
        empty = graph.extract(np.zeros((30, 30), dtype=bool), keep=PICTURE_KEEP)
    assert "no vessel segments with a value" in words_of(draw_feature(empty))
    picture = draw_feature(empty, "ica", "area")
    assert "no intercapillary areas with a value" in words_of(picture)
    assert picture.pixels().size
    assert picture.svg()


def test_a_background_is_dimmed_and_colours_are_not() -> None:
    image = np.tile(np.arange(80), (60, 1))
    plain = map_of(draw_feature(SMALL, scale=1))
    shaded = map_of(draw_feature(SMALL, background=image, scale=1))
    vessels = SMALL.kept["vessel_label"] > 0
    assert (plain[vessels] == shaded[vessels]).all()
    assert shaded[~vessels].max() == math.ceil(255 * 0.45)


def test_wrong_arguments() -> None:
    with pytest.raises(ArgumentError, match="did you mean 'radius_mean_px'"):
        draw_feature(SMALL, "vessel", "radius_mean")
    with pytest.raises(ArgumentError, match="node_type must be one of"):
        draw_feature(SMALL, "faz", "area")
    with pytest.raises(ArgumentError, match="column must be one of"):
        draw_feature(SMALL, "ica", "intensity_mean")
    with pytest.raises(ArgumentTypeError):
        draw_feature(None)  # type: ignore[arg-type]
