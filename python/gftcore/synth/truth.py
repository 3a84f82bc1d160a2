# SPDX-License-Identifier: Apache-2.0
"""What is known of a synthetic eye."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gftcore import __version__
from gftcore.synth.lesions import MASK_PX, Lesion
from gftcore.synth.options import FOV_MM

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gftcore.synth.parameters import EyeParameters

__all__ = ["EDIT_KINDS", "NOTICE", "SCHEMA", "EyeTruth", "SegmentEdit"]

SCHEMA = "gftcore-eye-truth/1"
EDIT_KINDS = ("loss", "void", "tortuosity", "beading")
NOTICE = "Synthetic: no person's eye. Not a medical device; not for clinical use."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SegmentEdit:
    """Segments of the unedited eye that changed along their whole length.

    Attributes
    ----------
    kind
        ``loss``, ``void`` (cut by a natural void), ``tortuosity`` or ``beading``.
    segment
        int64 [n] numbers of the segments.
    first_row, num_rows
        int64 [n] edges in the eye's graph that a segment has now, as far as no lesion cut it.
    value
        float64 [n] length per distance of the ends, or amplitude of the radius; else empty.
    """

    kind: str
    segment: NDArray[np.int64]
    first_row: NDArray[np.int64]
    num_rows: NDArray[np.int64]
    value: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EyeTruth:
    """All that is known of an eye.

    Attributes
    ----------
    label
        Stage by the lesions alone.
    seed, stream
        What `make_eye` was given.
    parameters
        What the eye was made of.
    lesions
        All lesions.
    voids_rowcol_px
        Outlines [n, 2] of natural voids, as those of lesions: areas without capillaries that are
        none.
    edits
        Segments that are lost, cut by voids, wind or are beaded, without being lesions.
    """

    label: str
    seed: int
    stream: int
    parameters: EyeParameters
    lesions: tuple[Lesion, ...] = field(repr=False)
    voids_rowcol_px: tuple[NDArray[np.float64], ...] = field(repr=False)
    edits: tuple[SegmentEdit, ...] = field(repr=False)

    @property
    def eye(self) -> str:
        """``OD`` or ``OS``."""
        return self.parameters.eye

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {
            "schema": SCHEMA,
            "gftcore": __version__,
            "notice": NOTICE,
            "label": self.label,
            "eye": self.eye,
            "fov_mm": FOV_MM,
            "mask_px": MASK_PX,
            "seed": self.seed,
            "stream": self.stream,
            "parameters": self.parameters.to_dict(),
            "lesions": [_lesion(lesion) for lesion in self.lesions],
            "voids": [outline.tolist() for outline in self.voids_rowcol_px],
            "edits": {edit.kind: _edit(edit) for edit in self.edits},
        }


def _lesion(lesion: Lesion) -> Mapping[str, Any]:
    return {
        "id": lesion.id,
        "type": lesion.type,
        "severity": lesion.severity,
        "area_mm2": lesion.area_mm2,
        "quadrant": lesion.place.quadrant,
        "side": lesion.place.side,
        "clock_hour": lesion.place.clock_hour,
        "zone": lesion.place.zone,
        "segment_ids": lesion.segment_ids.tolist(),
        "first_row": lesion.first_row,
        "num_rows": lesion.num_rows,
        "polygon_rowcol_px": lesion.polygon_rowcol_px.tolist(),
    }


def _edit(edit: SegmentEdit) -> Mapping[str, Any]:
    return {
        "segment": edit.segment.tolist(),
        "first_row": edit.first_row.tolist(),
        "num_rows": edit.num_rows.tolist(),
        "value": edit.value.tolist(),
    }
