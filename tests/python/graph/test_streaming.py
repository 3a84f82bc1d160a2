# SPDX-License-Identifier: Apache-2.0
"""Batches over iterators: order, how far they read ahead, and iterators that fail or never end."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from gftcore import graph


def comb(teeth: int, side: int = 64) -> np.ndarray:
    """A mask with as many vessels as it has teeth."""
    mask = np.zeros((side, side), dtype=bool)
    for tooth in range(teeth):
        left = (1 + 2 * tooth) * side // 20
        mask[:, left : left + side // 32] = True
    return mask


def test_order_is_kept_whatever_takes_longest() -> None:
    # Large and slow masks first, so that later ones are done before them.
    sides = [900, 64, 64, 500, 64, 64, 64, 64]
    masks = [comb(1 + index, side) for index, side in enumerate(sides)]
    for threads in (1, 2, 4):
        found = list(graph.extract_batch(iter(masks), threads=threads))
        assert [one.num_segments for one in found] == list(range(1, len(masks) + 1))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_never_reads_further_ahead_than_it_says(threads: int) -> None:
    read = 0

    def masks() -> Iterator[np.ndarray]:
        nonlocal read
        for index in range(40):
            read += 1
            yield comb(1 + index % 9)

    for index, _ in enumerate(graph.extract_batch(masks(), threads=threads)):
        assert read <= index + 1 + 2 * threads
    assert read == 40


def test_an_endless_stream_can_be_left() -> None:
    read = 0

    def masks() -> Iterator[np.ndarray]:
        nonlocal read
        for index in itertools.count():
            read += 1
            yield comb(1 + index % 5)

    results = graph.extract_batch(masks(), threads=2)
    counts = [found.num_segments for found in itertools.islice(results, 7)]
    assert counts == [1, 2, 3, 4, 5, 1, 2]
    before = read
    results.close()
    assert (read, before <= 7 + 4) == (before, True)


def test_what_came_before_an_error_of_the_iterator_is_not_lost() -> None:
    def masks() -> Iterator[np.ndarray]:
        yield from (comb(teeth) for teeth in (1, 2, 3))
        raise ConnectionError("the store went away")

    results = graph.extract_batch(masks(), threads=2)
    assert [next(results).num_segments for _ in range(3)] == [1, 2, 3]
    with pytest.raises(ConnectionError, match="went away"):
        next(results)


def test_one_buffer_for_all_items() -> None:
    """A caller may fill the same array again as soon as the next item is asked for."""
    buffer = np.zeros((64, 64), dtype=bool)

    def masks() -> Iterator[np.ndarray]:
        for teeth in range(1, 9):
            buffer[:] = comb(teeth)
            yield buffer

    found = list(graph.extract_batch(masks(), threads=2))
    assert [one.num_segments for one in found] == list(range(1, 9))
