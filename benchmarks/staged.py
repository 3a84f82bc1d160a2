# SPDX-License-Identifier: Apache-2.0
"""What `extract` must give, put together from the single stages and from other libraries."""

from __future__ import annotations

import numpy as np
import scipy.ndimage as ndi
from skimage import measure, morphology

from gftcore import graph, segmentation

ORACLES = ("zhang-skimage", "zhang-opencv", "guohall-opencv")
SURROUNDINGS = np.ones((3, 3))


def holes_and_components(pixels: np.ndarray) -> tuple[int, int]:
    components = int(measure.label(pixels, connectivity=2).max())
    return components - int(measure.euler_number(pixels, connectivity=2)), components


def vessels_of(
    mask: np.ndarray, config: graph.ExtractConfig
) -> tuple[graph.SkeletonGraph, graph.Table, np.ndarray]:
    """Pruned graph, segment table and squared distance."""
    vessels = graph.fill_small(mask, area_px=config.skeleton_fill_px)
    squared = graph.squared_distance(vessels)
    skeleton = graph.thin(vessels, method=config.skeleton, border=config.border)
    anchored = config.border == "anchor" and config.skeleton not in ORACLES
    anchors = graph.border_anchors(vessels) if anchored else None
    pruned = graph.prune(
        graph.trace(skeleton, anchors=anchors),
        squared,
        method=config.prune,
        bulge=config.bulge,
        max_rounds=config.max_rounds,
    )
    return pruned, graph.segment_table(pruned, vessels, squared, mode=config.features), squared


def regions_of(mask: np.ndarray, config: graph.ExtractConfig) -> np.ndarray:
    """Labels of the regions that are large enough, the FAZ included."""
    filled = graph.fill_small(mask, area_px=config.ica_fill_px)
    labels = graph.label(filled, connectivity=config.ica_connectivity, background=True)
    large = np.bincount(labels.ravel()) >= config.ica_min_px
    large[0] = False
    return np.where(large, np.cumsum(large), 0)[labels].astype(np.int32)


def assert_staged(found: graph.HeteroGraph, mask: np.ndarray, config: graph.ExtractConfig) -> None:
    """Segments, their features, regions and numbers of edges are those of the stages."""
    pruned, table, squared = vessels_of(mask, config)
    np.testing.assert_array_equal(found.segment_nodes, pruned.segment_nodes)
    for name, column in zip(table.columns, table.values.T, strict=True):
        np.testing.assert_array_equal(found.vessel(name), column, err_msg=name)
    labels = regions_of(mask, config)
    assert found.num_icas + len(found.faz_x) == labels.max()
    pixels = np.count_nonzero(labels)
    assert found.ica("area").sum() + found.faz("area").sum() == pixels
    edges = graph.adjacency(
        pruned, graph.faces(pruned), labels, method=config.adjacency, squared_distance=squared
    )
    for name, parts in (("vv", ("vv",)), ("vi", ("vi", "vf")), ("ii", ("ii", "if"))):
        count = sum(found.edges[part].shape[1] for part in parts)
        assert count == edges[name][0].shape[1], f"{count} edges {name}"


def owners(faces: graph.Faces, labels: np.ndarray) -> np.ndarray:
    """Label with most pixels in each face, ties lower; 0 for none."""
    face = np.array(faces.label).ravel()
    counted = (face > 0) & (labels.ravel() > 0)
    pairs, count = np.unique(
        np.stack([face[counted] - 1, labels.ravel()[counted]]), axis=1, return_counts=True
    )
    order = np.lexsort((-pairs[1], count))  # the last one written wins
    out = np.zeros(faces.count, dtype=np.int32)
    out[pairs[0][order]] = pairs[1][order]
    return out


def response_of(image: np.ndarray, config: segmentation.SegmentConfig) -> np.ndarray:
    if config.method == "local_contrast":
        return segmentation.local_contrast(
            image, sigma=config.local_contrast_sigma, scale=config.scale
        )
    return segmentation.ridge(
        image,
        sigmas_px=config.ridge_sigmas_px,
        normalise=config.ridge_normalise,
        scale=config.scale,
    )


def threshold_of(response: np.ndarray, config: segmentation.SegmentConfig) -> float:
    if config.method == "local_contrast":
        return config.contrast_threshold
    rank = int(config.ridge_quantile * (response.size - 1))
    return float(np.partition(response.ravel(), rank)[rank])


def without_specks(mask: np.ndarray, least_px: int) -> np.ndarray:
    return morphology.remove_small_objects(mask, max_size=least_px - 1, connectivity=2)


def smallest_object_px(mask: np.ndarray) -> int:
    labels, _ = ndi.label(mask, SURROUNDINGS)
    return int(np.bincount(labels.ravel())[1:].min())
