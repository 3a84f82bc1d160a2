# SPDX-License-Identifier: Apache-2.0
"""Small labelled data sets: graphs in memory, and manifests of drawn masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gftcore import io
from gftcore.datasets import Manifest, Record, read_manifest, write_manifest
from gftcore.graph.batch import DIRECTED
from networks import FEATURES, random_batch

CLASSES = ("Healthy", "NPDR", "PDR")


def labelled_graphs(
    count: int, *, seed: int = 0, classes: tuple[str, ...] = CLASSES, signal: float = 1.5
) -> Any:
    """Random graphs whose first vessel feature grows with the class, as `nn.LabelledGraphs`."""
    from gftcore.nn.batches import RawGraph
    from gftcore.nn.data import LabelledGraphs

    rng = np.random.default_rng(seed)
    labels = tuple(i % len(classes) for i in range(count))
    graphs = []
    for i, label in enumerate(labels):
        sizes = {"vessel": int(rng.integers(8, 20)), "ica": int(rng.integers(3, 8)), "faz": 1}
        batch = random_batch(seed * 1000 + i, [sizes])
        x = {name: np.array(values) for name, values in batch.x.items()}
        x["vessel"][:, 0] += signal * label
        x = {name: 10 + 3 * values for name, values in x.items()}
        csr = {
            r: tuple(
                part[r].astype(np.int32)
                for part in (batch.rowptr, batch.col, batch.colptr, batch.row)
            )
            for r in DIRECTED
        }
        places = {n: rng.random((len(values), 2), dtype=np.float32) for n, values in x.items()}
        graphs.append(RawGraph(x, csr, places))
    return LabelledGraphs(
        ids=tuple(f"{i}" for i in range(count)),
        labels=labels,
        classes=classes,
        columns={name: tuple(f"{name}{i}" for i in range(n)) for name, n in FEATURES.items()},
        graphs=tuple(graphs),
        kinds=("image",) * count,
        sha256=f"{count}-{seed}",
    )


def drawn_mask(rng: np.random.Generator, *, dense: bool) -> Any:
    """Vessels of a made-up eye: a lattice, fine or coarse, with a hole in the middle."""
    mask = np.zeros((96, 96), dtype=bool)
    step = int(rng.integers(9, 12)) if dense else int(rng.integers(18, 24))
    first = int(rng.integers(2, 7))
    for line in range(first, 96, step):
        mask[line : line + 2] = True
        mask[:, line : line + 2] = True
    mask[36:60, 36:60] = False
    return mask


def mask_manifest(
    folder: Path, count: int, *, classes: tuple[str, ...] = ("Glaucoma", "Healthy")
) -> Manifest:
    """A manifest of masks without images; the first class has a coarse lattice."""
    rng = np.random.default_rng(3)
    records = []
    for i in range(count):
        label = classes[i % len(classes)]
        name = f"{i:03}.png"
        io.write_image(folder / name, drawn_mask(rng, dense=label != classes[0]))
        records.append(
            Record(id=f"{i:03}", subject=f"s{i}", eye="unknown", mask_path=name, label=label)
        )
    write_manifest(folder / "manifest.csv", records)
    return read_manifest(folder / "manifest.csv")
