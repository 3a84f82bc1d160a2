# SPDX-License-Identifier: Apache-2.0
"""Images with true masks, and how well a mask agrees with the truth."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import morphology

VARIABLE = "GFTCORE_OCTA_SYNTHETIC"
FOV_MM = 3.0
CENTRE_MM = 0.15  # no vessel of a healthy eye comes so near to the centre
MEASURES = ("dice", "cl_dice", "density", "centre")


@dataclass(frozen=True)
class Sample:
    """An image and its true mask."""

    name: str
    image: np.ndarray
    truth: np.ndarray

    @cached_property
    def skeleton(self) -> np.ndarray:
        return morphology.skeletonize(self.truth)

    @cached_property
    def centre(self) -> np.ndarray:
        """Pixels around the centre of the image that are no vessel."""
        rows, cols = self.truth.shape
        row, col = np.ogrid[:rows, :cols]
        radius = CENTRE_MM / FOV_MM * max(rows, cols)
        near = (row - (rows - 1) / 2) ** 2 + (col - (cols - 1) / 2) ** 2 <= radius**2
        return near & ~self.truth


def load_samples(half: str) -> list[Sample]:
    """Samples in the order of their names: tuning is every second from the first."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        raise FileNotFoundError(f"{VARIABLE} does not name a folder of samples")
    names = sorted(path.stem for path in Path(folder, "labels").glob("*.png"))
    first = {"tuning": (0, 2), "held-out": (1, 2), "all": (0, 1)}[half]
    samples = [_load(Path(folder), name) for name in names[first[0] :: first[1]]]
    if not samples:
        raise FileNotFoundError(f"no labels/*.png under {folder}")
    return samples


def _load(folder: Path, name: str) -> Sample:
    image = np.array(Image.open(folder / "images" / f"{name}.png").convert("L"))
    truth = np.array(Image.open(folder / "labels" / f"{name}.png")) != 0
    return Sample(name, image, truth)


def share(part: np.ndarray, whole: np.ndarray) -> float:
    """Share of the pixels of `whole` that are in `part`; 0 if there are none."""
    count = np.count_nonzero(whole)
    return float(np.count_nonzero(part & whole) / count) if count else 0.0


def score(mask: np.ndarray, sample: Sample) -> tuple[float, float, float, float]:
    """Dice; centreline Dice; density relative to the truth's; false positives at the centre.

    Centreline Dice is the harmonic mean of the share of the mask's skeleton inside the truth and
    the share of the truth's skeleton inside the mask.
    """
    truth = sample.truth
    both = np.count_nonzero(mask & truth)
    dice = 2 * both / max(np.count_nonzero(mask) + np.count_nonzero(truth), 1)
    precision = share(truth, morphology.skeletonize(mask))
    recall = share(mask, sample.skeleton)
    cl_dice = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    density = np.count_nonzero(mask) / max(np.count_nonzero(truth), 1)
    return dice, cl_dice, density, share(mask, sample.centre)


def scores(segment: Callable[[np.ndarray], np.ndarray], samples: Sequence[Sample]) -> np.ndarray:
    """Scores [samples, measures]."""
    return np.array([score(segment(sample.image), sample) for sample in samples])
