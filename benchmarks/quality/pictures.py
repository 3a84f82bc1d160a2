# SPDX-License-Identifier: Apache-2.0
"""Pictures of the places where prediction and truth differ most."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from gftcore import formats
from misses import WITHIN_PX, NodeMatch, match_nodes
from true_graphs import TrueSample

WINDOW_PX = 64
MARGIN_PX = 8
SCALE = 8
PER_SAMPLE = 2
COLOURS = {
    "true line": (70, 140, 255),
    "predicted line": (255, 255, 255),
    "matched": (60, 220, 90),
    "missed": (255, 70, 70),
    "spurious": (255, 190, 0),
}
FRAME = (150, 150, 150)
BACKGROUND, VESSEL = 12, 84


def draw_worst_places(
    items: list[tuple[TrueSample, formats.SpatialGraph]], folder: Path
) -> list[Path]:
    """Draw the windows with most unmatched nodes, `PER_SAMPLE` of each sample."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for sample, prediction in items:
        match = match_nodes(sample, prediction)
        for rank, window in enumerate(worst_windows(match, sample.mask.shape)):
            row, col, missed, spurious = window
            title = f"{sample.name}, row {row}, column {col}: {missed} missed, {spurious} spurious"
            picture = with_legend(draw_window(sample, prediction, match, (row, col)), title)
            path = folder / f"{sample.name}-{rank}.png"
            picture.save(path)
            written.append(path)
    return written


def worst_windows(match: NodeMatch, shape: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """Top left corner of windows, with the numbers of missed and spurious nodes."""
    size = tuple(-(-side // WINDOW_PX) for side in shape)

    def count(points: np.ndarray) -> np.ndarray:
        cell = np.clip(points // WINDOW_PX, 0, np.array(size) - 1).astype(int)
        return np.bincount(np.ravel_multi_index(cell.T, size), minlength=size[0] * size[1])

    missed, spurious = count(match.truth[~match.found]), count(match.prediction[~match.matched])
    order = np.argsort(-(missed + spurious), kind="stable")[:PER_SAMPLE]
    return [
        (int(i // size[1]) * WINDOW_PX, int(i % size[1]) * WINDOW_PX, missed[i], spurious[i])
        for i in order
    ]


def draw_window(
    sample: TrueSample,
    prediction: formats.SpatialGraph,
    match: NodeMatch,
    corner: tuple[int, int],
) -> Image.Image:
    """Draw mask, both graphs and all nodes around one window."""
    side = WINDOW_PX + 2 * MARGIN_PX
    top, left = (c - MARGIN_PX for c in corner)
    padded = np.pad(sample.mask, MARGIN_PX + WINDOW_PX)
    first = (top + MARGIN_PX + WINDOW_PX, left + MARGIN_PX + WINDOW_PX)
    crop = padded[first[0] : first[0] + side, first[1] : first[1] + side]
    grey = np.where(crop, VESSEL, BACKGROUND).astype(np.uint8)
    picture = Image.fromarray(grey).resize((side * SCALE,) * 2, Image.Resampling.NEAREST)
    picture = picture.convert("RGB")
    canvas = ImageDraw.Draw(picture)

    def at(rowcol: np.ndarray) -> list[tuple[float, float]]:
        return [((c - left + 0.5) * SCALE, (r - top + 0.5) * SCALE) for r, c in rowcol.tolist()]

    def near(rowcol: np.ndarray) -> np.ndarray:
        away = np.abs(rowcol - [top + side / 2, left + side / 2])
        return away.max(axis=1, initial=0) < side

    for item, name, width in ((sample.truth, "true line", 3), (prediction, "predicted line", 1)):
        lines = item.polylines()
        close = near(lines.rowcol)
        for begin, end in zip(lines.ptr[:-1], lines.ptr[1:], strict=True):
            if close[begin:end].any():
                canvas.line(at(lines.rowcol[begin:end]), fill=COLOURS[name], width=width)
    for truth, found in match.pairs:
        if near(match.truth[[truth]])[0]:
            pair = at(np.stack([match.truth[truth], match.prediction[found]]))
            canvas.line(pair, fill=COLOURS["matched"], width=3)
            ring(canvas, pair[0], "matched", 4)
            square(canvas, pair[1], "matched")
    for position in at(match.truth[~match.found & near(match.truth)]):
        ring(canvas, position, "missed", 6)
    for position in at(match.prediction[~match.matched & near(match.prediction)]):
        square(canvas, position, "spurious")
    edge = MARGIN_PX * SCALE
    canvas.rectangle(
        (edge, edge, edge + WINDOW_PX * SCALE, edge + WINDOW_PX * SCALE), outline=FRAME
    )
    return picture


def ring(canvas: ImageDraw.ImageDraw, centre: tuple[float, float], name: str, radius: int) -> None:
    x, y = centre
    canvas.ellipse((x - radius, y - radius, x + radius, y + radius), outline=COLOURS[name], width=3)


def square(canvas: ImageDraw.ImageDraw, centre: tuple[float, float], name: str) -> None:
    x, y = centre
    canvas.rectangle((x - 5, y - 5, x + 5, y + 5), outline=COLOURS[name], width=2)


def with_legend(picture: Image.Image, title: str) -> Image.Image:
    """Add a strip that says what the colours mean."""
    width, height = picture.size
    out = Image.new("RGB", (width, height + 44))
    out.paste(picture, (0, 0))
    canvas = ImageDraw.Draw(out)
    canvas.text((6, height + 4), title, fill=(230, 230, 230))
    x = 6.0
    labels = {
        "true line": "true line",
        "predicted line": "predicted line",
        "matched": f"matched within {WITHIN_PX:g} px (true o, predicted square)",
        "missed": "missed",
        "spurious": "spurious",
    }
    for name, text in labels.items():
        canvas.rectangle((x, height + 26, x + 10, height + 36), fill=COLOURS[name])
        canvas.text((x + 14, height + 25), text, fill=(230, 230, 230))
        x += 26 + canvas.textlength(text)
    return out
