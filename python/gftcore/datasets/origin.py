# SPDX-License-Identifier: Apache-2.0
"""Whether a data set was made by a program."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gftcore.datasets.check import require_manifest

if TYPE_CHECKING:
    from gftcore.datasets.manifest import Manifest

__all__ = ["SYNTHETIC_NOTICE", "is_synthetic"]

#: What stands beside figures of such a data set.
SYNTHETIC_NOTICE = "The images are synthetic; the figures say nothing about real eyes."


def is_synthetic(manifest: Manifest) -> bool:
    """Return whether the ``cohort.json`` of a synthetic cohort lies beside a manifest.

    Parameters
    ----------
    manifest
        From `read_manifest`.
    """
    file = require_manifest(manifest).folder / "cohort.json"
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    schema = document.get("schema") if isinstance(document, dict) else None
    return isinstance(schema, str) and schema.startswith("gftcore-cohort/")
