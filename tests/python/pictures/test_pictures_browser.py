# SPDX-License-Identifier: Apache-2.0
"""SVG in a browser: it looks like the PNG, says nothing, asks for nothing."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from browser import Browser, find_browser
from drawn_eyes import drawn_image
from gftcore import graph
from gftcore.pictures import PICTURE_KEEP, Picture, draw_comparison, draw_feature, draw_overlay

pytestmark = pytest.mark.browser

IMAGE = drawn_image(1)
EYE = graph.extract_image(IMAGE, keep=PICTURE_KEEP)
OTHER = graph.extract_image(drawn_image(2))
TINY = np.zeros((24, 36), dtype=bool)
TINY[11:13, :] = TINY[:, 17:19] = TINY[3:9, 3:10] = True
TINY[5:7, 5:8] = False
TINY[20, 30] = True
SMALL = graph.extract(TINY, keep=PICTURE_KEEP)

PICTURES = {
    "overlay": draw_overlay(EYE, background=IMAGE, scale=3, name="an eye"),
    "radius": draw_feature(EYE, background=IMAGE, scale=3),
    "area": draw_feature(EYE, "ica", "area", scale=3),
    "comparison": draw_comparison(EYE, OTHER, scale=2),
    "tiny overlay": draw_overlay(SMALL, scale=30),
    "tiny curveness": draw_feature(SMALL, "vessel", "curveness", scale=30),
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = find_browser()
    assert program is not None
    with Browser(program, tmp_path_factory.mktemp("profile")) as one:
        yield one


def shot(browser: Browser, path: Path, picture: Picture) -> Any:
    browser.size(picture.scene.width, picture.scene.height)
    browser.open(path)
    data = base64.b64decode(browser.call("Page.captureScreenshot", format="png")["data"])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def off(one: Any, other: Any) -> Any:
    """Least difference of each pixel from those up to one pixel away in the other picture."""
    rows, cols = one.shape[:2]
    padded = np.pad(other, ((1, 1), (1, 1), (0, 0)), mode="edge")
    shifts = [padded[i : i + rows, j : j + cols] for i in range(3) for j in range(3)]
    return np.min([np.abs(one - shifted).max(axis=2) for shifted in shifts], axis=0)


@pytest.mark.parametrize("name", PICTURES)
def test_svg_and_png_agree_within_a_pixel(browser: Browser, tmp_path: Path, name: str) -> None:
    picture = PICTURES[name]
    picture.save(tmp_path / "a.svg")
    seen, drawn = shot(browser, tmp_path / "a.svg", picture), picture.pixels().astype(int)
    assert seen.shape == drawn.shape
    assert browser.complaints == []
    assert browser.requests == [(tmp_path / "a.svg").as_uri()]
    for panel in picture.scene.panels:
        part = (
            slice(panel.y, panel.y + panel.rows * panel.scale),
            slice(panel.x, panel.x + panel.cols * panel.scale),
        )
        one, other = seen[part], drawn[part]
        for difference in (off(one, other), off(other, one)):
            assert (difference > 60).mean() < 0.004
    # Words are where they should be, though in another font: as dark in each line.
    dark = [255 - page.mean(axis=(1, 2)) for page in (seen, drawn)]
    assert np.corrcoef(*dark)[0, 1] > 0.99


def test_half_a_pixel_would_be_noticed(browser: Browser, tmp_path: Path) -> None:
    """Negative control: a view that begins at 0 and not at -0.5 is half a pixel of the mask off."""
    picture = PICTURES["tiny overlay"]
    text = picture.svg().replace('viewBox="-.5 -.5 ', 'viewBox="0 0 ')
    (tmp_path / "b.svg").write_text(text, encoding="utf-8")
    seen, drawn = shot(browser, tmp_path / "b.svg", picture), picture.pixels().astype(int)
    assert (off(seen, drawn) > 60).mean() > 0.01


def test_a_pointer_finds_names(browser: Browser, tmp_path: Path) -> None:
    picture = PICTURES["tiny overlay"]
    picture.save(tmp_path / "a.svg")
    shot(browser, tmp_path / "a.svg", picture)
    panel = picture.scene.panels[0]
    label = SMALL.kept["ica_label"]
    for index, own in enumerate(SMALL.ica_label_id.tolist()):
        row, col = np.argwhere(label == own)[0].tolist()
        x, y = panel.x + (col + 0.5) * panel.scale, panel.y + (row + 0.5) * panel.scale
        name = browser.js(f"document.elementsFromPoint({x}, {y}).map(e => e.id).join()")
        assert f"area-{index}" in name.split(",")
    title = browser.js("document.getElementById('segment-0').querySelector('title').textContent")
    assert title.startswith("segment 0: ")


def test_words_do_not_overlap(browser: Browser, tmp_path: Path) -> None:
    for name, picture in PICTURES.items():
        picture.save(tmp_path / "a.svg")
        shot(browser, tmp_path / "a.svg", picture)
        boxes = browser.js(
            "[...document.querySelectorAll('text')].map(e => e.getBoundingClientRect())"
            ".map(b => [b.left, b.top, b.right, b.bottom])"
        )
        found = np.array(boxes)
        assert (found[:, 0] >= 0).all(), name
        assert (found[:, 2] <= picture.scene.width).all(), name
        assert (found[:, 3] <= picture.scene.height + 2).all(), name
        for i, one in enumerate(found):
            for other in found[i + 1 :]:
                wide = min(one[2], other[2]) - max(one[0], other[0])
                high = min(one[3], other[3]) - max(one[1], other[1])
                assert wide <= 0 or high <= 0.35 * (one[3] - one[1]), name
