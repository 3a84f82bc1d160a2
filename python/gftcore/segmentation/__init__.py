# SPDX-License-Identifier: Apache-2.0
"""Raw OCT-angiography image to vessel mask.

Examples
--------
>>> import numpy as np
>>> from gftcore import segmentation
>>> image = np.zeros((64, 64), dtype=np.uint8)
>>> image[30:33, :] = 200
>>> mask = segmentation.segment(image)
>>> mask.shape, bool(mask[126, 100]), bool(mask[0, 0])
((256, 256), True, False)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.segmentation.config import SegmentConfig
    from gftcore.segmentation.vessels import local_contrast, oriented, ridge, segment

__all__ = ["SegmentConfig", "local_contrast", "oriented", "ridge", "segment"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "SegmentConfig": "config",
        "local_contrast": "vessels",
        "oriented": "vessels",
        "ridge": "vessels",
        "segment": "vessels",
    },
)
