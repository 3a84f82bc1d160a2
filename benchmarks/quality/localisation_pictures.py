# SPDX-License-Identifier: Apache-2.0
"""Pictures of where contributions go, in the worst and in typical eyes."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gftcore.attribution import integrated_gradients
from gftcore.metrics import outline_mask, structure_hits, top_scores
from gftcore.synth.lesions import MASK_PX
from lesion_truth import GROW_PX, TRUTHS, EyeTruth, read_eye

if TYPE_CHECKING:
    from localisation import Run

PER_GROUP = 3
TOP = 20
GAP, HEAD, FONT_PX = 10, 30, 22
TEXT, BACKGROUND = (230, 230, 230), (24, 24, 24)
FOR, AGAINST = np.array([255, 150, 0]), np.array([0, 140, 255])  # orange and blue
OUTLINES = {
    "non_perfusion": (255, 90, 90),
    "faz_enlargement": (255, 235, 60),
    "microaneurysm": (90, 255, 255),
    "tuft": (240, 110, 255),
    "void": (255, 255, 255),
}


def draw_eyes(run: Run, eyes: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """Draw eyes whose highest contributions hit least, and those in the middle."""
    known = [eye for eye in eyes if "nodes" in eye]
    truth = next(iter(TRUTHS))

    def gain(eye: Mapping[str, Any]) -> float:
        found = eye["nodes"][truth]["nodes"]["contribution"]
        return float(found["top_hits"] - found["top_expected"])

    order = sorted(known, key=lambda eye: (gain(eye), eye["id"]))
    middle = max(len(order) // 2 - PER_GROUP // 2, 0)
    groups = {"worst": order[:PER_GROUP], "typical": order[middle : middle + PER_GROUP]}
    folder.mkdir(parents=True, exist_ok=True)
    places: Counter[str] = Counter()
    for name, some in groups.items():
        for eye in some:
            (record,) = run.manifest.select([eye["id"]])
            draw_eye(run, record).save(folder / f"{name}-{record.id}.png")
    for eye in known:
        (record,) = run.manifest.select([eye["id"]])
        places.update(top_places(run, record))
    text = ", ".join(f"{place} {count}" for place, count in places.most_common())
    (folder / "places.txt").write_text(f"Top {TOP} of {len(known)} eyes: {text}\n")
    print(f"Where the top {TOP} of {len(known)} eyes lie: {text}", file=sys.stderr)


def explained(run: Run, record: Any) -> tuple[EyeTruth, Any]:
    stored = run.graph(record)
    eye = read_eye(run.folder, record, stored, run.source)
    (found,) = integrated_gradients(
        run.model, [stored], target=record.label, threads=1, estimate_error=False
    )
    return eye, found


def top_places(run: Run, record: Any) -> list[str]:
    """Say of each of the highest contributions where it lies."""
    eye, found = explained(run, record)
    values = {t: found.nodes.contribution[t] for t in ("vessel", "ica")}
    types, place, row = top_scores(values, TOP)
    outlines = {
        "part of a lesion": [
            one.polygon_rowcol_px
            for one in eye.truth.lesions
            if one.type in TRUTHS[next(iter(TRUTHS))]
        ],
        "enlarged FAZ": [
            one.polygon_rowcol_px for one in eye.truth.lesions if one.type == "faz_enlargement"
        ],
        "natural void": list(eye.truth.voids_rowcol_px),
    }
    side = (MASK_PX, MASK_PX)
    touched = {
        name: structure_hits(eye.graph, outline_mask(each, side, grow_px=GROW_PX), least_share=1e-9)
        for name, each in outlines.items()
    }
    hits = eye.hits[next(iter(TRUTHS))]
    out = []
    for kind, number in zip([types[p] for p in place.tolist()], row.tolist(), strict=True):
        where = next((name for name, each in touched.items() if each[kind][number]), "elsewhere")
        if hits[kind][number]:
            where = "hit"
        elif where == "elsewhere" and kind == "ica" and eye.graph.ica_touches_border[number]:
            where = "border of the image"
        out.append(where)
    return out


def draw_eye(run: Run, record: Any) -> Image.Image:
    """Image with outlines of the truth beside contributions of areas and vessels."""
    eye, found = explained(run, record)
    grey = Image.fromarray(eye.image).convert("L").resize((MASK_PX, MASK_PX))
    plain = Image.merge("RGB", [grey] * 3)
    base = np.asarray(plain, dtype=np.float64) * 0.5
    values = {t: found.nodes.contribution[t] for t in ("vessel", "ica")}
    scale = np.quantile(np.abs(np.concatenate(list(values.values()))), 0.998)
    labels = {"vessel": ("vessel_label", np.arange(1, eye.graph.num_segments + 1)),
              "ica": ("ica_label", eye.graph.ica_label_id)}  # fmt: skip
    for name, (kept, own) in labels.items():
        image = eye.graph.kept[kept]
        table = np.zeros(int(max(image.max(initial=0), own.max(initial=0))) + 1)
        table[own] = np.clip(values[name] / scale, -1, 1)
        share = table[image][..., None]
        strength = np.sqrt(np.abs(share)) * 0.85
        base = (1 - strength) * base + strength * np.where(share > 0, FOR, AGAINST)
    right = Image.fromarray(base.clip(0, 255).astype(np.uint8))
    for picture in (plain, right):
        outline(picture, eye)
    mark_top(right, eye, values)
    width = 2 * MASK_PX + 3 * GAP
    sheet = Image.new("RGB", (width, MASK_PX + 2 * HEAD + 2 * GAP), BACKGROUND)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(FONT_PX)
    title = f"{record.id}, {record.label}. Right: for the label orange, against it blue; the top "
    pen.text((GAP, 2), f"{title}{TOP} circled (hits green, others white)", fill=TEXT, font=font)
    at = GAP
    for kind, colour in OUTLINES.items():
        pen.line([(at, HEAD + 14), (at + 26, HEAD + 14)], fill=colour, width=4)
        pen.text((at + 32, HEAD), kind.replace("_", " "), fill=TEXT, font=font)
        at += 260
    sheet.paste(plain, (GAP, 2 * HEAD + GAP))
    sheet.paste(right, (MASK_PX + 2 * GAP, 2 * HEAD + GAP))
    return sheet


def outline(picture: Image.Image, eye: EyeTruth) -> None:
    pen = ImageDraw.Draw(picture)
    each = [(one.type, one.polygon_rowcol_px) for one in eye.truth.lesions]
    each += [("void", polygon) for polygon in eye.truth.voids_rowcol_px]
    for kind, polygon in each:
        points = [(float(col), float(row)) for row, col in polygon]
        pen.line([*points, points[0]], fill=OUTLINES[kind], width=3)


def mark_top(picture: Image.Image, eye: EyeTruth, values: Mapping[str, np.ndarray]) -> None:
    pen = ImageDraw.Draw(picture)
    types, place, row = top_scores(values, TOP)
    hits = eye.hits[next(iter(TRUTHS))]
    for p, number in zip(place.tolist(), row.tolist(), strict=True):
        kind = types[p]
        r, c = eye.graph.positions(kind)[number]
        colour = (60, 255, 90) if hits[kind][number] else (255, 255, 255)
        pen.ellipse((c - 16, r - 16, c + 16, r + 16), outline=colour, width=4)
