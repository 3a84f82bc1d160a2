# SPDX-License-Identifier: Apache-2.0
"""Images, masks, tables and provenance on disk.

Examples
--------
>>> import tempfile, numpy as np
>>> from pathlib import Path
>>> from gftcore import io
>>> with tempfile.TemporaryDirectory() as folder:
...     path = Path(folder) / "mask.png"
...     io.write_image(path, np.eye(3, dtype=bool))
...     io.read_mask(path).tolist()
[[1, 0, 0], [0, 1, 0], [0, 0, 1]]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.io.files import atomic_path, file_sha256
    from gftcore.io.images import MAX_PIXELS, SUFFIXES, read_image, write_image
    from gftcore.io.masks import is_mask, read_mask
    from gftcore.io.origin import provenance
    from gftcore.io.scan import Scan
    from gftcore.io.scans import SCAN_SUFFIXES, read_scan
    from gftcore.io.tables import write_csv

__all__ = [
    "MAX_PIXELS",
    "SCAN_SUFFIXES",
    "SUFFIXES",
    "Scan",
    "atomic_path",
    "file_sha256",
    "is_mask",
    "provenance",
    "read_image",
    "read_mask",
    "read_scan",
    "write_csv",
    "write_image",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "MAX_PIXELS": "images",
        "SCAN_SUFFIXES": "scans",
        "SUFFIXES": "images",
        "Scan": "scan",
        "atomic_path": "files",
        "file_sha256": "files",
        "is_mask": "masks",
        "provenance": "origin",
        "read_image": "images",
        "read_mask": "masks",
        "read_scan": "scans",
        "write_csv": "tables",
        "write_image": "images",
    },
)
