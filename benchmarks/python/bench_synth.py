# SPDX-License-Identifier: Apache-2.0
"""Times of growing, drawing and imaging an eye. Each benchmark asserts its answer."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gftcore import synth
from gftcore.reference import growth, imaging, raster
from gftcore.synth import GrowthOptions, VesselForest
from machine import versions

SEED = 5
SIDE_PX = 304


@pytest.fixture(scope="module")
def eye() -> VesselForest:
    return synth.grow_vessels(seed=SEED)


@pytest.fixture
def timed_eye(benchmark: Any) -> Any:
    benchmark.extra_info.update(
        seed=SEED, threads=1, python=platform.python_version(), versions=versions()
    )
    return benchmark


def like_an_eye(forest: VesselForest, mask: np.ndarray) -> None:
    assert 12_000 <= len(forest.edges()) <= 14_500
    assert 0.33 <= mask.mean() <= 0.37


def bench_grow_vessels(timed_eye: Any) -> None:
    forest = timed_eye(synth.grow_vessels, seed=SEED)
    like_an_eye(forest, synth.draw_mask(forest.edges()))


def bench_draw_mask(timed_eye: Any, eye: VesselForest) -> None:
    like_an_eye(eye, timed_eye(synth.draw_mask, eye.edges()))


def bench_draw_vessels(timed_eye: Any, eye: VesselForest) -> None:
    mask, image = timed_eye(synth.draw_vessels, eye.edges(), side_px=SIDE_PX)
    like_an_eye(eye, mask)
    assert image.shape == (SIDE_PX, SIDE_PX)
    # Soft sides reach half a pixel beyond and within the mask's.
    assert abs(image.mean() - mask.mean()) < 0.01


def bench_form_image(timed_eye: Any, eye: VesselForest) -> None:
    vessels = synth.draw_image(eye.edges(), side_px=SIDE_PX)
    background = np.rot90(vessels)
    cpu = min(
        cpu_seconds(lambda: synth.form_image(vessels, background, seed=SEED))[0] for _ in range(3)
    )
    timed_eye.extra_info.update(cpu_s=cpu)
    image = timed_eye(synth.form_image, vessels, background, seed=SEED)
    assert image[vessels > 0.9].mean() > image[vessels < 0.1].mean() + 50


@pytest.mark.parametrize("label", ["Healthy", "NPDR", "PDR"])
def bench_whole_eye(timed_eye: Any, label: str) -> None:
    """Trees, lesions, mask 1216 x 1216, image 304 x 304, truth; CPU seconds of one core beside."""

    def whole() -> tuple[synth.SyntheticEye, bytes]:
        made = synth.make_eye(seed=SEED, label=label)
        return made, synth.truth_json(made.truth)

    cpu = min(cpu_seconds(whole)[0] for _ in range(3))
    timed_eye.extra_info.update(cpu_s=cpu)
    made, document = timed_eye(whole)
    assert made.truth.label == label == synth.label_of(made.truth.lesions)
    np.testing.assert_array_equal(synth.draw_mask(made.edges), made.mask)
    assert json.loads(document)["label"] == label


def bench_growth_beside_the_reference(timed_eye: Any) -> None:
    """The reference measures every distance; the ratio grows with the eye."""
    options = GrowthOptions.test_profile()
    reference_s, expected = cpu_seconds(lambda: growth.grow_vessels(seed=SEED, options=options))
    ours_s, forest = cpu_seconds(lambda: synth.grow_vessels(seed=SEED, options=options))
    np.testing.assert_array_equal(forest.parent, expected.parent)
    np.testing.assert_allclose(forest.node_xyz, expected.node_xyz, atol=1e-9)
    timed_eye.extra_info.update(reference_s=reference_s, ratio=reference_s / ours_s)
    timed_eye(synth.grow_vessels, seed=SEED, options=options)


def bench_drawing_beside_the_reference(timed_eye: Any) -> None:
    """The reference asks every pixel about every vessel, so a few vessels must do."""
    options = GrowthOptions.test_profile(svc=5, dvc=0)
    edges = synth.grow_vessels(seed=SEED, options=options).edges()
    reference_s, expected = cpu_seconds(lambda: raster.draw_vessels(edges.plane, side_px=SIDE_PX))
    ours_s, (mask, image) = cpu_seconds(lambda: synth.draw_vessels(edges, side_px=SIDE_PX))
    np.testing.assert_array_equal(mask, expected[0])
    np.testing.assert_allclose(image, expected[1], atol=1e-6)
    timed_eye.extra_info.update(reference_s=reference_s, ratio=reference_s / ours_s)
    timed_eye(synth.draw_vessels, edges, side_px=SIDE_PX)


def bench_image_beside_the_reference(timed_eye: Any, eye: VesselForest) -> None:
    vessels = synth.draw_image(eye.edges(), side_px=SIDE_PX)
    background = np.rot90(vessels)
    reference_s, expected = cpu_seconds(lambda: imaging.form_image(vessels, background, seed=SEED))
    ours_s, image = cpu_seconds(lambda: synth.form_image(vessels, background, seed=SEED))
    np.testing.assert_array_equal(image, expected)
    timed_eye.extra_info.update(reference_s=reference_s, ratio=reference_s / ours_s)
    timed_eye(synth.form_image, vessels, background, seed=SEED)


def cpu_seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.process_time()
    answer = call()
    return time.process_time() - begin, answer
