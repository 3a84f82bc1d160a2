# SPDX-License-Identifier: Apache-2.0
"""Times of biomarkers. Each benchmark asserts its answer."""

from __future__ import annotations

from typing import Any

import numpy as np
from skimage import measure

from gftcore import _core, biomarkers, graph
from inputs import Sample
from marker_cases import FOV_MM, counted_boxes, same_densities, sector_densities


def bench_box_dimension(timed: Any, sample: Sample) -> None:
    found = timed(biomarkers.box_dimension, sample.mask)
    assert list(found.box_count) == counted_boxes(sample.mask, found.box_px)


def bench_etdrs_densities(timed: Any, sample: Sample) -> None:
    centre = tuple((side - 1) / 2 for side in sample.mask.shape)
    found = timed(biomarkers.etdrs_densities, sample.mask, centre_rowcol=centre, fov_mm=FOV_MM)
    same_densities(found, sector_densities(sample.mask, centre))


def bench_outline(timed: Any, sample: Sample) -> None:
    found = timed(_core.outline_px, sample.mask.astype(np.uint8))
    np.testing.assert_allclose(found, measure.perimeter(sample.mask, neighborhood=4), rtol=1e-12)


def bench_biomarkers(timed: Any, sample: Sample) -> None:
    made = graph.extract(sample.mask, keep=("mask", "skeleton"))
    assert timed(biomarkers.biomarkers, made).vessel_density == sample.mask.mean()
