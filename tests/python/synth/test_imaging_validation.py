# SPDX-License-Identifier: Apache-2.0
"""What users of `form_image` get wrong: messages say the argument, the domain and what came."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gftcore import _core, synth
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreError, ShapeError
from gftcore.synth import ImageOptions

GREY = np.full((4, 5), 0.5, dtype=np.float32)


@pytest.mark.parametrize(
    ("field", "value", "error", "words"),
    [
        ("grid", 1, ArgumentError, "grid must be between 2 and 64, got 1"),
        ("grid", 9.0, ArgumentTypeError, "grid must be an integer, got float"),
        ("calibre", 2, ArgumentError, "calibre must be between 0 and 1, got 2"),
        ("calibre_sigma_px", 300, ArgumentError, "calibre_sigma_px must be between 0.1 and 256"),
        ("background", -0.1, ArgumentError, "background must be between 0 and 4, got -0.1"),
        ("background", "strong", ArgumentTypeError, "background must be a real number, got str"),
        ("haze", 5, ArgumentError, "haze must be between 0 and 4, got 5"),
        ("haze_sigma_px", 0, ArgumentError, "haze_sigma_px must be between 0.1 and 256, got 0"),
        ("background_noise_shape", 0, ArgumentError, "background_noise_shape must be between 0.1"),
        ("background_noise_range", 0.5, ArgumentError, "background_noise_range must be between 1"),
        ("speckle", 1.01, ArgumentError, "speckle must be between 0 and 1, got 1.01"),
        ("speckle_shape", np.nan, ArgumentError, "speckle_shape must be finite"),
        ("speckle_range", 101, ArgumentError, "speckle_range must be between 1 and 100, got 101"),
        ("blur_sigma_px", 0.05, ArgumentError, "blur_sigma_px must be 0 or between 0.1 and 256"),
        ("blur_sigma_px", None, ArgumentTypeError, "blur_sigma_px must be a real number"),
        ("blur_sigma_px", np.inf, ArgumentError, "blur_sigma_px must be finite"),
        ("gamma_low", 0, ArgumentError, "gamma_low must be between 0.1 and 10, got 0"),
        ("gamma_low", 5, ArgumentError, r"gamma_low must be at most gamma_high \(.*\), got 5"),
        ("gamma_high", 11, ArgumentError, "gamma_high must be between 0.1 and 10, got 11"),
        ("gain", -1, ArgumentError, "gain must be between 0 and 10, got -1"),
        ("offset", 2, ArgumentError, "offset must be between -1 and 1, got 2"),
        ("vignetting", 2, ArgumentError, "vignetting must be between 0 and 1, got 2"),
        ("shadow", -1, ArgumentError, "shadow must be between 0 and 1, got -1"),
        ("shadow_radius", 0, ArgumentError, "shadow_radius must be between 0.01 and 10, got 0"),
        ("stripes", -1, ArgumentError, "stripes must be between 0 and 1000, got -1"),
        ("stripes", True, ArgumentTypeError, "stripes must be an integer, got bool"),
        ("stripe_contrast", 3, ArgumentError, "stripe_contrast must be between 0 and 1, got 3"),
        ("stripe_rows", 0, ArgumentError, "stripe_rows must be between 1 and 1000, got 0"),
    ],
)
def test_options_refuse(field, value, error, words):
    with pytest.raises(error, match=words):
        ImageOptions(**{field: value})


def test_options_are_a_frozen_value():
    options = ImageOptions(stripes=2)
    assert options == ImageOptions(stripes=2)
    assert options.hash == ImageOptions(stripes=2).hash != ImageOptions().hash
    assert ImageOptions(**options.to_dict()) == options
    assert options.replace(shadow=1).shadow == 1
    with pytest.raises(ArgumentTypeError, match="did you mean 'speckle'"):
        options.replace(speckl=1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.haze = 2
    with pytest.raises(TypeError):
        ImageOptions(9)


def test_published_constants():
    published = ImageOptions.published()
    assert published.speckle == 0.7
    assert published.calibre == published.haze == published.blur_sigma_px == 0
    assert (published.gamma_low, published.gamma_high) == (0.7, 1.3)
    assert published.background_noise_range == published.speckle_range == 10


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"seed": -1}, ArgumentError, "seed must be between 0 and 18446744073709551615, got -1"),
        ({"seed": 1.0}, ArgumentTypeError, "seed must be an integer, got float"),
        ({"stream": 2**64}, ArgumentError, "stream must be between 0"),
        ({"options": {"haze": 1}}, ArgumentTypeError, "options must be ImageOptions or None"),
        ({"vessels": GREY[0]}, ShapeError, "vessels must be 2-D"),
        ({"vessels": "grey"}, ArgumentTypeError, "vessels must be a 2-D array"),
        ({"vessels": GREY[:3]}, ShapeError, r"background must have the shape of vessels, \(3, 5\)"),
        ({"background": GREY.T}, ShapeError, r"shape of vessels, \(4, 5\), got \(5, 4\)"),
        ({"vessels": 255 * GREY}, ArgumentError, "vessels must hold grey values in 0..1, .*127.5"),
        ({"background": GREY - 1}, ArgumentError, "background must hold grey values in 0..1"),
        ({"background": GREY * np.nan}, ArgumentError, "background must be finite"),
        ({"vessels": np.zeros((0, 5))}, ShapeError, "vessels must have 1 to 32767 rows"),
    ],
)
def test_form_image_refuses(change, error, words):
    given = {"vessels": GREY, "background": GREY, "seed": 1} | change
    vessels, background = given.pop("vessels"), given.pop("background")
    with pytest.raises(error, match=words):
        synth.form_image(vessels, background, **given)


def test_other_element_types_and_layouts_are_taken():
    expected = synth.form_image(GREY, GREY, seed=1)
    wide = np.repeat(GREY, 2, axis=1)[:, ::2]
    for vessels in (GREY.astype(np.float64), np.asfortranarray(GREY), wide, GREY.tolist()):
        np.testing.assert_array_equal(synth.form_image(vessels, GREY, seed=1), expected)
    mask = GREY > 0
    ones = synth.form_image(np.ones_like(GREY), GREY, seed=1)
    np.testing.assert_array_equal(synth.form_image(mask, GREY, seed=1), ones)


def test_the_core_refuses_on_its_own():
    options = ImageOptions().to_dict()
    with pytest.raises(GftcoreError, match="background must have the shape of vessels"):
        _core.form_image(GREY, GREY[:2].copy(), options, 1, 0)
    with pytest.raises(GftcoreError, match="vessels must hold grey values"):
        _core.form_image(3 * GREY, GREY, options, 1, 0)
    with pytest.raises(GftcoreError, match=r"haze must lie in 0\.\.4, got 9"):
        _core.form_image(GREY, GREY, options | {"haze": 9.0}, 1, 0)
    with pytest.raises(GftcoreError, match="alpha, beta must lie in"):
        _core.random_beta(1, 0, 0.0, 1.0, 3)
    with pytest.raises(GftcoreError, match="count must not be negative"):
        _core.random_beta(1, 0, 1.0, 1.0, -3)
