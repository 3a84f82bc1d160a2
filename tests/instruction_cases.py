# SPDX-License-Identifier: Apache-2.0
"""Small data sets of instructions, and their images, manifest and folds."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gftcore import io
from gftcore.datasets import LABELS, Record, Splits, read_manifest, write_manifest
from gftcore.instructions import Instruction, InstructionSet, Message, write_instructions

TABLE = hashlib.sha256(b"table").hexdigest()
QUESTIONS = {
    "stage": "What is the stage of diabetic retinopathy in this eye?",
    "faz.1": "How large is the FAZ?",
    "perfusion.TL": "How is the perfusion of the upper left quadrant?",
}
#: Fold of each subject: with model 1, 12 train, 3 validate, 3 test; every label in each.
FOLDS = (2,) * 3 + (3,) * 3 + (4,) * 3 + (5,) * 3 + (1,) * 3 + (0,) * 3
SPLIT = {0: "test", 1: "validate"}


def said(question: str, answer: str) -> tuple[Message, ...]:
    return (Message(role="user", content=question), Message(role="assistant", content=answer))


def instruction(**changes: Any) -> Instruction:
    """One valid row."""
    values: dict[str, Any] = {
        "stage": 1,
        "slot": "stage",
        "image_id": "0000_OD",
        "image": "images/0000000000000000.png",
        "image_sha256": "0" * 64,
        "table_sha256": TABLE,
        "label": "NPDR",
        "eye": "OD",
        "split": "train",
        "subject": 0,
        "teacher": "template/1",
        "messages": said(QUESTIONS["stage"], "The image shows NPDR."),
    }
    return Instruction(**{**values, **changes})


def picture(number: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(number).integers(0, 256, (32, 40), dtype=np.uint8)


def small_set(folder: Path) -> list[Instruction]:
    """36 images of 18 subjects, three questions each; writes the images."""
    rows = []
    for number in range(36):
        subject, eye = number // 2, ("OD", "OS")[number % 2]
        label = LABELS[subject % 3]
        key = hashlib.sha256(picture(number).tobytes()).hexdigest()[:16]
        path = f"images/{key}.png"
        (folder / "images").mkdir(parents=True, exist_ok=True)
        io.write_image(folder / path, picture(number))
        for slot, question in QUESTIONS.items():
            answer = {
                "stage": f"The image shows {label}.",
                "faz.1": f"The FAZ of image {number} is enlarged.",
                "perfusion.TL": f"Non-perfusion is seen at {9 + number % 4} o'clock.",
            }[slot]
            rows.append(
                instruction(
                    stage=1 if slot == "stage" else 2, slot=slot, image_id=f"{subject:04}_{eye}",
                    image=path, image_sha256=io.file_sha256(folder / path), label=label, eye=eye,
                    split=SPLIT.get(FOLDS[subject], "train"), subject=subject,
                    messages=said(question, answer),
                )
            )  # fmt: skip
    return rows


def written(folder: Path, rows: Sequence[Instruction], **more: Any) -> Path:
    write_instructions(folder / "instructions.parquet", rows, **more)
    return folder


def as_set(rows: Sequence[Instruction], data: str = "synthetic") -> InstructionSet:
    return InstructionSet(records=tuple(rows), data=data)


def changed(rows: Sequence[Instruction], place: int, **changes: Any) -> list[Instruction]:
    """The rows with other values in one of them."""
    out = list(rows)
    out[place] = dataclasses.replace(out[place], **changes)
    return out


def of_image(rows: Sequence[Instruction], place: int, **changes: Any) -> list[Instruction]:
    """The rows with other values in all rows of an image."""
    name = rows[place].image_id
    return [dataclasses.replace(o, **changes) if o.image_id == name else o for o in rows]


def manifest_of(folder: Path, rows: Sequence[Instruction]) -> tuple[Any, Splits]:
    """Manifest and folds that the small set was made of."""
    first = {row.image_id: row for row in rows}
    records = [
        Record(id=name, subject=f"Meier-{row.subject}", eye=row.eye, path=f"{name}.png",  # type: ignore[arg-type]
               label=row.label)
        for name, row in first.items()
    ]  # fmt: skip
    write_manifest(folder / "manifest.csv", records)
    manifest = read_manifest(folder / "manifest.csv")
    folds = {name: FOLDS[row.subject] for name, row in first.items()}
    return manifest, Splits(fold_of_id=folds, seed=0, manifest_sha256=manifest.sha256)
