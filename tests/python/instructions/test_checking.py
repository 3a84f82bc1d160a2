# SPDX-License-Identifier: Apache-2.0
"""Each planted fault of a data set gives its code and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gftcore import io
from gftcore.datasets import Splits
from gftcore.errors import ArgumentError, FormatError, MissingFileError
from gftcore.instructions import (
    CheckReport,
    Instruction,
    Message,
    check_instructions,
    placeholders,
    turn_fault,
)
from instruction_cases import (
    QUESTIONS,
    changed,
    instruction,
    manifest_of,
    of_image,
    picture,
    said,
    small_set,
    written,
)

Rows = list[Instruction]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Rows]:
    folder = tmp_path_factory.mktemp("good")
    rows = small_set(folder)
    written(folder, rows, data="synthetic", metadata={"fold": "1"})
    return folder, rows


def checked(good: tuple[Path, Rows], rows: Sequence[Instruction]) -> CheckReport:
    """Check changed rows beside the same images."""
    written(good[0], rows, metadata={"fold": "1"})
    return check_instructions(good[0])


def codes(report: CheckReport) -> set[str]:
    return {one.code for one in (*report.errors, *report.warnings)}


def test_a_good_set_has_no_problem(good: tuple[Path, Rows]) -> None:
    folder, rows = good
    written(folder, rows, data="synthetic", metadata={"fold": "1"})
    manifest, splits = manifest_of(folder, rows)
    for more in ({}, {"manifest": manifest}, {"manifest": manifest, "splits": splits}):
        report = check_instructions(folder, **more)
        assert report.ok
        assert codes(report) == set()
    assert report.data == "synthetic"
    assert report.counts == {
        "instructions": 108,
        "images": 36,
        "subjects": 18,
        "by_stage": {"1": 36, "2": 72},
        "by_split": {"train": 72, "validate": 18, "test": 18},
        "by_label": {"Healthy": 36, "NPDR": 36, "PDR": 36},
        "labels_by_split": {
            "train": {"Healthy": 8, "NPDR": 8, "PDR": 8},
            "validate": {"Healthy": 2, "NPDR": 2, "PDR": 2},
            "test": {"Healthy": 2, "NPDR": 2, "PDR": 2},
        },
    }


def second(rows: Rows, place: int, **more: Any) -> Rows:
    """The rows and one more, which is that of a place but for some values."""
    return [*rows, dataclasses.replace(rows[place], **more)]


def twin(rows: Rows, place: int, split: str) -> Rows:
    """The rows and those of the same image under another id, of a subject of its own."""
    name = rows[place].image_id
    copies = [
        dataclasses.replace(row, image_id="9999_OD", subject=99, split=split)
        for row in rows
        if row.image_id == name
    ]
    return [*rows, *copies]


QUESTION, ANSWER = said("Is it large?", "The FAZ is enlarged.")
SYSTEM = Message(role="system", content="Be short.")
FAULTS: dict[str, list[Callable[..., Rows]]] = {
    "EMPTY_SET": [lambda _rows, _place: []],
    "IMAGE_MISSING": [lambda rows, place: of_image(rows, place, image="images/none.png")],
    "IMAGE_CHANGED": [lambda rows, place: of_image(rows, place, image_sha256="7" * 64)],
    "IMAGE_TWICE": [
        lambda rows, place: changed(rows, place, table_sha256="7" * 64),
        lambda rows, place: changed(
            rows, place, label="NPDR" if rows[place].label == "PDR" else "PDR"
        ),
        lambda rows, place: changed(
            rows, place, eye="OS" if rows[place].eye == "OD" else "OD"
        ),
        lambda rows, place: changed(rows, place, image_sha256="7" * 64)
        if place % 3
        else changed(rows, place + 1, image_sha256="7" * 64),
    ],
    "PLACEHOLDER": [
        lambda rows, place, mark=mark: changed(
            rows, place, messages=said(f"{mark} What?", "An answer.")
        )
        for mark in ("<image>", "<IMAGE>", "<|image_pad|>", "[IMG]", "</s>", "<|eot_id|>")
    ]
    + [lambda rows, place: changed(rows, place, messages=said("What?", "It <image> shows."))],
    "TURNS": [
        lambda rows, place, some=some: changed(rows, place, messages=some)
        for some in (
            (QUESTION,),
            (QUESTION, QUESTION, ANSWER),
            (QUESTION, ANSWER, QUESTION),
            (QUESTION, SYSTEM, ANSWER),
            (SYSTEM, SYSTEM, QUESTION, ANSWER),
        )
    ],
    "EMPTY_TEXT": [
        lambda rows, place: changed(rows, place, messages=said(" ", "An answer.")),
        lambda rows, place: changed(rows, place, messages=said("What?", "...\n")),
    ],
    "LONG_TEXT": [
        lambda rows, place: changed(rows, place, messages=said("What?", "a" * 4001)),
        lambda rows, place: changed(rows, place, messages=said("What?", "a " * 701)),
    ],
    "SAME_ID": [second],
    "SAME_QUESTION": [
        lambda rows, place: second(
            rows, place, stage=2, slot="faz.2", messages=said(rows[place].question, f"{place}")
        ),
        lambda rows, place: second(
            rows, place, stage=2, slot="faz.2",
            messages=said(rows[place].question.upper() + " ?", f"{place}"),
        ),
    ],
    "LEAK_IMAGE": [
        lambda rows, place: changed(
            rows, place, split="train" if rows[place].split == "test" else "test"
        )
    ],
    "LEAK_SUBJECT": [
        lambda rows, place: of_image(
            rows, place, split="train" if rows[place].split == "test" else "test"
        ),
    ],
    "LEAK_PIXELS": [
        lambda rows, place: twin(rows, place, "train" if rows[place].split == "test" else "test")
    ],
    "SAME_PIXELS": [lambda rows, place: twin(rows, place, rows[place].split)],
    "LABEL_MISSING": [
        lambda rows, _place: [row for row in rows if (row.split, row.label) != ("test", "PDR")]
    ],
    "SAME_ANSWER": [
        lambda rows, _place: [
            dataclasses.replace(row, messages=said(QUESTIONS["faz.1"], "The FAZ is round."))
            if row.slot == "faz.1"
            else row
            for row in rows
        ]
    ],
}  # fmt: skip
PLANTED = [(code, change) for code, changes in FAULTS.items() for change in changes]


@pytest.mark.parametrize(
    ("code", "change"), PLANTED, ids=[f"{code}-{i}" for i, (code, _) in enumerate(PLANTED)]
)
@settings(max_examples=12)
@given(place=st.integers(0, 107))
def test_a_planted_fault_gives_its_code_alone(
    code: str, change: Callable[[Rows, int], Rows], place: int, good: tuple[Path, Rows]
) -> None:
    report = checked(good, change(list(good[1]), place))
    assert codes(report) == {code}
    assert report.ok == (code in ("SAME_PIXELS", "LABEL_MISSING", "SAME_ANSWER"))


def image_fault(good: tuple[Path, Rows], tmp_path: Path, data: bytes) -> set[str]:
    """Codes of the set with other bytes in one image, whose SHA-256 is that of these bytes."""
    folder, rows = good
    name = "images/planted.png"
    (folder / name).write_bytes(data)
    digest = io.file_sha256(folder / name)
    report = checked(good, of_image(rows, 5, image=name, image_sha256=digest))
    (folder / name).unlink()
    assert str(tmp_path.parent) not in str(report.errors)
    return codes(report)


def saved(tmp_path: Path, pixels: Any, mode: str | None = None) -> bytes:
    Image.fromarray(pixels, mode).save(tmp_path / "a.png")
    return (tmp_path / "a.png").read_bytes()


@pytest.mark.filterwarnings("ignore:.*mode.*:DeprecationWarning")
def test_images_of_other_kinds(good: tuple[Path, Rows], tmp_path: Path) -> None:
    colour = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    sixteen = np.arange(1024, dtype=np.uint16).reshape(32, 32)
    for code, data in (
        ("IMAGE_DAMAGED", b"no image"),
        ("IMAGE_DAMAGED", saved(tmp_path, colour)[:200]),
        ("IMAGE_DAMAGED", b""),
        ("IMAGE_KIND", saved(tmp_path, colour)),
        ("IMAGE_KIND", saved(tmp_path, sixteen)),
        ("IMAGE_KIND", saved(tmp_path, sixteen > 500)),
        ("IMAGE_SIZE", saved(tmp_path, colour[:27, :, 0])),
        ("IMAGE_SIZE", saved(tmp_path, np.zeros((28, 8193), dtype=np.uint8))),
    ):
        assert image_fault(good, tmp_path, data) == {code}, data[:20]
    assert image_fault(good, tmp_path, saved(tmp_path, colour[:28, :28, 0])) == set()


def test_pixels_decide_not_bytes(good: tuple[Path, Rows]) -> None:
    """Negative control: the files differ, so a comparison of SHA-256 finds no leak."""
    folder, rows = good
    Image.fromarray(picture(0)).save(folder / "images" / "again.png", compress_level=1)
    digest = io.file_sha256(folder / "images" / "again.png")
    assert digest != rows[0].image_sha256
    planted = of_image(rows, 107, image="images/again.png", image_sha256=digest)
    assert codes(checked(good, planted)) == {"LEAK_PIXELS"}
    (folder / "images" / "again.png").unlink()


def against(
    good: tuple[Path, Rows], rows: Rows, *, splits: bool = True, fold: str = "1"
) -> list[tuple[str, str]]:
    """Codes and places of changed rows beside the manifest of the good set."""
    manifest, folds = manifest_of(*good)
    metadata = {"fold": fold} if fold else {}
    written(good[0], rows, metadata=metadata)
    report = check_instructions(good[0], manifest=manifest, splits=folds if splits else None)
    return [(one.code, one.where) for one in (*report.errors, *report.warnings)]


def test_the_manifest_knows_better(good: tuple[Path, Rows]) -> None:
    rows = good[1]
    assert rows[0].image_id == "0000_OD"
    both = [dataclasses.replace(r, subject=50) if r.subject == 0 else r for r in rows]
    assert against(good, both) == []  # another number, one for both eyes: numbers are free
    assert against(good, of_image(rows, 0, subject=50)) == [("OTHER_SUBJECT", "0000_OD")] or (
        against(good, of_image(rows, 0, subject=50)) == [("OTHER_SUBJECT", "0000_OS")]
    )
    shared = [dataclasses.replace(r, subject=1) if r.subject == 0 else r for r in rows]
    assert against(good, shared) == [("OTHER_SUBJECT", "0001_OD"), ("OTHER_SUBJECT", "0001_OS")]
    assert against(good, of_image(rows, 0, eye="OS")) == [("OTHER_EYE", "0000_OD")]
    assert against(good, of_image(rows, 0, label="PDR")) == [("OTHER_LABEL", "0000_OD")]
    renamed = [dataclasses.replace(r, image_id="x") if r.image_id == "0000_OD" else r for r in rows]
    assert against(good, renamed) == [("NOT_IN_MANIFEST", "x")]


def test_the_folds_know_better(good: tuple[Path, Rows]) -> None:
    """Both eyes of a subject move, so nothing leaks between the eyes; the folds still tell."""
    rows = good[1]
    moved = [dataclasses.replace(r, split="test") if r.subject == 3 else r for r in rows]
    told = [("OTHER_SPLIT", "0003_OD"), ("OTHER_SPLIT", "0003_OS")]
    assert against(good, moved) == told
    assert against(good, moved, fold="") == told  # the model that fits best is found
    assert against(good, moved, splits=False) == []
    assert {code for code, _ in against(good, list(rows), fold="2")} == {"OTHER_SPLIT"}
    train = [r for r in rows if r.split == "train"]
    assert against(good, train) == []


def test_splits_of_another_manifest(good: tuple[Path, Rows]) -> None:
    folder, rows = good
    manifest, splits = manifest_of(folder, rows)
    other = Splits(fold_of_id=splits.fold_of_id, seed=0, manifest_sha256="0" * 64)
    with pytest.raises(ArgumentError, match="another one"):
        check_instructions(folder, manifest=manifest, splits=other)
    with pytest.raises(ArgumentError, match="give both"):
        check_instructions(folder, splits=splits)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        check_instructions(tmp_path)
    (tmp_path / "instructions.parquet").write_bytes(b"PAR1")
    with pytest.raises(FormatError):
        check_instructions(tmp_path)


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("The FAZ is < 3 mm and > 1 mm.", ()),
        ("a <b and c> d", ()),
        ("x<y", ()),
        ("[1] [IMAGE QUALITY]", ()),
        ("<image>\n<Image>", ("<image>", "<Image>")),
        ("<|vision_start|>", ("<|vision_start|>",)),
        ("</s><s>", ("</s>", "<s>")),
        ("[INST] a [/inst]", ("[INST]", "[/inst]")),
        ("<start_of_image>", ("<start_of_image>",)),
        ("<<SYS>>", ("<<SYS>>",)),
        ("<image 1>", ()),
    ],
)
def test_placeholders(text: str, marks: tuple[str, ...]) -> None:
    assert placeholders(text) == marks


@given(turns=st.lists(st.sampled_from(["system", "user", "assistant"]), min_size=1, max_size=6))
def test_turns_by_definition(turns: list[str]) -> None:
    rest = turns[1:] if turns[0] == "system" else turns
    good = len(rest) >= 2 and len(rest) % 2 == 0
    good = good and rest == ["user", "assistant"] * (len(rest) // 2)
    messages = [Message(role=role, content="a") for role in turns]
    assert (turn_fault(messages) == "") == good
    assert instruction(messages=tuple(messages))
