# SPDX-License-Identifier: Apache-2.0
"""The compiled core against the readable reference, on random masks of many kinds.

`GFTCORE_TEST_MASKS` sets how many masks (default 120); masks are the same for the same number.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
import pytest

from gftcore import graph, reference
from gftcore.errors import GftcoreWarning
from gftcore.graph import ExtractConfig
from random_masks import random_mask

MASKS = int(os.environ.get("GFTCORE_TEST_MASKS", "120"))
BLOCK = 20
MAX_SIDE = 300
EXACT = [
    "node_degree",
    "node_pixels",
    "node_kind",
    "segment_nodes",
    "segment_faces",
    "point_ptr",
    "point_pixel",
    "ica_label_id",
    "ica_bbox",
    "ica_touches_border",
    "face_ica",
]
CLOSE = ["vessel_x", "ica_x", "faz_x"]
SINGLE = ["node_rowcol", "node_radius_px", "point_rowcol", "point_radius_px"]
FAZ_FIELDS = {"label": "label", "method": "method", "area": "area_px2", "confidence": "confidence"}
# Every mask is extracted twice: in the native modes and in the published ones. Between them they
# cover both feature modes, both adjacency rules, pruning, and each way to find the FAZ.
NATIVE = (
    {},
    {"skeleton": "ordered", "ica_connectivity": 4, "skeleton_fill_px": 4},
    {"border": "background", "ica_fill_px": 0, "ica_min_px": 1},
    {"skeleton": "guohall-opencv", "features": "centreline"},
)
PUBLISHED = (
    {"faz": "fixed"},
    {"prune": "length"},
    {"skeleton": "zhang-skimage", "prune": "none", "faz": "fixed"},
    {"skeleton": "zhang-opencv", "max_rounds": 1},
    {"bulge": 1.5, "fov_mm": 6.0},
)


def configs(seed: int) -> tuple[ExtractConfig, ExtractConfig]:
    published = PUBLISHED[seed % len(PUBLISHED)]
    return (
        ExtractConfig(**NATIVE[seed % len(NATIVE)]),
        ExtractConfig(features="voreen_slab", adjacency="centerline4", **published),
    )


def assert_same_graph(ours: Any, theirs: Any) -> None:
    """Integers equal, float64 columns to 1e-9, float32 arrays to their rounding."""
    for name in EXACT:
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), err_msg=name)
    assert ours.vessel_columns == tuple(theirs.vessel_columns)
    assert ours.ica_columns == tuple(theirs.ica_columns)
    for name in CLOSE:
        ours_x, theirs_x = getattr(ours, name), getattr(theirs, name)
        assert ours_x.shape == theirs_x.shape, name
        np.testing.assert_allclose(ours_x, theirs_x, rtol=1e-9, atol=1e-9, err_msg=name)
    for name in SINGLE:
        np.testing.assert_allclose(
            getattr(ours, name), getattr(theirs, name), rtol=1e-6, atol=1e-6, err_msg=name
        )
    for relation in ("vv", "ii", "vi", "vf", "if", "ff"):
        np.testing.assert_array_equal(ours.edges[relation], theirs.edges[relation], relation)
        np.testing.assert_array_equal(
            ours.edge_attr[relation], theirs.edge_attr[relation], relation
        )
    assert ours.meta.warnings == theirs.warnings
    for key, field in FAZ_FIELDS.items():
        np.testing.assert_equal(getattr(ours.faz_info, field), theirs.faz_info[key], key)


def extra_inputs(mask: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    """Sometimes an intensity (full or reduced size), an exclusion, a FAZ mask."""
    inputs: dict[str, Any] = {}
    if rng.random() < 0.5:
        scale = next((k for k in (4, 3, 2) if not (mask.shape[0] % k or mask.shape[1] % k)), 1)
        shape = (mask.shape[0] // scale, mask.shape[1] // scale)
        inputs["intensity"] = rng.integers(0, 256, shape, dtype=np.uint8)
    if rng.random() < 0.25:
        r, c = (int(rng.integers(0, n)) for n in mask.shape)
        exclude = np.zeros(mask.shape, bool)
        exclude[r : r + 20, c : c + 40] = True
        inputs["exclude"] = exclude
    if rng.random() < 0.2:
        inputs["faz_mask"] = rng.random(mask.shape) < 0.3
    return inputs


@pytest.mark.parametrize("first", range(0, MASKS, BLOCK))
def test_extract_matches_reference(first: int) -> None:
    """Class `exact` for integers and structure, rtol 1e-9 for features."""
    for seed in range(first, min(first + BLOCK, MASKS)):
        rng = np.random.default_rng(seed)
        mask = random_mask(rng, MAX_SIDE)
        inputs = extra_inputs(mask, rng)
        for config in configs(seed):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", GftcoreWarning)
                ours = graph.extract(mask, config, **inputs)
            theirs = reference.extract(mask, config, **inputs)
            try:
                assert_same_graph(ours, theirs)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}, {mask.shape}, {config}: {error}") from None
