# SPDX-License-Identifier: Apache-2.0
"""A worker needs at most 24 bytes a pixel beyond the masks and graphs it holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import gftcore

BOUND_BYTES_PER_PX = 24
SIDE = 1500
CLEAR_REFS = Path("/proc/self/clear_refs")

#: A mesh about as dense as retinal capillaries: a segment for 90 pixels, 46 % vessels.
PROGRAM = """
import json, re, sys, warnings
import numpy as np
from gftcore import graph
from gftcore.graph import ExtractConfig

warnings.simplefilter("ignore")
threads, side, allocate = map(int, sys.argv[2:])
config = ExtractConfig(**json.loads(sys.argv[1]))
def status(key):
    with open("/proc/self/status") as file:
        return 1024 * int(re.search(key + r":\\s+(\\d+)", file.read()).group(1))
def contours(rng, size):
    rows, cols = np.mgrid[:size, :size].astype(np.float32)
    waves = np.zeros((size, size), np.float32)
    for _ in range(12):
        angle, phase = rng.uniform(0, 2 * np.pi, 2)
        along = rows * np.float32(np.cos(angle)) + cols * np.float32(np.sin(angle))
        waves += np.cos(np.float32(rng.uniform(0.14, 0.22)) * along + np.float32(phase))
    return np.abs(waves) < 0.85
def network(seed, size=side):
    rng = np.random.default_rng(seed)
    return contours(rng, size) | contours(rng, size)
def held(mask, found):
    parts = [getattr(found, name) for name in type(found).__dataclass_fields__]
    parts += [mask, *found.edges.values(), *found.edge_attr.values()]
    return sum(part.nbytes for part in parts if isinstance(part, np.ndarray))
mask = network(0)
list(graph.extract_batch([network(9, 100)] * 4, config, threads=threads))
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
before = status("VmRSS")
sizes = [held(mask, g) for g in graph.extract_batch([mask] * 9, config, threads=threads)]
block = np.ones((allocate, side, side), np.uint8)
assert len(sizes) == 9
in_flight = 2 * threads * max(sizes)
print((status("VmHWM") - before - in_flight) / side**2 / threads)
"""


def peak(threads: int, allocate: int = 0, **config: str) -> float:
    """Bytes a pixel and thread that a batch needs beyond what is in flight."""
    place = str(Path(gftcore.__file__).parents[1])
    arguments = [json.dumps(config), str(threads), str(SIDE), str(allocate)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env={**os.environ, "PYTHONPATH": place},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


needs_proc = pytest.mark.skipif(
    not os.access(CLEAR_REFS, os.W_OK), reason="resets the peak of resident memory in /proc"
)


@needs_proc
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("config", [{}, {"skeleton": "ordered", "adjacency": "centerline4"}])
def test_memory_of_a_worker_stays_below_the_bound(threads: int, config: dict[str, str]) -> None:
    """Two graphs and copies of masks a thread are in flight."""
    assert peak(threads, **config) <= BOUND_BYTES_PER_PX


@needs_proc
def test_negative_control_the_measure_sees_more_memory() -> None:
    assert peak(1, allocate=2 * BOUND_BYTES_PER_PX) > BOUND_BYTES_PER_PX
