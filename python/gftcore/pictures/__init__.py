# SPDX-License-Identifier: Apache-2.0
"""Pictures of graphs as PNG and SVG: what a graph holds, maps of features, comparisons.

Examples
--------
>>> from gftcore import graph, pictures
>>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]], keep=pictures.PICTURE_KEEP)
>>> picture = pictures.draw_overlay(bar, scale=20)
>>> picture.pixels().dtype, picture.svg()[:4]
(dtype('uint8'), '<svg')
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.pictures.comparison import draw_comparison
    from gftcore.pictures.feature import draw_feature
    from gftcore.pictures.overlay import draw_overlay
    from gftcore.pictures.parts import PICTURE_KEEP
    from gftcore.pictures.picture import Picture

__all__ = ["PICTURE_KEEP", "Picture", "draw_comparison", "draw_feature", "draw_overlay"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "PICTURE_KEEP": "parts",
        "Picture": "picture",
        "draw_comparison": "comparison",
        "draw_feature": "feature",
        "draw_overlay": "overlay",
    },
)
