# SPDX-License-Identifier: Apache-2.0
"""NIfTI and TIFF: pixels and field of view; what all formats have in common."""

from __future__ import annotations

import gzip
import io as streams
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import medical_files as made
from gftcore import io
from gftcore.errors import (
    ArgumentError,
    FormatError,
    MissingExtraError,
    MissingFileError,
)
from gftcore.io.spacing import field_of_view

GREY = np.array([[0, 10, 200, 4], [255, 7, 30, 5]], dtype=np.uint8)
DEEP = (GREY.astype(np.uint16) << 4) + 3
#: Six by eight pixels, 3 mm wide.
WIDE = np.arange(48, dtype=np.uint8).reshape(6, 8)


# --- NIfTI ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("pixels", [GREY, DEEP, DEEP.astype(np.int16) - 2000, DEEP / np.float32(7)])
def test_nifti(tmp_path: Path, suffix: str, version: int, pixels: np.ndarray) -> None:
    path = made.nifti(tmp_path / f"a{suffix}", pixels, version=version)
    scan = io.read_scan(path)
    assert scan.pixels.tolist() == pixels.tolist()
    assert scan.pixels.dtype == pixels.dtype
    assert (scan.format, scan.eye, scan.layer) == ("NIfTI", "unknown", None)
    naive = np.asarray(nibabel.load(path).dataobj)
    assert naive.tolist() != pixels.tolist()  # the negative control: without transposition
    assert naive.T.tolist() == pixels.tolist()


def test_big_endian_nifti(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(DEEP.T.copy(), np.eye(4), dtype=np.uint16)
    swapped = nibabel.Nifti1Image(DEEP.T.copy(), None, image.header.as_byteswapped(">"))
    nibabel.save(swapped, tmp_path / "a.nii")
    assert (tmp_path / "a.nii").read_bytes()[:4] == struct.pack(">i", 348)
    scan = io.read_scan(tmp_path / "a.nii")
    assert scan.pixels.tolist() == DEEP.tolist()
    assert scan.pixels.dtype.isnative


@pytest.mark.parametrize(
    ("zooms", "unit", "fov_mm", "note"),
    [
        ((0.5, 0.5), "mm", 4, ""),
        ((500, 500), "micron", 4, ""),
        ((0.0005, 0.0005), "meter", 4, ""),
        ((0.5, 0.5), "unknown", None, "the header names no unit of length"),
        ((1000, 1000), "mm", None, "pixdim would make the field of view 8000 mm"),
    ],
)
def test_nifti_field_of_view(
    tmp_path: Path, zooms: tuple[float, float], unit: str, fov_mm: float | None, note: str
) -> None:
    scan = io.read_scan(made.nifti(tmp_path / "a.nii", WIDE, zooms=zooms, unit=unit))
    assert scan.fov_mm == (None if fov_mm is None else pytest.approx(fov_mm, abs=1e-5))
    assert [text[: len(note)] for text in scan.notes] == ([note] if note else [])


def test_nifti_of_unequal_zooms(tmp_path: Path) -> None:
    path = made.nifti(tmp_path / "a.nii", WIDE, zooms=(0.5, 0.25), unit="mm")
    with pytest.raises(FormatError, match=r"got 0\.25 and 0\.5 mm"):  # rows, then columns
        io.read_scan(path)


def test_nifti_with_two_sizes_of_a_pixel(tmp_path: Path) -> None:
    path = made.nifti(tmp_path / "a.nii", WIDE, zooms=(0.5, 0.5), unit="mm")
    scan = io.read_scan(header_with(path, 280, "<f", 0.25))  # the first number of srow_x
    assert scan.fov_mm == 4
    assert scan.notes == (
        "sform gives another size of a pixel; the field of view is that of pixdim",
    )
    assert io.read_scan(header_with(path, 254, "<h", 0)).notes == ()  # sform is not in use


def test_scaled_nifti_is_as_nibabel_has_it(tmp_path: Path) -> None:
    path = made.nifti(tmp_path / "a.nii", DEEP, scale=(0.5, -3))
    scan = io.read_scan(path)
    assert scan.pixels.dtype == np.float32
    assert scan.pixels.tolist() == np.asarray(nibabel.load(path).dataobj).T.tolist()
    assert scan.pixels[0, 0] == DEEP[0, 0] / 2 - 3
    identity = io.read_scan(made.nifti(tmp_path / "b.nii", DEEP, scale=(1, 0)))
    assert identity.pixels.dtype == np.uint16


def test_axes_of_length_one(tmp_path: Path) -> None:
    for shape in ((4, 2, 1), (4, 2, 1, 1)):
        image = nibabel.Nifti1Image(GREY.T.reshape(shape), np.eye(4), dtype=np.uint8)
        nibabel.save(image, tmp_path / "a.nii")
        assert io.read_scan(tmp_path / "a.nii").pixels.tolist() == GREY.tolist()
    image = nibabel.Nifti1Image(np.zeros((4, 2, 3), np.uint8), np.eye(4), dtype=np.uint8)
    nibabel.save(image, tmp_path / "a.nii")
    with pytest.raises(FormatError, match=r"must hold one slice .* got shape \(4, 2, 3\)"):
        io.read_scan(tmp_path / "a.nii")


def test_the_limit_is_a_choice(tmp_path: Path) -> None:
    path = made.nifti(tmp_path / "a.nii", GREY)
    with pytest.raises(FormatError, match="2 x 4 px are more than the limit of 7"):
        io.read_scan(path, max_pixels=7)
    assert io.read_scan(path, max_pixels=8).pixels.shape == (2, 4)


def header_with(path: Path, offset: int, form: str, *values: float) -> Path:
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, offset, *values)
    path.write_bytes(data)
    return path


def test_what_is_no_nifti(tmp_path: Path) -> None:
    for content in (b"", b"x" * 400, bytes(400), GREY.tobytes()):
        (tmp_path / "a.nii").write_bytes(content)
        with pytest.raises(FormatError, match=r"a\.nii: "):
            io.read_scan(tmp_path / "a.nii")
    (tmp_path / "a.nii.gz").write_bytes(b"no gzip" * 60)
    with pytest.raises(FormatError, match="cannot be read as a NIfTI image"):
        io.read_scan(tmp_path / "a.nii.gz")
    for offset, form, value, message in (
        (344, "<4s", b"ni1\0", "that holds its own pixels"),
        (70, "<h", 128, "must hold real numbers"),  # RGB
        (70, "<h", 32, "must hold real numbers"),  # complex
        (70, "<h", 999, "cannot be read as a NIfTI image"),
        (108, "<f", 1e9, "must begin 0 to"),
        (108, "<f", 20, "must begin 0 to"),
        (42, "<h", 30000, "30000 px are more than the limit|ends before"),
        (42, "<h", -3, "must hold one slice"),
    ):
        path = header_with(made.nifti(tmp_path / "b.nii", GREY), offset, form, value)  # type: ignore[arg-type]
        with pytest.raises(FormatError, match=message):
            io.read_scan(path)
    path = made.nifti(tmp_path / "b.nii", GREY)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FormatError, match="ends before its pixels do"):
        io.read_scan(path)


def test_gzip_bombs(tmp_path: Path) -> None:
    """A gigabyte of zeros after, between and instead of what is read."""
    sound = made.nifti(tmp_path / "a.nii", GREY).read_bytes()
    zeros = bytes(64 << 20)
    far = bytearray(sound)
    struct.pack_into("<f", far, 108, 3e8)
    for name, data in (("after", sound + zeros), ("between", bytes(far) + zeros)):
        path = tmp_path / f"{name}.nii.gz"
        path.write_bytes(gzip.compress(data, 9))
        del data
        tracemalloc.start()
        with pytest.raises(FormatError, match={"after": "must end", "between": "must begin"}[name]):
            io.read_scan(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 << 20


def test_a_damaged_archive_gives_no_other_image(tmp_path: Path) -> None:
    """Each single bit turned: an error, or the same image where the bit says nothing of it."""
    path = made.nifti(tmp_path / "a.nii.gz", WIDE)
    sound = path.read_bytes()
    believed = wrong = 0
    for bit in range(0, 8 * len(sound), 3):
        data = bytearray(sound)
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        try:
            assert io.read_scan(path).pixels.tolist() == WIDE.tolist()
            believed += 1
        except FormatError:
            pass
        wrong += other_pixels(data)
    assert believed < 50  # time, system and flags of the archive's own header
    assert wrong > 20  # the negative control: a reader that stops after the pixels


def other_pixels(data: bytes) -> bool:
    """Whether one that reads no further than the pixels gives others, and does not know it."""
    try:
        with gzip.GzipFile(fileobj=streams.BytesIO(data)) as stream:
            head = stream.read(348)
            start = int(struct.unpack_from("<f", head, 108)[0])
            stream.read(start - 348)
            return stream.read(WIDE.size) not in (WIDE.tobytes(), b"")
    except Exception:
        return False


def test_what_follows_the_pixels(tmp_path: Path) -> None:
    for suffix, pack in ((".nii", bytes), (".nii.gz", gzip.compress)):
        path = made.nifti(tmp_path / "a.nii", GREY)
        sound = path.read_bytes()
        path = tmp_path / f"a{suffix}"
        path.write_bytes(pack(sound + bytes(1 << 16)))
        assert io.read_scan(path).pixels.tolist() == GREY.tolist()
        path.write_bytes(pack(sound + bytes((1 << 16) + 1)))
        with pytest.raises(FormatError, match="must end after its one slice"):
            io.read_scan(path)


# --- TIFF and the others -------------------------------------------------------------------------


def tiff(path: Path, **options: Any) -> io.Scan:
    tifffile.imwrite(path, WIDE.astype(np.uint16), photometric="minisblack", **options)
    scan = io.read_scan(path)
    assert scan.pixels.tolist() == WIDE.tolist()
    assert (scan.format, scan.eye) == ("TIFF", "unknown")
    return scan


@pytest.mark.parametrize(
    ("options", "fov_mm"),
    [
        ({"resolution": (20, 20), "resolutionunit": "CENTIMETER"}, 4),
        ({"resolution": (50.8, 50.8), "resolutionunit": "INCH"}, 4),
        ({"imagej": True, "resolution": (2, 2), "metadata": {"unit": "mm"}}, 4),
        ({"imagej": True, "resolution": (0.002, 0.002), "metadata": {"unit": "um"}}, 4),
        ({"ome": True, "metadata": {"PhysicalSizeX": 500, "PhysicalSizeY": 500}}, 4),
        ({"ome": True, "metadata": {"PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "mm",
                                    "PhysicalSizeY": 0.5, "PhysicalSizeYUnit": "mm"}}, 4),
        ({}, None),
        ({"resolution": (72, 72), "resolutionunit": "INCH"}, None),  # 2.8 mm, but a screen's
        ({"resolution": (300, 300), "resolutionunit": "INCH"}, None),
        ({"resolution": (2, 2), "resolutionunit": "NONE"}, None),
        ({"imagej": True, "resolution": (2, 2), "metadata": {"unit": "pixel"}}, None),
    ],
)  # fmt: skip
def test_tiff_scales(tmp_path: Path, options: dict[str, Any], fov_mm: float | None) -> None:
    scan = tiff(tmp_path / "a.tif", **options)
    assert scan.fov_mm == (None if fov_mm is None else pytest.approx(fov_mm, rel=1e-4))
    assert scan.notes == ()


def test_tiff_scales_that_no_retina_has(tmp_path: Path) -> None:
    scan = tiff(tmp_path / "a.tif", resolution=(50, 50), resolutionunit="CENTIMETER")
    assert scan.fov_mm == 1.6
    scan = tiff(tmp_path / "a.tif", resolution=(1, 1), resolutionunit="CENTIMETER")
    assert scan.fov_mm is None
    assert scan.notes[0].startswith("the resolution would make the field of view 80 mm")
    with pytest.raises(FormatError, match="the resolution must be the same along rows"):
        tiff(tmp_path / "a.tif", resolution=(20, 40), resolutionunit="CENTIMETER")


def test_other_formats_say_nothing(tmp_path: Path) -> None:
    for name, kind in (("0001_OD_DCP.png", "PNG"), ("a.bmp", "BMP"), ("a.jpg", "JPEG")):
        Image.fromarray(GREY).save(tmp_path / name, dpi=(50.8, 50.8))
        scan = io.read_scan(tmp_path / name)
        assert scan.pixels.tolist() == io.read_image(tmp_path / name).tolist()
        assert (scan.fov_mm, scan.eye, scan.layer, scan.format) == (None, "unknown", None, kind)


def test_read_image_sends_to_read_scan(tmp_path: Path) -> None:
    paths = [made.saved(tmp_path / name, made.dicom(GREY)) for name in ("a.dcm", "IM1", "a.png")]
    paths += [made.nifti(tmp_path / f"a{suffix}", GREY) for suffix in (".nii", ".nii.gz")]
    for path in paths:
        with pytest.raises(FormatError, match=r"gftcore\.io\.read_scan; `gftcore data convert`"):
            io.read_image(path)


def test_no_files(tmp_path: Path) -> None:
    for path in (tmp_path / "none.dcm", tmp_path):
        with pytest.raises(MissingFileError):
            io.read_scan(path)
    (tmp_path / "a.dcm").write_text("no DICOM")
    with pytest.raises(FormatError, match="cannot be read as a DICOM image"):
        io.read_scan(tmp_path / "a.dcm")
    with pytest.raises(ArgumentError, match="channel must be one of"):
        io.read_scan(tmp_path / "a.dcm", channel="cyan")  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "package"), [("a.dcm", "pydicom"), ("a.nii", "nibabel")])
def test_the_extra_is_named(
    tmp_path: Path, name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.saved(tmp_path / "a.dcm", made.dicom(GREY))
    made.nifti(tmp_path / "a.nii", GREY)
    for module in [m for m in sys.modules if m.split(".")[0] == package] or [package]:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r'pip install "gftcore\[io\]"'):
        io.read_scan(tmp_path / name)


def test_decoders_are_loaded_when_needed() -> None:
    program = (
        "import sys; from gftcore.io import *; read_scan; Scan\n"
        "assert not {'pydicom', 'nibabel', 'tifffile', 'openpyxl'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    "options",
    [
        {"resolution": (72, 144), "resolutionunit": "INCH"},
        {"resolution": (100, 200), "resolutionunit": "NONE"},
        {"resolution": (0.1, 0.2), "resolutionunit": "CENTIMETER"},  # 400 mm, believed by nobody
        {"imagej": True, "resolution": (1, 2), "metadata": {"unit": "pixel"}},
        {"ome": True, "metadata": {"PhysicalSizeX": 9, "PhysicalSizeY": 18,
                                   "PhysicalSizeXUnit": "mm", "PhysicalSizeYUnit": "mm"}},
    ],
)  # fmt: skip
def test_tiff_pixels_that_are_not_square(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(FormatError, match="must be the same along rows and columns"):
        tiff(tmp_path / "a.tif", **options)


@pytest.mark.parametrize(("zooms", "unit"), [((1, 2), "unknown"), ((90, 180), "mm")])
def test_nifti_pixels_that_are_not_square(
    tmp_path: Path, zooms: tuple[float, float], unit: str
) -> None:
    path = made.nifti(tmp_path / "a.nii", WIDE, zooms=zooms, unit=unit)
    with pytest.raises(FormatError, match="pixdim must be the same along rows and columns"):
        io.read_scan(path)


# --- properties ----------------------------------------------------------------------------------


@given(
    rows=st.integers(1, 600),
    cols=st.integers(1, 600),
    fov=st.floats(1.1, 29.4),
    ratio=st.floats(0.98, 1.02),
)
def test_fields_of_view(rows: int, cols: int, fov: float, ratio: float) -> None:
    """A spacing that was made of a field of view gives it back, transposed too."""
    step = fov / max(rows, cols)
    for shape, spacing in (((rows, cols), (step, step)), ((cols, rows), (step, step))):
        found, note = field_of_view(shape, spacing, "x", Path("a"))
        assert found == pytest.approx(fov, abs=1e-6)
        assert note is None
    try:
        found, _ = field_of_view((rows, cols), (step, step * ratio), "x", Path("a"))
        assert found == pytest.approx(fov, rel=0.0201)
        assert abs(ratio - 1) < 0.0102
    except FormatError:
        assert abs(ratio - 1) > 0.0099
