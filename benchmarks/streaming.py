# SPDX-License-Identifier: Apache-2.0
"""Resident memory while a stream of masks of 1216 x 1216 px becomes graphs, image by image.

    python benchmarks/streaming.py [--images 500] [--threads 2] [--plot FILE.png] [--json FILE]

Every mask is another one and is made when the extraction asks for it; every graph is dropped. The
order of the results is checked. Beside it, a caller that keeps all graphs: its memory must grow, or
the measurement sees nothing. Exit code: 0 flat, 1 not flat, 2 a failure (no file is written).
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import gftcore
from exits import MET, MISSED, exit_with
from gftcore import graph
from inputs import load_samples, tiled
from machine import header, write_result
from peak import result_bytes, status_bytes

SIDE = 1216
MB = 1e6
#: How much higher the second half may go than the first: buffers keep the largest image's size.
MOST_GROWTH = 1.1
#: Fewer images do for the caller that keeps its graphs.
KEPT_IMAGES = 60
#: Part of the images before the first half begins, in which buffers grow.
WARM_UP = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRow:
    """Resident memory above that before the stream, in MB."""

    group: str
    input: str
    stage: str
    target: str
    side: int
    threads: int
    images: int
    first_half_mb: float
    second_half_mb: float
    graph_mb: float
    goal: float | None
    met: bool


def masks(base: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """Different masks of one density: each turned, mirrored and rolled in another way."""
    rng = np.random.default_rng(7)
    for index in range(count):
        turned = np.rot90(base, index % 4)
        mirrored = turned[::-1] if index % 8 >= 4 else turned
        yield np.roll(mirrored, rng.integers(0, len(base), 2), (0, 1))


def fingerprint(mask: np.ndarray) -> bytes:
    return hashlib.sha256(np.packbits(mask.astype(bool))).digest()


def stream(base: np.ndarray, count: int, threads: int, *, keep: bool) -> tuple[list[float], float]:
    """Resident memory after each graph and the mean size of a graph, in MB."""
    given: list[bytes] = []

    def told() -> Iterator[np.ndarray]:
        for mask in masks(base, count):
            given.append(fingerprint(mask))
            yield mask

    gc.collect()
    before = status_bytes("VmRSS")
    resident, held, sizes = [], [], 0
    results = graph.extract_batch(told(), threads=threads, keep=("mask",))
    for index, found in enumerate(results):
        assert isinstance(found, graph.HeteroGraph), f"no graph: {found}"
        assert fingerprint(found.kept["mask"]) == given[index], f"result {index} is out of order"
        assert len(given) - index <= 2 * threads + 1, f"read too far ahead at {index}"
        sizes += result_bytes(found)
        if keep:
            held.append(found)
        del found
        resident.append((status_bytes("VmRSS") - before) / MB)
    assert len(resident) == count, f"{len(resident)} results of {count} images"
    return resident, sizes / count / MB


def row(name: str, stage: str, resident: list[float], size: float, threads: int) -> StreamRow:
    settled = resident[int(WARM_UP * len(resident)) :]
    half = len(settled) // 2
    first, second = max(settled[:half]), max(settled[half:])
    return StreamRow(
        group="streaming",
        input=name,
        stage=stage,
        target=gftcore.simd_target(),
        side=SIDE,
        threads=threads,
        images=len(resident),
        first_half_mb=first,
        second_half_mb=second,
        graph_mb=size,
        goal=MOST_GROWTH,
        met=second <= MOST_GROWTH * first,
    )


def show(found: StreamRow) -> None:
    print(
        f"{found.input:30} {found.stage:22} {found.images} images, {found.threads} threads:"
        f" peak {found.first_half_mb:.0f} MB, then {found.second_half_mb:.0f} MB;"
        f" a graph with its mask {found.graph_mb:.1f} MB {'flat' if found.met else 'grows'}",
        flush=True,
    )


def plot(file: Path, dropped: list[float], kept: list[float], threads: int) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.plot(range(1, len(kept) + 1), kept, color="#d55e00", linestyle="--", label="all kept")
    axes.plot(range(1, len(dropped) + 1), dropped, color="#0072b2", label="each graph dropped")
    axes.set(
        xlabel=f"graphs received, {SIDE} x {SIDE} px, {threads} threads",
        ylabel="resident memory, MB\nabove that before",
        xlim=(0, len(dropped)),
        ylim=(0, None),
    )
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, dpi=110, metadata={"Software": None})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--plot", type=Path, help="write a picture of the memory over the images")
    parser.add_argument("--json", type=Path, help="write header and rows as JSON")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    sample = tiled(next(load_samples()), SIDE)[0]
    base, name = sample.mask, sample.name
    # Code, tables and pools that any extraction needs.
    for _ in graph.extract_batch(masks(base, 2 * options.threads), threads=options.threads):
        pass
    dropped, size = stream(base, options.images, options.threads, keep=False)
    kept, _ = stream(base, min(options.images, KEPT_IMAGES), options.threads, keep=True)
    flat = row(name, "each graph dropped", dropped, size, options.threads)
    grows = row(name, "all graphs kept", kept, size, options.threads)
    show(flat)
    show(grows)
    assert not grows.met, "a caller that keeps all graphs must need more and more memory"
    if options.plot:
        plot(options.plot, dropped, kept, options.threads)
    if options.json:
        head = header("streaming", [gftcore.simd_target()])
        write_result(options.json, head, [asdict(flat), asdict(grows) | {"goal": None}])
    return MET if flat.met else MISSED


if __name__ == "__main__":
    exit_with(main)
