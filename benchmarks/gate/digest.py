# SPDX-License-Identifier: Apache-2.0
"""A hash of a workload's answer, so that a change of speed is not read without its cause."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np

# Where a graph comes from and how long it took is no part of the answer.
NO_ANSWER = {"meta"}
# Native objects have no fields to list; these tell two of them apart.
NATIVE_FIELDS = ("node_rowcol", "point_pixel", "segment_nodes", "segment_faces", "label")


def digest(answer: Any) -> str | None:
    """Hash arrays, dataclasses, containers of them; None for no answer or a time."""
    if answer is None or isinstance(answer, float):
        return None
    state = hashlib.sha256()
    for part in parts(answer):
        state.update(part)
    return state.hexdigest()[:16]


def parts(value: Any) -> Iterator[bytes]:
    if isinstance(value, np.ndarray):
        yield f"{value.dtype.str}{value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.name not in NO_ANSWER:
                yield field.name.encode()
                yield from parts(getattr(value, field.name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield repr(key).encode()
            yield from parts(item)
    elif isinstance(value, list | tuple):
        yield f"{len(value)} items".encode()
        for item in value:
            yield from parts(item)
    elif isinstance(value, str | int | float | None):
        yield repr(value).encode()
    else:
        yield from native_parts(value)


def native_parts(value: Any) -> Iterator[bytes]:
    fields = [name for name in NATIVE_FIELDS if hasattr(value, name)]
    if not fields:
        items = getattr(value, "items", None)  # read-only mappings
        if items is None:
            raise TypeError(f"no rule to hash a {type(value).__name__}")
        yield from parts(dict(items()))
    for name in fields:
        yield name.encode()
        yield from parts(getattr(value, name))
