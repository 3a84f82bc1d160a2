# SPDX-License-Identifier: Apache-2.0
"""Angiograms of vessels: contrast, noise and artefacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._native import core
from gftcore._validation import describe, require_image, require_int
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError
from gftcore.synth.image_options import ImageOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["form_image"]

MOST_SEED = 2**64 - 1


def form_image(
    vessels: ArrayLike,
    background: ArrayLike,
    *,
    seed: int,
    stream: int = 0,
    options: ImageOptions | None = None,
) -> NDArray[np.uint8]:
    """Form an angiogram of vessels before a background, with noise and artefacts.

    Parameters
    ----------
    vessels
        [H, W] grey values in 0..1, as `draw_image` draws them.
    background
        [H, W] the same of what lies behind: the capillaries of another eye, perhaps turned.
    seed
        0 to 2**64 - 1.
    stream
        Number of an independent image of the same seed, 0 to 2**64 - 1.
    options
        Strengths, noise and artefacts; None: the defaults.

    Returns
    -------
    uint8 [H, W]
        The same bytes for the same arguments, from whichever thread and on every machine. Nothing
        is displaced: the mask of the vessels is that of the image.

    Notes
    -----
    Two fields of noise, Delta and N, follow Beta(alpha, beta) at each pixel; their shapes and the
    exponent Gamma change slowly over the image. With the vessels I, the background I_d and
    Gaussian means G::

        I0 = I * (calibre * G(I) + 1 - calibre)
        I1 = max(I0, Delta * (background * I_d + haze * G(I_d)))
        I2 = I1 * (speckle * N + 1 - speckle)
        image = (blurred I2 + 1e-6) ** Gamma

    then come vignetting, shadow and stripes, gain and offset, and rounding (halves up). After
    Kreitner et al. (2024), doi:10.1109/TMI.2024.3354408, who have no calibre, haze and blur.

    Examples
    --------
    >>> import numpy as np
    >>> vessels = np.zeros((304, 304), dtype=np.float32)
    >>> vessels[100:110] = 1
    >>> image = form_image(vessels, np.zeros_like(vessels), seed=1)
    >>> image.shape, image.dtype.name, bool(image[105].mean() > 100), int(image[50].max())
    ((304, 304), 'uint8', True, 0)
    """
    if options is None:
        options = ImageOptions()
    if not isinstance(options, ImageOptions):
        raise ArgumentTypeError(f"options must be ImageOptions or None, got {describe(options)}")
    front = _grey(vessels, "vessels")
    behind = _grey(background, "background")
    if behind.shape != front.shape:
        raise ShapeError(
            f"background must have the shape of vessels, {front.shape}, got {behind.shape}"
        )
    return core.form_image(
        front,
        behind,
        options.to_dict(),
        require_int(seed, "seed", 0, MOST_SEED),
        require_int(stream, "stream", 0, MOST_SEED),
    )


def _grey(image: ArrayLike, name: str) -> NDArray[np.float32]:
    array = require_image(image, name=name)
    low, high = float(array.min()), float(array.max())
    if low < 0 or high > 1:
        raise ArgumentError(
            f"{name} must hold grey values in 0..1, got {low:g}..{high:g}; "
            "divide 8-bit images by 255"
        )
    return array
