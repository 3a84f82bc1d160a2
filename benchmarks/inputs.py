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
    def faces(self) -> graph.Faces:
        return graph.faces(self.network)

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


def load_samples(count: int = 1) -> Iterator[Sample]:
    """Yield the first synthetic OCTA samples, or the segmented demo image."""
    folder = os.environ.get(VARIABLE)
    if folder:
        for label_file in sorted(Path(folder, "labels").glob("*.png"))[:count]:
            mask = np.array(Image.open(label_file)) != 0
            image = np.array(Image.open(Path(folder, "images", label_file.name)).convert("L"))
            yield Sample(f"octa-synthetic/{label_file.stem}", image, mask, full=True)
    else:
        demo = Path(graph.__file__).parents[1] / "assets" / "demo_octa.png"
        image = np.array(Image.open(demo).convert("L"))
        yield Sample("demo", image, segmentation.segment(image), full=True)


def area_mean(mask: np.ndarray, scale: int = SCALE) -> np.ndarray:
    """Reduce a mask to the mean of its blocks, 0..255."""
    rows, cols = mask.shape
    blocks = mask.reshape(rows // scale, scale, cols // scale, scale)
    return 255 * blocks.mean(axis=(1, 3))


def smooth_noise(rng: np.random.Generator, side: int, blur_px: float) -> np.ndarray:
    noise: np.ndarray = rng.standard_normal((side, side))
    return ndi.gaussian_filter(noise, blur_px)


def generate_dense(side: int = 1216, density: float = 0.55, blur_px: float = 5.0) -> Sample:
    """Draw a mask of smooth noise in which vessels and areas are about equally wide."""
    field = smooth_noise(np.random.default_rng(20230216), side, blur_px)
    mask = field > np.quantile(field, 1 - density)
    return Sample("generated dense", area_mean(mask).astype(np.uint8), mask)


def generate_mesh(side: int, density: float = 0.35, blur_px: float = 5.0) -> Sample:
    """Draw the contour lines of two noise images: a net with as many segments as a real one."""
    rng = np.random.default_rng(20230216)
    height = np.abs(smooth_noise(rng, side, blur_px))
    np.minimum(height, np.abs(smooth_noise(rng, side, blur_px)), out=height)
    mask = height < np.quantile(height, density)
    return Sample("generated mesh", area_mean(mask).astype(np.uint8), mask)


def tiled(sample: Sample, side: int) -> list[Sample]:
    """The sample cut into squares of `side` mask pixels, or one mirrored image of this side.

    All sides of a series of halves and doubles hold the same structures on average.
    """
    scale = sample.mask.shape[0] // sample.image.shape[0]
    if side > max(sample.mask.shape):
        mask, image = mirrored(sample.mask, side), mirrored(sample.image, side // scale)
    else:
        mask, image = sample.mask, sample.image
    step = side // scale
    return [
        Sample(
            f"{sample.name} tiled",
            np.ascontiguousarray(image[row : row + step, col : col + step]),
            np.ascontiguousarray(
                mask[row * scale : row * scale + side, col * scale : col * scale + side]
            ),
        )
        for row in range(0, image.shape[0] - step + 1, step)
        for col in range(0, image.shape[1] - step + 1, step)
    ]


def mirrored(pixels: np.ndarray, side: int) -> np.ndarray:
    """Continue an image by reflection to a square of this side."""
    return np.pad(pixels, [(0, side - length) for length in pixels.shape], mode="symmetric")


def reduced(sample: Sample) -> Sample:
    """Return the sample with its mask at a quarter of the size."""
    return Sample(f"{sample.name} reduced", sample.image, area_mean(sample.mask) >= 128)


def load_inputs(samples: int = 1) -> Iterator[Sample]:
    """Yield the full samples, the reduced mask of the first, and the generated mask."""
    full = list(load_samples(samples))
    yield from full
    yield reduced(full[0])
    yield generate_dense()
