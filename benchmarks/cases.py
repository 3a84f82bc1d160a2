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

import gftcore
from checks import (
    Check,
    any_tables,
    nearest_points,
    same_areas,
    same_distance,
    same_faces,
    same_faz,
    same_graphs,
    same_image,
    same_partition,
    same_regions,
    same_topology,
    similar_branches,
    similar_edges,
    similar_response,
)
from gftcore import graph, segmentation
from inputs import Sample
from peers import baseline


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
        # gftcore may run from a folder that no installer described
        return gftcore.__version__ if self.package == "gftcore" else version(self.package)


@dataclass(frozen=True)
class Case:
    """One stage: ours against its peers. Threads above 1 are timed by the wall clock."""

    group: str
    stage: str
    ours: Callable[[], Any]
    peers: list[Peer] = field(default_factory=list)
    threads: int = 1


def segmentation_cases(sample: Sample) -> Iterator[Case]:
    image = sample.image
    yield Case(
        "segmentation",
        "ridge, not normalised",
        lambda: segmentation.ridge(image, normalise=False),
        [
            Peer(
                "scikit-image",
                lambda: baseline.sato_response(image),
                similar_response(0.65),
                label="Sato of x4 image",
            )
        ],
    )
    yield Case(
        "segmentation",
        "local_contrast",
        lambda: segmentation.local_contrast(image),
        [
            Peer(
                "scipy",
                lambda: baseline.contrast_response(image),
                similar_response(None),
                label="scipy gaussian + zoom",
            )
        ],
    )


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


def assignment_cases(sample: Sample) -> Iterator[Case]:
    mask, network = sample.mask, sample.network
    points = np.array(network.point_pixel)
    yield Case(
        "assignment",
        "nearest point of the component",
        lambda: graph.assign_pixels(network, mask),
        [
            Peer(
                "scipy",
                lambda: baseline.nearest_points(mask.shape, points),
                nearest_points(mask, points),
                label="scipy edt with indices",
            )
        ],
    )


def face_cases(sample: Sample) -> Iterator[Case]:
    """The peers only label; ours also says what lies left and right of each segment."""
    network, void = sample.network, ~sample.closure
    bytes_ = void.astype(np.uint8)
    yield Case(
        "faces",
        "faces and sides of segments",
        lambda: graph.faces(network),
        [
            Peer("scikit-image", lambda: measure.label(void, connectivity=1), same_faces),
            Peer(
                "opencv-contrib-python-headless",
                lambda: cv2.connectedComponents(bytes_, connectivity=4),
                same_faces,
                label="OpenCV",
            ),
        ],
    )


def faz_cases(sample: Sample) -> Iterator[Case]:
    void, labels = ~sample.mask, sample.background_labels
    yield Case(
        "faz",
        "opened void at the centre",
        lambda: graph.find_faz(void, labels),
        [
            Peer(
                "opencv-contrib-python-headless",
                lambda: baseline.faz(void, labels),
                same_faz,
                label="OpenCV opening",
            )
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
    "segmentation": segmentation_cases,
    "thinning": thinning_cases,
    "distance": distance_cases,
    "labels": label_cases,
    "trace": trace_cases,
    "assignment": assignment_cases,
    "regions": region_cases,
    "faz": faz_cases,
    "faces": face_cases,
    "mask": mask_cases,
    "image": image_cases,
    "batch": batch_cases,
}
FULL_SAMPLE_ONLY = {"segmentation", "image", "batch"}
