# SPDX-License-Identifier: Apache-2.0
"""Growth of arterial and venous trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gftcore._native import core
from gftcore._validation import describe, require_int
from gftcore.errors import ArgumentTypeError
from gftcore.synth.edges import Edges
from gftcore.synth.options import GrowthOptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["VesselForest", "grow_vessels"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class VesselForest:
    """V nodes of rooted binary trees, arteries before veins; parents stand before their children.

    A node that is no root stands for the vessel from its parent to it. Arrays are read-only.

    Attributes
    ----------
    node_xyz
        float64 [V, 3] in fields of view; x runs along rows, y along columns. Nodes may lie a little
        outside of the slab.
    parent
        int64 [V], -1 at a root.
    radius
        float64 [V] radius of the vessel, in fields of view; at a root that of its child.
    kappa
        float64 [V] exponent of Murray's law at the node: that of the stage which made it.
    tree
        int32 [V] number of the tree.
    is_vein
        bool [V].
    faz
        The foveal parameter that was drawn, in fields of view.
    """

    node_xyz: NDArray[np.float64]
    parent: NDArray[np.int64]
    radius: NDArray[np.float64]
    kappa: NDArray[np.float64]
    tree: NDArray[np.int32]
    is_vein: NDArray[np.bool_]
    faz: float

    def __repr__(self) -> str:
        return f"VesselForest({len(self.parent)} nodes, {len(np.unique(self.tree))} trees)"

    @property
    def edge_node(self) -> NDArray[np.int64]:
        """Node [E] at the far end of each edge: all that are no roots."""
        return np.flatnonzero(self.parent >= 0)

    def edges(self) -> Edges:
        """Return the vessels as E edges from each node to its parent, in the order of the nodes."""
        node = self.edge_node
        return Edges(
            node1_xyz=self.node_xyz[node],
            node2_xyz=self.node_xyz[self.parent[node]],
            radius=self.radius[node],
        )


def grow_vessels(
    *, seed: int, options: GrowthOptions | None = None, stream: int = 0
) -> VesselForest:
    """Grow arterial and venous trees by space colonisation.

    Parameters
    ----------
    seed
        0 to 2**64 - 1.
    options
        Settings; `GrowthOptions()` if None.
    stream
        Number of an independent stream of the same seed, 0 to 2**64 - 1.

    Returns
    -------
    VesselForest
        The same bytes for the same arguments, on every machine and from whichever thread.

    Notes
    -----
    Sinks are drawn where no artery and no other sink is near. Each attracts its nearest node; tips
    grow towards their sinks or split, other nodes sprout. New nodes satisfy the sinks around them,
    which then attract veins. Radii follow Murray's law. The full definition is on the page
    `space colonisation`.

    References
    ----------
    Kreitner, L. et al. (2024). Synthetic optical coherence tomography angiographs for detailed
    retinal vessel segmentation without human annotations. doi:10.1109/TMI.2024.3354408

    Examples
    --------
    >>> forest = grow_vessels(seed=7, options=GrowthOptions.test_profile(svc=5, dvc=0))
    >>> int((forest.parent < 0).sum()), bool((forest.radius > 0).all())
    (16, True)
    """
    seed = require_int(seed, "seed", 0, 2**64 - 1)
    stream = require_int(stream, "stream", 0, 2**64 - 1)
    if options is None:
        options = GrowthOptions()
    if not isinstance(options, GrowthOptions):
        raise ArgumentTypeError(f"options must be GrowthOptions or None, got {describe(options)}")
    grown = core.grow_vessels(options.to_dict(), seed, stream)
    grown["is_vein"] = grown["is_vein"].view(np.bool_)
    return VesselForest(**grown)
