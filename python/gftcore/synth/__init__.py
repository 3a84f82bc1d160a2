# SPDX-License-Identifier: Apache-2.0
"""Synthetic OCT angiographies: vessels that are grown, and drawn as mask and image.

Examples
--------
>>> from gftcore import synth
>>> forest = synth.grow_vessels(seed=1, options=synth.GrowthOptions.test_profile())
>>> mask, image = synth.draw_vessels(forest.edges())
>>> mask.shape, image.shape
((1216, 1216), (304, 304))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.synth.edges import Edges, read_edges, write_edges
    from gftcore.synth.growth import VesselForest, grow_vessels
    from gftcore.synth.options import GrowthMode, GrowthOptions
    from gftcore.synth.raster import draw_image, draw_mask, draw_vessels

__all__ = [
    "Edges",
    "GrowthMode",
    "GrowthOptions",
    "VesselForest",
    "draw_image",
    "draw_mask",
    "draw_vessels",
    "grow_vessels",
    "read_edges",
    "write_edges",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Edges": "edges",
        "GrowthMode": "options",
        "GrowthOptions": "options",
        "VesselForest": "growth",
        "draw_image": "raster",
        "draw_mask": "raster",
        "draw_vessels": "raster",
        "grow_vessels": "growth",
        "read_edges": "edges",
        "write_edges": "edges",
    },
)
