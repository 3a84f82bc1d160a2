# SPDX-License-Identifier: Apache-2.0
"""Kernels let other Python threads run; the threads of a batch overlap, and end with it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from gftcore import _core, graph
from gftcore.graph import ExtractConfig
from gftcore.graph.inputs import core_options
from gftcore.segmentation import SegmentConfig
from random_masks import vessels

TASKS = Path("/proc/self/task")
NO_ANCHORS = np.zeros((0, 2), np.int64)
KERNELS = [
    "adjacency",
    "assign_pixels",
    "extract",
    "extract_image",
    "faces",
    "fill_small",
    "find_faz",
    "label",
    "local_contrast",
    "match_faces",
    "minimal_pass",
    "oriented",
    "prune",
    "region_table",
    "ridge",
    "segment",
    "segment_table",
    "squared_distance",
    "thin",
    "thin_ordered",
    "trace",
]

pytestmark = pytest.mark.filterwarnings("ignore::gftcore.GftcoreWarning")


def network(side: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return vessels(rng, (side, side)) ^ (rng.random((side, side)) < 0.03)


@pytest.fixture
def switch_only_when_released() -> Iterator[None]:
    """No thread is asked to give the interpreter up, so another runs only if it is handed over."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(100.0)
    yield
    sys.setswitchinterval(before)


def others_ran(call: Callable[[], object], seconds: float) -> bool:
    """Whether another Python thread ran while `call` was inside native code; tries again."""
    ticks = [0]
    ran = threading.Event()
    done = threading.Event()

    def work() -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not ran.is_set():
            before = ticks[0]
            call()
            if ticks[0] != before:
                ran.set()
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.is_set():
        ticks[0] += 1
        time.sleep(0)
    thread.join()
    return ran.is_set()


def kernel_calls() -> dict[str, Callable[[], object]]:
    """Calls into the core with nothing of Python in between."""
    mask = np.ascontiguousarray(network(900).view(np.uint8))
    image = np.random.default_rng(1).random((400, 400), dtype=np.float32)
    distance = _core.squared_distance(mask, "none")
    skeleton = np.ascontiguousarray(_core.thin(mask, "fast", "background").view(np.uint8))
    traced = _core.trace(skeleton, NO_ANCHORS)
    labels, _ = _core.label(mask, 8, True)
    void = np.ascontiguousarray(1 - mask)
    faces = _core.faces(traced)
    points = np.ascontiguousarray(traced.point_pixel)
    options, seg = core_options(ExtractConfig()), SegmentConfig().to_dict()
    return {
        "thin": lambda: _core.thin(mask, "fast", "anchor"),
        "thin_ordered": lambda: _core.thin(mask, "ordered", "anchor"),
        "minimal_pass": lambda: _core.minimal_pass(mask, NO_ANCHORS),
        "squared_distance": lambda: _core.squared_distance(mask, "none"),
        "label": lambda: _core.label(mask, 8, False),
        "fill_small": lambda: _core.fill_small(mask, 50, None),
        "assign_pixels": lambda: _core.assign_pixels(mask, points),
        "trace": lambda: _core.trace(skeleton, NO_ANCHORS),
        "prune": lambda: _core.prune(traced, distance, "bulge", 3.0, 100),
        "segment_table": lambda: _core.segment_table(traced, mask, distance, "edt", None),
        "region_table": lambda: _core.region_table(labels, None),
        "find_faz": lambda: _core.find_faz(void, labels, "auto", 3.0, None, 8),
        "faces": lambda: _core.faces(traced),
        "match_faces": lambda: _core.match_faces(faces, labels),
        "adjacency": lambda: _core.adjacency(traced, faces, labels, "planar", None),
        "extract": lambda: _core.extract(mask, options, None, None, None, []),
        "extract_image": lambda: _core.extract_image(image, seg, options, None, None, None, []),
        "local_contrast": lambda: _core.local_contrast(image, 12.0, 4),
        "oriented": lambda: _core.oriented(image, 24.0, 4),
        "ridge": lambda: _core.ridge(image, [2.0], True, 4),
        "segment": lambda: _core.segment(image, seg),
    }


@pytest.fixture(scope="module")
def calls() -> dict[str, Callable[[], object]]:
    return kernel_calls()


@pytest.mark.usefixtures("switch_only_when_released")
@pytest.mark.parametrize("name", KERNELS)
def test_python_runs_during_a_kernel(calls: dict[str, Callable[[], object]], name: str) -> None:
    assert others_ran(calls[name], 20.0)


@pytest.mark.usefixtures("switch_only_when_released")
def test_negative_control_python_stands_still_where_nothing_lets_it_run() -> None:
    assert not others_ran(lambda: sum(range(2_000_000)), 1.0)


def running_at_once(threads: int) -> int:
    """The most threads of a batch that were seen running, or ready to run, at one moment."""
    masks = [network(500, seed) for seed in range(4)] * 4
    known = {path.name for path in TASKS.iterdir()}
    most = 0
    done = threading.Event()

    def work() -> None:
        for _ in graph.extract_batch(masks, threads=threads):
            pass
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.is_set():
        running = 0
        for path in TASKS.iterdir():
            if path.name in known or path.name == str(thread.native_id):
                continue
            try:
                state = (path / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue  # it has ended
            running += state == "R"
        most = max(most, running)
    thread.join()
    return most


@pytest.mark.skipif(not TASKS.is_dir(), reason="reads thread states from /proc")
def test_two_batch_threads_overlap() -> None:
    assert running_at_once(2) == 2
    assert running_at_once(1) <= 1  # negative control


def test_a_batch_left_early_ends_its_threads() -> None:
    before = threading.active_count()
    batch = graph.extract_batch([network(300)] * 8, threads=2)
    next(batch)
    batch.close()
    assert threading.active_count() == before
    if TASKS.is_dir():
        known = len(list(TASKS.iterdir()))
        list(graph.extract_batch([network(30)] * 3, threads=4))
        assert len(list(TASKS.iterdir())) <= known
