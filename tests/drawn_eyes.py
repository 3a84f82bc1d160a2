# SPDX-License-Identifier: Apache-2.0
"""Small grey images of made-up eyes, and networks that read them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gftcore import io
from gftcore.model import FeatureSet, Model, ModelConfig, initial_weights
from labelled import drawn_mask

SIDE = 96


def drawn_image(seed: int) -> Any:
    """A lattice of bright vessels on a noisy background, uint8 [96, 96]."""
    rng = np.random.default_rng(seed)
    vessels = drawn_mask(rng, dense=bool(seed % 2))
    return (140 * vessels + rng.integers(0, 60, (SIDE, SIDE))).astype(np.uint8)


def drawn_files(folder: Path, count: int) -> list[Path]:
    files = [folder / f"{seed:02}.png" for seed in range(count)]
    for seed, file in enumerate(files):
        io.write_image(file, drawn_image(seed))
    return files


def untrained(*, grey: bool = False, record: Mapping[str, Any] | None = None) -> Model:
    """First weights; reads no grey values unless told."""
    area = ("area", "intensity_mean") if grey else ("area",)
    one = (40.0, 90.0)[: len(area)]
    features = {
        "vessel": FeatureSet(columns=("length", "degree"), mean=(20, 4), sd=(9, 2)),
        "ica": FeatureSet(columns=area, mean=one, sd=one),
        "faz": FeatureSet(columns=("area",), mean=(500,), sd=(200,)),
    }
    config = ModelConfig(features=features, hidden=8, training=dict(record or {}))
    return Model(config=config, weights=initial_weights(config, seed=3))
