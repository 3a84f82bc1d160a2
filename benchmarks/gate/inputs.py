# SPDX-License-Identifier: Apache-2.0
"""What the workloads run on: arrays made once and read by the workers of both sides.

Made by integer arithmetic, so they are the same on every machine. Results of the package that are
inputs of a later stage (skeleton, distance, labels) are stored too: otherwise a side whose
skeleton has fewer pixels would also seem to trace faster.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]

SIDE = 1216
SCALE = 4
CROP = 304
SEED = 20230216


def smooth_noise(rng: np.random.Generator, side: int, radius: int) -> NDArray[np.int64]:
    """White noise under three box means each way, close to a Gaussian; periodic."""
    field = rng.integers(-1000, 1000, (side, side))
    for _ in range(3):
        for axis in (0, 1):
            window = np.arange(-radius, side + radius) % side
            sums = np.cumsum(np.take(field, window, axis=axis), axis=axis)
            late = np.take(sums, np.arange(2 * radius, side + 2 * radius), axis=axis)
            field = late - np.take(sums, np.arange(side), axis=axis)
        field >>= 4
    return field


def draw_vessels(side: int = SIDE) -> NDArray[np.bool_]:
    """Lines along the zeros of two noises, which cross, and no vessel in a central disc."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    mask = np.zeros((side, side), dtype=bool)
    for _ in range(2):
        height = np.abs(smooth_noise(rng, side, radius=10))
        mask |= height <= np.sort(height, axis=None)[height.size // 5]
    centred = np.arange(side) - side // 2
    return mask & (centred[:, None] ** 2 + centred**2 >= (side // 10) ** 2)


def photograph(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """A raw image of the mask at a quarter of its size: brightness of the vessels, and noise."""
    small = mask.shape[0] // SCALE
    filled = mask.reshape(small, SCALE, small, SCALE).sum(axis=(1, 3))
    noise = np.random.Generator(np.random.PCG64(SEED)).integers(0, 60, (small, small))
    return (10 * filled + noise).astype(np.uint8)


def make_arrays() -> dict[str, Array]:
    """Everything that the package can make here; a function that it lacks leaves a gap."""
    from gftcore import graph

    mask = draw_vessels()
    arrays: dict[str, Array] = {"mask": mask, "image": photograph(mask)}
    derived = {
        "skeleton": lambda: graph.thin(mask),
        "anchors": lambda: graph.border_anchors(mask),
        "squared_distance": lambda: graph.squared_distance(mask),
        "background_labels": lambda: graph.label(mask, background=True),
    }
    for name, make in derived.items():
        with suppress(AttributeError, ImportError, TypeError):
            arrays[name] = make()
    return arrays


def write_inputs(path: Path) -> None:
    """Write the arrays; those already in the file stay, so a second side only fills gaps."""
    old = read_inputs(path) if path.exists() else {}
    np.savez(path, **(make_arrays() | old))


def read_inputs(path: Path) -> dict[str, Array]:
    with np.load(path) as stored:
        return dict(stored)
