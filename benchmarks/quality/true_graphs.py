# SPDX-License-Identifier: Apache-2.0
"""Masks whose true graph is known: published samples and generated eyes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from generated import generated_eyes
from gftcore import formats
from gftcore.synth import Edges, write_edges

VARIABLE = "GFTCORE_OCTA_SYNTHETIC"
HALF_WIDTH = 0.9028  # that the masks draw, per radius of the graphs
HALVES = ("develop", "confirm")
GENERATED = "generated"  # belongs to no half


@dataclass(frozen=True)
class TrueSample:
    """A mask, its true graph, and the half that it belongs to (or that it was generated)."""

    name: str
    half: str
    mask: np.ndarray
    truth: formats.SpatialGraph


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
    truth = read_truth(folder / "graphs" / f"{name}.csv", mask)
    return TrueSample(name, half, mask, truth)


def read_truth(path: Path, mask: np.ndarray) -> formats.SpatialGraph:
    return formats.read_vessel_csv(path, side_px=mask.shape[0], half_width=HALF_WIDTH)


def generated_samples(
    count: int, *, seed: int, label: str, plain: bool = False
) -> Iterator[TrueSample]:
    """Eyes with the graph that they were drawn from, through the file that a cohort holds."""
    for k, eye in enumerate(generated_eyes(count, seed=seed, label=label, plain=plain)):
        yield TrueSample(f"{label}-{k}", GENERATED, eye.mask, through_file(eye.edges, eye.mask))


def through_file(edges: Edges, mask: np.ndarray) -> formats.SpatialGraph:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "graph.csv")
        write_edges(path, edges)
        return read_truth(path, mask)
