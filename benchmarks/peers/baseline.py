# SPDX-License-Identifier: Apache-2.0
"""The baseline pipeline: mask to tables with scikit-image, SciPy and skan; and its stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import scipy.ndimage as ndi
from scipy import sparse
from skimage import filters, measure, morphology, segmentation, transform

from gftcore.graph.batch import DIRECTED

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


def traced(skeleton: np.ndarray) -> Any:
    """Trace with skan."""
    import skan

    return skan.Skeleton(skeleton)


def pruned(skeleton: Any, distance: np.ndarray, rounds: int = 2) -> Any:
    """Remove leaves shorter than the radius at their junction plus 3 px, with skan."""
    import skan

    for _ in range(rounds):
        table = skan.summarize(skeleton, separator="_")
        start, end = table["node_id_src"].to_numpy(), table["node_id_dst"].to_numpy()
        junction = np.where(skeleton.degrees[start] > 2, start, end)
        places = skeleton.coordinates[junction].astype(int)
        short = table["branch_distance"].to_numpy() < distance[tuple(places.T)] + 3
        leaf = table["branch_type"].to_numpy() == 1  # from a junction to an end
        gone = np.flatnonzero(leaf & short)
        if len(gone) == 0:
            break
        skeleton = skeleton.prune_paths(gone)
    return skeleton


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


def nearest_points(shape: tuple[int, ...], points: np.ndarray) -> np.ndarray:
    """Rows and columns [2, H, W] of each pixel's nearest point, of whatever component."""
    away = np.ones(shape, dtype=bool)
    away[tuple(points.T)] = False
    return ndi.distance_transform_edt(away, return_distances=False, return_indices=True)


def faz(void: np.ndarray, labels: np.ndarray, fov_mm: float = 3.0) -> tuple[int, float]:
    """Region that owns most of the largest opened component near the centre, and confidence."""
    offsets = np.arange(-4, 5)
    disc = (offsets[:, None] ** 2 + offsets**2 <= 16).astype(np.uint8)
    opened = cv2.morphologyEx(void.astype(np.uint8), cv2.MORPH_OPEN, disc)
    _, components, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    rows, cols = (np.arange(n) - (n - 1) / 2 for n in void.shape)
    radius = 0.4 / fov_mm * max(void.shape)
    near = np.unique(components[rows[:, None] ** 2 + cols**2 <= radius**2])
    near = near[near > 0]
    sizes = stats[near, cv2.CC_STAT_AREA]
    order = np.argsort(sizes)[::-1]
    owners = np.bincount(labels[components == near[order[0]]])
    second = sizes[order[1]] if len(order) > 1 else 0
    return int(owners[1:].argmax()) + 1, float(1 - second / sizes[order[0]])


def touching_pairs(faces: np.ndarray) -> np.ndarray:
    """Pairs [2, E] of labels that touch once each has grown over the skeleton between them."""
    grown = segmentation.expand_labels(faces, 1.5)
    steps = ((grown[1:], grown[:-1]), (grown[:, 1:], grown[:, :-1]))
    pairs = np.concatenate([np.stack([a.ravel(), b.ravel()]) for a, b in steps], axis=1)
    pairs = pairs[:, (pairs[0] != pairs[1]) & (pairs > 0).all(axis=0)]
    pairs.sort(axis=0)
    return np.unique(pairs, axis=1)


def touching_graph(faces: np.ndarray) -> np.ndarray:
    """Return the same pairs, by scikit-image's region adjacency graph."""
    from skimage import graph

    edges = graph.RAG(segmentation.expand_labels(faces, 1.5), connectivity=1).edges
    pairs = np.array([sorted(edge) for edge in edges if 0 not in edge]).T.reshape(2, -1)
    return np.unique(pairs, axis=1)


def sparse_relations(edges: dict[str, np.ndarray], sizes: dict[str, int]) -> dict[str, Any]:
    """Index edge numbers by destination and by source, each relation as SciPy's csr and csc."""
    out = {}
    for relation, (source, target) in edges.items():
        ends = DIRECTED[relation]
        shape = (sizes[ends[1]], sizes[ends[0]])
        number = np.arange(len(source))
        pairs = sparse.coo_array((number, (target, source)), shape=shape)
        out[relation] = pairs.tocsr(), pairs.tocsc()
        for index in out[relation]:
            index.sort_indices()
    return out


def upsampled(image: np.ndarray, scale: int) -> np.ndarray:
    """Order-0 upsampling, so that intensity and mask have one shape."""
    return np.repeat(np.repeat(image, scale, axis=0), scale, axis=1)


def sato_response(image: np.ndarray, scale: int = 4) -> np.ndarray:
    """Sato ridges on the cubically upsampled image."""
    shape = (image.shape[0] * scale, image.shape[1] * scale)
    large = transform.resize(image.astype(np.float32) / 255, shape, order=3)
    return filters.sato(large, sigmas=(3, 4.5, 6), black_ridges=False)


def contrast_response(image: np.ndarray, scale: int = 4) -> np.ndarray:
    """The image minus its Gaussian mean, upsampled cubically."""
    grey = image.astype(np.float32) / 255
    contrast = grey - ndi.gaussian_filter(grey, 12)
    return ndi.zoom(contrast, scale, order=3, mode="reflect", grid_mode=True)


def image_to_tables(image: np.ndarray, scale: int = 4) -> BaselineTables:
    """Sato ridges, the same share of vessels as ours, then the mask pipeline."""
    ridges = sato_response(image, scale)
    mask = morphology.remove_small_objects(ridges > np.quantile(ridges, 0.65), max_size=127)
    return mask_to_tables(mask, upsampled(image, scale))
