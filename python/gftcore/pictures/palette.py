# SPDX-License-Identifier: Apache-2.0
"""The colours of pictures; what differs in meaning differs for colour-blind eyes, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gftcore.pictures.scene import Colour

__all__ = ["AREAS", "BOTH", "CENTRELINE", "FAZ", "FAZ_UNSCALED", "GROUND", "MISSING"]
__all__ += ["MISSING_STRIPES", "NODES", "ONLY_LEFT", "ONLY_RIGHT", "OTHERWISE", "VESSEL", "VOID"]
__all__ += ["ramp"]

VESSEL: Colour = (225, 225, 225)
CENTRELINE: Colour = (213, 60, 0)
FAZ: Colour = (240, 215, 50)
VOID: Colour = (40, 40, 40)
AREAS: tuple[Colour, ...] = (
    (28, 70, 120),
    (70, 130, 180),
    (22, 110, 110),
    (100, 100, 170),
    (60, 155, 150),
    (50, 50, 110),
)
#: Colour and shape of each kind of node.
NODES: dict[str, tuple[Colour, str]] = {
    "end": ((230, 0, 170), "triangle"),
    "junction": ((0, 0, 0), "disc"),
    "border": ((0, 190, 60), "square"),
    "isolated": ((120, 240, 255), "diamond"),
    "ring": ((150, 0, 220), "hexagon"),
}

#: Below maps of features: what is drawn stands out from it by 3 to 1 at least.
GROUND: Colour = (0, 0, 0)
#: The FAZ, which has no part in the scale of the areas.
FAZ_UNSCALED: Colour = (96, 96, 96)
MISSING: Colour = (205, 205, 205)
MISSING_STRIPES: Colour = (110, 110, 110)

BOTH: Colour = (105, 105, 105)
OTHERWISE: Colour = (190, 190, 190)
ONLY_LEFT: Colour = (255, 140, 0)
ONLY_RIGHT: Colour = (70, 170, 255)

# Viridis by Stefan van der Walt and Nathaniel Smith, CC0: 256 colours, three bytes each.
_VIRIDIS = bytes.fromhex(
    "44015444025645045745055946075a46085c460a5d460b5e470d60470e61471063471164471365481467481668"
    "48176948186a481a6c481b6d481c6e481d6f481f70482071482173482374482475482576482677482878482979"
    "472a7a472c7a472d7b472e7c472f7d46307e46327e46337f463480453581453781453882443983443a83443b84"
    "433d84433e85423f854240864241864142874144874045884046883f47883f48893e49893e4a893e4c8a3d4d8a"
    "3d4e8a3c4f8a3c508b3b518b3b528b3a538b3a548c39558c39568c38588c38598c375a8c375b8d365c8d365d8d"
    "355e8d355f8d34608d34618d33628d33638d32648e32658e31668e31678e31688e30698e306a8e2f6b8e2f6c8e"
    "2e6d8e2e6e8e2e6f8e2d708e2d718e2c718e2c728e2c738e2b748e2b758e2a768e2a778e2a788e29798e297a8e"
    "297b8e287c8e287d8e277e8e277f8e27808e26818e26828e26828e25838e25848e25858e24868e24878e23888e"
    "23898e238a8d228b8d228c8d228d8d218e8d218f8d21908d21918c20928c20928c20938c1f948c1f958b1f968b"
    "1f978b1f988b1f998a1f9a8a1e9b8a1e9c891e9d891f9e891f9f881fa0881fa1881fa1871fa28720a38620a486"
    "21a58521a68522a78522a88423a98324aa8325ab8225ac8226ad8127ad8128ae8029af7f2ab07f2cb17e2db27d"
    "2eb37c2fb47c31b57b32b67a34b67935b77937b87838b9773aba763bbb753dbc743fbc7340bd7242be7144bf70"
    "46c06f48c16e4ac16d4cc26c4ec36b50c46a52c56954c56856c66758c7655ac8645cc8635ec96260ca6063cb5f"
    "65cb5e67cc5c69cd5b6ccd5a6ece5870cf5773d05675d05477d1537ad1517cd2507fd34e81d34d84d44b86d549"
    "89d5488bd6468ed64590d74393d74195d84098d83e9bd93c9dd93ba0da39a2da37a5db36a8db34aadc32addc30"
    "b0dd2fb2dd2db5de2bb8de29bade28bddf26c0df25c2df23c5e021c8e020cae11fcde11dd0e11cd2e21bd5e21a"
    "d8e219dae319dde318dfe318e2e418e5e419e7e419eae51aece51befe51cf1e51df4e61ef6e620f8e621fbe723"
    "fde725"
)
# Darker ones are hard to see on the ground.
_FIRST = 72


def ramp(places: ArrayLike) -> NDArray[np.uint8]:
    """Return the colours [n, 3] of places between 0, dark, and 1, light.

    Examples
    --------
    >>> ramp([0.0, 1.0]).tolist()
    [[55, 91, 141], [253, 231, 37]]
    """
    table = np.frombuffer(_VIRIDIS, dtype=np.uint8).reshape(256, 3)[_FIRST:]
    index = np.rint(np.asarray(places, dtype=np.float64) * (len(table) - 1)).astype(np.int64)
    out: NDArray[np.uint8] = table[index]
    return out
