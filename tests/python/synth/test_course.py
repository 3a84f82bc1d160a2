# SPDX-License-Identifier: Apache-2.0
"""Segments that are lost, wind and are beaded: each change is as large as it should be."""

from __future__ import annotations

import numpy as np
import pytest

from gftcore import synth
from gftcore.synth.course import beaded, lost, stems_for, winding
from gftcore.synth.draws import Draws
from gftcore.synth.network import network_of

GROWN = network_of(synth.grow_vessels(seed=8, options=synth.GrowthOptions.test_profile()))


def ends_of(network, count):
    first = np.searchsorted(network.segment, np.arange(count))
    last = np.searchsorted(network.segment, np.arange(count), side="right") - 1
    return network.proximal[first], network.distal[last]


def arc_and_chord(network, count):
    arc = np.bincount(network.segment, network.lengths, minlength=count)
    start, end = ends_of(network, count)
    return arc, np.sqrt(((end - start)[:, :2] ** 2).sum(axis=1))


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_losses_are_the_share_of_those_that_may(share):
    network, table = GROWN
    may = table.is_capillary
    rest, gone = lost(network, may, share, Draws(1, 1))
    assert len(gone) == round(share * may.sum())
    assert may[gone].all()
    kept = np.setdiff1d(np.arange(len(table)), gone)
    np.testing.assert_array_equal(np.unique(rest.segment), kept)
    assert len(rest) == np.isin(network.segment, kept).sum()


def test_winding_reaches_its_ratio_and_keeps_its_ends():
    network, table = GROWN
    segments = np.flatnonzero(table.length * 3 > 0.03)
    ratio = np.linspace(1.02, 1.6, len(segments))
    bent = winding(network, table, segments, ratio)
    arc, chord = arc_and_chord(bent, len(table))
    before, _ = arc_and_chord(network, len(table))
    natural = (before / chord)[segments]
    wanted = np.maximum(ratio, natural)
    np.testing.assert_allclose((arc / chord)[segments], wanted, rtol=1e-6)
    assert (natural < ratio).mean() > 0.9
    for got, expected in zip(ends_of(bent, len(table)), ends_of(network, len(table)), strict=True):
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-15)
    inner = bent.segment[1:] == bent.segment[:-1]
    np.testing.assert_allclose(
        bent.proximal[1:][inner], bent.distal[:-1][inner], rtol=0, atol=1e-12
    )


def test_segments_that_do_not_wind_stay_to_the_bit():
    network, table = GROWN
    segments = np.arange(0, len(table), 5)
    bent = winding(network, table, segments, np.full(len(segments), 1.2))
    for result in (bent, beaded(network, table, segments, 0.3, np.zeros(len(table)))):
        rest = result.take(~np.isin(result.segment, segments))
        same = network.take(~np.isin(network.segment, segments))
        np.testing.assert_array_equal(rest.edges().plane, same.edges().plane)


def test_sides_alternate_along_a_stem():
    """So a stem winds like a wave."""
    network, table = GROWN
    stem = int(np.bincount(table.stem).argmax())
    segments = np.flatnonzero(table.stem == stem)
    segments = segments[np.argsort(table.place[segments])]
    ordered = np.sort(segments)
    bent = winding(network, table, ordered, np.full(len(ordered), 1.3))
    start, end = ends_of(bent, len(table))
    side = []
    for s in segments:
        points = bent.distal[bent.segment == s][:-1, :2] - start[s, :2]
        chord = (end - start)[s, :2]
        across = chord[0] * points[:, 1] - chord[1] * points[:, 0]
        side.append(np.sign(across[np.abs(across).argmax()]))
    assert len(side) > 4
    assert (np.diff(side) != 0).mean() > 0.9


def test_beads_keep_the_mean_calibre_and_their_depth():
    network, table = GROWN
    stem = int(np.bincount(table.stem).argmax())
    segments = np.flatnonzero(table.stem == stem)
    result = beaded(network, table, segments, 0.3, np.zeros(len(table)))
    chosen = np.isin(result.segment, segments)
    factor = result.radius[chosen] / table.radius[result.segment[chosen]]
    assert 0.7 <= factor.min() < 0.75
    assert 1.25 < factor.max() <= 1.3
    assert np.average(factor, weights=result.lengths[chosen]) == pytest.approx(1, abs=0.05)
    start, end = ends_of(result, len(table))
    old_start, old_end = ends_of(network, len(table))
    np.testing.assert_array_equal(start, old_start)
    np.testing.assert_array_equal(end, old_end)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.37, 1.0])
def test_stems_are_taken_whole(share):
    """All but one of the chosen stems are there with all segments that may be chosen."""
    _, table = GROWN
    may = table.length * 3 > 0.03
    chosen = stems_for(table, may, share, Draws(3, 3), least=3)
    assert len(chosen) == round(share * may.sum())
    assert may[chosen].all()
    assert (np.diff(chosen) > 0).all()
    parts = [
        stem
        for stem in np.unique(table.stem[chosen])
        if np.isin(np.flatnonzero(may & (table.stem == stem)), chosen).mean() < 1
    ]
    assert len(parts) <= 1
