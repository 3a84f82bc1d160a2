# SPDX-License-Identifier: Apache-2.0
"""Images of a data set before it has a manifest, with what its publisher says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gftcore.datasets.labels import Eye

__all__ = ["Entry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One image of a data set that has no manifest, perhaps without a label.

    `Record` is the row of a manifest, which needs a subject and a label. The text form leaves out
    what names a person or a place.

    Attributes
    ----------
    id
        Name of the image, unique in its data set.
    path
        Image file.
    subject
        Whose image it is, or None where nothing says it.
    eye
        ``OD``, ``OS`` or ``unknown``.
    label
        Class of the image, or None.
    disease
        Word of the publisher, where it is no class of this package; else None.
    fov_mm
        Length of the longer side in mm, or None.
    layer
        Layer of the retina, or None.
    masks
        Kind of mask to its file.

    Examples
    --------
    >>> Entry(id="0001_OD", path=Path("images/0001_OD.png"), eye="OD")
    Entry(eye='OD', label=None, disease=None, fov_mm=None, layer=None)
    """

    id: str = field(repr=False)
    path: Path = field(repr=False)
    subject: str | None = field(default=None, repr=False)
    eye: Eye = "unknown"
    label: str | None = None
    disease: str | None = None
    fov_mm: float | None = None
    layer: str | None = None
    masks: Mapping[str, Path] = field(default_factory=dict, repr=False, hash=False)
