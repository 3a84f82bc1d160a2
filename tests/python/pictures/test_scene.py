# SPDX-License-Identifier: Apache-2.0
"""Primitives of pictures: pixel by pixel, as SVG, and the same bytes each time."""

from __future__ import annotations

import dataclasses
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.pictures import Picture, words
from gftcore.pictures.raster import draw_scene, stripes
from gftcore.pictures.scene import (
    Disc,
    Line,
    Panel,
    Polygon,
    Raster,
    Region,
    Regions,
    Scene,
    Text,
    marker,
)
from gftcore.pictures.svg import line_path
from gftcore.pictures.words import cut, line_of, number, width_of, wrapped

RED, BLUE, WHITE, BLACK = (200, 0, 0), (0, 0, 200), (255, 255, 255), (0, 0, 0)
SVG = "{http://www.w3.org/2000/svg}"
EVIL = (
    """</title><script>document.title='HIT'</script><image href="http://x" onload="x()"/>'"&\x00"""
)


def scene(*, width: int = 8, height: int = 8, title: str = "a page", **parts: Any) -> Scene:
    return Scene(width=width, height=height, title=title, **({"panels": ()} | parts))


def panel(**parts: Any) -> Panel:
    return Panel(**({"x": 0, "y": 0, "rows": 4, "cols": 4, "scale": 2} | parts))


def of_pixels(pixels: Any, colour: Any) -> list[tuple[int, int]]:
    """Pixels (row, col) of exactly one colour."""
    return [tuple(p) for p in np.argwhere((pixels == colour).all(axis=2)).tolist()]


def test_rasters_fill_their_panel() -> None:
    grey = Raster(pixels=np.array([[10, 20], [30, 40]], dtype=np.uint8))
    pixels = draw_scene(scene(panels=(panel(images=(grey,), x=0, y=0),)))
    wanted = np.array([[10, 20], [30, 40]]).repeat(4, 0).repeat(4, 1)
    assert (pixels == wanted[..., None]).all()


def test_each_pixel_of_a_region_has_its_colour() -> None:
    label = np.zeros((4, 4), dtype=np.int32)
    label[0, 0], label[3, 1:], label[1, 2] = 5, 7, 2**31 - 1
    regions = (
        Region(label=7, colour=RED),
        Region(label=5, colour=BLUE),
        Region(label=9, colour=WHITE),
        Region(label=0, colour=WHITE),
    )
    image = Regions(label=label, regions=regions)
    pixels = draw_scene(scene(panels=(panel(images=(image,)),)))
    assert of_pixels(pixels, BLUE) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert of_pixels(pixels, RED) == [(row, col) for row in (6, 7) for col in range(2, 8)]
    assert of_pixels(pixels, WHITE) == []


def test_opacity_mixes_with_what_lies_below() -> None:
    ground = Raster(pixels=np.full((4, 4), 100, dtype=np.uint8))
    label = np.eye(4, dtype=np.int32)
    image = Regions(label=label, regions=(Region(label=1, colour=RED),), opacity=0.25)
    pixels = draw_scene(scene(panels=(panel(images=(ground, image)),)))
    assert pixels[0, 0].tolist() == [125, 75, 75]
    assert pixels[0, 2].tolist() == [100, 100, 100]


def test_stripes_are_diagonals() -> None:
    assert stripes((3, 6), 1).astype(int).tolist() == [
        [1, 0, 0, 1, 0, 0],
        [0, 0, 1, 0, 0, 1],
        [0, 1, 0, 0, 1, 0],
    ]
    label = np.ones((4, 4), dtype=np.int32)
    image = Regions(label=label, regions=(Region(label=1, colour=RED, stripes=BLUE),), stripe_px=1)
    pixels = draw_scene(scene(panels=(panel(images=(image,)),)))
    assert (pixels[::2, ::2] == np.where(stripes((4, 4), 1)[..., None], BLUE, RED)).all()


def test_a_line_runs_through_the_centres_of_pixels() -> None:
    across = Line(points=np.array([[-3, 1], [9, 1]]), width=1, colour=RED)
    down = Line(points=np.array([[2, 2], [2, 9]]), width=2, colour=BLUE)
    pixels = draw_scene(scene(panels=(panel(shapes=(across, down)),)))
    # Pixel 2 has the rows and columns 4 and 5. A width of 2 reaches half a pixel to either side,
    # and the round end covers some of the other line.
    assert {p for p in of_pixels(pixels, RED) if not 2 < p[1] < 7} == {
        (row, col) for row in (2, 3) for col in (0, 1, 2, 7)
    }
    assert {p for p in of_pixels(pixels, BLUE) if p[0] > 4} == {
        (row, col) for row in (5, 6, 7) for col in range(3, 7)
    }


def test_dashes_leave_gaps() -> None:
    line = Line(points=np.array([[-0.5, 0], [3.5, 0]]), width=1, colour=RED, dash=(1, 2))
    pixels = draw_scene(scene(panels=(panel(shapes=(line,)),)))
    red = pixels[0, :, 0]
    assert red[[0, 1, 6, 7]].tolist() == [200] * 4
    assert red[[3, 4]].tolist() == [0] * 2


@pytest.mark.parametrize("shape", ["disc", "square", "diamond", "triangle", "hexagon"])
def test_marks_lie_about_their_place(shape: str) -> None:
    mark = marker(shape, 10, 8, 4, colour=RED)
    pixels = draw_scene(
        scene(width=40, height=40, panels=(panel(rows=20, cols=20, shapes=(mark,)),))
    )
    places = np.argwhere(pixels[..., 0] > 100)
    middle = places.mean(axis=0) / 2
    assert abs(middle[1] - 10.25) < 0.3  # edges of pixels, halved: the centre of pixel 10 is 10.25
    assert abs(middle[0] - 8.25) < 1.0
    assert 12 <= np.ptp(places[:, 1]) <= 22


def test_an_edge_is_drawn() -> None:
    disc = Disc(x=5, y=5, radius=4, colour=RED, edge=BLUE, rim=2)
    box = Polygon(points=((12, 2), (18, 2), (18, 8), (12, 8)), colour=RED, edge=BLUE, rim=2)
    pixels = draw_scene(scene(width=20, height=10, shapes=(disc, box)))
    assert pixels[5, 5].tolist() == list(RED)
    assert pixels[5, 15].tolist() == list(RED)
    assert pixels[5, 1].tolist() == list(BLUE)
    assert pixels[5, 18].tolist() == list(BLUE)


def tree(one: Scene) -> ET.Element:
    return ET.fromstring(Picture(one).svg())


def everything(word: str) -> Scene:
    label = np.array([[1, 1, 0], [0, 2, 2], [0, 2, 0]], dtype=np.int32)
    image = Regions(
        label=label,
        regions=(
            Region(label=1, colour=RED, name="area-0", title=word),
            Region(label=2, colour=RED, stripes=BLUE, name="area-1", title="two"),
        ),
    )
    shapes = (
        Line(points=np.array([[0, 0], [2.04, 1.96]]), width=1, colour=RED, name="l", title=word),
        marker("disc", 1, 1, 1, colour=BLUE, edge=RED, rim=0.5, name="d", title=word),
        marker("square", 1, 1, 1, colour=BLUE, name="p", title=word),
    )
    part = panel(
        rows=3, cols=3, images=(Raster(pixels=np.eye(3, dtype=np.uint8)), image), shapes=shapes
    )
    text = Text(x=1, y=7, text=line_of(word), size=12, anchor="middle")
    return scene(title=line_of(word), panels=(part,), texts=(text,))


def test_svg_holds_each_thing_once() -> None:
    root = tree(everything("one & only"))
    assert [one.text for one in root.iter(SVG + "title")] == ["one & only"] * 2 + ["two"] + [
        "one & only"
    ] * 3
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    assert {"area-0", "area-1", "l", "d", "p"} <= set(ids)
    found = {one.get("id"): one for one in root.iter()}
    # Exactly the sides of the pixels.
    assert found["area-0"].get("d") == "M0 0h2v1h-2z"
    assert found["l"].get("d") == "M0 0l2 2"
    assert found["area-1"].get("fill").startswith("url(#stripes-0")


@pytest.mark.parametrize("word", [EVIL, "<b>", "\udc80 half a pair", "a\x0bb"])
def test_planted_text_stays_text(word: str) -> None:
    one = everything(line_of(word))
    text = Picture(one).svg()
    root = ET.fromstring(text)
    text.encode("utf-8")
    tags = {node.tag.removeprefix(SVG) for node in root.iter()}
    assert tags <= {
        "svg", "title", "rect", "image", "g", "pattern", "path", "circle", "polygon", "text",
    }  # fmt: skip
    assert len(list(root.iter(SVG + "image"))) == 1
    assert root.find(SVG + "title").text == line_of(word)
    links = re.findall(r'(?:href|src)="([^"]{0,5})', re.sub(r">[^<]*<", "><", text))
    assert set(links) == {"data:"}
    attributes = {name for node in root.iter() for name in node.attrib}
    assert not [name for name in attributes if name.startswith("on")]
    # Without escaping it would be something else.
    if "<" in word:
        with pytest.raises(ET.ParseError):
            ET.fromstring(f"<svg><title>{word}</title></svg>")


def test_paths_of_lines() -> None:
    points = np.array([[0.26, -3.14], [0.3, -3.1], [10, 4.26]])
    assert line_path(points) == "M.3 -3.1l9.7 7.4"
    assert line_path(points, digits=2) == "M.26 -3.14l.04 .04 9.7 7.36"
    assert line_path(points[:1].repeat(2, axis=0)) == "M.3 -3.1l0 0"
    # Rounded steps would drift: a thousand of 0.04 px are 40 px, not none.
    many = np.stack([np.arange(1001) * 0.04, np.zeros(1001)], axis=1)
    steps = [float(x) for x in line_path(many).split("l")[1].split()[::2]]
    assert sum(steps) == pytest.approx(40)
    naive = np.rint(np.diff(many[:, 0]) * 10).sum() / 10
    assert naive == 0


def test_saving(tmp_path: Path) -> None:
    picture = Picture(everything("x"))
    for name in ("a.png", "a.svg", "A.SVG"):
        picture.save(tmp_path / name)
        first = (tmp_path / name).read_bytes()
        Picture(everything("x")).save(tmp_path / name)
        assert (tmp_path / name).read_bytes() == first
    assert (tmp_path / "a.png").read_bytes()[1:4] == b"PNG"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["A.SVG", "a.png", "a.svg"]
    with pytest.raises(ArgumentError, match=r"must end with \.png or \.svg, got 'a.jpg'"):
        picture.save(tmp_path / "a.jpg")
    with pytest.raises(ArgumentTypeError):
        picture.save(3)  # type: ignore[arg-type]


@given(st.text(max_size=60), st.floats(0, 300))
def test_as_much_as_fits_is_kept(text: str, width: float) -> None:
    text = line_of(text)
    found = cut(text, 12, width)
    if found != text:
        assert width_of(found, 12) <= max(width, width_of("...", 12))
        # One letter more would be too wide.
        longer = text[: len(found) - 3 + 1] + "..."
        assert width_of(longer, 12) > width or width_of(text, 12) > width
    else:
        assert width_of(text, 12) <= width


def test_long_words_are_measured_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = []

    def counted(text: str, size: int) -> float:
        measured.append(len(text))
        return width_of(text, size)

    monkeypatch.setattr(words, "width_of", counted)
    assert cut("x" * 100_000, 12, 600).endswith("x...")
    assert len(wrapped("y" * 100_000 + " and more", 12, 600)) == 2
    assert sum(measured) < 50_000


ORIGIN = (("schema", "gftcore-picture/1"), ("graph.sha256", "ab" * 32), ("graph.gftcore", EVIL))


def test_files_say_where_they_come_from(tmp_path: Path) -> None:
    picture = Picture(dataclasses.replace(everything("x"), origin=ORIGIN))
    for suffix in (".png", ".svg"):
        picture.save(tmp_path / f"a{suffix}")
        assert (tmp_path / f"a{suffix}").read_bytes() == picture.encoded(suffix)
    with Image.open(tmp_path / "a.png") as image:
        assert image.text == dict(ORIGIN)
    root = ET.fromstring(picture.svg())
    assert json.loads(root.findtext(SVG + "metadata") or "")["graph.sha256"] == "ab" * 32
    assert not list(root.iter(SVG + "script"))
    # What is shown is the same.
    assert (picture.pixels() == Picture(everything("x")).pixels()).all()
    with pytest.raises(ArgumentError, match=r"suffix must be \.png or \.svg"):
        picture.encoded(".gif")


def test_words_fit() -> None:
    text = "many words that are longer than the line, and averyveryveryveryverylongone"
    lines = wrapped(text, 12, 120)
    assert len(lines) > 3
    assert all(width_of(line, 12) <= 120 for line in lines)
    assert cut("short", 12, 120) == "short"
    assert cut("x" * 99, 12, 5) == "..."
    assert cut("x" * 99, 12, -5) == "..."
    assert [number(v, 5) for v in (1234.56, 0.123456, 7.0)] == ["1234.6", "0.12346", "7"]
    assert number(1.7976931348623157e308) == "1.8e+308"
    assert [number(v) for v in (1234.5, 0.1 + 0.2, -1e-5, 1e12)] == [
        "1230",
        "0.3",
        "-0.00001",
        "1e+12",
    ]
