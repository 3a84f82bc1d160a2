# SPDX-License-Identifier: Apache-2.0
"""Images from files: PNG, TIFF, JPEG, BMP and ``.npy``, never larger than allowed."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image

from gftcore._validation import describe, require_choice, require_int
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError, GftcoreError
from gftcore.io.files import atomic_path, require_file, require_path

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["CHANNELS", "MAX_PIXELS", "SUFFIXES", "read_image", "write_image"]

#: Default limit of rows * columns, checked in the header before anything is decoded.
MAX_PIXELS = 64_000_000
SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp", ".npy")
NIFTI_SUFFIXES = (".nii", ".nii.gz")
CHANNELS = ("red", "green", "blue", "alpha", "mean")

_FORMATS = ("PNG", "TIFF", "JPEG", "BMP")
#: Modes that one plane of numbers holds.
_GREY = ("1", "L", "I;16", "I;16L", "I;16B", "I;16N", "I", "F")

Channel = Literal["red", "green", "blue", "alpha", "mean"]


def read_image(
    path: str | Path, *, channel: Channel | None = None, max_pixels: int = MAX_PIXELS
) -> NDArray[Any]:
    """Read one grey image [H, W] with the file's own element type.

    Parameters
    ----------
    path
        PNG, TIFF, JPEG or BMP (1, 8, 16, 32 bit, grey, palette, RGB, with or without alpha), or
        ``.npy`` with two axes, or three with 2 to 4 channels last.
    channel
        Plane of a colour image: ``red``, ``green``, ``blue``, ``alpha``, or the ``mean`` of the
        three colours. Not needed where all three colours are equal; alpha is ignored then.
    max_pixels
        Larger images are refused before they are decoded.

    Returns
    -------
    bool (1 bit), uint8, uint16, int32 or float32 array; ``.npy`` as stored

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If the file is damaged, too large, of another format, or has several pages. DICOM and NIfTI
        files are read by `read_scan`.
    ArgumentError
        If a colour image needs a channel, or has no such channel.

    Notes
    -----
    Orientation tags are ignored: rows and columns are those of the stored pixels.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder) / "a.npy", np.arange(6).reshape(2, 3))
    ...     read_image(Path(folder) / "a.npy").shape
    (2, 3)
    """
    file = require_file(path)
    limit = require_int(max_pixels, "max_pixels", 1, 2**62)
    if channel is not None:
        require_choice(channel, CHANNELS, "channel")
    if file.name.lower().endswith((".dcm", *NIFTI_SUFFIXES)):
        raise _medical(file)
    try:
        if file.suffix.lower() == ".npy":
            return one_plane(_read_npy(file, limit), channel, file)
        return _read_pillow(file, limit, channel)
    except GftcoreError:
        raise
    except PermissionError:
        raise
    except MemoryError as error:
        raise FormatError(f"{file}: not enough memory to decode it") from error
    except Exception as error:  # decoders raise whatever a damaged file makes them raise
        if _has_dicom_magic(file):
            raise _medical(file) from error
        raise FormatError(f"{file}: cannot be read as an image: {_first_line(error)}") from error


def _medical(file: Path) -> FormatError:
    return FormatError(
        f"{file}: DICOM and NIfTI files are read by gftcore.io.read_scan; `gftcore data convert` "
        "makes PNG files of them"
    )


def _has_dicom_magic(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(132)[128:] == b"DICM"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def refuse_size(rows: int, cols: int, limit: int, file: Path) -> None:
    """Refuse an image of more pixels than allowed."""
    if rows * cols > limit:
        raise FormatError(
            f"{file}: {rows} x {cols} px are more than the limit of {limit}; raise max_pixels"
        )


def _read_npy(file: Path, limit: int) -> NDArray[Any]:
    # A memory map shows shape and type without reading the data, and refuses pickles and lies
    # about the size.
    mapped = np.load(file, mmap_mode="r", allow_pickle=False)
    if not isinstance(mapped, np.ndarray):
        raise FormatError(f"{file}: holds no single array")
    if mapped.ndim not in (2, 3) or mapped.dtype.kind not in "biuf":
        raise FormatError(
            f"{file}: must hold a 2-D array of real numbers (or [H, W, channels]), "
            f"got {describe(mapped)}"
        )
    refuse_size(mapped.shape[0], mapped.shape[1], limit, file)
    if mapped.ndim == 3 and mapped.shape[2] not in (1, 2, 3, 4):
        raise FormatError(f"{file}: must have 1 to 4 channels last, got shape {mapped.shape}")
    return np.array(mapped, dtype=mapped.dtype.newbyteorder("="))


def _read_pillow(file: Path, limit: int, channel: str | None) -> NDArray[Any]:
    with warnings.catch_warnings():
        # Pillow's own limit only warns; ours is checked right below. Other warnings concern tags.
        warnings.simplefilter("ignore")
        with Image.open(file, formats=_FORMATS) as image:
            refuse_size(image.height, image.width, limit, file)
            if getattr(image, "n_frames", 1) != 1:
                raise FormatError(f"{file}: has several pages; split them first")
            image.load()
            return _decoded(image, channel, file)


def _decoded(image: Image.Image, channel: str | None, file: Path) -> NDArray[Any]:
    if image.mode in _GREY:
        if channel not in (None, "mean"):
            raise ArgumentError(f"{file}: is grey and has no channel {channel!r}")
        pixels = np.array(image)
        return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    if image.mode == "LA":
        return one_plane(np.array(image), channel, file)
    if image.mode in ("P", "PA", "RGBA", "RGBX", "RGBa", "La"):
        return one_plane(np.array(image.convert("RGBA")), channel, file)
    if image.mode == "RGB":
        return one_plane(np.array(image), channel, file)
    raise FormatError(f"{file}: colour mode {image.mode} is not supported; save it as grey or RGB")


def one_plane(pixels: NDArray[Any], channel: str | None, file: Path) -> NDArray[Any]:
    """Return the asked plane of [H, W] or [H, W, 1..4] pixels (grey, grey+alpha, RGB, RGBA)."""
    if pixels.ndim == 2:
        if channel not in (None, "mean"):
            raise ArgumentError(f"{file}: is grey and has no channel {channel!r}")
        return pixels
    planes = pixels.shape[2]
    if channel == "alpha":
        if planes not in (2, 4):
            raise ArgumentError(f"{file}: has no channel 'alpha'")
        return np.ascontiguousarray(pixels[..., -1])
    colours = pixels[..., : 1 if planes < 3 else 3]
    grey = colours.shape[2] == 1 or bool((colours == colours[..., :1]).all())
    if channel in ("red", "green", "blue") and planes >= 3:
        return np.ascontiguousarray(colours[..., CHANNELS.index(channel)])
    if channel in ("red", "green", "blue"):
        raise ArgumentError(f"{file}: is grey and has no channel {channel!r}")
    if grey:
        return np.ascontiguousarray(colours[..., 0])
    if channel == "mean":
        return np.asarray(colours.mean(axis=2, dtype=np.float32))
    raise ArgumentError(
        f"{file}: is a colour image; choose channel red, green, blue, alpha or mean"
    )


def write_image(path: str | Path, image: ArrayLike) -> None:
    """Write a PNG: bool [H, W] as 0 and 255, uint8 [H, W] or [H, W, 3], uint16 [H, W].

    Parameters
    ----------
    path
        A ``.png`` file; it is replaced as a whole.
    image
        The pixels.
    """
    target = require_path(path)
    if target.suffix.lower() != ".png":
        raise ArgumentError(f"path must end with .png, got {target.name!r}")
    pixels = np.asarray(image)
    if pixels.dtype == np.bool_:
        pixels = (pixels.view(np.uint8) != 0) * np.uint8(255)
    grey = pixels.ndim == 2 and pixels.dtype in (np.uint8, np.uint16)
    colour = pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == np.uint8
    if not (grey or colour) or pixels.size == 0:
        raise ArgumentTypeError(
            "image must be bool, uint8 or uint16 [H, W], or uint8 [H, W, 3], "
            f"got {describe(pixels)}"
        )
    pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    with atomic_path(target) as temporary:
        # A third faster than the default or more; pictures are 2 % larger, masks 11 %.
        Image.fromarray(np.ascontiguousarray(pixels)).save(temporary, "PNG", compress_level=4)
