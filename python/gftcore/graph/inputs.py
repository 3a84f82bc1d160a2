# SPDX-License-Identifier: Apache-2.0
"""Validated inputs of one extraction, in the form that the core takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._validation import (
    MAX_SIDE,
    describe,
    require_excluded,
    require_image,
    require_intensity,
    require_mask,
    require_names,
    require_same_shape,
)
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError
from gftcore.graph.assemble import KEEPS
from gftcore.graph.config import ExtractConfig
from gftcore.segmentation import SegmentConfig

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["CoreInput", "core_options", "image_input", "mask_input", "require_config"]
__all__ += ["require_keep", "require_seg"]


@dataclass(frozen=True, slots=True)
class CoreInput:
    """One image's arrays; exactly one of mask and image is there."""

    mask: NDArray[np.uint8] | None
    image: NDArray[np.float32] | None
    intensity: NDArray[Any] | None
    excluded: NDArray[np.uint8] | None
    faz_mask: NDArray[np.uint8] | None


def require_config(config: object) -> ExtractConfig:
    """Return the settings, the defaults for None."""
    if config is None:
        return ExtractConfig()
    if not isinstance(config, ExtractConfig):
        raise ArgumentTypeError(f"config must be an ExtractConfig, got {describe(config)}")
    return config


def require_seg(seg: object) -> SegmentConfig:
    """Return the segmentation settings, the defaults for None."""
    if seg is None:
        return SegmentConfig()
    if not isinstance(seg, SegmentConfig):
        raise ArgumentTypeError(f"seg must be a SegmentConfig, got {describe(seg)}")
    return seg


def require_keep(keep: Iterable[str], *, from_mask: bool) -> tuple[str, ...]:
    """Return the names of the images to keep; a mask has no ridge strength."""
    names = require_names(keep, KEEPS, "keep")
    if from_mask and "ridge" in names:
        raise ArgumentError("keep='ridge' needs a raw image; a mask has no ridge strength")
    return names


def core_options(config: ExtractConfig) -> dict[str, Any]:
    """Return the settings that the core reads."""
    options = config.to_dict()
    del options["eye"], options["exclude"]
    return options


def _pixel_masks(
    config: ExtractConfig,
    shape: tuple[int, int],
    exclude: ArrayLike | Iterable[Sequence[int]] | None,
    faz_mask: ArrayLike | None,
) -> tuple[NDArray[np.uint8] | None, NDArray[np.uint8] | None]:
    excluded = require_excluded(config.exclude, shape)
    given = require_excluded(exclude, shape)
    if excluded is None:
        excluded = given
    elif given is not None:
        excluded = excluded | given
    if config.faz == "mask" and faz_mask is None:
        raise ArgumentError("faz='mask' needs the argument faz_mask")
    zone = None
    if faz_mask is not None:
        zone = require_mask(faz_mask, name="faz_mask")
        require_same_shape(zone, shape, name="faz_mask")
    return excluded, zone


def mask_input(
    mask: ArrayLike,
    config: ExtractConfig,
    *,
    threshold: float | None = None,
    intensity: ArrayLike | None = None,
    exclude: ArrayLike | Iterable[Sequence[int]] | None = None,
    faz_mask: ArrayLike | None = None,
) -> CoreInput:
    """Validate everything that belongs to one mask."""
    pixels = require_mask(mask, threshold=threshold)
    shape = (pixels.shape[0], pixels.shape[1])
    grey = None if intensity is None else require_intensity(intensity, shape)
    excluded, zone = _pixel_masks(config, shape, exclude, faz_mask)
    return CoreInput(pixels, None, grey, excluded, zone)


def image_input(
    image: ArrayLike,
    config: ExtractConfig,
    seg: SegmentConfig,
    *,
    exclude: ArrayLike | Iterable[Sequence[int]] | None = None,
    faz_mask: ArrayLike | None = None,
) -> CoreInput:
    """Validate everything that belongs to one raw image; masks have the enlarged shape."""
    pixels = require_image(image)
    shape = (pixels.shape[0] * seg.scale, pixels.shape[1] * seg.scale)
    if max(shape) > MAX_SIDE:
        raise ShapeError(
            f"image must have at most {MAX_SIDE // seg.scale} rows and columns at scale "
            f"{seg.scale}, got shape {pixels.shape}"
        )
    excluded, zone = _pixel_masks(config, shape, exclude, faz_mask)
    return CoreInput(None, pixels, pixels, excluded, zone)
