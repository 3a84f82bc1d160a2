# SPDX-License-Identifier: Apache-2.0
"""What is compared with whom. Every case checks that the answers agree before it is timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import cc3d
import cv2
import edt
import numpy as np
import scipy.ndimage as ndi
import sknw
from skimage import measure, morphology

from gftcore import graph, segmentation
from inputs import Sample
from peers import baseline

Check = Callable[[Any, Any], None]


@dataclass(frozen=True)
class Peer:
    """A contestant, what counts as the same answer, and the ratio we aim at."""

    package: str
    run: Callable[[], Any]
    check: Check
    goal: float | None = None
    label: str = ""

    @property
    def name(self) -> str:
        return self.label or self.package

    @property
    def version(self) -> str:
        return version(self.package)


@dataclass(frozen=True)
class Case:
    """One stage: ours against its peers. Threads above 1 are timed by the wall clock."""

    group: str
    stage: str
    ours: Callable[[], Any]
    peers: list[Peer] = field(default_factory=list)
    threads: int = 1


def same_image(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_array_equal(ours != 0, theirs != 0)


def same_topology(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Both are thin sets with the mask's components; different algorithms choose other pixels."""
    count = measure.label(theirs, connectivity=2).max()
    assert measure.label(ours, connectivity=2).max() == count
    assert 0.8 < np.count_nonzero(ours) / np.count_nonzero(theirs) < 1.25


def same_distance(ours: np.ndarray, theirs: np.ndarray) -> None:
    """The squared distance is exact; peers hand out its root, some only nearly exact."""
    np.testing.assert_allclose(np.sqrt(ours), theirs, rtol=1e-4)


def same_partition(ours: np.ndarray, theirs: Any) -> None:
    theirs = theirs[1] if isinstance(theirs, tuple) else theirs
    pairs = np.unique(np.stack([ours.ravel(), theirs.ravel()]).astype(np.int64), axis=1)
    assert pairs.shape[1] == ours.max() + 1 == np.unique(theirs).size


def same_regions(ours: graph.RegionTable, theirs: dict[str, np.ndarray]) -> None:
    for column, values in zip(ours.columns, ours.values.T, strict=True):
        np.testing.assert_allclose(values, theirs[column], rtol=1e-9, atol=1e-9, err_msg=column)


def similar_branches(ours: Any, theirs: Any) -> None:
    """Junction rules differ between tools; the length of all vessels hardly does."""
    lengths = ours.values[:, ours.columns.index("length")]
    assert 0.85 < lengths.sum() / theirs[0]["branch_distance"].sum() < 1.05


def similar_edges(ours: Any, theirs: Any) -> None:
    lengths = ours.values[:, ours.columns.index("length")]
    assert 0.85 < lengths.sum() / sum(w for *_, w in theirs.edges(data="weight")) < 1.05


def same_areas(ours: graph.HeteroGraph, theirs: baseline.BaselineTables) -> None:
    """Total void area agrees but for the holes and specks that the graph leaves out."""
    area = ours.ica_x[:, ours.ica_columns.index("area")].sum()
    area += ours.faz_x[:, ours.ica_columns.index("area")].sum()
    assert 0.98 < area / theirs.areas["area"].sum() <= 1.0


def any_tables(ours: graph.HeteroGraph, theirs: baseline.BaselineTables) -> None:
    """Two segmentations: only that both found a network."""
    assert len(ours.vessel_x) > 100
    assert len(theirs.branches) > 100


def same_graphs(ours: list[graph.HeteroGraph], theirs: list[graph.HeteroGraph]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a.vessel_x, b.vessel_x)
        np.testing.assert_array_equal(a.ica_x, b.ica_x)


def thinning_cases(sample: Sample) -> Iterator[Case]:
    mask, bytes_ = sample.mask, sample.mask.astype(np.uint8) * 255
    lee = Peer(
        "scikit-image",
        lambda: morphology.skeletonize(mask, method="lee"),
        same_topology,
        label="scikit-image lee",
    )
    zhang = Peer(
        "scikit-image",
        lambda: morphology.skeletonize(mask, method="zhang"),
        same_image,
        40,
        "scikit-image zhang",
    )
    yield Case(
        "thinning", "zhang-skimage", lambda: graph.thin(mask, method="zhang-skimage"), [zhang]
    )
    for method, code in (
        ("zhang-opencv", cv2.ximgproc.THINNING_ZHANGSUEN),
        ("guohall-opencv", cv2.ximgproc.THINNING_GUOHALL),
    ):
        peer = Peer(
            "opencv-contrib-python-headless",
            lambda code=code: cv2.ximgproc.thinning(bytes_, thinningType=code),
            same_image,
            100,
            "OpenCV",
        )
        yield Case(
            "thinning", method, lambda method=method: graph.thin(mask, method=method), [peer]
        )
    for method, goal in (("fast", 80.0), ("ordered", 25.0)):
        peer = Peer(lee.package, lee.run, lee.check, goal, lee.label)
        yield Case(
            "thinning", method, lambda method=method: graph.thin(mask, method=method), [peer]
        )


def distance_cases(sample: Sample) -> Iterator[Case]:
    mask, bytes_ = sample.mask, sample.mask.astype(np.uint8)
    yield Case(
        "distance",
        "squared_distance",
        lambda: graph.squared_distance(mask),
        [
            Peer("edt", lambda: edt.edt(bytes_, parallel=1), same_distance, 4),
            Peer("scipy", lambda: ndi.distance_transform_edt(mask), same_distance, 20),
            Peer(
                "opencv-contrib-python-headless",
                lambda: cv2.distanceTransform(bytes_, cv2.DIST_L2, cv2.DIST_MASK_PRECISE),
                same_distance,
                label="OpenCV precise",
            ),
        ],
    )


def label_cases(sample: Sample) -> Iterator[Case]:
    background = ~sample.mask
    bytes_ = background.astype(np.uint8)
    square = np.ones((3, 3))
    yield Case(
        "labels",
        "background, 8-connected",
        lambda: graph.label(background),
        [
            Peer(
                "connected-components-3d",
                lambda: cc3d.connected_components(bytes_, connectivity=8),
                same_partition,
                1.8,
                "cc3d",
            ),
            Peer(
                "opencv-contrib-python-headless",
                lambda: cv2.connectedComponents(bytes_, connectivity=8),
                same_partition,
                label="OpenCV",
            ),
            Peer("scipy", lambda: ndi.label(background, square)[0], same_partition),
            Peer("scikit-image", lambda: measure.label(background, connectivity=2), same_partition),
        ],
    )


def trace_cases(sample: Sample) -> Iterator[Case]:
    mask, skeleton, squared = sample.mask, sample.skeleton, sample.squared_distance
    distance = np.sqrt(squared.astype(np.float64))
    thin_bytes = skeleton.astype(np.uint16)

    def ours() -> graph.Table:
        return graph.segment_table(graph.trace(skeleton), mask, squared, mode="centreline")

    yield Case(
        "trace",
        "trace, lengths, radius statistics",
        ours,
        [
            Peer("skan", lambda: baseline.branches(skeleton, distance), similar_branches, 40),
            Peer("sknw", lambda: sknw.build_sknw(thin_bytes, multi=True), similar_edges, 15),
        ],
    )


def region_cases(sample: Sample) -> Iterator[Case]:
    labels, intensity = sample.background_labels, sample.intensity
    yield Case(
        "regions",
        "region table, all features",
        lambda: graph.region_table(labels, intensity=intensity),
        [
            Peer(
                "scikit-image",
                lambda: baseline.region_table(labels, intensity),
                same_regions,
                100,
                "regionprops_table",
            )
        ],
    )


def mask_cases(sample: Sample) -> Iterator[Case]:
    mask, image, intensity = sample.mask, sample.image, sample.intensity
    peer = Peer(
        "scikit-image",
        lambda: baseline.mask_to_tables(mask, intensity),
        same_areas,
        60,
        "baseline pipeline",
    )
    for features in ("edt", "centreline"):
        config = graph.ExtractConfig(features=features)
        yield Case(
            "mask",
            f"mask to graph, features={features}",
            lambda config=config: graph.extract(mask, config, intensity=image),
            [peer],
        )


def image_cases(sample: Sample) -> Iterator[Case]:
    image = sample.image
    for method in ("ridge", "local_contrast"):
        config = segmentation.SegmentConfig(method=method)
        yield Case(
            "image",
            f"image to graph, {method}",
            lambda config=config: graph.extract_image(image, seg=config),
            [
                Peer(
                    "scikit-image",
                    lambda: baseline.image_to_tables(image),
                    any_tables,
                    60,
                    "Sato + baseline pipeline",
                )
            ],
        )


def batch_cases(sample: Sample) -> Iterator[Case]:
    masks = [sample.mask] * 8

    def run(threads: int) -> list[graph.HeteroGraph]:
        return list(graph.extract_batch(masks, threads=threads))

    yield Case(
        "batch",
        "8 masks, two threads against one",
        lambda: run(2),
        [Peer("gftcore", lambda: run(1), same_graphs, 1.8, "one thread")],
        threads=2,
    )


GROUPS: dict[str, Callable[[Sample], Iterator[Case]]] = {
    "thinning": thinning_cases,
    "distance": distance_cases,
    "labels": label_cases,
    "trace": trace_cases,
    "regions": region_cases,
    "mask": mask_cases,
    "image": image_cases,
    "batch": batch_cases,
}
