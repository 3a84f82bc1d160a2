# SPDX-License-Identifier: Apache-2.0
"""What the default segmentation promises: invariances, empty regions, and agreement with truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import samples
from gftcore import segmentation
from gftcore.reference import segmentation as reference
from gftcore.segmentation import SegmentConfig

SCALE = 4


def drawn_vessels(side=96, seed=0, empty_radius=0.0, noise=0.3):
    """Lines one pixel wide in many directions, noise that multiplies, a disc without vessels."""
    rng = np.random.default_rng(seed)
    r, c = np.mgrid[:side, :side] - (side - 1) / 2
    image = np.zeros((side, side))
    for _ in range(side // 4):
        angle, offset = rng.uniform(0, np.pi), rng.uniform(-side / 2, side / 2)
        image = np.maximum(image, np.abs(r * np.cos(angle) + c * np.sin(angle) - offset) < 0.6)
    disc = np.hypot(r, c) < empty_radius
    image = np.where(disc, 0.08, 0.15 + image) * (1 - noise * rng.random((side, side)))
    return image.astype(np.float32), disc


def dice(a, b):
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


def test_lines_are_found_and_ground_is_not():
    image = np.full((64, 64), 0.2)
    image[20, :] = 0.6
    image[:, 40] = 0.6
    mask = segmentation.segment(image)
    on = np.zeros((64, 64), dtype=bool)
    on[20, :] = on[:, 40] = True
    on = on.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
    assert mask[on].all()
    r, c = np.nonzero(mask)
    away = np.minimum(np.abs(r / SCALE - 20.375), np.abs(c / SCALE - 40.375))
    assert away.max() < 1.2  # raw pixels from the middle of a line


@settings(deadline=None)
@given(gain=st.floats(1e-3, 1e3), offset=st.floats(-100, 100), seed=st.integers(0, 99))
def test_gain_and_offset_do_not_matter(gain, offset, seed):
    """But for pixels within rounding of the threshold."""
    image, _ = drawn_vessels(48, seed)
    image = image.astype(np.float64)
    limit = SegmentConfig().oriented_threshold
    response = segmentation.oriented(image)
    other = segmentation.oriented(gain * image + offset)
    rounding = 1e-3 + 1e-5 * abs(offset) / gain  # float32 keeps fewer digits of a small gain
    np.testing.assert_allclose(other, response, rtol=0, atol=rounding * np.ptp(response))
    sure = np.abs(response - limit) > 2 * rounding * np.ptp(response)
    np.testing.assert_array_equal((other > limit)[sure], (response > limit)[sure])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_turned_images_give_turned_masks(seed):
    image, _ = drawn_vessels(seed=seed)
    mask = segmentation.segment(image)
    assert 0.1 < mask.mean() < 0.7
    for quarter in (1, 2, 3):
        turned = segmentation.segment(np.ascontiguousarray(np.rot90(image, quarter)))
        assert (np.rot90(mask, quarter) != turned).sum() <= 20  # rounding at the threshold


@pytest.mark.parametrize("seed", range(5))
def test_region_without_vessels_stays_empty(seed):
    """Noise is there too, but it is not raised to the level of vessels."""
    image, disc = drawn_vessels(128, seed, empty_radius=28.0, noise=0.6)
    mask = segmentation.segment(image)
    r, c = np.mgrid[:128, :128] - 63.5
    inner = (np.hypot(r, c) < 24).repeat(SCALE, axis=0).repeat(SCALE, axis=1)
    assert mask[inner].mean() < 0.01
    assert mask[~disc.repeat(SCALE, axis=0).repeat(SCALE, axis=1)].mean() > 0.1


def test_uneven_light_does_not_hide_vessels():
    image, _ = drawn_vessels(128, 4, noise=0.2)
    ramp = np.linspace(0.3, 1.0, 128)
    even, uneven = segmentation.segment(image), segmentation.segment(image * ramp)
    assert dice(even[:, :128], uneven[:, :128]) > 0.85


def test_lines_beat_contrast_under_noise():
    """What the line strength is for: along a vessel noise averages out."""
    truth = np.zeros((96, 96), dtype=bool)
    truth[::8, :] = truth[:, 4::12] = True
    rng = np.random.default_rng(6)
    image = (0.25 + truth) * (1 - 0.9 * rng.random(truth.shape))
    large = truth.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
    found = {m: segmentation.segment(image, SegmentConfig(method=m)) for m in ("oriented", "ridge")}
    contrast = segmentation.segment(image, SegmentConfig(method="local_contrast"))
    assert dice(found["oriented"], large) > dice(contrast, large) + 0.02
    assert dice(found["oriented"], large) > dice(found["ridge"], large)


@pytest.mark.parametrize("name", samples.sample_names()[1::8])
def test_samples_agree_with_their_truth(name):
    """Floors well below what the quality benchmark shows, so that a broken filter is noticed."""
    mask, truth = segmentation.segment(samples.load_image(name)), samples.load_label(name)
    contrast = segmentation.segment(
        samples.load_image(name), SegmentConfig(method="local_contrast")
    )
    assert dice(mask, truth) > 0.71
    assert dice(mask, truth) > dice(contrast, truth)
    assert 0.95 < mask.mean() / truth.mean() < 1.2


@pytest.mark.parametrize("name", samples.sample_names()[:1])
def test_reference_agrees_on_a_sample(name):
    image = samples.load_image(name)
    mask, truth = segmentation.segment(image), reference.segment(image)
    assert (mask != truth).mean() < 1e-5
