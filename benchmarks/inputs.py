# SPDX-License-Identifier: Apache-2.0
"""Inputs of the benchmarks: a real sample or the demo, its reduced mask, a generated mask."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import scipy.ndimage as ndi
from PIL import Image

from gftcore import graph, segmentation

VARIABLE = "GFTCORE_OCTA_SYNTHETIC"
SCALE = 4


@dataclass(frozen=True)
class Sample:
    """A raw image [h, w], its vessel mask [k h, k w], and what the stages need of them.

    The goals are stated for `full` samples.
    """

    name: str
    image: np.ndarray
    mask: np.ndarray
    full: bool = False

    @cached_property
    def skeleton(self) -> np.ndarray:
        return graph.thin(self.mask)

    @cached_property
    def anchors(self) -> np.ndarray:
        return graph.border_anchors(self.mask)

    @cached_property
    def network(self) -> graph.SkeletonGraph:
        return graph.trace(self.skeleton, anchors=self.anchors)

    @cached_property
    def closure(self) -> np.ndarray:
        """The skeleton in a ring of background that each vessel at an anchor crosses."""
        closed = np.pad(self.skeleton, 1)
        last = np.array(self.mask.shape) - 1
        outward = (self.anchors == last).astype(int) - (self.anchors == 0)
        closed[tuple((self.anchors + outward + 1).T)] = True
        return closed

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
        return Sample(f"octa-synthetic/{label_file.stem}", image, mask, full=True)
    demo = Path(graph.__file__).parents[1] / "assets" / "demo_octa.png"
    image = np.array(Image.open(demo).convert("L"))
    return Sample("demo", image, segmentation.segment(image), full=True)


def area_mean(mask: np.ndarray, scale: int = SCALE) -> np.ndarray:
    """Reduce a mask to the mean of its blocks, 0..255."""
    rows, cols = mask.shape
    blocks = mask.reshape(rows // scale, scale, cols // scale, scale)
    return 255 * blocks.mean(axis=(1, 3))


def generate_dense(side: int = 1216, density: float = 0.55, blur_px: float = 5.0) -> Sample:
    """Draw a mask of smooth noise in which vessels and areas are about equally wide."""
    noise = np.random.default_rng(20230216).standard_normal((side, side))
    field = ndi.gaussian_filter(noise, blur_px)
    mask = field > np.quantile(field, 1 - density)
    return Sample("generated dense", area_mean(mask).astype(np.uint8), mask)


def load_inputs() -> Iterator[Sample]:
    """Yield the full sample, its reduced mask, and the generated mask."""
    sample = load_sample()
    yield sample
    yield Sample(f"{sample.name} reduced", sample.image, area_mean(sample.mask) >= 128)
    yield generate_dense()
