# SPDX-License-Identifier: Apache-2.0
"""Images of vessels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["form_image"]


def form_image(
    vessels: NDArray[np.float32], background: NDArray[np.float32], *, seed: int, stream: int
) -> NDArray[np.uint8]:
    """Return vessels before a background."""
    del seed, stream
    return (np.maximum(vessels, 0.4 * background) * 255).astype(np.uint8)
