# SPDX-License-Identifier: Apache-2.0
"""What is made of a model once and kept as long as the model."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Hashable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from gftcore.model.files import Model

__all__ = ["per_model"]

Made = TypeVar("Made")


def per_model(make: Callable[..., Made]) -> Callable[..., Made]:
    """Call `make` once for each model and the arguments behind it, in one thread at a time."""
    kept: weakref.WeakKeyDictionary[Model, dict[tuple[Hashable, ...], Made]] = (
        weakref.WeakKeyDictionary()
    )
    lock = threading.Lock()

    @wraps(make)
    def found(model: Model, *key: Hashable) -> Made:
        with lock:
            values = kept.setdefault(model, {})
            if key not in values:
                values[key] = make(model, *key)
            return values[key]

    return found
