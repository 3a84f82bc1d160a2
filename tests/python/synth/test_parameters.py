# SPDX-License-Identifier: Apache-2.0
"""What is drawn for an eye: within its ranges, alike in both eyes, or refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.synth import EyeParameters, draw_parameters
from gftcore.synth.draws import Draws, alike

COUNT = 400


def drawn(label, count=COUNT, **more):
    return [draw_parameters(label, seed=6, stream=k, **more) for k in range(count)]


def lengths(eyes, name):
    return [len(getattr(eye, name)) for eye in eyes]


def test_healthy_eyes_differ_without_lesions():
    eyes = drawn("Healthy")
    for eye in eyes:
        assert (eye.patches_mm2, eye.microaneurysms_mm, eye.tufts_mm) == ((), (), ())
        assert (eye.faz_factor, eye.beaded_share, eye.patches_at_faz) == (1.0, 0.0, 0)
        assert 0 <= eye.capillary_loss <= 0.08
    faz = np.array([eye.growth.faz_mean_mm for eye in eyes])
    assert 0.42 < faz.mean() < 0.46
    assert 0.04 < faz.std() < 0.08
    assert len({eye.growth.dvc.iterations for eye in eyes}) > 15


@pytest.mark.parametrize(
    ("label", "factor", "tortuous", "beaded", "depth", "aneurysms", "tufts"),
    [
        ("NPDR", (1.1, 1.6), (0.1, 0.3), (0.1, 0.3), 0.15, (3, 20), (0, 0)),
        ("PDR", (1.5, 2.5), (0.2, 0.4), (0.2, 0.4), 0.3, (5, 30), (0, 2)),
    ],
)
def test_ranges_of_diseased_eyes(label, factor, tortuous, beaded, depth, aneurysms, tufts):
    """All values lie in them, and they are used to both ends."""
    eyes = drawn(label)
    for name, (low, high) in (
        ("faz_factor", factor),
        ("tortuous_share", tortuous),
        ("beaded_share", beaded),
    ):
        values = np.array([getattr(eye, name) for eye in eyes])
        assert low <= values.min() < low + 0.05 * (high - low)
        assert high - 0.05 * (high - low) < values.max() <= high
    assert {eye.beading_depth for eye in eyes} == {depth}
    for name, (low, high) in (("microaneurysms_mm", aneurysms), ("tufts_mm", tufts)):
        assert set(lengths(eyes, name)) == set(range(low, high + 1))
    sizes = np.concatenate([eye.microaneurysms_mm for eye in eyes])
    assert 0.02 <= sizes.min() < 0.021
    assert 0.058 < sizes.max() <= 0.06


def test_areas_of_a_class():
    small = drawn("NPDR")
    assert set(lengths(small, "patches_mm2")) == {2, 3, 4, 5, 6}
    areas = np.concatenate([eye.patches_mm2 for eye in small])
    assert areas.min() >= 0.02
    assert areas.max() <= 0.19
    for eye in drawn("PDR"):
        large = [area for area in eye.patches_mm2 if area >= 0.2]
        assert 2 <= len(large) <= 5
        assert len(eye.patches_mm2) - len(large) <= 4
        assert max(large) <= 1.0
        assert list(eye.patches_mm2) == sorted(eye.patches_mm2, reverse=True)
        assert 1 <= eye.patches_at_faz <= 2


@pytest.mark.parametrize("label", ["Healthy", "NPDR", "PDR"])
def test_eyes_of_a_subject_are_alike(label):
    """Correlated within subjects, not between them; each eye alone is drawn as any other."""
    right = [draw_parameters(label, seed=1, stream=2 * k, subject_stream=2 * k) for k in range(200)]
    left = [
        draw_parameters(label, eye="OS", seed=1, stream=2 * k + 1, subject_stream=2 * k)
        for k in range(200)
    ]
    for number in (lambda eye: eye.growth.faz_mean_mm, lambda eye: eye.capillary_loss):
        a, b = (np.array([number(eye) for eye in eyes]) for eyes in (right, left))
        assert np.corrcoef(a, b)[0, 1] > 0.8
        assert abs(np.corrcoef(a, np.roll(b, 1))[0, 1]) < 0.25
        assert (a != b).mean() > 0.95


def test_alike_numbers_are_uniform():
    own, shared = (Draws(3, k).uniforms(20_000) for k in (0, 1))
    mixed = alike(own, shared)
    assert stats.kstest(mixed, "uniform").pvalue > 0.01
    assert np.abs(mixed - shared).max() <= 0.15 + 1e-12


def test_the_second_eye_of_another_class_keeps_its_nature():
    right = draw_parameters("NPDR", seed=1, stream=0, subject_stream=0)
    left = draw_parameters("PDR", seed=1, stream=1, subject_stream=0)
    assert right.capillary_loss == pytest.approx(left.capillary_loss, abs=0.3 * 0.08 + 1e-4)


def test_each_eye_lies_near_its_subject():
    """Within 15 % of the range, so that two eyes are up to 30 % apart, and some are."""
    apart = [
        abs(
            draw_parameters(seed=1, stream=2 * k, subject_stream=2 * k).capillary_loss
            - draw_parameters(seed=1, stream=2 * k + 1, subject_stream=2 * k).capillary_loss
        )
        for k in range(300)
    ]
    assert 0.2 * 0.08 < max(apart) <= 0.3 * 0.08 + 1e-4


def test_draws_are_those_of_the_generator():
    """Which no version of NumPy may change."""
    draws = Draws(5, 7)
    raw = np.random.Generator(np.random.Philox(key=[5, 7]))
    assert draws.uniform() == raw.random()
    np.testing.assert_array_equal(draws.uniforms(3), raw.random(3))
    np.testing.assert_array_equal(draws.order(9), np.argsort(raw.random(9)))
    assert draws.pick(np.arange(10)) == int(raw.random() * 10)
    assert draws.uniform(2, 4) == 2 + 2 * raw.random()


def test_plain_values():
    for label in ("Healthy", "NPDR", "PDR"):
        document = draw_parameters(label, seed=2).to_dict()
        assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"label": "Sick"}, ArgumentError, "label must be one of"),
        ({"eye": "both"}, ArgumentError, "eye must be one of"),
        ({"growth": {}}, ArgumentTypeError, "growth must be GrowthOptions, got dict"),
        ({"capillary_loss": 1.1}, ArgumentError, "capillary_loss must be between 0 and 1"),
        ({"capillary_loss": "no"}, ArgumentTypeError, "capillary_loss must be a real number"),
        ({"faz_factor": 0.9}, ArgumentError, "faz_factor must be between 1 and 4"),
        ({"faz_jaggedness": np.nan}, ArgumentError, "faz_jaggedness must be finite"),
        ({"arc_per_chord": (1.2, 1.1)}, ArgumentError, r"arc_per_chord must be \(low, high\)"),
        ({"arc_per_chord": 1.2}, ArgumentTypeError, "arc_per_chord must be a sequence"),
        ({"arc_per_chord": (1.0, 3.0)}, ArgumentError, r"arc_per_chord\[1\] must be between 1"),
        ({"patches_mm2": (0.1,) * 33}, ArgumentError, "patches_mm2 must have at most 32 numbers"),
        ({"patches_mm2": (0.1999994,)}, ArgumentError, "patches_mm2 must differ from 0.2 by at"),
        ({"image": None}, ArgumentTypeError, "image must be ImageOptions"),
        ({"patches_mm2": (0.1, -1)}, ArgumentError, r"patches_mm2\[1\] must be between"),
        ({"patches_at_faz": 1}, ArgumentError, "patches_at_faz must be between 0 and 0"),
        ({"microaneurysms_mm": (5,)}, ArgumentError, r"microaneurysms_mm\[0\] must be between"),
        ({"tufts_mm": {"a": 1}}, ArgumentTypeError, "tufts_mm must be a sequence"),
        ({"beading_depth": 1.0}, ArgumentError, "beading_depth must be between 0 and 0.9"),
        ({"patches_mm2": (0.1,)}, ArgumentError, "label must suit the lesions, .* NPDR"),
        ({"tufts_mm": (0.2,)}, ArgumentError, "label must suit the lesions, .* PDR"),
        ({"label": "PDR"}, ArgumentError, "label must suit the lesions, .* Healthy"),
        ({"curl": 1}, ArgumentTypeError, "EyeParameters has no field 'curl'"),
    ],
)
def test_what_is_refused(changes, error, words):
    with pytest.raises(error, match=words):
        EyeParameters().replace(**changes)
