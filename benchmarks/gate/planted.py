# SPDX-License-Identifier: Apache-2.0
"""Copied into the sources of a planted build only, as `gftcore._planted`; see plants.py."""

from __future__ import annotations

import functools
import itertools
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

VARIABLE = "GFTCORE_PLANTED_CALL"
SHARE = 0.3
STRIPS = 16


def slowed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function repeat its work on strips of the image, if `VARIABLE` names it.

    Strips go on until they took `SHARE` of the call's own CPU time, since a fixed part of the rows
    need not take that part of the time.
    """
    if os.environ.get(VARIABLE) != function.__name__:
        return function

    @functools.wraps(function)
    def slow(image: Any, *arguments: Any, **options: Any) -> Any:
        start = time.process_time()
        answer = function(image, *arguments, **options)
        now = time.process_time()
        end, last = now + SHARE * (now - start), 0.0
        numbers = itertools.cycle(range(STRIPS))
        while now + last / 2 < end:
            cut = functools.partial(strip, number=next(numbers), rows=len(image))
            cut_options = {name: cut(value) for name, value in options.items()}
            function(cut(image), *map(cut, arguments), **cut_options)
            last, now = time.process_time() - now, time.process_time()
        return answer

    return slow


def strip(value: Any, number: int, rows: int) -> Any:
    """A strip of an image, or of one reduced by an integer; the pixels [B, 2] that lie in it."""
    if not isinstance(value, np.ndarray):
        return value
    height = rows // STRIPS // 8 * 8
    first = number * height
    if value.shape[1] == 2:
        inside = (value[:, 0] >= first) & (value[:, 0] < first + height)
        return value[inside] - [first, 0]
    scale = rows // len(value)
    return value[first // scale : (first + height) // scale]
