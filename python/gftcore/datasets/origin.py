# SPDX-License-Identifier: Apache-2.0
"""Whether a data set was made by a program."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gftcore.datasets.check import require_manifest

if TYPE_CHECKING:
    from gftcore.datasets.manifest import Manifest

__all__ = ["SYNTHETIC_NOTICE", "is_synthetic", "origin_record"]

#: What stands beside figures of such a data set.
SYNTHETIC_NOTICE = "The images are synthetic; the figures say nothing about real eyes."


def is_synthetic(manifest: Manifest) -> bool:
    """Return whether a manifest is that of a synthetic cohort, or lists a part of one.

    The ``cohort.json`` beside it tells, if it is of a cohort that has as many images or more.
    Images are not looked at: a manifest that lies elsewhere is not recognised, and in the folder of
    a cohort any one is that is short enough.

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
    if not isinstance(document, dict):
        return False
    schema, images = document.get("schema"), document.get("images")
    known = isinstance(schema, str) and schema.startswith("gftcore-cohort/")
    return known and type(images) is int and images >= len(manifest)


def origin_record(manifest: Manifest) -> dict[str, str]:
    """Return what the file of a model says for good of the images that it learned from."""
    return {"data": "synthetic"} if is_synthetic(manifest) else {}
