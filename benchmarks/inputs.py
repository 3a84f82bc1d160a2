# SPDX-License-Identifier: Apache-2.0
"""Inputs of the benchmarks: real samples where they are, else the shipped demo image."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from gftcore import graph, segmentation

VARIABLE = "GFTCORE_OCTA_SYNTHETIC"


@dataclass(frozen=True)
class Sample:
    """A raw image [h, w], its vessel mask [4h, 4w], and what the stages need of them."""

    name: str
    image: np.ndarray
    mask: np.ndarray

    @cached_property
    def skeleton(self) -> np.ndarray:
        return graph.thin(self.mask)

    @cached_property
    def squared_distance(self) -> np.ndarray:
        return graph.squared_distance(self.mask)

    @cached_property
    def background_labels(self) -> np.ndarray:
        return graph.label(self.mask, connectivity=8, background=True)

    @cached_property
    def intensity(self) -> np.ndarray:
        """The image at mask size, order 0."""
        scale = self.mask.shape[0] // self.image.shape[0]
        return np.repeat(np.repeat(self.image, scale, axis=0), scale, axis=1)


def load_sample() -> Sample:
    """Load the first synthetic OCTA sample, or segment the demo image."""
    folder = os.environ.get(VARIABLE)
    if folder:
        label_file = min(Path(folder, "labels").glob("*.png"))
        mask = np.array(Image.open(label_file)) != 0
        image = np.array(Image.open(Path(folder, "images", label_file.name)).convert("L"))
        return Sample(f"octa-synthetic/{label_file.stem}", image, mask)
    demo = Path(graph.__file__).parents[1] / "assets" / "demo_octa.png"
    image = np.array(Image.open(demo).convert("L"))
    return Sample("demo", image, segmentation.segment(image))
