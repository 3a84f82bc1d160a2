# SPDX-License-Identifier: Apache-2.0
"""What made a file: versions and settings, but no host, user, path or time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gftcore import __version__, simd_target

__all__ = ["provenance"]


def provenance(schema: str, *, config_hash: str | None = None, **more: str) -> Mapping[str, Any]:
    """Return the entries that every output of this package carries.

    Parameters
    ----------
    schema
        Name and version of the file format.
    config_hash
        SHA-256 of the settings.
    **more
        Further entries, such as the SHA-256 of an input.

    Examples
    --------
    >>> sorted(provenance("gftcore-graph/1"))
    ['gftcore', 'schema', 'simd_target']
    """
    out: dict[str, Any] = {
        "schema": schema,
        "gftcore": __version__,
        "simd_target": simd_target(),
    }
    if config_hash is not None:
        out["config_hash"] = config_hash
    return {**out, **more}
