# SPDX-License-Identifier: Apache-2.0
"""What is measured of an eye: distributions for the reader, numbers for the classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gftcore import graph
from gftcore.graph.hetero_graph import NODE_KINDS
from gftcore.synth import Edges
from gftcore.synth.options import FOV_MM
from image_measures import intensities, spectrum
from spreads import Spread

JUNCTION = NODE_KINDS.index("junction")
END = NODE_KINDS.index("end")
# Shorter segments hold too few points to tell a turn from a stair of pixels.
TORTUOUS_FROM_UM = 50.0
AROUND_MM = 1.0  # of the centre of the FAZ: where vessels turn around it
SHELLS_MM = (0.25, 0.5, 0.75, 1.0, 1.25)


@dataclass(frozen=True)
class Quantity:
    """One row of the table; values are per eye, or many of each eye."""

    name: str
    unit: str
    log: bool = False  # axis of the picture


QUANTITIES = (
    Quantity("mask density", ""),
    Quantity("FAZ area", "mm2"),
    Quantity("junctions", "per eye"),
    Quantity("segments", "per eye"),
    Quantity("regions", "per eye"),
    Quantity("vessel radius", "um", log=True),
    Quantity("segment length", "um", log=True),
    Quantity("tortuosity", "arc/chord", log=True),
    Quantity("region area", "um2", log=True),
    Quantity("angle to the radius", "degrees"),
    Quantity("true edges", "per eye"),
    Quantity("true edge length", "um"),
    Quantity("true radius", "um", log=True),
    Quantity("intensity", "of 255"),
    Quantity("power by frequency", "per mm", log=True),
)


@dataclass(frozen=True)
class EyeMeasures:
    """One eye: quantity to its values, feature to its number."""

    spreads: Mapping[str, Spread] = field(repr=False)
    features: Mapping[str, float] = field(repr=False)


def spreads_of(eyes: Sequence[EyeMeasures], name: str) -> list[Spread]:
    """One quantity of all eyes that have values of it."""
    found = [eye.spreads[name] for eye in eyes if name in eye.spreads]
    return [item for item in found if len(item.values)]


def measure_eye(
    mask: np.ndarray, *, edges: Edges | None = None, image: np.ndarray | None = None
) -> EyeMeasures:
    """Extract the graph of a mask and measure it; edges and image only where they are given."""
    found = graph.extract(mask)
    um = 1000 * found.meta.mm_per_px
    long = found.vessel("length") * um >= TORTUOUS_FROM_UM
    whole = ~found.ica_touches_border
    angle, near = angle_to_radius(found)
    counts = {
        "mask density": float(mask.mean()),
        "FAZ area": float(found.faz("area").sum()) * found.meta.mm_per_px**2,
        "junctions": float((found.node_kind == JUNCTION).sum()),
        "segments": float(found.num_segments),
        "regions": float(found.num_icas),
    }
    many = {
        "vessel radius": found.vessel("radius_mean_px") * um,
        "segment length": found.vessel("length") * um,
        "tortuosity": found.vessel("curveness")[long],
        "region area": found.ica("area")[whole] * um**2,
        "angle to the radius": angle[near],
    }
    spreads = {name: Spread.of(value) for name, value in (counts | many).items()}
    if edges is not None:
        length = np.linalg.norm(edges.node1_xyz - edges.node2_xyz, axis=1)
        spreads["true edges"] = Spread.of(float(len(edges)))
        spreads["true edge length"] = Spread.of(in_um(length))
        spreads["true radius"] = Spread.of(in_um(edges.radius))
    if image is not None:
        spreads["intensity"] = intensities(image)
        spreads["power by frequency"] = spectrum(image)
    return EyeMeasures(spreads, counts | features_of(found, mask, many))


def in_um(fields_of_view: np.ndarray) -> np.ndarray:
    """Lengths to 0.01 um: files keep different numbers of digits of the same step or radius."""
    return (fields_of_view * FOV_MM * 1000).round(2)


def angle_to_radius(found: graph.HeteroGraph) -> tuple[np.ndarray, np.ndarray]:
    """Degrees between each chord and the line to the centre, 0 radial, 90 around; who is near."""
    chord = np.diff(found.node_rowcol[found.segment_nodes], axis=1)[:, 0]
    out = found.positions("vessel") - centre_of(found)
    lengths = np.hypot(*chord.T) * np.hypot(*out.T)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = np.abs((chord * out).sum(axis=1)) / lengths
    near = np.hypot(*out.T) * found.meta.mm_per_px < AROUND_MM
    return np.degrees(np.arccos(np.clip(cosine, 0, 1))), near


def centre_of(found: graph.HeteroGraph) -> np.ndarray:
    """Centroid of the FAZ, or of the image if there is none."""
    if len(found.faz_x):
        return found.positions("faz")[0]
    return (np.array(found.meta.shape) - 1) / 2


def features_of(
    found: graph.HeteroGraph, mask: np.ndarray, many: Mapping[str, np.ndarray]
) -> dict[str, float]:
    """Numbers of one graph that do not depend on where an eye is turned or mirrored to."""
    kinds = np.bincount(found.node_kind, minlength=len(NODE_KINDS))
    junction = found.node_kind == JUNCTION
    out = {
        "ends": float(kinds[END]),
        "junctions of degree 4": float((found.node_degree[junction] >= 4).mean()),
        "FAZ solidity": float(found.faz("solidity").sum()),
        "FAZ eccentricity": float(found.faz("eccentricity").sum()),
        "FAZ perimeter/diameter": float(
            (found.faz("perimeter") / found.faz("equivalent_diameter_area")).sum()
        ),
    }
    vessels = ("avgCrossSection", "radius_std_px", "roundnessAvg", "degree")
    areas = ("eccentricity", "solidity", "extent", "degree")
    out |= {f"vessel {name}, mean": float(found.vessel(name).mean()) for name in vessels}
    out |= {f"region {name}, mean": float(found.ica(name).mean()) for name in areas}
    for name, values in many.items():
        given = values[np.isfinite(values)]
        low, middle, high = np.quantile(given, (0.1, 0.5, 0.9)) if len(given) else (np.nan,) * 3
        out |= {
            f"{name}, mean": float(given.mean()) if len(given) else np.nan,
            f"{name}, 10 %": float(low),
            f"{name}, median": float(middle),
            f"{name}, 90 %": float(high),
        }
    return out | shell_densities(found, mask)


def shell_densities(found: graph.HeteroGraph, mask: np.ndarray) -> dict[str, float]:
    """Mask density between circles around the centre of the FAZ."""
    rows, cols = np.ogrid[: mask.shape[0], : mask.shape[1]]
    row, col = centre_of(found)
    shell = np.digitize(np.hypot(rows - row, cols - col) * found.meta.mm_per_px, SHELLS_MM)
    pixels = np.bincount(shell.ravel(), minlength=len(SHELLS_MM) + 1)
    inside = np.bincount(shell[mask], minlength=len(SHELLS_MM) + 1)
    names = [f"density {a:g}-{b:g} mm" for a, b in zip((0, *SHELLS_MM), SHELLS_MM, strict=False)]
    names.append(f"density beyond {SHELLS_MM[-1]:g} mm")
    return dict(zip(names, (inside / np.maximum(pixels, 1)).tolist(), strict=True))
