# SPDX-License-Identifier: Apache-2.0
"""Where masks and truth differ: green both, red mask only, blue truth only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from segmentation_score import Sample

EACH = 2  # best and worst samples


def overlay(mask: np.ndarray, truth: np.ndarray) -> np.ndarray:
    colours = np.stack([mask & ~truth, mask & truth, truth & ~mask], axis=-1)
    return (255 * colours).astype(np.uint8)


def draw(
    samples: Sequence[Sample],
    quality: np.ndarray,
    segments: Sequence[Callable[[np.ndarray], np.ndarray]],
    folder: Path,
) -> None:
    """Write image, our overlay and the best peer's side by side, for best and worst samples."""
    folder.mkdir(parents=True, exist_ok=True)
    order = np.argsort(quality)
    for word, chosen in (("worst", order[:EACH]), ("best", order[::-1][:EACH])):
        for rank, k in enumerate(chosen, start=1):
            sample = samples[k]
            scale = sample.truth.shape[0] // sample.image.shape[0]
            grey = sample.image.repeat(scale, axis=0).repeat(scale, axis=1)
            panels = [np.repeat(grey[..., None], 3, axis=2)]
            panels += [overlay(segment(sample.image), sample.truth) for segment in segments]
            path = folder / f"{word}-{rank}-{sample.name}.png"
            Image.fromarray(np.hstack(panels)).save(path)
            print(f"wrote {path}")
