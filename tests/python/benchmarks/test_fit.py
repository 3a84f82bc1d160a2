# SPDX-License-Identifier: Apache-2.0
"""Exponents of growth against laws that are known, and against NumPy's own fit."""

from __future__ import annotations

import numpy as np
import pytest

from fit import fit_growth

PIXELS = [304**2, 608**2, 1216**2, 2432**2, 4864**2]


@pytest.mark.parametrize("exponent", [0.0, 1.0, 1.05, 2.0])
def test_a_power_law_is_found_without_error(exponent: float) -> None:
    growth = fit_growth(PIXELS, [3e-9 * n**exponent for n in PIXELS])
    assert growth.exponent == pytest.approx(exponent, abs=1e-12)
    assert growth.error == pytest.approx(0, abs=1e-7)


def test_n_log_n_is_no_straight_line_and_above_the_goal() -> None:
    growth = fit_growth(PIXELS, [1e-9 * n * np.log2(n) for n in PIXELS])
    assert growth.exponent > 1.05
    assert growth.error > 0


def test_exponent_and_error_are_those_of_a_straight_line_through_logarithms() -> None:
    rng = np.random.default_rng(3)
    seconds = 2e-9 * np.array(PIXELS) ** 1.1 * np.exp(rng.normal(0, 0.1, len(PIXELS)))
    growth = fit_growth(PIXELS, seconds)
    line, covariance = np.polyfit(np.log(PIXELS), np.log(seconds), 1, cov=True)
    assert growth.exponent == pytest.approx(line[0], rel=1e-9)
    assert growth.error == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-9)


def test_the_error_shrinks_as_often_as_it_should() -> None:
    """The true exponent lies within two errors in about 88 of 100 fits with three free points."""
    rng = np.random.default_rng(7)
    inside = 0
    for _ in range(500):
        growth = fit_growth(PIXELS, np.array(PIXELS) * np.exp(rng.normal(0, 0.2, len(PIXELS))))
        inside += abs(growth.exponent - 1) < 2 * growth.error
    assert 0.8 < inside / 500 < 0.93


def test_two_sizes_give_an_exponent_but_no_error() -> None:
    growth = fit_growth([100, 400], [1.0, 8.0])
    assert growth.exponent == pytest.approx(1.5)
    assert growth.error == 0


@pytest.mark.parametrize(
    ("pixels", "seconds"),
    [
        ([100], [1.0]),
        ([100, 100], [1.0, 2.0]),
        ([100, 400], [1.0, 0.0]),
        ([100, 400], [1.0, -1.0]),
        ([100, 400], [1.0]),
        ([100, 400], [1.0, float("nan")]),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_what_has_no_exponent_is_refused(pixels: list[float], seconds: list[float]) -> None:
    with pytest.raises(ValueError, match="no power law"):
        fit_growth(pixels, seconds)
