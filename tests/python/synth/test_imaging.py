# SPDX-License-Identifier: Apache-2.0
"""Formation of images: against the reference, byte for byte; SciPy's beta; properties."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats

from gftcore import _core, synth
from gftcore.reference import imaging as reference
from gftcore.synth import ImageOptions

#: What the formulas leave when nothing is random and nothing is added.
PLAIN = ImageOptions(
    calibre=0, background=0, haze=0, speckle=0, blur_sigma_px=0, gamma_low=1, gamma_high=1, gain=1
)
EVERYTHING = ImageOptions(
    grid=5,
    calibre=0.3,
    calibre_sigma_px=2,
    background=1.2,
    haze=0.6,
    haze_sigma_px=4,
    background_noise_shape=1.5,
    background_noise_range=3,
    speckle=0.6,
    speckle_shape=0.8,
    speckle_range=2,
    blur_sigma_px=0.7,
    gamma_low=0.7,
    gamma_high=1.2,
    gain=1.1,
    offset=0.02,
    vignetting=0.4,
    shadow=0.7,
    shadow_radius=0.2,
    stripes=6,
    stripe_contrast=0.3,
    stripe_rows=5,
)


def scene(rows, cols, seed=0):
    """Vessels on a third of the pixels, and a background, with zeros and ones among them."""
    rng = np.random.default_rng(seed)
    both = rng.random((2, rows, cols)) * 1.4 - 0.2
    both[0] *= rng.random((rows, cols)) < 0.35
    return both.clip(0, 1).astype(np.float32)


options_anywhere = st.builds(
    ImageOptions,
    grid=st.integers(2, 9),
    calibre=st.sampled_from([0.0, 0.5, 1.0]),
    calibre_sigma_px=st.floats(0.1, 12),
    background=st.floats(0, 4),
    haze=st.sampled_from([0.0, 0.3, 4.0]),
    haze_sigma_px=st.floats(0.1, 12),
    background_noise_shape=st.floats(0.1, 100),
    background_noise_range=st.floats(1, 100),
    speckle=st.floats(0, 1),
    speckle_shape=st.floats(0.1, 100),
    speckle_range=st.floats(1, 100),
    blur_sigma_px=st.sampled_from([0.0, 0.1, 0.6, 3.0]),
    gamma_low=st.floats(0.1, 1),
    gamma_high=st.floats(1, 10),
    gain=st.floats(0, 10),
    offset=st.floats(-1, 1),
    vignetting=st.floats(0, 1),
    shadow=st.floats(0, 1),
    shadow_radius=st.floats(0.01, 10),
    stripes=st.integers(0, 5),
    stripe_contrast=st.floats(0, 1),
    stripe_rows=st.integers(1, 9),
)


def same_bytes(vessels, background, **settings):
    """Equal, except where the exact value lies on the border of two bytes, to rounding."""
    found = synth.form_image(vessels, background, **settings)
    expected = reference.form_image(vessels, background, **settings)
    off = found != expected
    if off.any():
        values = reference.form_values(vessels, background, **settings)[off]
        np.testing.assert_allclose(values - np.floor(values), 0.5, rtol=0, atol=1e-9)
    return found


@settings(max_examples=60, deadline=None)
@given(options=options_anywhere, rows=st.integers(1, 14), cols=st.integers(1, 14),
       seed=st.integers(0, 2**64 - 1), stream=st.integers(0, 2**64 - 1))  # fmt: skip
def test_equals_the_reference(options, rows, cols, seed, stream):
    """Exact but for ties: the elementary functions differ in the last bit of a double."""
    vessels, background = scene(rows, cols, seed % 1000)
    same_bytes(vessels, background, seed=seed, stream=stream, options=options)


@pytest.mark.parametrize(
    "options",
    [ImageOptions(), ImageOptions.published(), EVERYTHING],
    ids=["default", "published", "everything"],
)
def test_larger_images_equal_the_reference(options):
    vessels, background = scene(61, 83)
    found = same_bytes(vessels, background, seed=11, stream=3, options=options)
    assert 20 < found.mean() < 230
    assert len(np.unique(found)) > 100


def test_pinned_bytes():
    """The bytes of one image, on every machine."""
    vessels, background = scene(97, 64)
    image = synth.form_image(vessels, background, seed=5, stream=7, options=EVERYTHING)
    assert hashlib.sha256(image.tobytes()).hexdigest()[:16] == "ee534fd9afc7afe6"


def kolmogorov_smirnov(values, law):
    """Probability of a larger distance; near 1, where doubles are coarse, none is measured."""
    values = np.sort(values)
    below = np.searchsorted(values, 1 - 1e-9)
    expected = law.cdf(values[:below])
    rank = np.arange(below) / len(values)
    distance = np.abs([rank - expected, rank + 1 / len(values) - expected]).max(initial=0)
    return stats.kstwo.sf(distance, len(values))


@pytest.mark.parametrize("beta", [0.001, 0.1, 0.5, 1.0, 3.0, 10.0, 1000.0])
@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.999, 1.0, 2.5, 10.0])
def test_beta_variates_follow_the_law(alpha, beta):
    """Kolmogorov-Smirnov at fixed seeds; a fifth more of a shape is noticed."""
    values = _core.random_beta(21, 4, alpha, beta, 50_000)
    assert values.min() >= 0
    assert values.max() <= 1
    law = stats.beta(alpha, beta)
    assert kolmogorov_smirnov(values, law) > 1e-3
    if beta > 0.05:
        assert kolmogorov_smirnov(values, stats.beta(alpha * 1.2, beta)) < 1e-3
    assert abs(values.mean() - law.mean()) < 4 * law.std() / np.sqrt(len(values))


def test_beta_variates_are_independent():
    values = _core.random_beta(8, 0, 0.7, 2.0, 40_000)
    for lag in (1, 2, 5):
        assert abs(np.corrcoef(values[:-lag], values[lag:])[0, 1]) < 0.02


def test_threads_and_runs_give_the_same_bytes():
    vessels, background = scene(150, 130)

    def form(stream):
        return synth.form_image(vessels, background, seed=2, stream=stream).tobytes()

    alone = [form(stream) for stream in range(8)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(form, range(8))) == alone
    assert len(set(alone)) == 8


def test_without_noise_the_vessels_come_out():
    vessels, background = scene(40, 30)
    image = synth.form_image(vessels, background, seed=1, options=PLAIN)
    np.testing.assert_array_equal(image, np.floor(255 * (vessels + 1e-6) + 0.5))
    half = synth.form_image(vessels, background, seed=1, options=PLAIN.replace(gain=0.5))
    np.testing.assert_array_equal(half, np.floor(127.5 * (vessels + 1e-6) + 0.5))


@pytest.mark.parametrize(
    ("changes", "brighter"),
    [
        ({"calibre": 0.8}, False),
        ({"background": 1.5}, True),
        ({"haze": 1.5}, True),
        ({"speckle": 0.9}, False),
        ({"gain": 1.3}, True),
        ({"offset": -0.1}, False),
        ({"vignetting": 0.5}, False),
        ({"shadow": 0.5}, False),
    ],
)
def test_options_change_every_pixel_one_way(changes, brighter):
    """They leave the random numbers as they are, so that no pixel goes the other way."""
    vessels, background = scene(60, 50)
    start = ImageOptions(calibre=0.2, background=0.8, haze=0.4, speckle=0.5, gain=1.0)
    before = synth.form_image(vessels, background, seed=3, options=start).astype(int)
    after = synth.form_image(vessels, background, seed=3, options=start.replace(**changes))
    change = after.astype(int) - before if brighter else before - after.astype(int)
    assert change.min() >= 0
    assert change.mean() > 1


def test_stripes_leave_all_other_rows_alone():
    vessels, background = scene(80, 30)
    calm = synth.form_image(vessels, background, seed=9)
    striped = synth.form_image(
        vessels, background, seed=9, options=ImageOptions(stripes=5, stripe_contrast=0.8)
    )
    rows = (calm != striped).any(axis=1)
    assert 1 <= rows.sum() <= 20
    np.testing.assert_array_equal(calm[~rows], striped[~rows])


def test_a_black_eye_is_black():
    black = np.zeros((30, 40), dtype=np.float32)
    assert not synth.form_image(black, black, seed=1).any()


def test_brightness_does_not_depend_on_the_place():
    """A constant vessel: means over many eyes are the same at the border and in the middle."""
    vessels = np.full((24, 24), 0.6, dtype=np.float32)
    none = np.zeros_like(vessels)
    mean = np.mean([synth.form_image(vessels, none, seed=1, stream=k) for k in range(600)], axis=0)
    border = np.r_[mean[0], mean[-1], mean[:, 0], mean[:, -1]].mean()
    assert border == pytest.approx(mean[6:18, 6:18].mean(), rel=0.02)


def test_the_point_spread_is_a_gaussian():
    """SciPy's, cut off at the same place and mirrored alike."""
    vessels, none = scene(33, 21)[0], np.zeros((33, 21), dtype=np.float32)
    image = synth.form_image(vessels, none, seed=1, options=PLAIN.replace(blur_sigma_px=2.5))
    expected = ndimage.gaussian_filter(vessels.astype(float), 2.5, mode="reflect", radius=10)
    np.testing.assert_allclose(image, 255 * expected, atol=0.51)


def test_grids_meet_the_corners_and_reach_between():
    """A grid of shapes is read where it lies: corners of the image are corners of the grid."""
    points = np.random.default_rng(0).random((9, 9)) + 0.5
    field = reference.cubic_field(points, (81, 41))
    np.testing.assert_allclose(field[::10, ::5], points, atol=1e-12)
    line = reference.cubic_field(np.tile(np.arange(1.0, 10.0), (9, 1)), (5, 33))
    np.testing.assert_allclose(line[:, 4:-4], np.tile(1 + np.arange(4, 29) / 4, (5, 1)), atol=1e-12)


def test_an_eye_looks_like_the_published_ones():
    """Histogram and vessels of the defaults; the published constants are the negative control."""
    eye = synth.draw_image(synth.grow_vessels(seed=31).edges())
    other = synth.grow_vessels(seed=32).edges()
    capillary = other.radius < 8 / 3000
    edges = synth.Edges(
        node1_xyz=other.node1_xyz[capillary],
        node2_xyz=other.node2_xyz[capillary],
        radius=other.radius[capillary],
    )
    behind = np.rot90(synth.draw_image(edges))
    theirs = np.array([13, 34, 67, 95, 128, 191, 227])  # percentiles of the 63 published images
    levels = [1, 5, 25, 50, 75, 95, 99]

    def distance(options):
        image = synth.form_image(eye, behind, seed=1, options=options)
        assert image[eye > 0.9].mean() > image[eye < 0.1].mean() + 60
        return np.abs(np.percentile(image, levels) - theirs).mean()

    assert distance(ImageOptions()) < 12
    assert distance(ImageOptions.published()) > 20
