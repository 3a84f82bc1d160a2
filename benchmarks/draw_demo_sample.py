# SPDX-License-Identifier: Apache-2.0
"""Draw the synthetic sample that `gftcore demo` reads.

    python benchmarks/draw_demo_sample.py [python/gftcore/assets/demo_octa.png]

The picture imitates a 3 x 3 mm OCT angiogram of the fovea and shows no person: a capillary mesh
(Voronoi cells of scattered points, wider towards the centre, none inside the foveal avascular
zone), arterioles and venules that grow from the border towards the centre and thin out, blur,
speckle, scan lines. It is drawn for the demo and for tests, not for training or for measuring
quality. The same seed gives the same pixels with the same NumPy, SciPy and Pillow.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo
from scipy.ndimage import gaussian_filter
from scipy.spatial import Voronoi

SIDE_PX = 304
FOV_MM = 3.0
SUPERSAMPLING = 4
FAZ_RADIUS_MM = 0.30
SEED = 20260101
NOTE = "Synthetic OCT-angiogram drawn by gftcore's benchmarks/draw_demo_sample.py; no person."

Line = tuple[np.ndarray, float, float]  # points [n, 2] in mm, width in mm, brightness 0..1


def faz_radius(angle: np.ndarray, phases: np.ndarray) -> np.ndarray:
    """Radius of the zone's scalloped outline in mm."""
    waves = sum(np.sin((k + 2) * angle + phase) / (k + 2) for k, phase in enumerate(phases))
    return FAZ_RADIUS_MM * (1 + 0.22 * waves)


def outside_faz(points: np.ndarray, phases: np.ndarray) -> np.ndarray:
    """Which points [n, 2] lie outside of the zone."""
    offset = points - FOV_MM / 2
    angle = np.arctan2(offset[:, 0], offset[:, 1])
    return np.hypot(*offset.T) > faz_radius(angle, phases)


def scattered_points(rng: np.random.Generator, phases: np.ndarray) -> np.ndarray:
    """Cell centres: dart throwing with a spacing that grows towards the zone."""
    kept: list[np.ndarray] = []
    for point in rng.uniform(-0.2, FOV_MM + 0.2, size=(9000, 2)):
        centre_mm = np.hypot(*(point - FOV_MM / 2))
        spacing = 0.085 + 0.03 * np.exp(-((centre_mm / 0.6) ** 2)) + 0.02 * rng.random()
        if not kept or np.hypot(*(np.array(kept) - point).T).min() > spacing:
            kept.append(point)
    points = np.array(kept)
    hole = ~outside_faz(points, phases)
    return np.vstack([points[~hole], [[FOV_MM / 2, FOV_MM / 2]]])


def pushed_out(points: np.ndarray, phases: np.ndarray) -> np.ndarray:
    """Points inside the zone moved to its outline, where they form the ring of capillaries."""
    offset = points - FOV_MM / 2
    angle = np.arctan2(offset[:, 0], offset[:, 1])
    radius = np.maximum(np.hypot(*offset.T), faz_radius(angle, phases))
    return FOV_MM / 2 + radius[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)


def wobble(start: np.ndarray, end: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bend a line a little between two points."""
    along = np.linspace(0, 1, 9)[:, None]
    normal = (end - start)[::-1] * np.array([1, -1])
    bend = rng.normal(0, 0.10) * np.sin(np.pi * along) + rng.normal(0, 0.04) * np.sin(
        2 * np.pi * along
    )
    return start + along * (end - start) + bend * normal


def capillaries(rng: np.random.Generator, phases: np.ndarray) -> list[Line]:
    """Edges of the cells, some of them missing, with patches of lower perfusion."""
    cells = Voronoi(scattered_points(rng, phases))
    patches = rng.uniform(0.3, FOV_MM - 0.3, size=(4, 2))
    lines: list[Line] = []
    for first, second in cells.ridge_vertices:
        ends = cells.vertices[[first, second]]
        inside = (ends > -0.15).all() and (ends < FOV_MM + 0.15).all()
        if first < 0 or second < 0 or not inside:
            continue
        near_patch = np.hypot(*(patches - ends.mean(axis=0)).T).min() < 0.16
        on_ring = not outside_faz(ends, phases).any()
        if not on_ring and rng.random() < (0.55 if near_patch else 0.10):
            continue
        line = pushed_out(wobble(ends[0], ends[1], rng), phases)
        brightness = rng.uniform(0.45, 0.75)
        lines.append((line, rng.uniform(0.014, 0.022), brightness))
    return lines


def grow(
    start: np.ndarray, heading: float, width: float, rng: np.random.Generator, lines: list[Line]
) -> None:
    """Let a vessel bend towards the centre, thin out, and give off branches."""
    step = 0.06
    point, path = start, [start]
    while width > 0.014 and len(path) < 60:
        target = FOV_MM / 2 - point
        wanted = np.arctan2(target[0], target[1])
        turn = (wanted - heading + np.pi) % (2 * np.pi) - np.pi
        heading += 0.10 * turn + rng.normal(0, 0.13)
        point = point + step * np.array([np.sin(heading), np.cos(heading)])
        if np.hypot(*(point - FOV_MM / 2)) < FAZ_RADIUS_MM * 1.3:
            break
        path.append(point)
        lines.append((np.array(path[-2:]), 1.25 * width, min(0.95, 0.6 + 8 * width)))
        width *= 0.96
        if len(path) > 4 and rng.random() < 0.13:
            side = rng.choice([-1.0, 1.0]) * rng.uniform(0.5, 0.9)
            grow(point, heading + side, 0.62 * width, rng, lines)
            width *= 0.9


def large_vessels(rng: np.random.Generator) -> list[Line]:
    """Arterioles and venules that enter from all sides."""
    lines: list[Line] = []
    for k in range(9):
        angle = 2 * np.pi * (k + rng.uniform(-0.25, 0.25)) / 9
        reach = FOV_MM / 2 / max(abs(np.cos(angle)), abs(np.sin(angle))) + 0.05
        start = FOV_MM / 2 + reach * np.array([np.sin(angle), np.cos(angle)])
        grow(start, angle + np.pi + rng.normal(0, 0.25), rng.uniform(0.05, 0.08), rng, lines)
    return lines


def rendered(lines: list[Line]) -> np.ndarray:
    """Flow signal 0..1 [304, 304]: lines drawn large, then averaged down."""
    side = SIDE_PX * SUPERSAMPLING
    px_per_mm = side / FOV_MM
    canvas = Image.new("L", (side, side))
    draw = ImageDraw.Draw(canvas)
    for points, width, brightness in sorted(lines, key=lambda line: line[2]):
        xy = [(float(col), float(row)) for row, col in points * px_per_mm]
        pen = round(width * px_per_mm)
        draw.line(xy, fill=round(255 * brightness), width=pen, joint="curve")
        for x, y in (xy[0], xy[-1]):  # round caps
            box = (x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2)
            draw.ellipse(box, fill=round(255 * brightness))
    fine = np.asarray(canvas, dtype=np.float64) / 255
    blocks = fine.reshape(SIDE_PX, SUPERSAMPLING, SIDE_PX, SUPERSAMPLING)
    return gaussian_filter(blocks.mean(axis=(1, 3)), 0.6)


def degraded(signal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Speckle, background, uneven brightness and scan lines."""
    speckle = rng.gamma(6.0, 1 / 6.0, signal.shape)
    background = 0.10 * gaussian_filter(rng.gamma(2.0, 0.5, signal.shape), 0.7)
    shade = 1 + 0.25 * gaussian_filter(rng.normal(size=signal.shape), 60) * 60
    rows = 1 + 0.05 * rng.normal(size=(SIDE_PX, 1))
    grey = (signal * (0.55 + 0.45 * speckle) + background) * np.clip(shade, 0.6, 1.4) * rows
    return np.clip(255 * 0.9 * grey, 0, 255).astype(np.uint8)


def draw_sample(seed: int = SEED) -> np.ndarray:
    """Draw the whole picture, uint8 [304, 304]."""
    rng = np.random.default_rng(seed)
    phases = rng.uniform(0, 2 * np.pi, 5)
    mesh = capillaries(rng, phases)
    trees = [line for line in large_vessels(rng) if outside_faz(line[0], phases).all()]
    return degraded(rendered(mesh + trees), rng)


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).parents[1] / "python/gftcore/assets/demo_octa.png"
    parser.add_argument("path", type=Path, nargs="?", default=default)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    info = PngInfo()
    info.add_text("Description", NOTE)
    info.add_text("Seed", str(arguments.seed))
    image = Image.fromarray(draw_sample(arguments.seed))
    image.save(arguments.path, format="PNG", pnginfo=info, optimize=True)
    print(f"{arguments.path}: {arguments.path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
