# SPDX-License-Identifier: Apache-2.0
"""Images of a manifest, all of one size, as a network of images reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore.errors import FormatError, GftcoreError
from gftcore.io import file_sha256, is_mask, read_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.datasets import GraphSource, Manifest

__all__ = ["LabelledImages", "read_pixels", "resized"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledImages:
    """Images of a manifest.

    Attributes
    ----------
    ids, labels, classes
        Of the images; numbers of their classes; names of the classes.
    pixels
        One image [S, S] each: uint8, of which 255 is 1, or float32 from 0 to 1.
    sha256
        Of all inputs, labels and settings.
    """

    ids: tuple[str, ...] = field(repr=False)
    labels: tuple[int, ...] = field(repr=False)
    classes: tuple[str, ...]
    pixels: tuple[NDArray[Any], ...] = field(repr=False)
    sha256: str

    def places(self, ids: Sequence[str]) -> list[int]:
        """Return where the images of some ids stand."""
        place = {name: i for i, name in enumerate(self.ids)}
        return [place[name] for name in ids]

    def batch(self, places: Sequence[int]) -> NDArray[np.float32]:
        """Return some images as float32 [n, S, S] from 0 to 1."""
        images = [self.pixels[place] for place in places]
        out: NDArray[np.float32] = np.stack(
            [np.float32(p) / np.float32(255) if p.dtype == np.uint8 else p for p in images]
        )
        return out


def read_pixels(
    manifest: Manifest,
    image_px: int,
    source: GraphSource,
    *,
    step: Callable[[], None] | None = None,
) -> LabelledImages:
    """Return the images of a manifest; the masks of records that have no image.

    Raises
    ------
    FormatError
        If there are images that cannot be read or have another size; it names the rows.
    """
    pixels, lines, failed = [], [], []
    for record, row in zip(manifest, manifest.rows, strict=True):
        file = manifest.image_path(record) or manifest.mask_path(record)
        assert file is not None
        try:
            image = read_image(file, channel=source.channel, max_pixels=source.max_pixels)
            pixels.append(resized(image, image_px))
            lines.append(f"{record.id}\t{record.label}\t{file_sha256(file)}\n")
        except (GftcoreError, OSError) as error:
            failed.append((row, str(error)))
        if step is not None:
            step()
    if failed:
        row, message = failed[0]
        raise FormatError(f"{len(failed)} images cannot be read, the first in row {row}: {message}")
    lines.append(f"{image_px}\t{source.channel}\n")
    return LabelledImages(
        ids=tuple(record.id for record in manifest),
        labels=tuple(manifest.classes.index(record.label) for record in manifest),
        classes=manifest.classes,
        pixels=tuple(pixels),
        sha256=hashlib.sha256("".join(lines).encode()).hexdigest(),
    )


def resized(image: NDArray[Any], image_px: int) -> NDArray[Any]:
    """Return an image of the given side from 0 to 1, or as uint8 if it is one of that size.

    A mask is 0 and 1; integers are divided by the largest of their type, other images span 0 to 1
    from their smallest to their largest value. Sides that are a multiple become means of squares.
    """
    rows, cols = image.shape
    factor = rows // image_px
    if rows != cols or rows != factor * image_px or not factor:
        raise FormatError(
            f"must be {image_px} x {image_px} px or a multiple, got {rows} x {cols}; "
            "set image_px, or resize the images"
        )
    if image.dtype == bool or is_mask(image):
        out = (np.asarray(image) != 0).astype(np.float32)
    elif image.dtype == np.uint8 and factor == 1:
        return image
    elif image.dtype.kind in "iu":
        out = np.asarray(image, dtype=np.float32) / np.float32(np.iinfo(image.dtype).max)
    else:
        if not np.isfinite(image).all():
            raise FormatError("must be finite, got NaN or infinity")
        low, high = image.min(), image.max()
        out = np.asarray((image - low) / ((high - low) or 1), dtype=np.float32)
    if factor > 1:
        out = out.reshape(image_px, factor, image_px, factor).mean(axis=(1, 3), dtype=np.float32)
    small: NDArray[np.float32] = out
    return small
