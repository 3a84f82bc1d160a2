# SPDX-License-Identifier: Apache-2.0
"""DICOM: one frame, its scale and its eye, and nothing that names a person."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from gftcore._lazy import require
from gftcore.errors import FormatError, RefusedError
from gftcore.io.images import one_plane, refuse_size
from gftcore.io.scan import BurnedIn, Eye, Scan
from gftcore.io.spacing import TOLERANCE, field_of_view, require_square

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_dicom"]

#: All that is read of a header. Names, numbers, dates and unique identifiers are not.
_TAGS = (
    "BitsAllocated", "BitsStored", "BurnedInAnnotation", "Columns", "HighBit", "ImageLaterality",
    "Laterality", "NumberOfFrames", "OphthalmicImageTypeCodeSequence",
    "PerFrameFunctionalGroupsSequence", "PhotometricInterpretation", "PixelAspectRatio",
    "PixelRepresentation", "PixelSpacing", "PlanarConfiguration", "Rows", "SamplesPerPixel",
    "SharedFunctionalGroupsSequence",
)  # fmt: skip
#: Without these there is no image.
_NEEDED = (
    "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated",
    "BitsStored",
)  # fmt: skip
_DICOMDIR = "1.2.840.10008.1.3.10"
_EYES: dict[str, Eye] = {"R": "OD", "L": "OS"}
_COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
#: Flow images of DICOM's context group 4271, by their codes.
_LAYERS = {
    "128259": "retina",
    "128261": "vitreous",
    "128263": "radial peripapillary",
    "128265": "superficial retina",
    "128267": "middle inner retina",
    "128269": "deep retina",
    "128271": "outer retina",
    "128273": "choriocapillaris",
    "128275": "choroid",
}
#: Bytes that a file may have beside its pixels: they are read at once.
_MAX_SURPLUS = 1 << 28
#: Data sets that are compressed as a whole unpack to any size before a number can be checked.
_DEFLATED = ("1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.8.1")


def read_dicom(file: Path, channel: str | None, limit: int, burned_in: BurnedIn) -> Scan:
    """Read a file as `gftcore.io.read_scan` does."""
    reader = _part("filereader")
    # Both warnings and the log of the checks of values quote them.
    with warnings.catch_warnings(), _part("config").disable_value_validation():
        warnings.simplefilter("ignore")
        _refuse_by_meta(reader, file)
        header = reader.dcmread(file, specific_tags=list(_TAGS), stop_before_pixels=True)
        _require_described(header, file)
        notes = _burned_in(header, burned_in, file)
        shape = _shape(header, limit, file)
        fov_mm, note = _field_of_view(header, shape, file)
        eye, doubt = _eye(header, file)
        pixels = one_plane(_pixels(reader, file, header), channel, file)
    notes += tuple(text for text in (note, doubt) if text is not None)
    return Scan(
        pixels=pixels, fov_mm=fov_mm, eye=eye, layer=_layer(header), format="DICOM", notes=notes
    )


def _part(name: str) -> Any:
    return require(f"pydicom.{name}", extra="io", user="reading DICOM")


def _refuse_by_meta(reader: Any, file: Path) -> None:
    meta = reader.read_file_meta_info(file)
    if str(meta.get("MediaStorageSOPClassUID", "")) == _DICOMDIR:
        raise FormatError(f"{file}: is a DICOMDIR, which lists images and is none; leave it out")
    if str(meta.get("TransferSyntaxUID", "")) in _DEFLATED:
        raise FormatError(f"{file}: is a deflated DICOM file; save it without that compression")


def _require_described(header: Any, file: Path) -> None:
    missing = [name for name in _NEEDED if header.get(name) in (None, "")]
    if missing:
        raise FormatError(
            f"{file}: cannot be read as a DICOM image: the header lacks {', '.join(missing)}: it "
            "is cut off, or the file is no image"
        )


def _burned_in(header: Any, burned_in: BurnedIn, file: Path) -> tuple[str, ...]:
    said = str(header.get("BurnedInAnnotation", "") or "").strip().upper()
    if said == "NO":
        return ()
    what = "says that text is" if said == "YES" else "does not say whether text is"
    if burned_in == "refuse":
        raise RefusedError(
            f"{file}: the header {what} burned into the pixels (BurnedInAnnotation); it may name a "
            "person: look at the image, then allow it (burned_in='allow', --allow-burned-in)"
        )
    return (f"the header {what} burned into the pixels",)


def _shape(header: Any, limit: int, file: Path) -> tuple[int, int]:
    frames = int(header.get("NumberOfFrames", 1) or 1)
    if frames != 1:
        raise FormatError(f"{file}: has {frames} frames; save the en-face image as one frame")
    rows, cols = int(header.Rows), int(header.Columns)
    if rows < 1 or cols < 1:
        raise FormatError(f"{file}: must have rows and columns, got {rows} x {cols}")
    refuse_size(rows, cols, limit, file)
    photometric, samples = str(header.PhotometricInterpretation), int(header.SamplesPerPixel)
    known = {"MONOCHROME1": 1, "MONOCHROME2": 1} | dict.fromkeys(_COLOURS, 3)
    if known.get(photometric) != samples:
        raise FormatError(
            f"{file}: must be MONOCHROME1, MONOCHROME2 or RGB; save it as grey or RGB first"
        )
    bits, stored = int(header.BitsAllocated), int(header.BitsStored)
    high = int(header.get("HighBit", stored - 1))
    if bits not in (1, 8, 16, 32) or not 1 <= stored <= bits or high != stored - 1:
        raise FormatError(
            f"{file}: must have 1, 8, 16 or 32 bits a pixel from the lowest up, got {stored} of "
            f"{bits} up to bit {high}"
        )
    return rows, cols


def _groups(header: Any) -> Iterator[Any]:
    """Yield the functional groups of the one frame, those of all frames first."""
    for name in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        yield from list(header.get(name) or ())[:1]


def _field_of_view(
    header: Any, shape: tuple[int, int], file: Path
) -> tuple[float | None, str | None]:
    require_square(_pair(header.get("PixelAspectRatio")), "PixelAspectRatio", file)
    found = [header.get("PixelSpacing")]
    for group in _groups(header):
        found += [item.get("PixelSpacing") for item in group.get("PixelMeasuresSequence") or ()]
    pairs = [_pair(value) for value in found if value]
    if not pairs:
        return None, None
    for other in pairs[1:]:
        if any(abs(a - b) > TOLERANCE * max(a, b) for a, b in zip(pairs[0], other, strict=True)):
            raise FormatError(f"{file}: gives two different values of PixelSpacing; correct one")
    return field_of_view(shape, pairs[0], "PixelSpacing", file)


def _pair(value: Any) -> tuple[float, float]:
    try:
        rows, cols = value
        return float(rows), float(cols)
    except (TypeError, ValueError):
        return (float("nan"), float("nan"))


def _eye(header: Any, file: Path) -> tuple[Eye, str | None]:
    """Return the one eye that the header names, and a note if it names both, too."""
    words = [header.get("ImageLaterality"), header.get("Laterality")]
    for group in _groups(header):
        words += [item.get("FrameLaterality") for item in group.get("FrameAnatomySequence") or ()]
    said = {str(value or "").strip().upper() for value in words}
    eyes = {_EYES[word] for word in said if word in _EYES}
    if len(eyes) > 1:
        raise FormatError(
            f"{file}: names both eyes (ImageLaterality, Laterality, FrameLaterality); correct one"
        )
    if eyes and "B" in said:
        return "unknown", "the header names both eyes and one of them; the eye is not known"
    return (eyes.pop() if eyes else "unknown"), None


def _layer(header: Any) -> str | None:
    codes = header.get("OphthalmicImageTypeCodeSequence") or ()
    words = (
        _LAYERS.get(str(item.get("CodeValue", "")).strip())
        for item in codes
        if str(item.get("CodingSchemeDesignator", "")).strip() == "DCM"
    )
    return next((word for word in words if word), None)


def _num_bytes(header: Any) -> int:
    sides = int(header.Rows) * int(header.Columns)
    return sides * int(header.SamplesPerPixel) * max(int(header.BitsAllocated) // 8, 1)


def _pixels(reader: Any, file: Path, header: Any) -> NDArray[Any]:
    """Decode the frame: stored values [H, W] or [H, W, 3], high for bright."""
    if file.stat().st_size > 2 * _num_bytes(header) + _MAX_SURPLUS:
        raise FormatError(f"{file}: is far larger than its one image is; save that alone")
    whole = reader.dcmread(file, specific_tags=[*_TAGS, "PixelData"])
    if "PixelData" not in whole:
        raise FormatError(f"{file}: holds no integer pixels (PixelData)")
    syntax = whole.file_meta.TransferSyntaxUID
    if syntax.is_compressed:
        _refuse_undecodable(syntax, file)
        _refuse_lies(whole, file)
    pixels = np.asarray(_part("pixels").pixel_array(whole, raw=False))
    pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    expected = (int(header.Rows), int(header.Columns))
    if pixels.shape[:2] != expected or pixels.ndim != (2 if header.SamplesPerPixel == 1 else 3):
        raise FormatError(f"{file}: must have {expected} pixels as its header says")
    if header.SamplesPerPixel == 3:
        return pixels
    stored, signed = int(header.BitsStored), bool(header.get("PixelRepresentation", 0))
    unused = pixels.dtype.itemsize * 8 - stored
    if unused and pixels.dtype.kind in "iu":  # overlays were kept there once
        pixels = (pixels << unused) >> unused
    if header.PhotometricInterpretation == "MONOCHROME1":
        # Bright and dark exchanged within what the bits hold: ~p of signed values, else their top.
        pixels = ~pixels if signed else (pixels.dtype.type(2**stored - 1) - pixels)
    return pixels


def _refuse_undecodable(syntax: Any, file: Path) -> None:
    try:
        decoder = _part("pixels").get_decoder(syntax)
    except NotImplementedError:
        raise FormatError(
            f"{file}: its pixels are compressed in a way that pydicom does not decode; save it "
            "uncompressed"
        ) from None
    if not decoder.is_available:
        missing = "; ".join(" ".join(text.split()) for text in decoder.missing_dependencies)
        raise FormatError(
            f"{file}: its pixels are compressed ({syntax.name}); save it uncompressed, or install "
            f"one of: {missing}"
        )


def _refuse_lies(whole: Any, file: Path) -> None:
    """Refuse compressed data that would unpack to another size than the checked one."""
    rows, cols = int(whole.Rows), int(whole.Columns)
    # Run lengths unpack to 64 times their size at most; noise grows by little when compressed.
    if len(whole.PixelData) > 2 * _num_bytes(whole) + (1 << 20):
        raise FormatError(f"{file}: holds more data than {rows} x {cols} pixels have")
    frame = _part("encaps").get_frame(whole.PixelData, 0, number_of_frames=1)
    try:
        with Image.open(BytesIO(frame), formats=("JPEG", "JPEG2000")) as image:
            size = (image.height, image.width)
    except OSError:  # a stream that Pillow does not know: run lengths, or that of another decoder
        return
    if size != (rows, cols):
        raise FormatError(
            f"{file}: the header says {rows} x {cols} pixels, the compressed image {size[0]} x "
            f"{size[1]}"
        )
