# SPDX-License-Identifier: Apache-2.0
"""Changes along vessels: segments that vanish, that wind, and whose calibre varies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.synth.draws import Draws
    from gftcore.synth.network import Network, SegmentTable

__all__ = ["beaded", "lost", "stems_for", "winding"]

# Edges have about 40 um; a quarter of it is well below the width of the waves.
_PIECES = 4
# A period of beading in diameters, and its least length in fields of view (60 um).
_PERIOD_DIAMETERS = 4.0
_LEAST_PERIOD = 0.02
_BISECTIONS = 48


def stems_for(
    table: SegmentTable, may: NDArray[np.bool_], share: float, draws: Draws, *, least: int
) -> NDArray[np.int64]:
    """Choose whole stems until they hold a share of the segments that may be chosen.

    Parameters
    ----------
    table
        The segments.
    may
        bool [S] which may be chosen.
    share
        Part of them that is wanted, 0 to 1.
    draws
        Source of the order.
    least
        Stems with fewer segments that may be chosen are taken only if there are no others left.

    Returns
    -------
    int64 [n]
        Numbers of segments, ascending; round(share * the number that may).
    """
    wanted = round(share * int(may.sum()))
    segments = np.flatnonzero(may)
    count = np.bincount(table.stem[segments], minlength=len(table))
    rank = np.empty(len(table))
    rank[draws.order(len(table))] = np.arange(len(table))
    rank += np.where(count >= least, 0, len(table))
    order = np.lexsort((table.place[segments], rank[table.stem[segments]]))
    return np.sort(segments[order[:wanted]])


def lost(
    network: Network, may: NDArray[np.bool_], share: float, draws: Draws
) -> tuple[Network, NDArray[np.int64]]:
    """Remove a share of the segments that may be lost, chosen at random."""
    segments = np.flatnonzero(may)
    gone = np.sort(segments[draws.order(len(segments))[: round(share * len(segments))]])
    return network.take(~np.isin(network.segment, gone)), gone


def winding(
    network: Network,
    table: SegmentTable,
    segments: NDArray[np.int64],
    arc_per_chord: NDArray[np.float64],
) -> Network:
    """Bend segments so that their length in the plane is a multiple of the distance of their ends.

    Each becomes half a wave, its ends stay, and sides alternate along a stem, which so winds
    smoothly. Segments that wind more already stay as they are.
    """
    number = np.full(len(table), -1)
    number[segments] = np.arange(len(segments))
    chosen = number[network.segment] >= 0
    chosen &= network.segment >= 0
    network = network.divided(chosen, _PIECES)
    edge = np.flatnonzero((network.segment >= 0) & (number[network.segment] >= 0))
    of = number[network.segment[edge]]
    first = np.searchsorted(of, np.arange(len(segments)))
    last = np.searchsorted(of, np.arange(len(segments)), side="right") - 1

    part = network.take(edge)
    chord = part.distal[last, :2] - part.proximal[first, :2]
    size = np.sqrt((chord * chord).sum(axis=1))
    length = np.cumsum(part.lengths)
    before = length - part.lengths
    total = length[last] - before[first]
    begin = (before - before[first][of]) / total[of]
    end = np.where(np.arange(len(edge)) == last[of], 1.0, (length - before[first][of]) / total[of])
    side = np.where(table.place[segments] % 2 == 0, 1.0, -1.0) / np.where(size > 0, size, 1)
    across = np.column_stack([-chord[:, 1], chord[:, 0]]) * side[:, None]

    def moved(amplitude: NDArray[np.float64], s: NDArray[np.float64]) -> NDArray[np.float64]:
        wave = np.where(s == 1, 0.0, np.sin(np.pi * s))
        shift: NDArray[np.float64] = (amplitude[of] * wave)[:, None] * across[of]
        return shift

    def arc(amplitude: NDArray[np.float64]) -> NDArray[np.float64]:
        step = part.distal[:, :2] - part.proximal[:, :2]
        step = step + moved(amplitude, end) - moved(amplitude, begin)
        sizes = np.sqrt((step * step).sum(axis=1))
        return np.bincount(of, sizes, minlength=len(segments)).astype(np.float64, copy=False)

    low = np.zeros(len(segments))
    high = np.where(arc(low) < arc_per_chord * size, size, 0.0)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        short = arc(middle) < arc_per_chord * size
        low, high = np.where(short, middle, low), np.where(short, high, middle)

    proximal, distal = network.proximal.copy(), network.distal.copy()
    proximal[edge, :2] += moved(low, begin)
    distal[edge, :2] += moved(low, end)
    return network.replace(proximal=proximal, distal=distal)


def beaded(
    network: Network,
    table: SegmentTable,
    segments: NDArray[np.int64],
    depth: float,
    phase: NDArray[np.float64],
) -> Network:
    """Let the radius of segments vary as 1 + depth * sin along their stem.

    Parameters
    ----------
    network
        The vessels.
    table
        Their segments.
    segments
        Numbers of those that change.
    depth
        Amplitude, as a part of the radius.
    phase
        float64 [S] phase of each stem, in periods.
    """
    chosen = np.isin(network.segment, segments)
    whole = (
        chosen
        & (np.bincount(network.segment[chosen], minlength=len(table)) < _PIECES)[network.segment]
    )
    network = network.divided(whole, _PIECES)
    edge = np.flatnonzero(np.isin(network.segment, segments))
    of = network.segment[edge]
    length = network.lengths[edge]
    reached = np.cumsum(length)
    first = np.searchsorted(of, of)
    along = reached - length / 2 - (reached - length)[first]
    # A stem keeps one period, so that its wave does not break at bifurcations.
    period = np.maximum(_PERIOD_DIAMETERS * 2 * table.radius[table.stem[of]], _LEAST_PERIOD)
    wave = np.sin(2 * np.pi * ((table.offset[of] + along) / period + phase[table.stem[of]]))
    radius = network.radius.copy()
    radius[edge] *= 1 + depth * wave
    return network.replace(radius=radius)
