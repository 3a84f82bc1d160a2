# SPDX-License-Identifier: Apache-2.0
"""NIfTI: a slice, its scale, and nothing else of the header."""

from __future__ import annotations

import gzip
import math
import struct
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np

from gftcore._lazy import require
from gftcore.errors import FormatError
from gftcore.io.images import one_plane, refuse_size
from gftcore.io.scan import Scan
from gftcore.io.spacing import TOLERANCE, field_of_view, require_square

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_nifti"]

_MM = {"mm": 1.0, "micron": 1e-3, "meter": 1e3}
#: Extensions of the header lie before the pixels; they are skipped, and larger ones refused.
_MAX_OFFSET = 1 << 24
_BLOCK = 1 << 20
#: Bytes that may follow the pixels: writers pad, more is another image or a bomb.
_MAX_REST = 1 << 16


def read_nifti(file: Path, channel: str | None, limit: int) -> Scan:
    """Read a file as `gftcore.io.read_scan` does.

    Of a compressed file what the checked header promises is unpacked, and on to the end, which must
    be near: only there gzip finds out whether anything was damaged.
    """
    nibabel = require("nibabel", extra="io", user="reading NIfTI")
    opened = gzip.open if file.name.lower().endswith(".gz") else open
    with cast("IO[bytes]", opened(file, "rb")) as stream:
        header, done = _header(nibabel, stream, file)
        cols, rows = _size(header, limit, file)
        dtype = np.dtype(header.get_data_dtype())
        if dtype.kind not in "iuf" or dtype.itemsize > 8:
            raise FormatError(f"{file}: must hold real numbers of 8 to 64 bits a pixel")
        _skip(stream, int(header["vox_offset"]) - done, file)
        data = _exactly(stream, rows * cols * dtype.itemsize, file)
        _finish(stream, file)
    # The first axis runs fastest in the file and is x.
    pixels = np.frombuffer(data, dtype=dtype).reshape(rows, cols)
    pixels = _scaled(header, pixels.astype(dtype.newbyteorder("=")))
    fov_mm, notes = _scale(header, (rows, cols), file)
    pixels = one_plane(pixels, channel, file)
    return Scan(pixels=pixels, fov_mm=fov_mm, format="NIfTI", notes=notes)


def _header(nibabel: Any, stream: IO[bytes], file: Path) -> tuple[Any, int]:
    """Return the header, without extensions, and the number of its bytes."""
    raw = _exactly(stream, 348, file)
    size = next(
        (s for s in (348, 540) for order in "<>" if raw[:4] == struct.pack(f"{order}i", s)), 0
    )
    if size == 540:
        raw += _exactly(stream, 540 - 348, file)
    elif size != 348:
        raise FormatError(f"{file}: is no NIfTI file")
    kind = nibabel.Nifti2Header if size == 540 else nibabel.Nifti1Header
    # Its own check would print; what counts here is checked below.
    header = kind(raw, check=False)
    if bytes(header["magic"])[:2] != b"n+":
        raise FormatError(f"{file}: is no NIfTI file that holds its own pixels")
    return header, size


def _size(header: Any, limit: int, file: Path) -> tuple[int, int]:
    shape = tuple(int(side) for side in header.get_data_shape())
    if len(shape) < 2 or min(shape) < 1 or any(side != 1 for side in shape[2:]):
        raise FormatError(
            f"{file}: must hold one slice (columns, rows), further axes of length 1, got shape "
            f"{shape}; save the en-face image alone"
        )
    refuse_size(shape[1], shape[0], limit, file)
    return shape[0], shape[1]


def _skip(stream: IO[bytes], num_bytes: int, file: Path) -> None:
    if not 0 <= num_bytes <= _MAX_OFFSET:
        raise FormatError(
            f"{file}: its pixels must begin 0 to {_MAX_OFFSET} bytes after the header"
        )
    _exactly(stream, num_bytes, file)


def _exactly(stream: IO[bytes], num_bytes: int, file: Path) -> bytes:
    parts, left = [], num_bytes
    while left:
        part = stream.read(min(left, _BLOCK))
        if not part:
            raise FormatError(f"{file}: ends before its pixels do")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _finish(stream: IO[bytes], file: Path) -> None:
    """Read to the end, where gzip compares its checksum."""
    left = _MAX_REST
    while part := stream.read(left + 1):
        left -= len(part)
        if left < 0:
            raise FormatError(
                f"{file}: must end after its one slice, got more than {_MAX_REST} further bytes; "
                "save the en-face image alone"
            )


def _scaled(header: Any, pixels: NDArray[Any]) -> NDArray[Any]:
    slope, inter = header.get_slope_inter()
    if slope is None or (slope, inter) == (1, 0):
        return pixels
    with np.errstate(over="ignore"):
        out: NDArray[Any] = (pixels * float(slope) + float(inter or 0)).astype(np.float32)
    return out


def _scale(header: Any, shape: tuple[int, int], file: Path) -> tuple[float | None, tuple[str, ...]]:
    steps = tuple(float(step) for step in header.get_zooms()[:2])
    unit = header.get_xyzt_units()[0]
    shown = f" {unit}" if unit in _MM else ""
    require_square((steps[1], steps[0]), "pixdim", file, unit=shown)
    if unit not in _MM:
        return None, ("the header names no unit of length; the field of view is not known",)
    width, height = (step * _MM[unit] for step in steps)
    fov_mm, note = field_of_view(shape, (height, width), "pixdim", file)
    notes: tuple[str, ...] = () if note is None else (note,)
    if fov_mm is not None and not _same_in_sform(header, steps):
        notes += ("sform gives another size of a pixel; the field of view is that of pixdim",)
    return fov_mm, notes


def _same_in_sform(header: Any, steps: tuple[float, ...]) -> bool:
    """Whether the matrix of the header, if it is in use, has the same steps along its axes."""
    if int(header["sform_code"]) <= 0:
        return True
    sizes = [math.hypot(*(float(header[f"srow_{x}"][axis]) for x in "xyz")) for axis in (0, 1)]
    return all(abs(a - b) <= TOLERANCE * max(a, b) for a, b in zip(sizes, steps, strict=True))
