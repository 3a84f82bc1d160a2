# SPDX-License-Identifier: Apache-2.0
"""What the lesions of a synthetic eye say about its findings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from gftcore.claims import Facts, lesion_cells
from gftcore.errors import ArgumentError
from gftcore.synth.lesions import MASK_PX
from gftcore.synth.options import FOV_MM
from gftcore.tabulation import ZONES

if TYPE_CHECKING:
    from gftcore.claims.places import Cell
    from gftcore.synth import EyeTruth
    from gftcore.tabulation import Fovea

__all__ = ["LESION_OF", "truth_facts"]

#: Finding to the type of lesion that it is about; the truth of an eye knows nothing of the others.
LESION_OF: Mapping[str, str] = MappingProxyType(
    {
        "non-perfusion": "non_perfusion",
        "FAZ enlarged": "faz_enlargement",
        "microaneurysm-like dilation": "microaneurysm",
        "neovascular tuft": "tuft",
        "sparse network": "non_perfusion",
    }
)


def truth_facts(truth: EyeTruth, fovea: Fovea, *, label: str) -> Facts:
    """Return what is true of a synthetic eye, with places about the fovea that its graph has.

    Parameters
    ----------
    truth
        Of `gftcore.synth.read_truth`.
    fovea
        Of the graph, so that clock hours and zones are those of its table.
    label
        Stage that the manifest gives.

    Raises
    ------
    ArgumentError
        If the truth is that of another eye: of another stage, side or width.

    Notes
    -----
    The cells of a lesion are those of `gftcore.claims.lesion_cells`; an enlarged FAZ is in the
    foveal cell, as its finding is.
    """
    fov_mm = fovea.mm_per_px * max(fovea.shape)
    side = truth.eye if fovea.eye == "unknown" else fovea.eye
    if (truth.label, truth.eye) != (label, side) or abs(fov_mm - FOV_MM) > 1e-6:
        raise ArgumentError(
            f"truth must be that of a {label} eye, {side}, {fov_mm:g} mm wide, "
            f"got {truth.label}, {truth.eye}, {FOV_MM:g} mm"
        )
    scale = MASK_PX / max(fovea.shape)
    lesions = lesion_cells(
        [lesion.polygon_rowcol_px for lesion in truth.lesions],
        fovea=((fovea.row + 0.5) * scale - 0.5, (fovea.col + 0.5) * scale - 0.5),
        mm_per_px=FOV_MM / MASK_PX,
        shape=(MASK_PX, MASK_PX),
    )
    of_type: dict[str, set[Cell]] = {}
    for lesion, cells in zip(truth.lesions, lesions, strict=True):
        of_type.setdefault(lesion.type, set()).update(cells)
    if "faz_enlargement" in of_type:
        of_type["faz_enlargement"] = {(None, ZONES[0])}
    found = {name: of_type.get(kind, set()) for name, kind in LESION_OF.items()}
    return Facts.of_truth(eye=fovea.eye, stage=label, cells=found)
