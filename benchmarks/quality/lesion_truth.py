# SPDX-License-Identifier: Apache-2.0
"""Where the lesions of a synthetic eye are, and which structures of its graph lie in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gftcore import datasets, graph, synth
from gftcore.datasets import GraphSource
from gftcore.metrics import outline_mask, structure_hits
from gftcore.synth.lesions import MASK_PX

GROW_PX = 5.0
#: Half a pixel of the image: how well the place of a single vessel is known.
NEAR_SEGMENT_PX = 2
#: Truth to the types of lesions that it holds. The first one is what goals are about.
TRUTHS = {
    "lesions": ("non_perfusion", "microaneurysm", "tuft"),
    "non-perfusion": ("non_perfusion",),
    "microaneurysms, tufts": ("microaneurysm", "tuft"),
}
#: Edits of whole vessels, which are scored for vessels only.
SEGMENTS = ("beading", "tortuosity")
TURNS = (1, 2, 3)
KEEP = ("mask", "vessel_label", "ica_label")

Hits = dict[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class EyeTruth:
    """One eye: its graph with the images of labels, and the hits by the name of a truth.

    ``lesions, turned 90`` and so on are those of the lesions' areas turned about the centre.
    """

    record: datasets.Record
    graph: graph.HeteroGraph
    image: np.ndarray
    truth: synth.EyeTruth
    hits: Mapping[str, Hits]


def turned(turn: int) -> str:
    return f"{next(iter(TRUTHS))}, turned {90 * turn}"


def read_eye(
    folder: Path, record: datasets.Record, stored: graph.HeteroGraph, source: GraphSource
) -> EyeTruth:
    """Make the graph again, for its images of labels, and find its hits.

    Raises
    ------
    RuntimeError
        If the graph is not the stored one.
    """
    image = source.read(folder / str(record.path))
    made = graph.extract_image(image, source.config(record), seg=source.seg, keep=KEEP)
    for name in ("vessel_x", "ica_x", "faz_x"):
        if getattr(made, name).tobytes() != getattr(stored, name).tobytes():
            raise RuntimeError(f"{record.id}: the stored graph has another {name} than its image")
    truth = synth.read_truth(folder / "truth" / f"{record.id}.json")
    edges = synth.read_edges(folder / "graphs" / f"{record.id}.csv")
    hits = _hits(made, truth, edges)
    return EyeTruth(record=record, graph=made, image=image, truth=truth, hits=hits)


def lesion_area(truth: synth.EyeTruth, types: tuple[str, ...]) -> np.ndarray:
    """Return the pixels of lesions of some types, and those around them, as mask."""
    outlines = [one.polygon_rowcol_px for one in truth.lesions if one.type in types]
    return outline_mask(outlines, (MASK_PX, MASK_PX), grow_px=GROW_PX)


def _hits(made: graph.HeteroGraph, truth: synth.EyeTruth, edges: synth.Edges) -> dict[str, Hits]:
    areas = {name: lesion_area(truth, types) for name, types in TRUTHS.items()}
    whole = areas[next(iter(TRUTHS))]
    areas |= {turned(turn): np.rot90(whole, turn) for turn in TURNS}
    hits = {name: dict(structure_hits(made, area)) for name, area in areas.items()}
    for edit in truth.edits:
        if edit.kind in SEGMENTS:
            found = structure_hits(made, _near_segments(edges, edit))
            hits[edit.kind] = {"vessel": found["vessel"]}
    return hits


def _near_segments(edges: synth.Edges, edit: synth.SegmentEdit) -> np.ndarray:
    """Return the drawing of edited vessels, and what is near it, as mask."""
    rows = [np.arange(a, a + n) for a, n in zip(edit.first_row, edit.num_rows, strict=True)]
    which = np.concatenate(rows) if rows else np.empty(0, dtype=np.int64)
    some = synth.Edges(
        node1_xyz=edges.node1_xyz[which],
        node2_xyz=edges.node2_xyz[which],
        radius=edges.radius[which],
    )
    apart: np.ndarray = graph.squared_distance(~synth.draw_mask(some, side_px=MASK_PX))
    return apart <= NEAR_SEGMENT_PX**2
