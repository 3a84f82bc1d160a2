# SPDX-License-Identifier: Apache-2.0
"""Memory that a worker needs for each pixel, beyond the masks and graphs that it holds.

    python benchmarks/memory.py [--sides 608 1216 ..] [--json FILE]

Each row is a fresh process. Exit code: 0 all within the bound, 1 one is above it, 2 a failure (the
JSON is not written).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import gftcore
from exits import MET, MISSED, exit_with
from gftcore.segmentation.config import METHODS
from inputs import generate_mesh, load_samples, tiled
from machine import header, write_result

SIDES = (608, 1216, 2432, 4864)
MOST_BYTES_PER_PX = 24.0
PROGRAM = Path(__file__).with_name("peak.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is run: from a mask or by a segmentation method, one image or a batch in threads."""

    name: str
    method: str = "mask"
    features: str = "edt"
    skeleton: str = "fast"
    adjacency: str = "planar"
    threads: int = 0  # 0: one image, no batch

    def arguments(self) -> list[str]:
        return [self.method, self.features, self.skeleton, self.adjacency, str(self.threads)]


SETTINGS = (
    Setting(name="mask to graph, edt"),
    Setting(name="mask to graph, voreen_slab", features="voreen_slab"),
    Setting(name="mask to graph, centreline", features="centreline"),
    Setting(
        name="mask to graph, ordered, centerline4", skeleton="ordered", adjacency="centerline4"
    ),
    *(Setting(name=f"image to graph, {method}", method=method) for method in METHODS),
    Setting(name="batch of masks, edt", threads=1),
    Setting(name="batch of masks, edt", threads=2),
    Setting(name="batch of masks, centreline", features="centreline", threads=2),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRow:
    """Bytes for each pixel and worker.

    `held` is the graph; in a batch, two graphs and copies of masks a worker, which are in flight.
    `scratch` is all else at the peak.
    """

    group: str
    input: str
    stage: str
    target: str
    side: int
    threads: int
    scratch_bytes_per_px: float
    held_bytes_per_px: float
    goal: float
    met: bool


def inputs(side: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, mask and raw image of the generated mesh and of the sample at this side."""
    mesh = generate_mesh(side)
    yield mesh.name, mesh.mask, mesh.image
    sample = tiled(next(load_samples()), side)[0]
    yield sample.name, sample.mask, sample.image


def measure(file: Path, name: str, side: int, setting: Setting) -> MemoryRow:
    command = [sys.executable, str(PROGRAM), str(file), *setting.arguments()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{setting.name} at {side} px failed: {done.stderr}")
    found = json.loads(done.stdout)
    workers = max(setting.threads, 1)
    scratch = (found["peak"] - found["before"] - found["held"]) / side**2 / workers
    return MemoryRow(
        group="memory",
        input=name,
        stage=setting.name,
        target=gftcore.simd_target(),
        side=side,
        threads=workers,
        scratch_bytes_per_px=scratch,
        held_bytes_per_px=found["held"] / side**2 / workers,
        goal=MOST_BYTES_PER_PX,
        met=scratch <= MOST_BYTES_PER_PX,
    )


def show(row: MemoryRow) -> None:
    print(
        f"{row.input:42} {row.side:5} px {row.stage:38} {row.threads} worker(s)"
        f" scratch {row.scratch_bytes_per_px:6.2f} B/px, held {row.held_bytes_per_px:5.2f} B/px"
        f"  bound {row.goal:g} {'met' if row.met else 'NOT MET'}",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sides", type=int, nargs="+", default=SIDES, help="sides in mask pixels")
    parser.add_argument("--json", type=Path, help="write header and rows as JSON")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "arrays.npz")
        for side in sorted(options.sides):
            for name, mask, image in inputs(side):
                np.savez(file, mask=mask, image=image)
                for setting in SETTINGS:
                    rows.append(measure(file, name, side, setting))
                    show(rows[-1])
    if options.json:
        head = header("memory", [gftcore.simd_target()])
        write_result(options.json, head, [asdict(row) for row in rows])
    return MET if all(row.met for row in rows) else MISSED


if __name__ == "__main__":
    exit_with(main)
