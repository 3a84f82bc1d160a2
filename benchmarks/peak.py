# SPDX-License-Identifier: Apache-2.0
"""Peak memory of one extraction or batch in this process; `memory.py` starts it afresh each time.

    python benchmarks/peak.py ARRAYS.npz METHOD FEATURES SKELETON ADJACENCY THREADS

Prints a JSON object with `before`, `peak` and `held` in bytes.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gftcore import graph, segmentation

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")
REPEATS = 3
ITEMS_A_THREAD = 6


def status_bytes(key: str) -> int:
    found = re.search(rf"^{key}:\s+(\d+) kB", STATUS.read_text(), re.MULTILINE)
    assert found, f"{STATUS} has no {key}"
    return 1024 * int(found.group(1))


def reset_peak() -> bool:
    """Let the peak start from now; False where the system cannot."""
    try:
        CLEAR_REFS.write_text("5")
    except OSError:
        return False
    return True


def highest() -> int:
    """Peak of this process since its start."""
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def peak_of(run: Callable[[], int]) -> dict[str, int]:
    """Run and return the resident memory before, its peak, and the bytes of masks and graphs.

    Where the peak cannot be reset, that of the process so far stands for the memory before.
    """
    exact = reset_peak()
    before = status_bytes("VmRSS") if exact else highest()
    held = run()
    return {
        "before": before,
        "peak": status_bytes("VmHWM") if exact else highest(),
        "held": held,
    }


def result_bytes(found: graph.HeteroGraph) -> int:
    """Bytes of all arrays of a graph."""
    parts: list[Any] = [getattr(found, name) for name in type(found).__dataclass_fields__]
    parts += [*found.edges.values(), *found.edge_attr.values(), *found.kept.values()]
    return sum(part.nbytes for part in parts if isinstance(part, np.ndarray))


def extractor(
    method: str, config: graph.ExtractConfig
) -> Callable[[np.ndarray, np.ndarray], graph.HeteroGraph]:
    """From a mask, or by a segmentation method from the raw image."""
    if method == "mask":
        return lambda mask, image: graph.extract(mask, config, intensity=image)
    seg = segmentation.SegmentConfig(method=method)
    return lambda _, image: graph.extract_image(image, config, seg=seg)


def one_by_one(run: Callable[[], graph.HeteroGraph]) -> int:
    """Extract several times; what a result holds is given back before the next one."""
    found = None
    for _ in range(REPEATS):
        del found
        found = run()
    assert found.num_segments > 0, "no segments"
    return result_bytes(found)


def in_batch(mask: np.ndarray, config: graph.ExtractConfig, threads: int) -> int:
    """Extract a batch and drop each graph; two masks and graphs a thread are in flight."""
    masks = [mask] * (ITEMS_A_THREAD * threads)
    found = None
    for found in graph.extract_batch(masks, config, threads=threads):
        assert isinstance(found, graph.HeteroGraph), f"no graph: {found}"
    assert found is not None
    return 2 * threads * (result_bytes(found) + mask.nbytes)


def main(file: str, method: str, features: str, skeleton: str, adjacency: str, count: str) -> None:
    warnings.simplefilter("ignore")
    config = graph.ExtractConfig(features=features, skeleton=skeleton, adjacency=adjacency)
    with np.load(file) as arrays:
        mask, image = arrays["mask"], arrays["image"]
    scale = mask.shape[0] // image.shape[0]
    small = mask[: 32 * scale, : 32 * scale], image[:32, :32]
    threads = int(count)
    if threads:
        in_batch(small[0], config, threads)
        print(json.dumps(peak_of(lambda: in_batch(mask, config, threads))))
    else:
        run = extractor(method, config)
        run(*small)
        print(json.dumps(peak_of(lambda: one_by_one(lambda: run(mask, image)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
