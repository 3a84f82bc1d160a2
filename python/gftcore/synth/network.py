# SPDX-License-Identifier: Apache-2.0
"""Grown vessels cut at their bifurcations into segments, the form in which they are edited."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore.synth.edges import Edges
from gftcore.synth.options import FOV_MM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.synth.growth import VesselForest

__all__ = ["CAPILLARY_MM", "Network", "SegmentTable", "network_of"]

#: Vessels of a smaller radius are capillaries.
CAPILLARY_MM = 0.008
# Decimals of stored coordinates, in fields of view: 0.3 nm. A file is half as long as with all.
DECIMALS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentTable:
    """What is known of S grown segments: maximal chains between roots, bifurcations and tips.

    Attributes
    ----------
    stem
        int64 [S] the vessel that a segment belongs to: at a bifurcation it goes on into the thicker
        branch (the one that grew first on ties), and the other branch begins a new one.
    place
        int64 [S] position of the segment along its stem, from 0.
    offset
        float64 [S] length of the stem before the segment, in the plane, in fields of view.
    length
        float64 [S] in the plane, in fields of view.
    radius
        float64 [S] in fields of view.
    is_vein
        bool [S].
    """

    stem: NDArray[np.int64]
    place: NDArray[np.int64]
    offset: NDArray[np.float64]
    length: NDArray[np.float64]
    radius: NDArray[np.float64]
    is_vein: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.stem)

    @property
    def is_capillary(self) -> NDArray[np.bool_]:
        """Which of the S segments have a radius below 8 um."""
        return self.radius * FOV_MM < CAPILLARY_MM


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """E straight edges, ordered by segment and along it from the root.

    Attributes
    ----------
    proximal, distal
        float64 [E, 3] ends towards and away from the root, in fields of view.
    radius
        float64 [E].
    segment
        int64 [E] index into the `SegmentTable`; -1 for what a lesion added.
    lesion
        int64 [E] number of the lesion that added the edge, or -1.
    """

    proximal: NDArray[np.float64]
    distal: NDArray[np.float64]
    radius: NDArray[np.float64]
    segment: NDArray[np.int64]
    lesion: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.radius)

    @property
    def lengths(self) -> NDArray[np.float64]:
        """float64 [E] in the plane."""
        across = self.distal[:, :2] - self.proximal[:, :2]
        lengths: NDArray[np.float64] = np.sqrt((across * across).sum(axis=1))
        return lengths

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Network:
        """Return some of the edges."""
        return Network(**{f.name: getattr(self, f.name)[which] for f in dataclasses.fields(self)})

    def replace(self, **changes: Any) -> Network:
        """Return a copy with other values."""
        return dataclasses.replace(self, **changes)

    def joined(self, others: Network) -> Network:
        """Return the edges of both."""
        return Network(
            **{
                f.name: np.concatenate([getattr(self, f.name), getattr(others, f.name)])
                for f in dataclasses.fields(self)
            }
        )

    def divided(self, which: NDArray[np.bool_], pieces: int) -> Network:
        """Return the network with some of its edges divided into equal pieces."""
        count = np.where(which, pieces, 1)
        source = np.repeat(np.arange(len(self)), count)
        number = np.arange(len(source)) - (np.cumsum(count) - count)[source]
        along = self.distal - self.proximal

        def at(fraction: NDArray[np.float64]) -> NDArray[np.float64]:
            return self.proximal[source] + fraction[:, None] * along[source]

        # The last piece ends where the edge did, to the bit.
        last = (number + 1 == count[source])[:, None]
        distal = np.where(last, self.distal[source], at((number + 1) / count[source]))
        return self.take(source).replace(proximal=at(number / count[source]), distal=distal)

    def edges(self) -> Edges:
        """Return the edges as they are drawn and written; node 2 is the one towards the root."""
        return Edges(
            node1_xyz=self.distal.round(DECIMALS),
            node2_xyz=self.proximal.round(DECIMALS),
            radius=self.radius.round(DECIMALS),
        )


def network_of(forest: VesselForest) -> tuple[Network, SegmentTable]:
    """Cut grown trees at their bifurcations.

    Segments are numbered by the node in which their first edge ends.
    """
    parent = forest.parent
    is_root = parent < 0
    above = np.where(is_root, 0, parent)
    children = np.bincount(parent[~is_root], minlength=len(parent))
    begins = ~is_root & ((children[above] != 1) | is_root[above])
    segment = np.full(len(parent), -1)
    segment[begins] = np.arange(int(begins.sum()))
    for node in np.flatnonzero(~is_root & ~begins).tolist():  # parents stand before their children
        segment[node] = segment[parent[node]]

    across = (forest.node_xyz - forest.node_xyz[above])[:, :2]
    node_length = np.where(is_root, 0.0, np.sqrt((across * across).sum(axis=1)))
    first = np.flatnonzero(begins)
    length: NDArray[np.float64] = np.bincount(
        segment[~is_root], node_length[~is_root], minlength=len(first)
    ).astype(np.float64, copy=False)
    stem, place, offset = _stems(forest, segment, first, length)
    table = SegmentTable(
        stem=stem,
        place=place,
        offset=offset,
        length=length,
        radius=forest.radius[first],
        is_vein=forest.is_vein[first],
    )
    node = np.flatnonzero(~is_root)
    node = node[np.argsort(segment[node], kind="stable")]
    network = Network(
        proximal=forest.node_xyz[parent[node]],
        distal=forest.node_xyz[node],
        radius=forest.radius[node],
        segment=segment[node],
        lesion=np.full(len(node), -1),
    )
    return network, table


def _stems(
    forest: VesselForest,
    segment: NDArray[np.int64],
    first: NDArray[np.int64],
    length: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    before = segment[forest.parent[first]]  # -1 where the segment begins at a root
    radius = forest.radius[first]
    successor: dict[int, int] = {}
    for s, b in enumerate(before.tolist()):
        if b >= 0 and (b not in successor or radius[s] > radius[successor[b]]):
            successor[b] = s
    stem = np.arange(len(first))
    place = np.zeros(len(first), dtype=np.int64)
    offset = np.zeros(len(first))
    for s, b in enumerate(before.tolist()):
        if successor.get(b) == s:
            stem[s] = stem[b]
            place[s] = place[b] + 1
            offset[s] = offset[b] + length[b]
    return stem, place, offset
