# SPDX-License-Identifier: Apache-2.0
"""Single stages beside their peers. Every case checks its answer before it is timed."""

from __future__ import annotations

from collections.abc import Iterator

import cc3d
import cv2
import edt
import numpy as np
import scipy.ndimage as ndi
import sknw
from skimage import measure, morphology

from checks import (
    describes_pixels,
    nearest_points,
    pruned_from,
    same_distance,
    same_faces,
    same_faz,
    same_image,
    same_pairs,
    same_partition,
    same_regions,
    same_rows,
    same_topology,
    similar_branches,
    similar_edges,
    similar_response,
    similar_skeleton,
    stays_minimal,
    touches_part_of,
)
from contestants import Case, Peer
from gftcore import graph, segmentation
from inputs import Sample
from peers import baseline


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
    thick, anchors = graph.thin(mask, method="guohall-opencv"), sample.anchors
    anchors = anchors[thick[tuple(anchors.T)]]
    yield Case(
        "thinning",
        "minimal_pass after Guo-Hall",
        lambda: graph.minimal_pass(thick, anchors=anchors),
        holds=stays_minimal(anchors),
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


def fill_cases(sample: Sample) -> Iterator[Case]:
    mask, area_px = sample.mask, 30
    yield Case(
        "labels",
        f"fill holes below {area_px} px",
        lambda: graph.fill_small(mask, area_px=area_px),
        [
            Peer(
                "scikit-image",
                lambda: morphology.remove_small_holes(mask, max_size=area_px - 1, connectivity=1),
                same_image,
                label="remove_small_holes",
            )
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


def prune_cases(sample: Sample) -> Iterator[Case]:
    """No library prunes by bulge; `length` is what a user writes with skan's `prune_paths`."""
    network, squared = sample.network, sample.squared_distance
    distance = np.sqrt(squared.astype(np.float64))
    traced = baseline.traced(sample.skeleton)
    yield Case(
        "prune",
        "bulge",
        lambda: graph.prune(network, squared),
        holds=pruned_from(network),
    )
    yield Case(
        "prune",
        "length",
        lambda: graph.prune(network, squared, method="length"),
        [
            Peer(
                "skan",
                lambda: baseline.pruned(traced, distance),
                similar_skeleton,
                label="skan prune_paths",
            )
        ],
    )


def feature_cases(sample: Sample) -> Iterator[Case]:
    """No library describes the surface of vessels by these rules; the answer must be whole."""
    network, mask, squared = sample.network, sample.mask, sample.squared_distance
    assigned = np.count_nonzero(graph.assign_pixels(network, mask) >= 0)
    for mode in ("edt", "voreen_slab"):
        yield Case(
            "features",
            f"segment table, {mode}",
            lambda mode=mode: graph.segment_table(network, mask, squared, mode=mode),
            holds=describes_pixels(assigned),
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


def adjacency_cases(sample: Sample) -> Iterator[Case]:
    """The peers find which faces touch; ours also pairs segments with each other and with faces.

    `centerline4` draws and labels the image as the published data did; no library has its rule.
    """
    network, faces = sample.network, sample.faces
    label = np.array(faces.label)
    labels, squared = sample.background_labels, sample.squared_distance
    yield Case(
        "adjacency",
        "planar",
        lambda: graph.adjacency(network, faces, label),
        [
            Peer(
                "scikit-image",
                lambda: baseline.touching_pairs(label),
                same_pairs,
                label="expand_labels + unique pairs",
            ),
            Peer(
                "scikit-image",
                lambda: baseline.touching_graph(label),
                same_pairs,
                label="expand_labels + RAG",
            ),
        ],
    )
    yield Case(
        "adjacency",
        "centerline4",
        lambda: graph.adjacency(
            network, faces, labels, method="centerline4", squared_distance=squared
        ),
        holds=touches_part_of(graph.adjacency(network, faces, labels)),
    )


def csr_cases(sample: Sample) -> Iterator[Case]:
    """Ours also keeps edge numbers in both orders, inverse degrees and the bounds of graphs."""
    found = graph.extract(sample.mask, intensity=sample.image)
    batch = graph.collate([found] * 8)
    edges = {relation: batch.edge_index(relation) for relation in batch.col}
    sizes = {name: len(x) for name, x in batch.x.items()}
    yield Case(
        "csr",
        "8 graphs, all relations",
        lambda: graph.GraphBatch.from_arrays(batch.x, edges, node_ptr=batch.node_ptr),
        [
            Peer(
                "scipy",
                lambda: baseline.sparse_relations(edges, sizes),
                same_rows,
                label="scipy csr and csc",
            )
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
