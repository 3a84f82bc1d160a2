# SPDX-License-Identifier: Apache-2.0
"""Samples whose true graph is known: the vessel mask and the graph it was drawn from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from gftcore import metrics

VARIABLE = "GFTCORE_OCTA_SYNTHETIC"
HALF_WIDTH = 0.9028  # that the masks draw, per radius of the graphs
HALVES = ("develop", "confirm")


@dataclass(frozen=True)
class TrueSample:
    """A mask, its true graph, and the half that it belongs to."""

    name: str
    half: str
    mask: np.ndarray
    truth: metrics.SpatialGraph


def sample_names(half: str | None = None) -> list[tuple[str, str]]:
    """Names and halves, sorted: settings are chosen on the first half, confirmed on the second."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        raise FileNotFoundError(f"set {VARIABLE} to a folder with labels/ and graphs/")
    names = sorted(path.stem for path in Path(folder, "graphs").glob("*.csv"))
    if not names:
        raise FileNotFoundError(f"{folder}/graphs holds no CSV file")
    first = (len(names) + 1) // 2
    halves = [(name, HALVES[i >= first]) for i, name in enumerate(names)]
    return [item for item in halves if half in (None, item[1])]


def load(name: str, half: str) -> TrueSample:
    folder = Path(os.environ[VARIABLE])
    mask = np.array(Image.open(folder / "labels" / f"{name}.png")) != 0
    truth = metrics.read_vessel_csv(
        folder / "graphs" / f"{name}.csv", side_px=mask.shape[0], half_width=HALF_WIDTH
    )
    return TrueSample(name, half, mask, truth)
