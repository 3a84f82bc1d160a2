# SPDX-License-Identifier: Apache-2.0
"""Real input for tests: synthetic OCTA samples, if an environment variable names their folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

VARIABLE = "GFTCORE_OCTA_SYNTHETIC"
HALF_WIDTH = 0.9028  # that the labels draw, per radius of the true graphs


def sample_names() -> list[str]:
    """Names of the samples, or one stand-in that makes its test skip with the reason."""
    folder = os.environ.get(VARIABLE)
    names = sorted(path.stem for path in Path(folder, "labels").glob("*.png")) if folder else []
    return names or ["none"]


def load_label(name: str) -> np.ndarray:
    """Return the vessel mask, bool [1216, 1216]."""
    return np.array(Image.open(_folder() / "labels" / f"{name}.png")) != 0


def true_graph_names() -> list[str]:
    """Names of the samples whose true graph is there."""
    return sorted(path.stem for path in (_folder() / "graphs").glob("*.csv"))


def true_graph_path(name: str) -> Path:
    """Return the CSV file of a true graph."""
    return _folder() / "graphs" / f"{name}.csv"


def load_image(name: str) -> np.ndarray:
    """Return the raw image, uint8 [304, 304]."""
    return np.array(Image.open(_folder() / "images" / f"{name}.png").convert("L"))


def labels() -> Iterator[np.ndarray]:
    """All vessel masks."""
    yield from (load_label(name) for name in sample_names())


def _folder() -> Path:
    folder = os.environ.get(VARIABLE)
    if not folder or not Path(folder, "labels").is_dir():
        pytest.skip(f"{VARIABLE} does not name a folder of synthetic OCTA samples")
    return Path(folder)
