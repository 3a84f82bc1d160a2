# SPDX-License-Identifier: Apache-2.0
"""What is compared with whom: the groups of `ratios.py`, and the whole pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import stage_cases as stages
from checks import any_tables, same_areas, same_graphs
from contestants import Case, Peer
from gftcore import graph, segmentation
from gftcore.segmentation.config import METHODS
from ig_cases import ig_cases
from inputs import Sample
from marker_cases import classification_cases, marker_cases
from nn_cases import nn_cases
from peers import baseline
from synth_cases import imaging_cases, synth_cases
from train_cases import train_cases

# Time of a full sample on AVX-512.
LIMIT_S = {"edt": 0.028, "centreline": 0.020}


def mask_cases(sample: Sample) -> Iterator[Case]:
    mask, image, intensity = sample.mask, sample.image, sample.intensity
    peer = Peer(
        "scikit-image",
        lambda: baseline.mask_to_tables(mask, intensity),
        same_areas,
        80,
        "baseline pipeline",
    )
    for features, limit_s in LIMIT_S.items():
        config = graph.ExtractConfig(features=features)
        yield Case(
            "mask",
            f"mask to graph, features={features}",
            lambda config=config: graph.extract(mask, config, intensity=image),
            [peer],
            limit_s=limit_s,
        )


def image_cases(sample: Sample) -> Iterator[Case]:
    image = sample.image
    for method in METHODS:
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


GROUPS: dict[str, tuple[Callable[[Sample], Iterator[Case]], ...]] = {
    "segmentation": (stages.segmentation_cases,),
    "thinning": (stages.thinning_cases,),
    "distance": (stages.distance_cases,),
    "labels": (stages.label_cases, stages.fill_cases),
    "trace": (stages.trace_cases,),
    "prune": (stages.prune_cases,),
    "assignment": (stages.assignment_cases,),
    "features": (stages.feature_cases,),
    "regions": (stages.region_cases,),
    "faz": (stages.faz_cases,),
    "faces": (stages.face_cases,),
    "adjacency": (stages.adjacency_cases,),
    "csr": (stages.csr_cases,),
    "synth": (synth_cases,),
    "imaging": (imaging_cases,),
    "biomarkers": (marker_cases,),
    "classification": (classification_cases,),
    "nn": (nn_cases, train_cases),
    "ig": (ig_cases,),
    "mask": (mask_cases,),
    "image": (image_cases,),
    "batch": (batch_cases,),
}
FULL_SAMPLE_ONLY = {
    "segmentation", "synth", "imaging", "classification", "nn", "ig", "image", "batch",
}  # fmt: skip


def cases_of(group: str, sample: Sample) -> Iterator[Case]:
    """Yield the cases of one group, or none where the group needs a full sample."""
    if sample.full or group not in FULL_SAMPLE_ONLY:
        for make in GROUPS[group]:
            yield from make(sample)
