# SPDX-License-Identifier: Apache-2.0
"""Histograms, distribution functions and spectra of two groups of eyes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eye_measures import QUANTITIES, EyeMeasures, Quantity, spreads_of
from gftcore.synth.options import FOV_MM

COLOURS = {"ours": "#d55e00", "theirs": "#0072b2"}  # told apart by the colour-blind, too
COLUMNS = 4
BINS = 60
SHOWN = (0.002, 0.998)  # quantiles between which the axis lies


def draw(
    ours: Sequence[EyeMeasures],
    theirs: Sequence[EyeMeasures],
    levels: Mapping[str, np.ndarray],
    folder: Path,
) -> list[Path]:
    """Write histograms.png, distributions.png and spectra.png."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import NullFormatter

    folder.mkdir(parents=True, exist_ok=True)
    pools = {"ours": ours, "theirs": theirs}
    shown = [q for q in QUANTITIES if all(spreads_of(pool, q.name) for pool in pools.values())]
    written = []
    for name, panel in (("histograms", histogram), ("distributions", distribution)):
        rows = -(-len(shown) // COLUMNS)
        figure, axes = plt.subplots(
            rows, COLUMNS, figsize=(4 * COLUMNS, 2.8 * rows), layout="constrained", squeeze=False
        )
        for axis in axes.flat[len(shown) :]:
            axis.set_visible(False)
        for axis, quantity in zip(axes.flat, shown, strict=False):
            panel(axis, quantity, {who: pooled(p, quantity.name) for who, p in pools.items()})
            axis.set_title(f"{quantity.name} {quantity.unit}".strip(), fontsize=10)
            axis.xaxis.set_minor_formatter(NullFormatter())  # labels of a log axis would overlap
            if axis.get_xscale() == "linear":
                axis.locator_params(axis="x", nbins=5)
        axes.flat[0].legend()
        written.append(folder / f"{name}.png")
        figure.savefig(written[-1], dpi=80)
        plt.close(figure)
    figure, axis = plt.subplots(figsize=(7, 4.5), layout="constrained")
    spectra(axis, levels)
    written.append(folder / "spectra.png")
    figure.savefig(written[-1], dpi=80)
    plt.close(figure)
    return written


def pooled(eyes: Sequence[EyeMeasures], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return values and weights of all eyes, ascending; the weights add up to 1."""
    items = spreads_of(eyes, name)
    values = np.concatenate([item.values for item in items])
    weights = np.concatenate([item.weights for item in items])
    order = np.argsort(values, kind="stable")
    return values[order], weights[order] / weights.sum()


def limits(pools: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> tuple[float, float]:
    """Ends of the axis."""
    ends = []
    for values, weights in pools.values():
        total = np.cumsum(weights)
        ends += [values[np.searchsorted(total, q).clip(max=len(values) - 1)] for q in SHOWN]
    low, high = min(ends), max(ends)
    return (low, high) if high > low else (low - 1, high + 1)


def histogram(
    axis: Any, quantity: Quantity, pools: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> None:
    low, high = limits(pools)
    log = quantity.log and low > 0
    per_eye = max(len(values) for values, _ in pools.values()) < 10 * BINS
    count = BINS // 4 if per_eye else BINS
    bins = np.geomspace(low, high, count + 1) if log else np.linspace(low, high, count + 1)
    for who, (values, weights) in pools.items():
        height, _ = np.histogram(values, bins, weights=weights)
        axis.stairs(height, bins, color=COLOURS[who], label=who, linewidth=1.5)
    axis.set_xscale("log" if log else "linear")


def distribution(
    axis: Any, quantity: Quantity, pools: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> None:
    low, high = limits(pools)
    for who, (values, weights) in pools.items():
        total = np.cumsum(weights)
        step = max(1, len(values) // 4000)
        axis.step(values[::step], total[::step], where="post", color=COLOURS[who], label=who)
    axis.set_xlim(low, high)
    axis.set_xscale("log" if quantity.log and low > 0 else "linear")


def spectra(axis: Any, levels: Mapping[str, np.ndarray]) -> None:
    """Mean level with the range of nine tenths of the images."""
    for who, rows in levels.items():
        frequency = np.arange(2, 2 + rows.shape[1]) / FOV_MM
        low, high = np.quantile(rows, (0.05, 0.95), axis=0)
        axis.fill_between(frequency, low, high, color=COLOURS[who], alpha=0.25, linewidth=0)
        axis.plot(frequency, rows.mean(axis=0), color=COLOURS[who], label=who)
    axis.set_xscale("log")
    axis.set_xlabel("cycles per mm")
    axis.set_ylabel("power, dB")
    axis.legend()
