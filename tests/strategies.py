# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies for masks.

Small masks are drawn pixel by pixel, so a failure shrinks to a minimal picture; larger ones come
from a drawn seed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

import random_masks

BoolImage = NDArray[np.bool_]

if settings.default.deadline is not None:  # first calls compile; a time limit would be flaky
    settings.register_profile("no-deadline", parent=settings.default, deadline=None)
    settings.load_profile("no-deadline")


def pixel_masks(max_side: int = 12) -> st.SearchStrategy[BoolImage]:
    """Masks drawn pixel by pixel, sides 1..max_side."""
    shapes = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=max_side)
    return hnp.arrays(np.bool_, shapes)


def drawn_vessels(max_side: int = 96) -> st.SearchStrategy[BoolImage]:
    """Thick polylines."""
    return _seeded(random_masks.vessels, max_side)


def vessel_masks(max_side: int = 64) -> st.SearchStrategy[BoolImage]:
    """Any mask: the kinds above, mixtures, constant images and single lines."""
    return st.one_of(
        pixel_masks(min(max_side, 12)),
        _seeded(random_masks.noise, max_side),
        _seeded(random_masks.blobs, max_side),
        _seeded(random_masks.vessels, max_side),
        _seeded(random_masks.mixture, max_side),
        _seeded(random_masks.constant, max_side),
    )


def label_images(max_side: int = 16, max_label: int = 6) -> st.SearchStrategy[NDArray[np.int32]]:
    """Arbitrary label images; regions need be neither connected nor consecutive."""
    shapes = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=max_side)
    return hnp.arrays(np.int32, shapes, elements=st.integers(0, max_label))


def _seeded(
    kind: Callable[[np.random.Generator, tuple[int, int]], BoolImage], max_side: int
) -> st.SearchStrategy[BoolImage]:
    return st.builds(
        lambda seed, rows, cols: kind(np.random.default_rng(seed), (rows, cols)),
        st.integers(0, 2**32 - 1),
        st.integers(1, max_side),
        st.integers(1, max_side),
    )
