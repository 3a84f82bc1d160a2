# SPDX-License-Identifier: Apache-2.0
"""Test images of a cohort, all or some of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gftcore import datasets


def some_test_eyes(
    folder: Path, count: int | None = None
) -> tuple[datasets.Manifest, tuple[datasets.Record, ...]]:
    """Return the manifest of a cohort and its test images; so many of them, evenly spaced."""
    manifest = datasets.read_manifest(folder / "manifest.csv")
    records = manifest.select(datasets.read_splits(folder / "splits.json", manifest).ids(0))
    if count is None or count >= len(records):
        return manifest, records
    places = np.linspace(0, len(records) - 1, count).round().astype(int)
    return manifest, tuple(records[i] for i in places.tolist())
