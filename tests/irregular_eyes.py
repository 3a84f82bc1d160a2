# SPDX-License-Identifier: Apache-2.0
"""Graphs of made-up eyes without symmetries, and networks that read them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from gftcore import graph
from gftcore.graph import HeteroGraph
from gftcore.model import FeatureSet, Model
from networks import random_model

_WAVE = 18  # pixels; noise has no shorter waves
COLUMNS = {
    "vessel": ("length", "curveness", "avgRadiusAvg", "node1_degree", "degree", "hetero_degree"),
    "ica": ("centroid-0", "area", "perimeter", "eccentricity", "solidity", "degree"),
    "faz": ("centroid-1", "area", "perimeter", "solidity", "degree"),
}


def irregular_mask(seed: int, side: int = 128) -> Any:
    """Lines along the zeros of two smooth noises, which cross, around an empty disc."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((side, side), dtype=bool)
    wave = np.minimum(np.arange(side), side - np.arange(side))
    low = np.hypot(wave[:, None], wave) <= side / _WAVE
    for _ in range(2):
        height = np.abs(np.fft.ifft2(np.fft.fft2(rng.normal(size=mask.shape)) * low).real)
        mask |= height <= np.quantile(height, rng.uniform(0.1, 0.25))
    centred = np.arange(side) - side // 2
    return mask & (np.hypot(centred[:, None], centred) >= side // 8)


@cache
def irregular_graphs(count: int, side: int = 128) -> tuple[HeteroGraph, ...]:
    """Their graphs with grey values; at 128 pixels about 300 nodes."""
    out = []
    for seed in range(count):
        mask = irregular_mask(seed, side)
        noise = np.random.default_rng(seed).integers(0, 60, mask.shape)
        image = (120 * mask + noise).astype(np.uint8)
        out.append(graph.extract(mask, intensity=image))
    return tuple(out)


def reader_of(graphs: Iterable[HeteroGraph], seed: int, **options: Any) -> Model:
    """A random network whose features are standardised by these graphs."""
    features = {}
    for name, columns in COLUMNS.items():
        parts = [[getattr(g, name)(column) for column in columns] for g in graphs]
        values = np.concatenate(parts, axis=1).T
        features[name] = FeatureSet(
            columns=columns,
            mean=tuple(np.nanmean(values, axis=0).tolist()),
            sd=tuple((np.nanstd(values, axis=0) + 1e-3).tolist()),
        )
    return random_model(seed, features=features, **options)
