# SPDX-License-Identifier: Apache-2.0
"""Vessel responses and masks of raw images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gftcore._native import core
from gftcore._validation import MAX_SIDE, describe, require_bool, require_image
from gftcore.errors import ArgumentTypeError, ShapeError
from gftcore.segmentation.config import (
    SegmentConfig,
    require_broad_sigma,
    require_scale,
    require_sigma,
    require_sigmas,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["local_contrast", "oriented", "ridge", "segment"]


def _scalable(image: ArrayLike, scale: int) -> NDArray[np.float32]:
    pixels = require_image(image)
    if max(pixels.shape) * scale > MAX_SIDE:
        raise ShapeError(
            f"image must have at most {MAX_SIDE // scale} rows and columns at scale {scale}, "
            f"got shape {pixels.shape}"
        )
    return pixels


def oriented(image: ArrayLike, *, sigma: float = 24.0, scale: int = 4) -> NDArray[np.float32]:
    """Measure how bright each place is, and how much it looks like part of a bright line.

    The contrast of the image to its surroundings is enlarged, the strength of the lines in it is
    added, and, after clipping, the strength of the lines in that.

    Parameters
    ----------
    image
        Raw image [h, w] of finite numbers.
    sigma
        Size of the surroundings: sigma of a Gaussian in raw pixels, at least 4.
    scale
        Factor of enlargement, 1 to 8.

    Returns
    -------
    float32 [scale * h, scale * w]
        Zeros for an image of one value. A gain or an offset of the image changes nothing but
        rounding.

    Notes
    -----
    Contrast: the image is mapped to [0, 1]; with M(x) the Gaussian mean of the means of 4 x 4
    blocks (sigma / 4 blocks) and d the image minus M(image), it is d / sqrt((M(d^2) + w) / 2 +
    1e-6), where w is the mean of d^2 and all M are enlarged by cubic interpolation.

    The rest happens at f = 2 times the image's size (f = `scale` if that is odd). Line strength:
    for each of eight directions the second derivative across it, times -sigma^2 (sigma 0.625 raw
    pixels), averaged over three samples of the line, one raw pixel apart, with weights 1/4, 1/2,
    1/4; of these the largest. a = contrast + 3 line strength of it; p = a mapped from 0.25..0.75 to
    0..1 and clipped; b = a + 3 line strength of p. The result is b, enlarged to `scale`. Noise
    differs from pixel to pixel and a vessel does not, so looking along a line tells them apart.

    Edges are mirrored (d c b a | a b c d). One SIMD target always gives the same bytes.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((32, 32))
    >>> image[16, :] = 1.0
    >>> response = oriented(image)
    >>> bool(response[66, 64] > 3), bool(response[86, 64] < 0.5)
    (True, True)
    """
    sigma = require_broad_sigma(sigma, "sigma")
    scale = require_scale(scale)
    return core.oriented(_scalable(image, scale), sigma, scale)


def local_contrast(image: ArrayLike, *, sigma: float = 12.0, scale: int = 4) -> NDArray[np.float32]:
    """Measure how much brighter than its surroundings each place of an image is.

    The image is mapped to [0, 1]; its Gaussian mean is subtracted; the difference is enlarged by
    cubic interpolation.

    Parameters
    ----------
    image
        Raw image [h, w] of finite numbers.
    sigma
        Of the Gaussian, in raw pixels; its taps end at ceil(4 sigma).
    scale
        Factor of enlargement, 1 to 8.

    Returns
    -------
    float32 [scale * h, scale * w]
        Zeros for an image of one value.

    Notes
    -----
    The image is mirrored at its edges (d c b a | a b c d). Interpolation is by Keys' kernel with
    a = -1/2, pixels being unit squares. One SIMD target always gives the same bytes.

    References
    ----------
    Keys, R. (1981). Cubic convolution interpolation for digital image processing.
    doi:10.1109/TASSP.1981.1163711

    Examples
    --------
    >>> import numpy as np
    >>> local_contrast(np.eye(16), sigma=2.0, scale=2).shape
    (32, 32)
    """
    sigma = require_sigma(sigma, "sigma")
    scale = require_scale(scale)
    return core.local_contrast(_scalable(image, scale), sigma, scale)


def ridge(
    image: ArrayLike,
    *,
    sigmas_px: Sequence[float] = (3.0, 4.5, 6.0),
    normalise: bool = True,
    scale: int = 4,
) -> NDArray[np.float32]:
    """Measure the strength of bright ridges at several widths.

    The image is mapped to [0, 1] and enlarged by cubic interpolation. The response is the largest,
    over the sigmas, of max(0, -smallest eigenvalue of sigma^2 times the Hessian).

    Parameters
    ----------
    image
        Raw image [h, w] of finite numbers.
    sigmas_px
        Of the Gaussian derivatives, in pixels of the result.
    normalise
        Before enlarging, subtract the local mean and divide by the local standard deviation plus
        0.001, both of a Gaussian window with sigma 10 raw pixels. Without it, the enlarged image
        is clipped to [0, 1].
    scale
        Factor of enlargement, 1 to 8.

    Returns
    -------
    float32 [scale * h, scale * w]
        Not negative; zeros for an image of one value.

    Notes
    -----
    Derivative taps end at ceil(4 sigma) and are exact for polynomials: order 2 gives 0 on
    constants and 1 on x^2 / 2, order 1 gives 1 on x. Edges are mirrored (d c b a | a b c d). One
    SIMD target always gives the same bytes; targets agree to float32 rounding.

    References
    ----------
    Sato, Y. et al. (1998). Three-dimensional multi-scale line filter for segmentation and
    visualization of curvilinear structures in medical images.
    doi:10.1016/S1361-8415(98)80009-1

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((32, 32))
    >>> image[16, :] = 1.0
    >>> response = ridge(image)
    >>> bool(response[66, 64] > 10 * response[86, 64])
    True
    """
    sigmas = require_sigmas(sigmas_px, "sigmas_px")
    normalise = require_bool(normalise, "normalise")
    scale = require_scale(scale)
    return core.ridge(_scalable(image, scale), list(sigmas), normalise, scale)


def segment(image: ArrayLike, config: SegmentConfig | None = None) -> NDArray[np.bool_]:
    """Segment the vessels of a raw image.

    Parameters
    ----------
    image
        Raw image [h, w] of finite numbers.
    config
        Settings; `SegmentConfig()` if None.

    Returns
    -------
    bool [scale * h, scale * w]
        Where the response (`oriented`, `local_contrast` or `ridge`) is greater than the threshold,
        without small objects. An image of one value has no vessels.

    Notes
    -----
    Threshold ``quantile`` is the order statistic of index floor(q (n - 1)) of all n responses.
    Threshold ``otsu`` uses 256 bins over the range of the responses.

    References
    ----------
    Otsu, N. (1979). A threshold selection method from gray-level histograms.
    doi:10.1109/TSMC.1979.4310076

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((32, 32))
    >>> image[16, :] = 1.0
    >>> mask = segment(image, SegmentConfig(method="ridge", ridge_quantile=0.9))
    >>> bool(mask.any(axis=0).all())
    True
    """
    if config is None:
        config = SegmentConfig()
    if not isinstance(config, SegmentConfig):
        raise ArgumentTypeError(f"config must be a SegmentConfig or None, got {describe(config)}")
    return core.segment(_scalable(image, config.scale), config.to_dict())
