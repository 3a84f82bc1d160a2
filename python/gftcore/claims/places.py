# SPDX-License-Identifier: Apache-2.0
"""Cells that words of place mean in an eye: clock hours, directions, zones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

__all__ = ["ANYWHERE", "CLOCK", "HOURS", "ZONES", "Cell", "PlaceWord", "cells_of", "clock_hours"]

#: A clock hour and a zone. The foveal zone is one cell, whose hour is None.
Cell: TypeAlias = tuple[int | None, str]

ZONES = ("foveal", "parafoveal", "outer")
FOVEA: Cell = (None, "foveal")
#: All cells of an image.
ANYWHERE: frozenset[Cell] = frozenset(
    {FOVEA, *((hour, zone) for hour in range(1, 13) for zone in ZONES[1:])}
)
#: Direction to the hours that it means; a quadrant has every hour that it touches.
HOURS: dict[str, tuple[int, ...]] = {
    "up": (10, 11, 12, 1, 2),
    "down": (4, 5, 6, 7, 8),
    "right": (1, 2, 3, 4, 5),
    "left": (7, 8, 9, 10, 11),
    "up right": (12, 1, 2, 3),
    "down right": (3, 4, 5, 6),
    "down left": (6, 7, 8, 9),
    "up left": (9, 10, 11, 12),
}
QUADRANTS = ("up left", "up right", "down left", "down right")
_NASAL = {"OD": "right", "OS": "left"}
_TEMPORAL = {"OD": "left", "OS": "right"}

_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_HOUR_OF = {word: i for i, word in enumerate((*_NUMBERS, "eleven", "twelve"), start=1)}
_HOUR_OF |= {f"{i:02d}": i for i in range(1, 10)} | {str(i): i for i in range(1, 13)}
_HOUR = "(?:" + "|".join(sorted(_HOUR_OF, key=len, reverse=True)) + r")(?![.,]?\d)(?![a-z])"
_CLOCK = r"o ?'? ?clock"
_JOINT = r" ?(?:-|to|through|until|till|and|or|&|, and|,) ?"
# At most thirteen hours, so that no text takes long.
_LIST = rf"{_HOUR}(?:(?: ?{_CLOCK})?{_JOINT}{_HOUR}){{0,12}}"
#: A place on the clock: "2 o'clock", "from 2 to 4 o'clock", "clock hours 2 and 4".
CLOCK = re.compile(
    rf"(?<![\w.])(?:(?:between|btwn?|from) )?(?:{_LIST} ?{_CLOCK}(?!\w)|clock[- ]hours? {_LIST})",
    re.IGNORECASE,
)
_PARTS = re.compile(rf"{_HOUR}|between|btwn?|-|\bto\b|through|until|till|\band\b", re.IGNORECASE)
_SPANS = ("-", "to", "through", "until", "till")


class PlaceWord(NamedTuple):
    """A word of place: ``hours``, ``direction`` or ``zone``, and which."""

    kind: Literal["hours", "direction", "zone"]
    value: str
    hours: tuple[int, ...] = ()


def clock_hours(text: str) -> tuple[tuple[int, ...], ...]:
    """Return the places that a match of `CLOCK` names, each as its hours.

    Examples
    --------
    >>> clock_hours("2 and 4 o'clock"), clock_hours("from 11 to 1 o'clock")
    (((2,), (4,)), ((11, 12, 1),))
    """
    places: list[tuple[int, ...]] = []
    spans = between = False
    for found in _PARTS.finditer(text):
        word = found.group().lower()
        if word in _HOUR_OF:
            hour = _HOUR_OF[word]
            if places and spans:
                places[-1] = _clockwise(places[-1][0], hour)
            else:
                places.append((hour,))
            spans = False
        elif word.startswith("b"):
            between = True
        else:
            spans = word in _SPANS or between
    return tuple(places)


def _clockwise(first: int, last: int) -> tuple[int, ...]:
    count = (last - first) % 12 + 1
    return tuple((first - 1 + i) % 12 + 1 for i in range(count))


def cells_of(words: Iterable[PlaceWord], eye: str) -> frozenset[Cell]:
    """Return the cells that all of some words mean together.

    Parameters
    ----------
    words
        Side by side in one place, such as "superior", "nasal", "parafoveal".
    eye
        ``OD``, ``OS``; in any other eye, nasal and temporal mean no cell.

    Returns
    -------
    frozenset
        Empty if the words exclude each other.

    Examples
    --------
    >>> words = PlaceWord("direction", "up nasal"), PlaceWord("zone", "outer")
    >>> sorted(cells_of(words, "OD"))
    [(1, 'outer'), (2, 'outer'), (3, 'outer'), (12, 'outer')]
    """
    words = tuple(words)
    directions = " ".join(word.value for word in words if word.kind == "direction").split()
    zones = set(ZONES)
    hours = set(range(1, 13))
    for word in words:
        if word.kind == "zone":
            zones &= set(word.value.split())
        elif word.kind == "hours":
            hours &= set(word.hours)
    if directions:
        hours &= _hours_of(directions, eye)
    placed = any(word.kind != "zone" for word in words)
    cells: set[Cell] = {(hour, zone) for hour in hours for zone in zones if zone != "foveal"}
    # An hour says nothing about the fovea, unless nothing but the fovea is meant.
    if "foveal" in zones and (not placed or (zones == {"foveal"} and hours)):
        cells.add(FOVEA)
    return frozenset(cells)


def _hours_of(directions: Sequence[str], eye: str) -> set[int]:
    sides = {"nasal": _NASAL.get(eye, ""), "temporal": _TEMPORAL.get(eye, "")}
    named = {sides.get(word, word) for word in directions}
    vertical, horizontal = named & {"up", "down"}, named & {"left", "right"}
    if "" in named or len(vertical) > 1 or len(horizontal) > 1:
        return set()
    return set(HOURS[" ".join((*vertical, *horizontal))])
