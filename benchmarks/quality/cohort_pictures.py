# SPDX-License-Identifier: Apache-2.0
"""Contact sheets of a synthetic cohort: each image, and beside it the same with its lesions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cohort_checks import SIDE, EyeFiles

COLUMNS = 2  # pairs in a row
SCALE = 2  # enlargement of the images
GAP = 8
HEAD = 28
FONT_PX = 20
COLOURS = {
    "non_perfusion": (255, 90, 90),
    "faz_enlargement": (255, 210, 60),
    "microaneurysm": (90, 220, 255),
    "tuft": (240, 110, 255),
}
BACKGROUND, TEXT = (24, 24, 24), (230, 230, 230)


def draw_sheet(eyes: Sequence[EyeFiles], title: str, path: Path) -> None:
    """Draw eyes of one class, image beside image with outlines, under a legend."""
    side = eyes[0].image.shape[0] * SCALE
    rows = -(-len(eyes) // COLUMNS)
    width = COLUMNS * (2 * side + 2 * GAP) + GAP
    sheet = Image.new("RGB", (width, 2 * HEAD + rows * (side + HEAD + GAP)), BACKGROUND)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(FONT_PX)
    pen.text((GAP, 2), title, fill=TEXT, font=font)
    at = GAP
    for kind, colour in COLOURS.items():
        pen.line([(at, HEAD + 12), (at + 24, HEAD + 12)], fill=colour, width=3)
        pen.text((at + 30, HEAD), kind.replace("_", " "), fill=TEXT, font=font)
        at += 240
    for k, eye in enumerate(eyes):
        left = GAP + (k % COLUMNS) * (2 * side + 2 * GAP)
        top = 2 * HEAD + (k // COLUMNS) * (side + HEAD + GAP)
        count = len(eye.document["lesions"])
        pen.text((left, top), f"{eye.id}: {count} lesions", fill=TEXT, font=font)
        plain = (
            Image.fromarray(eye.image).convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
        )
        sheet.paste(plain, (left, top + HEAD))
        sheet.paste(outlined(plain, eye), (left + side + GAP // 2, top + HEAD))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def outlined(plain: Image.Image, eye: EyeFiles) -> Image.Image:
    """Draw the polygons of the lesions as thin lines."""
    out = plain.copy()
    pen = ImageDraw.Draw(out)
    for lesion in eye.document["lesions"]:
        polygon = (np.array(lesion["polygon_rowcol_px"]) + 0.5) * plain.width / SIDE
        points = [(float(col), float(row)) for row, col in polygon]
        pen.line([*points, points[0]], fill=COLOURS[lesion["type"]], width=2)
    return out
