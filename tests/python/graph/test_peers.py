# SPDX-License-Identifier: Apache-2.0
"""Distance and labels equal SciPy's and scikit-image's (class exact) on many masks.

`GFTCORE_TEST_MASKS` sets the number of random masks; samples are used where they are.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
import scipy.ndimage as ndi
from skimage import measure

import samples
from gftcore import graph
from random_masks import random_mask

MASKS = int(os.environ.get("GFTCORE_TEST_MASKS", "240"))
BLOCK = 60


def assert_equals_peers(mask: np.ndarray) -> None:
    if not mask.all():  # without background, peers disagree with each other
        ours = np.sqrt(graph.squared_distance(mask)).astype(np.float32)
        np.testing.assert_array_equal(ours, ndi.distance_transform_edt(mask).astype(np.float32))
    for connectivity in (4, 8):
        theirs = measure.label(mask, connectivity=connectivity // 4)
        np.testing.assert_array_equal(graph.label(mask, connectivity=connectivity), theirs)
        theirs = measure.label(~mask, connectivity=connectivity // 4)
        ours = graph.label(mask, connectivity=connectivity, background=True)
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("first", range(0, MASKS, BLOCK))
def test_random_masks(first: int) -> None:
    for seed in range(first, min(first + BLOCK, MASKS)):
        assert_equals_peers(random_mask(np.random.default_rng(seed), 160))


@pytest.mark.parametrize("name", samples.sample_names())
def test_samples(name: str) -> None:
    assert_equals_peers(samples.load_label(name))
