# SPDX-License-Identifier: Apache-2.0
"""An image with what its header says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BurnedIn", "Eye", "Scan"]

Eye = Literal["OD", "OS", "unknown"]
BurnedIn = Literal["refuse", "allow"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scan:
    """An image and what its file says of it.

    Attributes
    ----------
    pixels
        Array [H, W] with the file's own element type.
    fov_mm
        Length of the longer side in mm, or None if the file does not say it.
    eye
        ``OD`` (right), ``OS`` (left) or ``unknown``.
    layer
        Layer of the retina, such as ``deep retina``, or None.
    format
        ``DICOM``, ``NIfTI``, ``TIFF``, ``PNG``, ``JPEG``, ``BMP`` or ``NPY``.
    notes
        What deserves a look, such as a field of view that was not believed.
    """

    pixels: NDArray[Any] = field(repr=False)
    fov_mm: float | None = None
    eye: Eye = "unknown"
    layer: str | None = None
    format: str
    notes: tuple[str, ...] = ()
