# SPDX-License-Identifier: Apache-2.0
"""Files of other programs: bounded, and every failure is a `FormatError` with their name."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Iterator
from pathlib import Path

from gftcore.errors import FormatError
from gftcore.io.files import require_file

__all__ = ["MAX_BYTES", "bounded_bytes", "foreign_file"]

#: Most bytes of text that a reader takes. The graphs of 1216 x 1216 px of dense vessels have up to
#: 60 MB. What is parsed takes ten (JSON) to forty times (GraphML) as much memory while it is read.
MAX_BYTES = 1 << 28


def bounded_bytes(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the content of a file, unpacked if gzip packed it, or refuse a longer one."""
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    with gzip.open(path) if packed else path.open("rb") as stream:
        data = stream.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise FormatError(f"holds more than {max_bytes} bytes")
    return data


@contextlib.contextmanager
def foreign_file(path: str | Path, what: str) -> Iterator[Path]:
    """Give the path of an existing file; whatever fails becomes a `FormatError` with its name."""
    file = require_file(path)
    try:
        yield file
    except FormatError as error:
        raise FormatError(f"{file}: {error}") from error
    except Exception as error:  # csv, json, xml, zlib, Unicode, look-ups: all mean a foreign file
        why = f"{type(error).__name__}: {error}"
        raise FormatError(f"{file}: no {what}: {why:.200}") from error
