# SPDX-License-Identifier: Apache-2.0
"""The picture of a graph: colours of drawn figures, one name for each thing, no images needed."""

from __future__ import annotations

import dataclasses
import json
import warnings
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from PIL import Image

import gftcore
from gftcore import graph
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreWarning, ShapeError
from gftcore.graph.hetero_graph import NODE_KINDS
from gftcore.pictures import (
    PICTURE_KEEP,
    Picture,
    draw_comparison,
    draw_feature,
    draw_overlay,
    palette,
)
from strategies import vessel_masks

SVG = "{http://www.w3.org/2000/svg}"


def drawn_mask() -> Any:
    mask = np.zeros((60, 80), dtype=bool)
    mask[29:32] = mask[:, 20:23] = mask[:, 60:62] = True
    mask[5:15, 30:45] = True
    mask[7:13, 33:42] = False
    return mask


SMALL = graph.extract(drawn_mask(), keep=PICTURE_KEEP)


def map_of(picture: Picture) -> Any:
    """The pixels of the map alone."""
    panel = picture.scene.panels[0]
    height, width = panel.rows * panel.scale, panel.cols * panel.scale
    return picture.pixels()[panel.y : panel.y + height, panel.x : panel.x + width]


def words_of(picture: Picture) -> str:
    return "\n".join(one.text for one in picture.scene.texts)


def test_every_pixel_has_the_colour_of_what_it_belongs_to() -> None:
    pixels = map_of(draw_overlay(SMALL, scale=1))
    label = SMALL.kept["ica_label"]
    near = np.zeros(label.shape, dtype=bool)
    for row, col in SMALL.point_pixel.tolist():
        near[max(row - 2, 0) : row + 3, max(col - 2, 0) : col + 3] = True
    for row, col in np.rint(SMALL.node_rowcol).astype(int).tolist():
        near[max(row - 2, 0) : row + 3, max(col - 2, 0) : col + 3] = True
    wanted = np.empty((*label.shape, 3), dtype=int)
    wanted[:] = palette.VOID
    for own in SMALL.ica_label_id.tolist():
        wanted[label == own] = palette.AREAS[own % len(palette.AREAS)]
    wanted[label == SMALL.faz_info.label] = palette.FAZ
    wanted[SMALL.kept["vessel_label"] > 0] = palette.VESSEL
    assert (~near).sum() > 2500
    assert (pixels[~near] == wanted[~near]).all()
    # Centrelines lie on the pixels that they are the centres of.
    inner = SMALL.point_pixel[40]
    assert pixels[tuple(inner)].tolist() == list(palette.CENTRELINE)


def test_nodes_have_colour_and_shape_of_their_kind() -> None:
    pixels = map_of(draw_overlay(SMALL, scale=10))
    kinds = set()
    for (row, col), kind in zip(SMALL.node_rowcol.tolist(), SMALL.node_kind.tolist(), strict=True):
        name = NODE_KINDS[kind]
        kinds.add(name)
        x, y = round(10 * col + 5), round(10 * row + 5)
        assert pixels[y, x].tolist() == list(palette.NODES[name][0])
    assert kinds == {"border", "junction", "ring"}
    shapes = [shape for _, shape in palette.NODES.values()]
    assert len(set(shapes)) == len(shapes)


def test_a_background_shades() -> None:
    image = np.zeros((30, 40))
    image[:, 20:] = 1.0
    pixels = map_of(draw_overlay(SMALL, background=image, scale=1))
    faz = SMALL.kept["ica_label"] == SMALL.faz_info.label
    row, col = np.argwhere(faz)[100]
    light = 255 * (col >= 40)
    wanted = np.rint(0.35 * np.array(palette.FAZ) + 0.65 * light)
    assert np.abs(pixels[row, col] - wanted).max() <= 1
    with pytest.raises(ShapeError):
        draw_overlay(SMALL, background=np.zeros((7, 7)))


def titles(picture: Picture) -> dict[str, str]:
    """Names of what has one, each once, and what a pointer shows."""
    out: dict[str, str] = {}
    for one in ET.fromstring(picture.svg()).iter():
        title = one.find(SVG + "title")
        if one.get("id") and title is not None:
            assert one.get("id") not in out
            out[one.get("id") or ""] = title.text or ""
    return out


def test_everything_is_in_the_svg_once() -> None:
    found = titles(draw_overlay(SMALL))
    wanted = {f"segment-{i}" for i in range(SMALL.num_segments)}
    wanted |= {f"area-{i}" for i in range(SMALL.num_icas)}
    wanted |= {f"node-{i}" for i in range(SMALL.num_nodes)} | {"faz"}
    assert found.keys() == wanted
    assert found["node-0"] == "node 0: border"
    mm2 = SMALL.ica("area")[0] * SMALL.meta.mm_per_px**2
    assert found["area-0"] == f"area 0: {mm2:.3g} mm2"
    assert " um long, " in found["segment-0"]
    assert found["faz"].startswith("FAZ (auto): ")


def test_the_legend_counts() -> None:
    words = words_of(draw_overlay(SMALL, name="an eye"))
    assert "an eye" in words
    for one in (f"segments: {SMALL.num_segments}", f"areas: {SMALL.num_icas}", "FAZ (auto)",
                "border nodes: 6", "ring nodes: 1", "0.5 mm; 80 x 60 px"):  # fmt: skip
        assert one in words
    assert "isolated" not in words
    eye = dataclasses.replace(SMALL, meta=dataclasses.replace(SMALL.meta, eye="OS"))
    assert "OS, 80 x 60 px" in words_of(draw_overlay(eye))


def test_without_images_vessels_are_as_wide_as_their_radii() -> None:
    bare = dataclasses.replace(SMALL, kept={})
    picture = draw_overlay(bare, scale=2)
    assert "areas: 6, not drawn, the graph holds no ica_label" in words_of(picture)
    assert "vessels as wide as their radii" in words_of(picture)
    assert not [name for name in titles(picture) if name.startswith(("area", "faz"))]
    pixels = map_of(picture)
    light = (pixels.min(axis=2) > 150)[::2, ::2] | (pixels[::2, ::2] == palette.CENTRELINE).all(2)
    mask = drawn_mask()
    away = np.ones(mask.shape, dtype=bool)
    for row, col in np.rint(SMALL.node_rowcol).astype(int).tolist():
        away[max(row - 4, 0) : row + 5, max(col - 4, 0) : col + 5] = False
    assert (light == mask)[away].mean() > 0.95
    mask_alone = dataclasses.replace(SMALL, kept={"mask": mask})
    assert "vessel mask" in words_of(draw_overlay(mask_alone))


def test_pictures_say_where_they_come_from(tmp_path: Path) -> None:
    source = {"sha256": "ab" * 32, "relpath": "Jane_Roe/left.png", "kind": "image"}
    known = dataclasses.replace(SMALL, meta=dataclasses.replace(SMALL.meta, source=source))
    wanted = {
        "schema": "gftcore-picture/1",
        "gftcore": gftcore.__version__,
        "graph.schema": SMALL.meta.schema,
        "graph.gftcore": SMALL.meta.versions["gftcore"],
        "graph.simd_target": SMALL.meta.simd_target,
        "graph.config_hash": SMALL.meta.config_hash,
        "graph.sha256": "ab" * 32,
    }
    for picture in (draw_overlay(known), draw_feature(known)):
        assert dict(picture.scene.origin) == wanted
        picture.save(tmp_path / "a.png")
        with Image.open(tmp_path / "a.png") as image:
            assert image.text == wanted
        metadata = ET.fromstring(picture.svg()).findtext(SVG + "metadata") or ""
        assert json.loads(metadata) == wanted
        assert "Jane" not in picture.svg()
    # Of a graph that was made of an array nobody knows a file.
    assert "graph.sha256" not in dict(draw_overlay(SMALL).scene.origin)
    both = dict(draw_comparison(known, SMALL).scene.origin)
    assert both["left.sha256"] == "ab" * 32
    assert both["right.config_hash"] == SMALL.meta.config_hash
    assert "right.sha256" not in both
    planted = dataclasses.replace(SMALL.meta, simd_target="x" * 5000 + "\x00\n")
    odd = dict(draw_overlay(dataclasses.replace(SMALL, meta=planted)).scene.origin)
    assert odd["graph.simd_target"] == "x" * 200


def test_planted_text_stays_text() -> None:
    evil = """</title><script>x()</script>'"&\x00"""
    odd = dataclasses.replace(
        SMALL,
        meta=dataclasses.replace(SMALL.meta, eye=evil),
        faz_info=dataclasses.replace(SMALL.faz_info, method=evil),
    )
    picture = draw_overlay(odd, name=evil)
    root = ET.fromstring(picture.svg())
    assert not list(root.iter(SVG + "script"))
    assert evil.replace("\x00", "?") in (root.find(SVG + "title").text or "")
    assert picture.pixels().size


@given(mask=vessel_masks())
def test_any_mask_can_be_drawn(mask: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GftcoreWarning)
        found = graph.extract(mask, keep=PICTURE_KEEP)
    picture = draw_overlay(found, scale=2)
    assert map_of(picture).shape == (2 * mask.shape[0], 2 * mask.shape[1], 3)
    segments = [name for name in titles(picture) if name.startswith("segment")]
    assert len(segments) == found.num_segments
    # Nothing is cut off: words end before the page does.
    assert picture.scene.width >= 640
    assert all(one.y < picture.scene.height for one in picture.scene.texts)


def test_wrong_arguments() -> None:
    with pytest.raises(ArgumentTypeError, match="graph must be a HeteroGraph, got str"):
        draw_overlay("x")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="scale must be between"):
        draw_overlay(SMALL, scale=0)
