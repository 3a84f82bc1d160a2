# SPDX-License-Identifier: Apache-2.0
"""Settings of the extraction."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gftcore._validation import (
    require_choice,
    require_int,
    require_real,
    require_rectangles,
)
from gftcore.config import config_dict, config_hash, require_fields

__all__ = ["ADJACENCIES", "BORDERS", "EYES", "FAZ_METHODS", "FEATURES", "PRUNES", "SKELETONS"]
__all__ += ["ExtractConfig"]

SKELETONS = ("fast", "ordered", "zhang-skimage", "zhang-opencv", "guohall-opencv")
BORDERS = ("anchor", "background")
PRUNES = ("bulge", "length", "none")
FEATURES = ("edt", "voreen_slab", "centreline")
ADJACENCIES = ("planar", "centerline4")
FAZ_METHODS = ("auto", "fixed", "mask")
EYES = ("OD", "OS", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractConfig:
    """How a mask becomes a graph. Frozen, keyword-only, validated when made.

    Parameters
    ----------
    skeleton
        Thinning method. ``fast`` and ``ordered`` keep components, holes and closure faces
        exactly; the others reproduce the peer they are named after.
    border
        ``anchor`` lets vessels reach the image frame, ``background`` treats the outside as
        background (always so for the peers' methods and for images with a side below 3).
    skeleton_fill_px, ica_fill_px
        Background components with fewer pixels are filled before thinning, and before the
        intercapillary areas are labelled.
    prune, bulge, max_rounds
        Rule, limit and largest number of rounds for removing spurs.
    merge_px
        Two junctions that a shorter segment joins at a narrow place of the mask become one, as
        where vessels cross; 0 keeps them apart.
    features
        ``edt`` (distance to the wall), ``voreen_slab`` (parity with the published data) or
        ``centreline`` (no surface features, faster).
    ica_connectivity, ica_min_px
        Connectivity of intercapillary areas; smaller ones are dropped.
    adjacency
        ``planar`` (faces of the skeleton) or ``centerline4`` (parity with the published data).
    faz
        How the foveal avascular zone is chosen; ``mask`` needs the argument ``faz_mask``.
    exclude
        Half-open rectangles (row0, col0, row1, col1) of pixels to leave out. A mask of excluded
        pixels is an argument of `extract`, because a configuration holds plain values only.
    fov_mm
        Length of the longer image side in mm.
    eye
        ``OD`` (right), ``OS`` (left) or ``unknown``.

    Examples
    --------
    >>> ExtractConfig(prune="length").replace(fov_mm=6.0).fov_mm
    6.0
    >>> ExtractConfig().hash == ExtractConfig(bulge=3).hash
    True
    """

    skeleton: Literal["fast", "ordered", "zhang-skimage", "zhang-opencv", "guohall-opencv"] = "fast"
    border: Literal["anchor", "background"] = "anchor"
    skeleton_fill_px: int = 0
    ica_fill_px: int = 5
    prune: Literal["bulge", "length", "none"] = "bulge"
    bulge: float = 3.0
    max_rounds: int = 100
    merge_px: float = 3.0
    features: Literal["edt", "voreen_slab", "centreline"] = "edt"
    ica_connectivity: Literal[4, 8] = 8
    ica_min_px: int = 11
    adjacency: Literal["planar", "centerline4"] = "planar"
    faz: Literal["auto", "fixed", "mask"] = "auto"
    exclude: tuple[tuple[int, int, int, int], ...] = ()
    fov_mm: float = 3.0
    eye: Literal["OD", "OS", "unknown"] = "unknown"

    def __post_init__(self) -> None:
        choices: Mapping[str, tuple[object, ...]] = {
            "skeleton": SKELETONS,
            "border": BORDERS,
            "prune": PRUNES,
            "features": FEATURES,
            "ica_connectivity": (4, 8),
            "adjacency": ADJACENCIES,
            "faz": FAZ_METHODS,
            "eye": EYES,
        }
        for name, allowed in choices.items():
            require_choice(getattr(self, name), allowed, name)
        for name in ("skeleton_fill_px", "ica_fill_px", "max_rounds", "ica_min_px"):
            self._set(name, require_int(getattr(self, name), name))
        self._set("bulge", require_real(self.bulge, "bulge"))
        self._set("merge_px", require_real(self.merge_px, "merge_px"))
        self._set("fov_mm", require_real(self.fov_mm, "fov_mm", above=0.0))
        self._set("exclude", require_rectangles(self.exclude))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def replace(self, **changes: Any) -> ExtractConfig:
        """Return a copy with some fields changed."""
        require_fields(self, changes)
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return config_dict(self)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of all fields."""
        return config_hash(self)
