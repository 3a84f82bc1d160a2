# SPDX-License-Identifier: Apache-2.0
"""Grey values of an image, and how its variance is divided among frequencies."""

from __future__ import annotations

import numpy as np

from gftcore.synth.options import FOV_MM
from spreads import Spread

GREYS = 256


def intensities(image: np.ndarray) -> Spread:
    """The share of each grey value of an 8-bit image."""
    counts = np.bincount(image.ravel(), minlength=GREYS)
    return Spread(np.arange(GREYS, dtype=np.float64), counts / image.size)


def rings_of_power(image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean frequency (1/mm), sum and mean of the power in rings of one cycle per image.

    A Hann window hides the jump from one border to the opposite one. The first ring is left out:
    it holds the mean, and what the window spreads of it.
    """
    side = image.shape[0]
    window = np.hanning(side + 2)[1:-1]
    grey = image.astype(np.float64)
    power = np.abs(np.fft.fft2((grey - grey.mean()) * np.outer(window, window))) ** 2
    cycles = np.fft.fftfreq(side) * side
    ring = np.rint(np.hypot(cycles[:, None], cycles[None, :])).astype(int).ravel()
    number = np.bincount(ring)
    total = np.bincount(ring, power.ravel())
    kept = np.arange(2, side // 2)
    return kept / FOV_MM, total[kept], total[kept] / number[kept]


def spectrum(image: np.ndarray) -> Spread:
    """Share of the variance at each frequency."""
    frequency, total, _ = rings_of_power(image)
    return Spread(frequency, total / max(total.sum(), np.finfo(float).tiny))


def level_db(image: np.ndarray) -> np.ndarray:
    """Radially averaged power spectrum in dB."""
    _, _, mean = rings_of_power(image)
    return 10 * np.log10(np.maximum(mean, np.finfo(float).tiny))
