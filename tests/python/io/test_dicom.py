# SPDX-License-Identifier: Apache-2.0
"""DICOM: pixels, field of view, eye; what is refused; nobody is named."""

from __future__ import annotations

import io as streams
import traceback
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

import medical_files as made
from gftcore import io
from gftcore.errors import (
    ArgumentError,
    FormatError,
    GftcoreError,
    RefusedError,
)

GREY = np.array([[0, 10, 200, 4], [255, 7, 30, 5]], dtype=np.uint8)
DEEP = (GREY.astype(np.uint16) << 4) + 3
#: Six by eight pixels, 3 mm wide.
WIDE = np.arange(48, dtype=np.uint8).reshape(6, 8)


def read(folder: Path, dataset: Any, **options: Any) -> io.Scan:
    return io.read_scan(made.saved(folder / "a.dcm", dataset), **options)


def refused(folder: Path, dataset: Any, **options: Any) -> str:
    with pytest.raises(FormatError) as caught:
        read(folder, dataset, **options)
    assert str(caught.value).startswith(f"{folder / 'a.dcm'}: ")
    return str(caught.value)


# --- DICOM: pixels -------------------------------------------------------------------------------


@pytest.mark.parametrize("pixels", [GREY, DEEP, DEEP.astype(np.int16) - 2000])
def test_stored_values(tmp_path: Path, pixels: np.ndarray) -> None:
    scan = read(tmp_path, made.dicom(pixels, RescaleSlope="2", RescaleIntercept="-1000",
                                     WindowCenter="5", WindowWidth="2"))  # fmt: skip
    assert scan.pixels.tolist() == pixels.tolist()
    assert scan.pixels.dtype == pixels.dtype
    assert (scan.format, scan.layer, scan.notes) == ("DICOM", None, ())


@pytest.mark.parametrize(
    ("pixels", "bits", "expected"),
    [
        (GREY, 8, 255 - GREY),
        (DEEP, 12, 4095 - DEEP),
        (DEEP, 16, 65535 - DEEP),
        (np.array([[-2048, 0, 2047]], dtype=np.int16), 12, np.array([[2047, -1, -2048]])),
    ],
)
def test_monochrome1_is_inverted(
    tmp_path: Path, pixels: np.ndarray, bits: int, expected: np.ndarray
) -> None:
    dataset = made.dicom(pixels, bits=bits, PhotometricInterpretation="MONOCHROME1")
    scan = read(tmp_path, dataset)
    assert scan.pixels.tolist() == expected.tolist()
    assert scan.pixels.dtype == pixels.dtype


def test_bits_beyond_the_stored_ones_are_no_value(tmp_path: Path) -> None:
    assert read(tmp_path, made.dicom(DEEP | 0x8000, bits=12)).pixels.tolist() == DEEP.tolist()
    signed = np.array([[-5, 5]], dtype=np.int16)
    dirty = ((signed.view(np.uint16) & 0x0FFF) | 0x4000).view(np.int16)
    assert read(tmp_path, made.dicom(dirty, bits=12)).pixels.tolist() == signed.tolist()


def test_one_and_32_bits(tmp_path: Path) -> None:
    bits = np.array([[1, 0, 1, 1, 0, 0, 0, 1], [0, 1, 0, 0, 1, 0, 0, 0]], dtype=np.uint8)
    packed = made.dicom(bits, bits=1, BitsAllocated=1,
                        PixelData=np.packbits(bits, bitorder="little").tobytes())  # fmt: skip
    assert read(tmp_path, packed).pixels.tolist() == bits.tolist()
    packed.PhotometricInterpretation = "MONOCHROME1"
    assert read(tmp_path, packed).pixels.tolist() == (1 - bits).tolist()
    wide = DEEP.astype(np.uint32) * 9999
    assert read(tmp_path, made.dicom(wide)).pixels.tolist() == wide.tolist()


def test_colours_need_a_channel(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (4, 5, 3), dtype=np.uint8)
    dataset = made.dicom(pixels)
    with pytest.raises(ArgumentError, match="choose channel"):
        read(tmp_path, dataset)
    for index, channel in enumerate(("red", "green", "blue")):
        assert read(tmp_path, dataset, channel=channel).pixels.tolist() == (
            pixels[..., index].tolist()
        )
    with pytest.raises(ArgumentError, match="is grey and has no channel 'red'"):
        read(tmp_path, made.dicom(GREY), channel="red")


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_other_encodings(tmp_path: Path, syntax: str) -> None:
    dataset = made.dicom(DEEP)
    dataset.file_meta.TransferSyntaxUID = syntax
    order = "big" if syntax == ExplicitVRBigEndian else "little"
    dataset.PixelData = DEEP.astype(DEEP.dtype.newbyteorder(order)).tobytes()
    path = tmp_path / "a.dcm"
    pydicom.dcmwrite(
        path, dataset, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=order == "little"
    )
    scan = io.read_scan(path)
    assert scan.pixels.tolist() == DEEP.tolist()
    assert scan.pixels.dtype.isnative


def stream(pixels: np.ndarray, kind: str, **options: Any) -> bytes:
    out = streams.BytesIO()
    Image.fromarray(pixels).save(out, kind, **options)
    return out.getvalue()


def test_lossless_compression(tmp_path: Path) -> None:
    dataset = made.dicom(DEEP)
    dataset.compress(RLELossless, generate_instance_uid=False)
    assert read(tmp_path, dataset).pixels.tolist() == DEEP.tolist()
    noise = np.random.default_rng(0).integers(0, 255, (32, 40), dtype=np.uint8)
    frame = stream(noise, "JPEG2000", irreversible=False, no_jp2=True)
    dataset = made.compressed(made.dicom(noise), frame, JPEG2000Lossless)
    assert read(tmp_path, dataset).pixels.tolist() == noise.tolist()


def test_lossy_compression(tmp_path: Path) -> None:
    flat = np.full((16, 24), 90, dtype=np.uint8)
    dataset = made.compressed(made.dicom(flat), stream(flat, "JPEG"), JPEGBaseline8Bit)
    assert read(tmp_path, dataset).pixels.tolist() == flat.tolist()


def test_the_magic_counts_whatever_the_suffix(tmp_path: Path) -> None:
    for name in ("IM0001", "a.png", "a.DCM"):
        path = made.saved(tmp_path / name, made.dicom(GREY))
        assert io.read_scan(path).format == "DICOM"


# --- DICOM: field of view, eye, layer ------------------------------------------------------------

MEASURES = {"PixelMeasuresSequence": made.item(PixelSpacing=[0.5, 0.5])}


def test_the_longer_side_in_mm(tmp_path: Path) -> None:
    assert read(tmp_path, made.dicom(WIDE, PixelSpacing=[0.5, 0.5])).fov_mm == 4
    assert read(tmp_path, made.dicom(WIDE.T.copy(), PixelSpacing=[0.5, 0.5])).fov_mm == 4
    assert read(tmp_path, made.dicom(WIDE, PixelSpacing=["0.375000001", "0.375"])).fov_mm == 3
    real = np.zeros((304, 304), dtype=np.uint8)
    assert read(tmp_path, made.dicom(real, PixelSpacing=["0.009868421"] * 2)).fov_mm == 3


@pytest.mark.parametrize(
    "group", ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"]
)
def test_functional_groups(tmp_path: Path, group: str) -> None:
    inside = made.item(**MEASURES, FrameAnatomySequence=made.item(FrameLaterality="L"))
    more = {group: inside, "NumberOfFrames": 1, "PixelSpacing": None, "ImageLaterality": None}
    scan = read(tmp_path, made.dicom(WIDE, **more))
    assert (scan.fov_mm, scan.eye) == (4, "OS")


@pytest.mark.parametrize(
    ("spacing", "note"),
    [
        (None, ""),
        (["0", "0"], "PixelSpacing is no size of a pixel; the field of view is not known"),
        (["0.5"], "PixelSpacing is no size of a pixel"),
        (["100", "100"], "PixelSpacing would make the field of view 800 mm, which is not between"),
    ],
)
def test_no_field_of_view(tmp_path: Path, spacing: Any, note: str) -> None:
    scan = read(tmp_path, made.dicom(WIDE, PixelSpacing=spacing))
    assert scan.fov_mm is None
    assert [text[: len(note)] for text in scan.notes] == ([note] if note else [])


def test_one_scale(tmp_path: Path) -> None:
    assert read(tmp_path, made.dicom(WIDE, PixelSpacing=["0.5", "0.504"])).fov_mm == 4.032
    message = refused(tmp_path, made.dicom(WIDE, PixelSpacing=["0.5", "0.51"]))
    assert "PixelSpacing must be the same along rows and columns, got 0.5 and 0.51 mm" in message
    other = made.dicom(
        WIDE, PixelSpacing=["0.25", "0.25"], SharedFunctionalGroupsSequence=made.item(**MEASURES)
    )
    assert "two different values of PixelSpacing" in refused(tmp_path, other)


@pytest.mark.parametrize(
    "change",
    [
        {"PixelSpacing": ["9", "18"]},  # 144 mm, believed by nobody
        {"PixelSpacing": None, "PixelAspectRatio": ["2", "1"]},
        {"PixelAspectRatio": ["1", "2"]},  # against PixelSpacing
    ],
)
def test_pixels_that_are_not_square(tmp_path: Path, change: dict[str, Any]) -> None:
    assert "must be the same along rows and columns" in refused(
        tmp_path, made.dicom(WIDE, **change)
    )
    square = made.dicom(WIDE, PixelSpacing=None, PixelAspectRatio=["3", "3"])
    assert read(tmp_path, square).fov_mm is None


@pytest.mark.parametrize(
    ("words", "eye"),
    [
        ({"ImageLaterality": "R"}, "OD"),
        ({"ImageLaterality": "L"}, "OS"),
        ({"ImageLaterality": None, "Laterality": "L"}, "OS"),
        ({"ImageLaterality": None}, "unknown"),
        ({"ImageLaterality": "B"}, "unknown"),
        ({"ImageLaterality": ""}, "unknown"),
        ({"ImageLaterality": "R", "Laterality": "R"}, "OD"),
        ({"ImageLaterality": "B", "Laterality": "L"}, "unknown"),
    ],
)
def test_laterality(tmp_path: Path, words: dict[str, Any], eye: str) -> None:
    scan = read(tmp_path, made.dicom(GREY, **words))
    assert scan.eye == eye
    contradict = words == {"ImageLaterality": "B", "Laterality": "L"}
    assert ["both eyes and one of them" in note for note in scan.notes] == [True] * contradict


def test_both_eyes_at_once(tmp_path: Path) -> None:
    message = refused(tmp_path, made.dicom(GREY, ImageLaterality="R", Laterality="L"))
    assert "names both eyes" in message
    frame = made.item(FrameAnatomySequence=made.item(FrameLaterality="L"))
    assert "names both eyes" in refused(
        tmp_path, made.dicom(GREY, SharedFunctionalGroupsSequence=frame)
    )


def test_layers_are_a_closed_list_of_codes(tmp_path: Path) -> None:
    for scheme, code, layer in (("DCM", "128269", "deep retina"), ("99X", "128269", None),
                                ("DCM", "1", None)):  # fmt: skip
        kind = made.item(CodeValue=code, CodingSchemeDesignator=scheme, CodeMeaning=made.CANARY)
        scan = read(tmp_path, made.dicom(GREY, OphthalmicImageTypeCodeSequence=kind))
        assert scan.layer == layer


# --- DICOM: what is refused ----------------------------------------------------------------------


@pytest.mark.parametrize("said", [None, "", "YES", "MAYBE"])
def test_burned_in_text_is_refused(tmp_path: Path, said: str | None) -> None:
    dataset = made.dicom(GREY, BurnedInAnnotation=said)
    with pytest.raises(RefusedError, match="--allow-burned-in"):
        read(tmp_path, dataset)
    scan = read(tmp_path, dataset, burned_in="allow")
    assert scan.pixels.tolist() == GREY.tolist()
    assert ["burned into the pixels" in note for note in scan.notes] == [True]
    with pytest.raises(ArgumentError, match="burned_in must be one of"):
        read(tmp_path, dataset, burned_in="perhaps")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"NumberOfFrames": 5}, "has 5 frames"),
        ({"Rows": 60000, "Columns": 60000}, "60000 x 60000 px are more than the limit"),
        ({"Rows": 0}, "must have rows and columns, got 0 x 4"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "must be MONOCHROME1, MONOCHROME2 or RGB"),
        ({"SamplesPerPixel": 3}, "must be MONOCHROME1, MONOCHROME2 or RGB"),
        ({"BitsStored": 6, "HighBit": 7}, "got 6 of 8 up to bit 7"),
        ({"BitsAllocated": 12, "BitsStored": 12, "HighBit": 11}, "got 12 of 12"),
        ({"PixelData": None}, "holds no integer pixels"),
        ({"PixelData": b"\1\2"}, "cannot be read as a DICOM image"),
        ({"Rows": None}, "cannot be read as a DICOM image"),
    ],
)
def test_what_is_no_image(tmp_path: Path, change: dict[str, Any], expected: str) -> None:
    assert expected in refused(tmp_path, made.dicom(GREY, **change))


def test_what_is_cut_off_or_no_image_is_not_asked_for_text(tmp_path: Path) -> None:
    """`--allow-burned-in` would be the wrong advice."""
    message = refused(tmp_path, made.dicom(GREY, Rows=None, BurnedInAnnotation=None))
    assert "the header lacks Rows: it is cut off, or the file is no image" in message
    listing = made.dicom(GREY, BurnedInAnnotation=None)
    listing.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    assert "is a DICOMDIR, which lists images and is none" in refused(tmp_path, listing)


def test_what_cannot_be_decoded_says_what_is_missing(tmp_path: Path) -> None:
    dataset = made.compressed(made.dicom(GREY), b"\xff\xd8\xff\xf7rest", JPEGLSLossless)
    message = refused(tmp_path, dataset)
    assert "JPEG-LS" in message
    assert "pylibjpeg" in message
    dataset = made.compressed(made.dicom(GREY), b"x", "1.2.840.10008.1.2.4.100")  # MPEG2
    assert "does not decode; save it uncompressed" in refused(tmp_path, dataset)


def test_compressed_images_of_another_size(tmp_path: Path) -> None:
    """The header says 16 x 16, the stream unpacks to a hundred megapixels."""
    bomb = stream(np.zeros((6000, 9000), dtype=np.uint8), "JPEG")
    small = np.zeros((16, 16), dtype=np.uint8)
    # The first file imports what decoding needs.
    refused(tmp_path, made.compressed(made.dicom(small), b"none", JPEGBaseline8Bit))
    tracemalloc.start()
    message = refused(tmp_path, made.compressed(made.dicom(small), bomb, JPEGBaseline8Bit))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "the header says 16 x 16 pixels" in message
    assert peak < 30_000_000
    runs = made.compressed(made.dicom(small), bytes(5_000_000), RLELossless)
    assert "holds more data than 16 x 16 pixels have" in refused(tmp_path, runs)
    path = made.saved(tmp_path / "a.dcm", made.dicom(small))
    with path.open("ab") as stream_:
        stream_.truncate(300 << 20)  # a hole: it takes no room
    with pytest.raises(FormatError, match="is far larger than its one image"):
        io.read_scan(path)
    dataset = made.dicom(small)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    assert "is a deflated DICOM file" in refused(tmp_path, dataset)


def test_the_limit_is_a_choice(tmp_path: Path) -> None:
    assert "2 x 4 px are more than the limit of 7" in refused(
        tmp_path, made.dicom(GREY), max_pixels=7
    )
    assert read(tmp_path, made.dicom(GREY), max_pixels=8).pixels.shape == (2, 4)


def naive_dicom(path: Path) -> str:
    """A reader that takes the header along."""
    dataset = pydicom.dcmread(path)
    return repr({element.keyword: element.value for element in dataset})


def test_no_traceback_has_what_the_message_hides(tmp_path: Path) -> None:
    path = made.saved(tmp_path / "a.dcm", made.dicom(GREY, NumberOfFrames="1"))
    data = path.read_bytes()
    place = data.index(b"\x28\x00\x08\x00IS")
    path.write_bytes(data[: place + 6] + b"\4\0DOE " + data[place + 10 :])
    with pydicom.config.disable_value_validation(), pytest.raises(ValueError, match="DOE"):
        int(pydicom.dcmread(path).NumberOfFrames)  # the negative control
    with pytest.raises(FormatError) as caught:
        io.read_scan(path)
    shown = "".join(traceback.format_exception(caught.value))
    assert "DOE" not in shown.replace(str(tmp_path), "")
    assert caught.value.__context__ is None


def test_nobody_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = made.saved(tmp_path / "a.dcm", made.dicom(GREY))
    assert all(secret in naive_dicom(path) for secret in made.SECRETS)  # the negative control
    scan = io.read_scan(path)
    produced = [repr(scan), *scan.notes, str(scan.layer)]
    for change in (
        {"Rows": None}, {"BurnedInAnnotation": None}, {"NumberOfFrames": 2},
        {"ImageLaterality": made.CANARY}, {"PixelSpacing": ["1", "2"]},
        {"BurnedInAnnotation": made.CANARY}, {"PhotometricInterpretation": made.CANARY},
    ):  # fmt: skip
        with pydicom.config.disable_value_validation():
            made.saved(path, made.dicom(GREY, **change))
        try:
            produced.append(repr(io.read_scan(path)))
        except GftcoreError as error:
            produced.append(str(error))
    data = path.read_bytes()
    for cut in range(140, len(data), 37):
        path.write_bytes(data[:cut])
        with pytest.raises(GftcoreError) as caught:
            io.read_scan(path, burned_in="allow")
        produced.append(str(caught.value))
    made.nifti(tmp_path / "a.nii", GREY)
    produced.append(repr(io.read_scan(tmp_path / "a.nii")))
    produced.append(caplog.text)
    assert len(produced) > 20
    assert [text for text in produced if any(secret in text for secret in made.SECRETS)] == []
