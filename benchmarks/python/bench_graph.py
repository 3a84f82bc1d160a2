# SPDX-License-Identifier: Apache-2.0
"""Times of faces and adjacency. Each benchmark asserts its answer."""

from __future__ import annotations

from typing import Any

import numpy as np
from skimage import measure

from checks import same_faces, same_pairs, touches_part_of
from gftcore import graph
from inputs import Sample
from peers import baseline
from staged import owners


def bench_faces(timed: Any, sample: Sample) -> None:
    faces = timed(graph.faces, sample.network)
    same_faces(faces, measure.label(~sample.closure, connectivity=1))


def bench_match_faces(timed: Any, sample: Sample) -> None:
    labels = sample.background_labels
    found = timed(graph.match_faces, sample.faces, labels)
    np.testing.assert_array_equal(found, owners(sample.faces, labels))


def bench_adjacency_planar(timed: Any, sample: Sample) -> None:
    label = np.array(sample.faces.label)
    same_pairs(
        timed(graph.adjacency, sample.network, sample.faces, label),
        baseline.touching_pairs(label),
    )


def bench_adjacency_centerline4(timed: Any, sample: Sample) -> None:
    given = sample.network, sample.faces, sample.background_labels
    options = {"method": "centerline4", "squared_distance": sample.squared_distance}
    found = timed(graph.adjacency, *given, **options)
    touches_part_of(graph.adjacency(*given))(found)
