# SPDX-License-Identifier: Apache-2.0
"""A worker needs at most 24 bytes a pixel on sparse masks, whatever the number of images.

Dense masks need more: `benchmarks/memory.py` measures them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import gftcore

BOUND_BYTES_PER_PX = 24
SIDE = 1500
CLEAR_REFS = Path("/proc/self/clear_refs")

PROGRAM = """
import re, sys, warnings
import numpy as np
from random_masks import vessels
from gftcore import graph
from gftcore.graph import ExtractConfig

warnings.simplefilter("ignore")
threads, side, allocate = map(int, sys.argv[1:])
def status(key):
    with open("/proc/self/status") as file:
        return 1024 * int(re.search(key + r":\\s+(\\d+)", file.read()).group(1))
def network(seed, size=side):
    rng = np.random.default_rng(seed)
    return vessels(rng, (size, size)) | vessels(rng, (size, size))
masks = [network(seed) for seed in range(3)]
list(graph.extract_batch([network(9, 100)] * 4, threads=threads))
for config in (ExtractConfig(), ExtractConfig(skeleton="ordered", adjacency="centerline4")):
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = status("VmRSS")
    count = sum(1 for _ in graph.extract_batch(masks * 3, config, threads=threads))
    block = np.ones((allocate, side, side), np.uint8)
    assert count == 9
    print((status("VmHWM") - before) / side**2 / threads)
"""


def peak(threads: int, allocate: int = 0) -> list[float]:
    """Bytes a pixel and thread that a batch needs beyond its masks, for two settings."""
    places = [str(Path(gftcore.__file__).parents[1]), str(Path(__file__).parents[2])]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(threads), str(SIDE), str(allocate)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(line) for line in done.stdout.split()]


needs_proc = pytest.mark.skipif(
    not os.access(CLEAR_REFS, os.W_OK), reason="resets the peak of resident memory in /proc"
)


@needs_proc
@pytest.mark.parametrize("threads", [1, 2])
def test_memory_of_a_worker_stays_below_the_bound(threads: int) -> None:
    """In-flight copies of the masks and the results are inside the bound."""
    assert max(peak(threads)) <= BOUND_BYTES_PER_PX


@needs_proc
def test_negative_control_the_measure_sees_more_memory() -> None:
    assert min(peak(1, allocate=BOUND_BYTES_PER_PX + 1)) > BOUND_BYTES_PER_PX
