# SPDX-License-Identifier: Apache-2.0
"""Made-up DICOM and NIfTI files, by the libraries that define them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

#: Stands wherever a header can name a person, a place, a time or a number of a file.
CANARY = "CANARYDOE"
UID = "1.2.826.0.1.3680043.8.498.7777777"
DATE = "19330207"
SECRETS = (CANARY, UID, DATE)

EN_FACE = "1.2.840.10008.5.1.4.1.1.77.1.5.7"


def item(**values: Any) -> list[Dataset]:
    """A sequence of one item."""
    out = Dataset()
    for name, value in values.items():
        setattr(out, name, value)
    return [out]


def dicom(pixels: np.ndarray, *, bits: int | None = None, **values: Any) -> FileDataset:
    """A monochrome en-face image full of names; `values` change or, if None, drop elements."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = EN_FACE
    meta.MediaStorageSOPInstanceUID = UID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    out = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    out.SOPClassUID, out.SOPInstanceUID, out.StudyInstanceUID = EN_FACE, UID, UID
    out.PatientName, out.PatientID, out.InstitutionName = f"{CANARY}^Jane", CANARY, CANARY
    out.PatientBirthDate = out.StudyDate = DATE
    out.OperatorsName = out.StationName = out.StudyDescription = out.ImageComments = CANARY
    out.add_new(0x00091001, "LO", CANARY)  # a private element
    out.BurnedInAnnotation = "NO"
    out.Rows, out.Columns = pixels.shape[:2]
    out.SamplesPerPixel = 1 if pixels.ndim == 2 else 3
    out.PhotometricInterpretation = "MONOCHROME2" if pixels.ndim == 2 else "RGB"
    if pixels.ndim == 3:
        out.PlanarConfiguration = 0
    out.BitsAllocated = 8 * pixels.dtype.itemsize
    out.BitsStored = bits or out.BitsAllocated
    out.HighBit = out.BitsStored - 1
    out.PixelRepresentation = int(pixels.dtype.kind == "i")
    out.PixelSpacing = [3 / pixels.shape[1]] * 2
    out.ImageLaterality = "R"
    out.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    if len(out.PixelData) % 2:
        out.PixelData += b"\0"
    for name, value in values.items():
        if value is None:
            delattr(out, name)
        else:
            setattr(out, name, value)
    return out


def saved(path: Path, dataset: FileDataset) -> Path:
    """Write a DICOM file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(path, dataset, enforce_file_format=False)
    return path


def compressed(dataset: FileDataset, frame: bytes, syntax: str) -> FileDataset:
    """The same file with its one frame compressed."""
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    dataset.PixelData = pydicom.encaps.encapsulate([frame])
    dataset["PixelData"].is_undefined_length = True
    return dataset


def nifti(
    path: Path,
    pixels: np.ndarray,
    *,
    zooms: tuple[float, float] | None = None,
    unit: str = "unknown",
    scale: tuple[float, float] | None = None,
    version: int = 1,
) -> Path:
    """Write pixels [row, col] as x, y, with a canary in each free text."""
    kind = nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image
    affine = np.diag([*(zooms or (1, 1)), 1, 1])
    image = kind(pixels.T.copy(), affine, dtype=pixels.dtype)
    header = image.header
    header["descrip"] = header["intent_name"] = header["aux_file"] = CANARY.encode()
    header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", CANARY.encode()))
    if zooms is not None:
        header.set_zooms(zooms)
    header.set_xyzt_units(unit)
    if scale is not None:
        header.set_slope_inter(*scale)
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(image, path)
    if scale is not None:  # saving resets it, since nibabel has scaled the array
        data = bytearray(path.read_bytes())
        struct.pack_into("<ff", data, 112, *scale)
        path.write_bytes(data)
    return path


def fresh_uid() -> str:
    """Another identifier, for files that must differ."""
    return str(generate_uid())
