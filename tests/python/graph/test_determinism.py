# SPDX-License-Identifier: Apache-2.0
"""Same bytes for every instruction set and any number of threads (classes exact and same-isa)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import gftcore
import samples
from gftcore import graph, segmentation
from gftcore.graph import BatchItem, ExtractConfig, HeteroGraph
from gftcore.segmentation import SegmentConfig
from graph_bytes import array_bytes, assert_same_graph_bytes
from random_masks import random_mask

MASKS = int(os.environ.get("GFTCORE_TEST_MASKS", "120"))
BLOCK = 40
TARGETS = gftcore.simd_targets()
KEEP = ("mask", "skeleton", "distance", "vessel_label", "ica_label", "face_label")
METHODS = ("fast", "ordered", "zhang-skimage", "zhang-opencv", "guohall-opencv")
CONFIGS = (
    ExtractConfig(),
    ExtractConfig(skeleton="ordered", prune="length", ica_connectivity=4, skeleton_fill_px=4),
    ExtractConfig(features="voreen_slab", adjacency="centerline4", faz="fixed"),
    ExtractConfig(skeleton="zhang-skimage", adjacency="centerline4", features="centreline"),
    ExtractConfig(skeleton="zhang-opencv", prune="none", features="voreen_slab"),
    ExtractConfig(skeleton="guohall-opencv", features="centreline"),
    ExtractConfig(border="background", prune="none", ica_fill_px=0, ica_min_px=1),
    ExtractConfig(skeleton="ordered", features="voreen_slab", bulge=9.0, fov_mm=6.0),
)

pytestmark = pytest.mark.filterwarnings("ignore::gftcore.GftcoreWarning")


@pytest.fixture(autouse=True)
def _restore_target() -> Iterator[None]:
    before = gftcore.simd_target()
    yield
    gftcore.set_simd_target(before)


def item(seed: int, max_side: int = 260) -> BatchItem:
    """A mask, with an intensity of full or reduced size and an exclusion now and then."""
    rng = np.random.default_rng(seed)
    mask = random_mask(rng, max_side)
    rows, cols = mask.shape
    scale = next(k for k in (4, 3, 2, 1) if rows % k == 0 and cols % k == 0)
    dtype = (np.uint8, np.uint16, np.float32, np.float64)[seed % 4]
    grey = rng.integers(0, 256, (rows // scale, cols // scale)).astype(dtype)
    exclude = [(rows // 3, 0, rows // 3 + 9, cols)] if seed % 3 == 0 else None
    return BatchItem(mask=mask, intensity=grey, exclude=exclude)


def extracted(given: BatchItem, config: ExtractConfig) -> HeteroGraph:
    return graph.extract(
        given.mask, config, intensity=given.intensity, exclude=given.exclude, keep=KEEP
    )


def stage_bytes(mask: np.ndarray) -> dict[str, Any]:
    """All stages, each from the results of the ones before it."""
    anchors = graph.border_anchors(mask)
    distance = graph.squared_distance(mask)
    out = {
        "anchors": anchors,
        "distance": distance,
        "framed": graph.squared_distance(mask, frame="background"),
        "filled": graph.fill_small(mask, area_px=7),
    }
    for connectivity in (4, 8):
        labels = graph.label(mask, connectivity=connectivity, background=True)
        table = graph.region_table(labels)
        out[f"void{connectivity}"] = labels
        out[f"regions{connectivity}"] = table.values
        out[f"bbox{connectivity}"] = table.bbox
    for method in METHODS:
        out[method] = skeleton = graph.thin(mask, method=method)
        traced = graph.trace(skeleton, anchors=anchors[skeleton[tuple(anchors.T)]])
        if not mask.all():
            traced = graph.prune(traced, distance)
        for name in ("node_rowcol", "node_pixel", "segment_nodes", "point_ptr", "point_pixel"):
            out[f"{method} {name}"] = getattr(traced, name)
        out[f"{method} assigned"] = graph.assign_pixels(traced, mask)
        out[f"{method} faces"] = graph.faces(traced).label
        for mode in ("edt", "voreen_slab", "centreline"):
            table = graph.segment_table(traced, mask, distance, mode=mode)
            out[f"{method} {mode}"] = table.values
    return {name: array_bytes(value) for name, value in out.items()}


@pytest.mark.parametrize("first", range(0, MASKS, BLOCK))
def test_every_stage_gives_the_same_bytes_for_every_target(first: int) -> None:
    for seed in range(first, min(first + BLOCK, MASKS)):
        mask = random_mask(np.random.default_rng(1000 + seed), 200)
        found = {}
        for target in TARGETS:
            gftcore.set_simd_target(target)
            found[target] = stage_bytes(mask)
        for target in TARGETS[1:]:
            wrong = [k for k, v in found[target].items() if v != found["scalar"][k]]
            assert not wrong, f"seed {seed}, {mask.shape}, {target}: {wrong}"


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: f"{c.skeleton}-{c.prune}-{c.features}")
def test_extract_gives_the_same_bytes_for_every_target(config: ExtractConfig) -> None:
    for seed in range(max(MASKS // len(CONFIGS), 1)):
        given = item(seed)
        gftcore.set_simd_target("scalar")
        expected = extracted(given, config)
        for target in TARGETS[1:]:
            gftcore.set_simd_target(target)
            found = extracted(given, config)
            assert found.meta.simd_target == target
            assert_same_graph_bytes(found, expected, f"seed {seed}, {target}")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("config", CONFIGS[:3], ids=lambda c: f"{c.skeleton}-{c.features}")
def test_batches_give_the_bytes_of_single_calls(config: ExtractConfig, target: str) -> None:
    gftcore.set_simd_target(target)
    items = [item(seed, 140) for seed in range(300, 316)]
    alone = [extracted(given, config) for given in items]
    for threads in (1, 2, 4):
        batch = graph.extract_batch(items, config, threads=threads, keep=KEEP)
        for index, (found, expected) in enumerate(zip(batch, alone, strict=True)):
            assert isinstance(found, HeteroGraph)
            assert_same_graph_bytes(found, expected, f"item {index}, {threads} threads")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("method", ["oriented", "local_contrast", "ridge"])
def test_segmented_batches_give_the_bytes_of_single_calls(method: str, target: str) -> None:
    """Class same-isa: float results, one target at a time."""
    gftcore.set_simd_target(target)
    seg = SegmentConfig(method=method)
    rng = np.random.default_rng(8)
    images = [rng.random((30 + 5 * k, 70 - 6 * k)) for k in range(8)]
    masks = [segmentation.segment(image, seg) for image in images]
    alone = [graph.extract_image(image, seg=seg, keep=("mask", "ridge")) for image in images]
    for mask, expected in zip(masks, alone, strict=True):
        np.testing.assert_array_equal(expected.kept["mask"], mask)
    for threads in (1, 2, 4):
        items = [BatchItem(image=image) for image in images]
        batch = graph.extract_batch(items, seg=seg, threads=threads, keep=("mask", "ridge"))
        for index, (found, expected) in enumerate(zip(batch, alone, strict=True)):
            assert_same_graph_bytes(found, expected, f"item {index}, {threads} threads")


@pytest.mark.parametrize("name", samples.sample_names()[:4])
def test_samples_give_the_same_bytes(name: str) -> None:
    mask, image = samples.load_label(name), samples.load_image(name)
    gftcore.set_simd_target("scalar")
    expected = graph.extract(mask, intensity=image, keep=KEEP)
    for target in TARGETS:
        gftcore.set_simd_target(target)
        items = [BatchItem(mask=mask, intensity=image)] * 3
        for threads in (1, 2):
            for found in graph.extract_batch(items, threads=threads, keep=KEEP):
                assert_same_graph_bytes(found, expected, f"{target}, {threads} threads")


def test_negative_control_a_changed_pixel_changes_the_bytes() -> None:
    mask = np.zeros((20, 20), bool)
    mask[9:12] = True
    before = graph.extract(mask)
    mask[12, 10] = True
    after = graph.extract(mask)
    with pytest.raises(AssertionError, match="vessel_x"):
        assert_same_graph_bytes(after, before, "one pixel more")
