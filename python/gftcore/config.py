# SPDX-License-Identifier: Apache-2.0
"""What all configurations share: canonical JSON and its hash.

A configuration is a frozen dataclass with plain values. Its canonical JSON (sorted keys, no
spaces) is hashed into every output, so that two outputs with the same hash were made with the
same settings.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gftcore.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["canonical_json", "config_dict", "config_hash", "require_fields"]


def _plain(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        raise ArgumentError(f"a configuration holds finite numbers only, got {value}")
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ArgumentError(f"a configuration holds plain values only, got {type(value).__name__}")


def config_dict(config: DataclassInstance) -> dict[str, Any]:
    """Fields of a configuration as plain JSON values (tuples become lists)."""
    return {field.name: _plain(getattr(config, field.name)) for field in dataclasses.fields(config)}


def require_fields(config: DataclassInstance, names: Iterable[str]) -> None:
    """Refuse names that are no field of a configuration, with the nearest one.

    Examples
    --------
    >>> from gftcore.graph import ExtractConfig
    >>> require_fields(ExtractConfig(), ["prune"])
    """
    known = [field.name for field in dataclasses.fields(config)]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"
            raise ArgumentTypeError(f"{type(config).__name__} has no field {name!r:.80}{hint}")


def canonical_json(value: object) -> str:
    """JSON text with sorted keys and no spaces: equal values give equal text.

    Examples
    --------
    >>> canonical_json({"b": 1, "a": (1.0, None)})
    '{"a":[1.0,null],"b":1}'
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def config_hash(config: DataclassInstance) -> str:
    """SHA-256 of the canonical JSON of a configuration, as hexadecimal text."""
    return hashlib.sha256(canonical_json(config_dict(config)).encode()).hexdigest()
