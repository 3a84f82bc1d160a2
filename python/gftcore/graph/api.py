# SPDX-License-Identifier: Apache-2.0
"""One image to one graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gftcore._native import core
from gftcore.graph.assemble import assemble
from gftcore.graph.inputs import (
    core_options,
    image_input,
    mask_input,
    require_config,
    require_keep,
    require_seg,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from gftcore.graph.config import ExtractConfig
    from gftcore.graph.hetero_graph import HeteroGraph
    from gftcore.segmentation import SegmentConfig

__all__ = ["extract", "extract_image"]


def extract(
    mask: ArrayLike,
    config: ExtractConfig | None = None,
    *,
    threshold: float | None = None,
    intensity: ArrayLike | None = None,
    exclude: ArrayLike | Iterable[Sequence[int]] | None = None,
    faz_mask: ArrayLike | None = None,
    keep: Iterable[str] = (),
) -> HeteroGraph:
    """Turn a vessel mask into a graph of segments, intercapillary areas and the FAZ.

    Parameters
    ----------
    mask
        Vessel mask [H, W]: bool, or integers with at most two values, one of them 0 unless all
        are equal; non-zero is vessel.
    config
        Settings; None means the defaults.
    threshold
        Takes masks of any real type: ``mask > threshold`` is vessel (bool masks stay).
    intensity
        Raw image for the intensity columns: the mask's shape, or both sides divided by one
        integer.
    exclude
        Pixels to leave out, a mask [H, W] or half-open rectangles (row0, col0, row1, col1);
        added to ``config.exclude``.
    faz_mask
        Pixels [H, W] of the foveal avascular zone; the area owning most of them is the FAZ.
    keep
        Images to copy into ``kept``: ``mask, skeleton, distance, vessel_label, ica_label,
        face_label``.

    Raises
    ------
    ArgumentTypeError, ArgumentError, ShapeError
        If an argument is outside its documented domain.

    Warns
    -----
    GftcoreWarning
        ``EMPTY_MASK``, ``FULL_MASK``, ``NO_SEGMENTS``, ``DENSITY_SUSPECT``; the graph is valid.

    Notes
    -----
    The same mask gives the same bytes for every number of threads and every SIMD target. Other
    Python threads run during the whole computation.

    References
    ----------
    Kreitner, L. et al. (2024). Synthetic optical coherence tomography angiographs for detailed
    retinal vessel segmentation without human annotations. doi:10.1109/TMI.2024.3354408

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((64, 64), dtype=bool)
    >>> mask[30:33, :] = mask[:, 30:33] = True
    >>> graph = extract(mask, keep=("skeleton",))
    >>> graph.num_segments, graph.kept["skeleton"].shape
    (4, (64, 64))
    """
    settings = require_config(config)
    names = require_keep(keep, from_mask=True)
    given = mask_input(
        mask,
        settings,
        threshold=threshold,
        intensity=intensity,
        exclude=exclude,
        faz_mask=faz_mask,
    )
    assert given.mask is not None
    arrays = core.extract(
        given.mask,
        core_options(settings),
        given.intensity,
        given.excluded,
        given.faz_mask,
        list(names),
    )
    return assemble(arrays, settings, seg=None, stacklevel=3)


def extract_image(
    image: ArrayLike,
    config: ExtractConfig | None = None,
    *,
    seg: SegmentConfig | None = None,
    exclude: ArrayLike | Iterable[Sequence[int]] | None = None,
    faz_mask: ArrayLike | None = None,
    keep: Iterable[str] = (),
) -> HeteroGraph:
    """Segment a raw image, then extract its graph with the image as intensity.

    Parameters
    ----------
    image
        Raw grey image [h, w] of finite real numbers.
    config
        Settings of the extraction; None means the defaults.
    seg
        Settings of the segmentation; None means the defaults. Its ``scale`` enlarges the image:
        the mask, and all positions in the graph, have h*scale rows and w*scale columns.
    exclude, faz_mask, keep
        As for `extract`, in pixels of the enlarged mask; ``keep`` also takes ``ridge``.

    Examples
    --------
    >>> import numpy as np
    >>> rows, cols = np.mgrid[:64, :64]
    >>> image = 100.0 * (np.abs(rows - cols) < 3)
    >>> graph = extract_image(image)
    >>> graph.num_segments >= 1, graph.meta.shape
    (True, (256, 256))
    """
    settings = require_config(config)
    segmentation = require_seg(seg)
    names = require_keep(keep, from_mask=False)
    given = image_input(image, settings, segmentation, exclude=exclude, faz_mask=faz_mask)
    assert given.image is not None
    arrays = core.extract_image(
        given.image,
        segmentation.to_dict(),
        core_options(settings),
        given.intensity,
        given.excluded,
        given.faz_mask,
        list(names),
    )
    return assemble(arrays, settings, seg=segmentation, stacklevel=3)
