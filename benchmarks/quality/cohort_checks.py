# SPDX-License-Identifier: Apache-2.0
"""Whether the files of a synthetic eye agree.

A graph is drawn by `gftcore.reference`. Edits are judged with `unedited_eye` and `draw_mask` of the
generator; polygons, distances and the label rule are written anew here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gftcore import synth
from gftcore.reference.raster import HALF_WIDTH, draw_vessels

SIDE = 1216
FOV_MM = 3.0
TILE = 76  # SIDE / 16: multiplying by a power of two does not round
DILATION_PX = 3.0
LARGE_MM2 = 0.2  # the area that makes an eye proliferative, as the design states it


@dataclass(frozen=True, kw_only=True)
class EyeFiles:
    """What the folder of a cohort says of one eye."""

    id: str
    image: np.ndarray
    mask: np.ndarray
    edges: synth.Edges
    truth: synth.EyeTruth
    document: dict[str, Any]  # the truth file as plain JSON


def read_eye(folder: Path, name: str) -> EyeFiles:
    truth = folder / "truth" / f"{name}.json"
    return EyeFiles(
        id=name,
        image=np.array(Image.open(folder / "images" / f"{name}.png")),
        mask=np.array(Image.open(folder / "masks" / f"{name}.png")) != 0,
        edges=synth.read_edges(folder / "graphs" / f"{name}.csv"),
        truth=synth.read_truth(truth),
        document=json.loads(truth.read_bytes()),
    )


def drawn_by_reference(vessels: np.ndarray) -> np.ndarray:
    """Draw the mask of vessels [E, 5] by the reference, tile by tile.

    The reference looks at every pixel for every vessel. A tile is an image of its own that only the
    vessels near it are drawn on, in its own coordinates.
    """
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    reach = HALF_WIDTH * vessels[:, 4] + 2 / SIDE
    low = np.minimum(vessels[:, 0:2], vessels[:, 2:4]) - reach[:, None]
    high = np.maximum(vessels[:, 0:2], vessels[:, 2:4]) + reach[:, None]
    scale = SIDE // TILE
    for row in range(scale):
        rows = (low[:, 0] < (row + 1) / scale) & (high[:, 0] > row / scale)
        for col in range(scale):
            near = rows & (low[:, 1] < (col + 1) / scale) & (high[:, 1] > col / scale)
            tile = vessels[near] * scale - np.array([row, col, row, col, 0.0])
            here = np.s_[row * TILE : (row + 1) * TILE, col * TILE : (col + 1) * TILE]
            mask[here] = draw_vessels(tile, side_px=TILE, oversampling=1)[0]
    return mask


def pixels_off_the_graph(eye: EyeFiles) -> int:
    """Count the pixels where the mask differs from the drawn graph."""
    return int((drawn_by_reference(eye.edges.plane) != eye.mask).sum())


def distance_to_polygon(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Distance of points [n, 2] to a polygon [m, 2]; 0 inside of it."""
    start, end = polygon, np.roll(polygon, -1, axis=0)
    along = end - start
    nearest = np.full(len(points), np.inf)
    inside = np.zeros(len(points), dtype=bool)
    for a, d, b in zip(start, along, end, strict=True):
        size = float(d @ d)
        t = np.clip((points - a) @ d / size, 0, 1) if size > 0 else np.zeros(len(points))
        nearest = np.minimum(nearest, np.hypot(*(points - a - t[:, None] * d).T))
        if a[0] != b[0]:  # even-odd rule along the row's axis
            crosses = (a[0] > points[:, 0]) != (b[0] > points[:, 0])
            inside ^= crosses & (points[:, 1] < a[1] + (points[:, 0] - a[0]) * d[1] / d[0])
    return np.where(inside, 0.0, nearest)


@dataclass(frozen=True, kw_only=True)
class EditCheck:
    """Pixels that differ from the unedited eye, and those of them that nothing explains."""

    changed: int
    in_lesions: int
    on_segments: int
    unexplained: int


def check_edits(eye: EyeFiles) -> EditCheck:
    """Compare an eye with the same eye before it was edited."""
    before, segment = synth.unedited_eye(eye.truth)
    changed = np.argwhere(synth.draw_mask(before) != eye.mask)
    in_lesions = np.zeros(len(changed), dtype=bool)
    for lesion in eye.document["lesions"]:
        polygon = np.array(lesion["polygon_rowcol_px"])
        reach = (changed >= polygon.min(axis=0) - DILATION_PX).all(axis=1)
        reach &= (changed <= polygon.max(axis=0) + DILATION_PX).all(axis=1)
        near = np.flatnonzero(reach & ~in_lesions)
        in_lesions[near] = distance_to_polygon(changed[near], polygon) <= DILATION_PX
    listed = _listed_segments(eye, before, segment)
    on_segments = listed[tuple(changed.T)]
    return EditCheck(
        changed=len(changed),
        in_lesions=int(in_lesions.sum()),
        on_segments=int((on_segments & ~in_lesions).sum()),
        unexplained=int((~in_lesions & ~on_segments).sum()),
    )


def _listed_segments(eye: EyeFiles, before: synth.Edges, segment: np.ndarray) -> np.ndarray:
    """Draw the edited segments as they were, and as they are."""
    was = np.zeros(len(before), dtype=bool)
    now = np.zeros(len(eye.edges), dtype=bool)
    for edit in eye.document["edits"].values():
        was |= np.isin(segment, edit["segment"])
        for first, count in zip(edit["first_row"], edit["num_rows"], strict=True):
            now[first : first + count] = True
    return synth.draw_mask(_some(before, was)) | synth.draw_mask(_some(eye.edges, now))


def _some(edges: synth.Edges, which: np.ndarray) -> synth.Edges:
    return synth.Edges(
        node1_xyz=edges.node1_xyz[which],
        node2_xyz=edges.node2_xyz[which],
        radius=edges.radius[which],
    )


def polygon_area_mm2(polygon: np.ndarray) -> float:
    row, col = polygon.T
    twice = row @ np.roll(col, -1) - col @ np.roll(row, -1)
    return float(abs(twice) / 2 * (FOV_MM / SIDE) ** 2)


def label_by_rule(document: dict[str, Any]) -> str:
    """Stage an eye by type and outline of its lesions."""
    kinds = {lesion["type"] for lesion in document["lesions"]}
    areas = [
        polygon_area_mm2(np.array(lesion["polygon_rowcol_px"]))
        for lesion in document["lesions"]
        if lesion["type"] == "non_perfusion"
    ]
    if "tuft" in kinds or any(area >= LARGE_MM2 for area in areas):
        return "PDR"
    return "NPDR" if areas or "microaneurysm" in kinds else "Healthy"
