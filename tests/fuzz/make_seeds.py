# SPDX-License-Identifier: Apache-2.0
"""Write the seeds of the fuzz targets: drawn figures with a few settings, as `corpus/NAME/*`.

    python tests/fuzz/make_seeds.py

The layout of an input is described in docs/development/fuzzing.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import figures  # noqa: E402

#: Targets that read a shape, eight option bytes and a mask.
SCENES = (
    "biomarkers", "distance", "extract", "faces", "faz", "label", "nearest", "regions", "segments",
    "thinning", "trace",
)  # fmt: skip
_ANY_SHAPE = 7  # the class of shapes that takes both sides as they are
_BITS = 0  # the way of giving a mask that takes its pixels as bits
_FIGURES = ("plus_through", "ring_in_ring", "figure_eight", "cluster_with_hole", "corner_anchors")
#: Option bytes: the defaults of most targets, and a mixture.
_OPTIONS = (bytes(8), bytes((0x23, 0x11, 0x47, 0x72, 0x14, 0x27, 0x0F, 0x34)))


def shape_bytes(mask: NDArray[np.bool_]) -> bytes:
    """Return the three bytes of a shape."""
    return bytes((_ANY_SHAPE, *mask.shape))


def mask_bytes(mask: NDArray[np.bool_]) -> bytes:
    """Return a mask as pixel bits."""
    return bytes((_BITS,)) + np.packbits(mask.ravel(), bitorder="little").tobytes()


def masks() -> dict[str, NDArray[np.bool_]]:
    """Return drawn figures, and a scene of bars and an annulus that leave the image."""
    out = {figure.name: figure.mask for figure in figures.FIGURES if figure.name in _FIGURES}
    shape = (24, 30)
    scene = figures.annulus(shape, (11, 13), 7, 1.6)
    for angle in (0.3, 1.9):
        scene |= figures.bar(shape, (11, 13), angle, 40, 1.2)
    out["scene"] = scene
    return out


def seeds() -> dict[Path, bytes]:
    """Return the content of each seed by its path below `corpus`."""
    out: dict[Path, bytes] = {}
    for name, mask in masks().items():
        for target in SCENES:
            for i, options in enumerate(_OPTIONS):
                content = shape_bytes(mask) + options + mask_bytes(mask) + bytes((1, 2))
                out[Path(target) / f"{name}-{i}"] = content
        out[Path("bit_image") / name] = shape_bytes(mask) + mask_bytes(mask) + b"\x07\x00\x80"
    for kernel in range(8):  # kernel, scale, sigma, grey values, their seed, shape
        out[Path("filters") / f"kernel-{kernel}"] = bytes((kernel, 2, 4, 0, 9, 7, 9, 14))
    for grey in (0, 3, 5, 7):  # shape, grey values, their seed, quantile, threshold
        out[Path("threshold") / f"grey-{grey}"] = bytes((7, 12, 70, grey, 3, 165, 4))
    for kind in range(6):  # shape, kind, numbers, object size, quantile, grey, seed, more
        out[Path("segment") / f"kind-{kind}"] = bytes(
            (7, 8, 9, kind * 17, 80, 6, 160, 0, kind, 1, 1)
        )
    # kind, largest end, seed, how many generated edges, then edges
    out[Path("edges") / "few"] = bytes((0, 9, 1, 0, *range(1, 31)))
    out[Path("edges") / "many"] = bytes((4, 30, 1, 0, 200, *range(30)))
    # drawing: block, side in blocks, seed, vessels; growth: seed, trees, turns, then settings
    for side in (0, 5, 11):
        out[Path("synth") / f"drawing-{side}"] = bytes((0, side, side, side, 1, 9))
    # kind, seed, types and options, spoiled, depths, hidden, classes; of each of three types its
    # features and pools; missing relations; graphs: seed, kind, number, nodes of each type
    for kind in range(3):  # alone, a wrong batch, threads
        for options in (2, 34):  # linear ends
            types = bytes((9, 15, 5, 7, 2, 1))
            graphs = bytes((1, 0, 0, 3, 220, 7, 1, 4, 0, 1, 0, 0, 0, 8, 1, 7, 3))
            network = bytes((kind, 1, 0, options, 0, 138, 15, 2)) + types + bytes(2)
            out[Path("network") / f"kind-{kind}-{options}"] = network + graphs
    out[Path("network") / "gcn"] = bytes(
        (0, 1, 0, 12, 0, 138, 15, 2, 9, 15, 0, 0, 1, 0, 0, 3, 9, 4)
    )
    # as network, then kind, panels, their ends, chunks, start, its seed
    for kind in (0, 1, 2, 3, 4):  # plain, a wrong batch, threads, wrong decisions, a wrong request
        for way in (0, 1, 2, 6, 8):  # logit, margin, probability, edges
            network = bytes((kind, 1, 0, 2 + 8 * way, 0, 138, 15, 2, 9, 15, 5, 7, 2, 1, 0, 0))
            graphs = bytes((1, 0, 0, 2, 220, 7, 1, 4, 0, 1))
            path = bytes((way, 2, 40, 90, 4, way, 5, 0, kind))
            out[Path("path_integral") / f"kind-{kind}-{way}"] = network + graphs + path
    for act in range(4):  # kind, types and act, seed, width; nodes and depths; relations
        layer = bytes((act, 1 + 4 * act, 1, 0, 15, 230, 15, 7, 4, 4, 0, 1, 3, 4))
        out[Path("sage_layer") / f"act-{act}"] = layer
    for kind in (0, 1, 2, 4):  # spoiled, kind, seed, images, classes, groups, resamples
        out[Path("resample") / f"kind-{kind}"] = bytes((0, kind, 1, 0, 20, 2, 7, 3))
    usual = bytes(18) + bytes((7, 60)) + bytes(17) + bytes((7, 60)) + bytes(17)
    for seed in (1, 2):
        out[Path("synth") / f"growth-{seed}"] = bytes((1, seed, 0, 4, 3)) + usual
    return out


def main() -> None:
    """Write all seeds."""
    for path, content in seeds().items():
        target = HERE / "corpus" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


if __name__ == "__main__":
    main()
