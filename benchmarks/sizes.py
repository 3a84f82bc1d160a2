# SPDX-License-Identifier: Apache-2.0
"""What `scaling.py` runs at one size, in a process of its own.

Each size has its own process, because memory that a larger image left behind would speed up or
slow down the next one.
"""

from __future__ import annotations

import gc
import os
import time
import warnings
from collections.abc import Callable
from typing import Any

from gftcore import graph, segmentation
from gftcore.segmentation.config import METHODS
from inputs import VARIABLE, Sample, generate_mesh, load_samples, tiled

Size = list[Sample]  # one image, or all tiles of one
Stage = Callable[[Sample], Callable[[], Any]]

LEAST_S = 0.05  # a round takes at least this long, so that the clock's resolution does not matter
WARM_UPS = 2  # the second call finds the memory that the first gave back

MESH = "generated mesh"
SAMPLE = "sample, cut or mirrored"

LEAST_MESH = 1216

#: The same structures at every side. Small sides are tiles of one large image: a processor learns
#: the branches of a single small one by heart, which no user's image allows.
SERIES: dict[str, Callable[[int], Size]] = {
    MESH: lambda side: tiled(generate_mesh(max(side, LEAST_MESH)), side),
    SAMPLE: lambda side: tiled(next(load_samples()), side),
}


def usable_series() -> tuple[str, ...]:
    """All series, or the generated one: vessels of the demo image are too few to be cut."""
    return (MESH, SAMPLE) if os.environ.get(VARIABLE) else (MESH,)


STAGES: dict[str, Stage] = {
    "mask to graph": lambda s: lambda: graph.extract(s.mask, intensity=s.image),
    "mask to graph, centreline": lambda s: (
        lambda: graph.extract(s.mask, graph.ExtractConfig(features="centreline"))
    ),
    **{
        f"image to graph, {method}": lambda s, method=method: (
            lambda: graph.extract_image(s.image, seg=segmentation.SegmentConfig(method=method))
        )
        for method in METHODS
    },
    **{
        f"thin, {method}": lambda s, method=method: lambda: graph.thin(s.mask, method=method)
        for method in ("fast", "ordered", "zhang-skimage", "zhang-opencv", "guohall-opencv")
    },
    "minimal_pass": lambda s: lambda: graph.minimal_pass(s.skeleton, anchors=s.anchors),
    "border_anchors": lambda s: lambda: graph.border_anchors(s.mask),
    "squared_distance": lambda s: lambda: graph.squared_distance(s.mask),
    "label": lambda s: lambda: graph.label(s.mask, background=True),
    "fill_small": lambda s: lambda: graph.fill_small(s.mask, area_px=30),
    "trace": lambda s: lambda: graph.trace(s.skeleton, anchors=s.anchors),
    **{
        f"prune, {method}": lambda s, method=method: (
            lambda: graph.prune(s.network, s.squared_distance, method=method)
        )
        for method in ("bulge", "length")
    },
    "assign_pixels": lambda s: lambda: graph.assign_pixels(s.network, s.mask),
    **{
        f"segment_table, {mode}": lambda s, mode=mode: (
            lambda: graph.segment_table(s.network, s.mask, s.squared_distance, mode=mode)
        )
        for mode in ("edt", "voreen_slab", "centreline")
    },
    "region_table": lambda s: lambda: graph.region_table(s.background_labels, intensity=s.image),
    "find_faz": lambda s: lambda: graph.find_faz(~s.mask, s.background_labels),
    "faces": lambda s: lambda: graph.faces(s.network),
    "match_faces": lambda s: lambda: graph.match_faces(s.faces, s.background_labels),
    "adjacency, planar": lambda s: lambda: graph.adjacency(s.network, s.faces, s.background_labels),
    "adjacency, centerline4": lambda s: (
        lambda: graph.adjacency(
            s.network,
            s.faces,
            s.background_labels,
            method="centerline4",
            squared_distance=s.squared_distance,
        )
    ),
    "ridge": lambda s: lambda: segmentation.ridge(s.image),
    "local_contrast": lambda s: lambda: segmentation.local_contrast(s.image),
}


class Worker:
    """The images of one size and the stage that is measured on them."""

    def __init__(self, series: str, side: int) -> None:
        self.size = SERIES[series](side)
        self.stage = ""
        self.calls: list[Callable[[], Any]] = []
        self.repeats = 1

    def segments_per_px(self) -> float:
        each = [graph.extract(s.mask).num_segments / s.mask.size for s in self.size]
        return sum(each) / len(each)

    def cpu_s(self, stage: str) -> float:
        """CPU time of one image."""
        if stage != self.stage:
            self.stage = stage
            self.calls = [STAGES[stage](sample) for sample in self.size]
            seconds = min(self._seconds() for _ in range(WARM_UPS))
            self.repeats = max(1, round(LEAST_S / max(seconds, 1e-6)))
        return sum(self._seconds() for _ in range(self.repeats)) / self.repeats / len(self.size)

    def _seconds(self) -> float:
        start = time.process_time()
        for call in self.calls:
            call()
        return time.process_time() - start


_workers: list[Worker] = []


def start(series: str, side: int) -> None:
    """Load the images of this process."""
    warnings.simplefilter("ignore")
    _workers[:] = [Worker(series, side)]
    gc.disable()


def segments_per_px() -> float:
    return _workers[0].segments_per_px()


def cpu_s(stage: str) -> float:
    return _workers[0].cpu_s(stage)
