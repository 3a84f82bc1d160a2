# SPDX-License-Identifier: Apache-2.0
"""The baseline pipeline: mask to tables with scikit-image, SciPy and skan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.ndimage as ndi
from skimage import filters, measure, morphology, transform

REGION_PROPERTIES = (
    "centroid",
    "area",
    "perimeter",
    "eccentricity",
    "equivalent_diameter_area",
    "orientation",
    "solidity",
    "feret_diameter_max",
    "extent",
    "axis_major_length",
    "axis_minor_length",
    "intensity_max",
    "intensity_mean",
    "intensity_min",
    "centroid_weighted",
)


@dataclass(frozen=True, slots=True)
class BaselineTables:
    """Branches with radii, and intercapillary areas."""

    branches: Any
    radius_px: np.ndarray
    areas: dict[str, np.ndarray]


def branches(skeleton: np.ndarray, distance: np.ndarray) -> tuple[Any, np.ndarray]:
    """Trace with skan, summarize, and average the radius over each path."""
    import skan

    graph = skan.Skeleton(skeleton)
    table = skan.summarize(graph, separator="_")
    radius = np.array(
        [
            distance[tuple(graph.path_coordinates(i).astype(int).T)].mean()
            for i in range(graph.n_paths)
        ]
    )
    return table, radius


def region_table(labels: np.ndarray, intensity: np.ndarray) -> dict[str, np.ndarray]:
    """Measure regions with scikit-image."""
    return measure.regionprops_table(
        labels, intensity_image=intensity, properties=REGION_PROPERTIES
    )


def mask_to_tables(mask: np.ndarray, intensity: np.ndarray) -> BaselineTables:
    """Do what a user scripts today to get branches and areas from a vessel mask."""
    skeleton = morphology.skeletonize(mask, method="zhang")
    distance = ndi.distance_transform_edt(mask)
    table, radius = branches(skeleton, distance)
    labels = measure.label(~mask, connectivity=2)
    return BaselineTables(table, radius, region_table(labels, intensity))


def upsampled(image: np.ndarray, scale: int) -> np.ndarray:
    """Order-0 upsampling, so that intensity and mask have one shape."""
    return np.repeat(np.repeat(image, scale, axis=0), scale, axis=1)


def image_to_tables(image: np.ndarray, scale: int = 4) -> BaselineTables:
    """Sato ridges on the cubically upsampled image, then the mask pipeline."""
    shape = (image.shape[0] * scale, image.shape[1] * scale)
    large = transform.resize(image.astype(np.float32) / 255, shape, order=3)
    ridges = filters.sato(large, sigmas=(3, 4.5, 6), black_ridges=False)
    mask = morphology.remove_small_objects(ridges > np.quantile(ridges, 0.65), max_size=127)
    return mask_to_tables(mask, upsampled(image, scale))
