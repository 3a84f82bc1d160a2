# SPDX-License-Identifier: Apache-2.0
"""Stages that take a mask and return an image: thinning, distance, labels, filling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from gftcore._native import core
from gftcore._validation import (
    require_bool,
    require_choice,
    require_int,
    require_mask,
    require_points,
    require_same_shape,
)
from gftcore.graph.config import BORDERS, SKELETONS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["border_anchors", "fill_small", "label", "minimal_pass", "squared_distance", "thin"]


def border_anchors(mask: ArrayLike) -> NDArray[np.int64]:
    """Return the pixels [B, 2] at which vessels leave the image, in raster order.

    Parameters
    ----------
    mask
        Vessel mask [H, W].

    Notes
    -----
    The frame is walked clockwise; each maximal cyclic run of n vessel pixels gives its pixel
    ``(n - 1) // 2``. There is none if the frame is all vessel or all background, or if a side is
    shorter than 3.

    Examples
    --------
    >>> border_anchors([[0, 0, 0], [1, 1, 1], [0, 0, 0]]).tolist()
    [[1, 0], [1, 2]]
    """
    anchors: NDArray[np.int64] = core.border_anchors(require_mask(mask))
    return anchors


def thin(
    mask: ArrayLike,
    *,
    method: Literal["fast", "ordered", "zhang-skimage", "zhang-opencv", "guohall-opencv"] = "fast",
    border: Literal["anchor", "background"] = "anchor",
) -> NDArray[np.bool_]:
    """Thin a mask to a skeleton [H, W].

    Parameters
    ----------
    mask
        Vessel mask [H, W].
    method
        ``fast`` (Guo-Hall, then `minimal_pass`) and ``ordered`` (by distance; better centred)
        keep components, holes and closure faces and leave no redundant pixel. The others equal
        their namesakes pixel for pixel.
    border
        ``anchor`` never deletes `border_anchors`; ``background`` has none. The peers' methods
        always use ``background``.

    References
    ----------
    Guo, Z., Hall, R. W. (1989). Parallel thinning with two-subiteration algorithms.
    doi:10.1145/62065.62074

    Examples
    --------
    >>> bar = np.zeros((5, 7), dtype=bool)
    >>> bar[1:4, :] = True
    >>> thin(bar).astype(int).sum(axis=1).tolist()
    [0, 0, 7, 0, 0]
    """
    require_choice(method, SKELETONS, "method")
    require_choice(border, BORDERS, "border")
    skeleton: NDArray[np.bool_] = core.thin(require_mask(mask), method, border)
    return skeleton


def minimal_pass(skeleton: ArrayLike, *, anchors: ArrayLike | None = None) -> NDArray[np.bool_]:
    """Delete simple pixels that are no line ends, in raster order, until stable [H, W].

    Parameters
    ----------
    skeleton
        Skeleton [H, W].
    anchors
        Pixels [B, 2] that stay; None means none.

    References
    ----------
    Yokoi, S., Toriwaki, J., Fukumura, T. (1975). An analysis of topological properties of
    digitized binary pictures using local features. doi:10.1016/0146-664X(75)90002-8

    Examples
    --------
    >>> minimal_pass([[1, 1], [0, 1]]).astype(int).tolist()
    [[0, 1], [0, 1]]
    """
    pixels = require_mask(skeleton, name="skeleton")
    out: NDArray[np.bool_] = core.minimal_pass(pixels, anchor_array(anchors, pixels))
    return out


def anchor_array(anchors: ArrayLike | None, pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return anchors as int64 [B, 2] inside the image."""
    given = np.empty((0, 2), dtype=np.int64) if anchors is None else anchors
    return require_points(given, (pixels.shape[0], pixels.shape[1]), name="anchors")


def squared_distance(
    mask: ArrayLike, *, frame: Literal["none", "background"] = "none"
) -> NDArray[np.int32]:
    """Return the exact squared distance (px^2) to the nearest background pixel [H, W].

    Parameters
    ----------
    mask
        Vessel mask [H, W]. Background gives 0.
    frame
        ``none``: the outside is not background; ``background``: it is.

    Notes
    -----
    Distances are between pixel centres. Without any background all values are 2147483647.

    References
    ----------
    Felzenszwalb, P. F., Huttenlocher, D. P. (2012). Distance transforms of sampled functions.
    doi:10.4086/toc.2012.v008a019

    Examples
    --------
    >>> squared_distance([[0, 1, 1, 1]]).tolist()
    [[0, 1, 4, 9]]
    """
    require_choice(frame, ("none", "background"), "frame")
    out: NDArray[np.int32] = core.squared_distance(require_mask(mask), frame)
    return out


def label(
    mask: ArrayLike, *, connectivity: Literal[4, 8] = 8, background: bool = False
) -> NDArray[np.int32]:
    """Label connected components 1, 2, .. in raster order of their first pixels [H, W].

    Parameters
    ----------
    mask
        Mask [H, W].
    connectivity
        4 or 8 neighbours.
    background
        Label the components of the background instead of the foreground.

    References
    ----------
    He, L. et al. (2017). The connected-component labeling problem: a review.
    doi:10.1016/j.patcog.2017.04.018

    Examples
    --------
    >>> label([[1, 0], [0, 1]]).tolist(), label([[1, 0], [0, 1]], connectivity=4).tolist()
    ([[1, 0], [0, 1]], [[1, 0], [0, 2]])
    """
    require_choice(connectivity, (4, 8), "connectivity")
    labels: NDArray[np.int32]
    labels, _ = core.label(require_mask(mask), connectivity, require_bool(background, "background"))
    return labels


def fill_small(
    mask: ArrayLike, *, area_px: int, excluded: ArrayLike | None = None
) -> NDArray[np.bool_]:
    """Return the mask with small holes set to foreground [H, W].

    Parameters
    ----------
    mask
        Vessel mask [H, W].
    area_px
        4-connected background components with fewer pixels are filled, at the border too.
    excluded
        Components with a pixel in this mask [H, W] stay.

    Examples
    --------
    >>> fill_small([[1, 1, 1], [1, 0, 1], [1, 1, 1]], area_px=2).all()
    np.True_
    """
    pixels = require_mask(mask)
    size = require_int(area_px, "area_px")
    kept = None
    if excluded is not None:
        kept = require_mask(excluded, name="excluded")
        require_same_shape(kept, pixels.shape, name="excluded")
    out: NDArray[np.bool_] = core.fill_small(pixels, size, kept)
    return out
