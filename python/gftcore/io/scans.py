# SPDX-License-Identifier: Apache-2.0
"""Images with what their headers say of them: DICOM, NIfTI, TIFF, and files that say nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gftcore._validation import require_choice, require_int
from gftcore.errors import FormatError, GftcoreError
from gftcore.io.files import require_file
from gftcore.io.images import CHANNELS, MAX_PIXELS, NIFTI_SUFFIXES, SUFFIXES, Channel, read_image
from gftcore.io.scan import BurnedIn, Scan

if TYPE_CHECKING:
    pass

__all__ = ["SCAN_SUFFIXES", "file_format", "read_scan"]

#: Suffixes of files that `read_scan` takes; DICOM files may have any other one.
SCAN_SUFFIXES = (*SUFFIXES, ".dcm", *NIFTI_SUFFIXES)

_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"\x93NUMPY": "NPY",
}


def read_scan(
    path: str | Path,
    *,
    channel: Channel | None = None,
    max_pixels: int = MAX_PIXELS,
    burned_in: BurnedIn = "refuse",
) -> Scan:
    """Read one image with the field of view and the eye that its header names.

    Parameters
    ----------
    path
        What `read_image` reads, a DICOM file (``.dcm``, or any with ``DICM`` at byte 128), or a
        NIfTI file (``.nii``, ``.nii.gz``). DICOM and NIfTI need the extra ``io``.
    channel
        Plane of a colour image, as for `read_image`.
    max_pixels
        Larger images are refused before they are decoded.
    burned_in
        ``refuse`` DICOM files whose header does not say that no text about a person is burned into
        the pixels; ``allow`` takes them all. No header proves it: look at the images.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If the file is damaged, too large, compressed in a way that cannot be decoded, or no single
        image; if pixels are not square, or if the header contradicts itself.
    RefusedError
        If text about a person may be burned into the pixels.
    MissingExtraError
        If the extra ``io`` is not installed.

    Notes
    -----
    **Pixels must be square** to 1 %, by sizes that are not believed, too, and by ratios
    without a unit.

    **DICOM.** One frame, monochrome or RGB. Pixels are the stored values: neither rescale slope and
    intercept nor windows are applied. MONOCHROME1, in which high is dark, is inverted. The field of
    view is PixelSpacing times the size, at the top or among the pixel measures of the functional
    groups; the eye is ImageLaterality, Laterality or FrameLaterality; the layer is the code of the
    ophthalmic image type. Nothing else of the header is kept, and no message repeats a name, a
    number or a date of it.

    **NIfTI.** The first axis is the column, as the format's x is; further axes must have length 1.
    Nothing is flipped: the orientations that converters write for en-face images say nothing about
    the eye, and images are never flipped here. Values are scaled, to float32, if the header asks
    for it.

    **TIFF.** The scale of ImageJ or OME, else the resolution, unless it is one of printing or the
    field would not be between 1 and 30 mm. That limit holds for all formats.

    The names of files are never interpreted.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from gftcore import io
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder) / "a.npy", np.eye(4, dtype=np.uint8))
    ...     io.read_scan(Path(folder) / "a.npy")
    Scan(fov_mm=None, eye='unknown', layer=None, format='NPY', notes=())
    """
    file = require_file(path)
    limit = require_int(max_pixels, "max_pixels", 1, 2**62)
    require_choice(burned_in, ("refuse", "allow"), "burned_in")
    if channel is not None:
        require_choice(channel, CHANNELS, "channel")
    kind = file_format(file)
    if kind == "DICOM":
        from gftcore.io.dicom import read_dicom

        return _guarded(lambda: read_dicom(file, channel, limit, burned_in), kind, file)
    if kind == "NIfTI":
        from gftcore.io.nifti import read_nifti

        return _guarded(lambda: read_nifti(file, channel, limit), kind, file)
    pixels = read_image(file, channel=channel, max_pixels=limit)
    if kind == "TIFF":
        from gftcore.io.tiff import tiff_scale

        fov_mm, notes = tiff_scale(file)
        return Scan(pixels=pixels, fov_mm=fov_mm, format=kind, notes=notes)
    return Scan(pixels=pixels, format=kind)


def file_format(file: Path) -> str:
    """Return the format of a file by its suffix and its first bytes; empty if it is none of ours.

    A wrong answer for a damaged file does no harm, since readers check what they read.
    """
    name = file.name.lower()
    if name.endswith(NIFTI_SUFFIXES):
        return "NIfTI"
    with file.open("rb") as stream:
        head = stream.read(132)
    if name.endswith(".dcm") or head[128:] == b"DICM":
        return "DICOM"
    if name.endswith(".npy"):
        return "NPY"
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "")


def _guarded(read: Any, kind: str, file: Path) -> Scan:
    """Read; what a decoder says of a damaged header may quote it and stays out of the message."""
    try:
        scan: Scan = read()
    except (GftcoreError, PermissionError):
        raise
    except MemoryError:
        why = "not enough memory to decode it"
    except Exception as error:  # decoders raise whatever a damaged file makes them raise
        why = f"cannot be read as a {kind} image ({type(error).__name__}): it is damaged, or none"
    else:
        return scan
    # Raised out here, so that the decoder's error is not even the context of this one.
    raise FormatError(f"{file}: {why}")
