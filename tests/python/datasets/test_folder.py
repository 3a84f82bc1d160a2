# SPDX-License-Identifier: Apache-2.0
"""Plain folders: what is found, in which order, with which labels; lists of labels."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import medical_files as made
from gftcore.datasets import Entry, ManifestError, add_labels, class_names, read_folder
from gftcore.errors import FormatError, GftcoreWarning, MissingFileError

SECRET = "Jane-Doe"


def folder(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def found(root: Path) -> list[tuple[str, str | None]]:
    return [(entry.id, entry.label) for entry in read_folder(root)]


def faults(root: Path) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        read_folder(root)
    return [str(problem) for problem in caught.value.problems]


def test_images_in_the_order_of_their_bytes(tmp_path: Path) -> None:
    folder(tmp_path, "b.png", "B.TIF", "a.nii.gz", "c/a.dcm", "c.jpg", "\u00e9.bmp", "x.y.npy",
           "d.nii", "notes.txt", ".hidden.png", ".git/x.png")  # fmt: skip
    assert [name for name, _ in found(tmp_path)] == [
        "B", "a", "b", "c", "c/a", "d", "x.y", "\u00e9",
    ]  # fmt: skip
    entry = read_folder(tmp_path)[1]
    assert entry.path == tmp_path / "a.nii.gz"
    assert (entry.subject, entry.eye, entry.fov_mm, dict(entry.masks)) == (
        None,
        "unknown",
        None,
        {},
    )


def test_dicom_files_need_no_suffix(tmp_path: Path) -> None:
    for name in ("IM0001", "study/1.2.840.7"):
        made.saved(tmp_path / name, made.dicom(np.eye(4, dtype=np.uint8)))
    assert [name for name, _ in found(tmp_path)] == ["IM0001", "study/1.2.840.7"]


def test_one_image(tmp_path: Path) -> None:
    folder(tmp_path, "PDR/a.nii.gz")
    assert found(tmp_path / "PDR" / "a.nii.gz") == [("a", None)]


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (("Healthy/a", "early_npdr/b", "PDR/x/c"), {"Healthy": 1, "NPDR": 1, "PDR": 1}),
        (("train/normal/a", "test/dm/b"), {"Healthy": 2}),
        (("RVO/a", "RVO/b", "CNV/a", "CNV/b"), None),  # names of folders, not of classes
        (("images/a", "images/b"), None),
        (("0/a", "1/b"), None),
    ],
)
def test_labels_are_names_of_classes(
    tmp_path: Path, names: tuple[str, ...], labels: dict[str, int] | None
) -> None:
    entries = read_folder(folder(tmp_path, *(f"{name}.png" for name in names)))
    got = [entry.label for entry in entries]
    assert (
        got == [None] * len(names)
        if labels is None
        else ({label: got.count(label) for label in labels} == labels and len(got) == len(names))
    )


@pytest.mark.parametrize("odd", ["NDPR/a.png", "a.png", "Healthy/PDR/a.png"])
def test_some_labels_are_none_and_told(tmp_path: Path, odd: str) -> None:
    folder(tmp_path, "Healthy/b.png", "PDR/c.png", odd)
    with pytest.warns(GftcoreWarning, match=r"PARTLY_LABELLED: .*: 2 of 3 images"):
        entries = read_folder(tmp_path)
    assert {entry.label for entry in entries} == {None}


def test_results_are_left_out(tmp_path: Path) -> None:
    folder(tmp_path, "a.png", "out/images/a.png")
    assert [entry.id for entry in read_folder(tmp_path, exclude=tmp_path / "out")] == ["a"]
    assert len(read_folder(tmp_path)) == 2


def test_nothing_there(tmp_path: Path) -> None:
    folder(tmp_path, "notes.txt")
    with pytest.raises(MissingFileError, match=r"no image \(\.png, .*or DICOM\) in it"):
        read_folder(tmp_path)
    with pytest.raises(MissingFileError, match="No such file"):
        read_folder(tmp_path / "none")


def test_all_faults_at_once(tmp_path: Path) -> None:
    folder(tmp_path, "a.png", "a.dcm", "b\\c.png", "d\ne.png", f"{'x' * 201}.png")
    texts = faults(tmp_path)
    assert len(texts) == 4
    assert texts[0] == "a.dcm and a.png would have one id; rename one"
    assert all("rename it" in text for text in texts[1:])


def test_links_in_circles_end(tmp_path: Path) -> None:
    folder(tmp_path, "a.png")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "gone.png").symlink_to(tmp_path / "nothing")
    (tmp_path / "round.png").symlink_to(tmp_path / "round.png")
    (tmp_path / "above").symlink_to(tmp_path.parent, target_is_directory=True)
    os.mkfifo(tmp_path / "pipe.png")
    assert found(tmp_path) == [("a", None), ("gone", None), ("round", None)]


def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    folder(tmp_path, "far/a.png", "far/deep/b.png", "set/Healthy/c.png", "set/out/d.png")
    root = tmp_path / "set"
    (root / "PDR").symlink_to(tmp_path / "far", target_is_directory=True)
    (root / "PDR" / "back").symlink_to(root, target_is_directory=True)
    (root / "Again").symlink_to(root / "Healthy", target_is_directory=True)
    (root / "results").symlink_to(root / "out", target_is_directory=True)
    assert [(e.id, e.label) for e in read_folder(root, exclude=root / "out")] == [
        ("Healthy/c", "Healthy"), ("PDR/a", "PDR"), ("PDR/deep/b", "PDR"),
    ]  # fmt: skip


def test_broken_links_are_listed(tmp_path: Path) -> None:
    folder(tmp_path, "Healthy/a.png", "NPDR/b.png")
    for name in ("PDR", "NPDR/c.png", "NPDR/1.2.7", "notes.txt", ".hidden.png"):
        (tmp_path / name).symlink_to(tmp_path / "nothing")
    assert found(tmp_path) == [
        ("Healthy/a", "Healthy"), ("NPDR/1.2.7", "NPDR"), ("NPDR/b", "NPDR"), ("NPDR/c", "NPDR"),
        ("PDR", "PDR"),
    ]  # fmt: skip


def test_ids_come_back_as_they_were(tmp_path: Path) -> None:
    folder(tmp_path, " a.png", "b .png", "c d.png")
    texts = faults(tmp_path)
    assert len(texts) == 2
    assert all("the name must not begin or end with a blank; rename it" in text for text in texts)


def test_nobody_is_named() -> None:
    entry = Entry(id=SECRET, subject=SECRET, path=Path(f"{SECRET}.png"), masks={"x": Path(SECRET)})
    assert SECRET not in repr(entry)


# --- lists of labels -----------------------------------------------------------------------------

ENTRIES = tuple(Entry(id=name, path=Path(f"{name}.png")) for name in ("a", "b", "c/d", "e"))


def listed(tmp_path: Path, text: str) -> Path:
    (tmp_path / "labels.csv").write_text(text)
    return tmp_path / "labels.csv"


def test_labels_from_a_list(tmp_path: Path) -> None:
    text = "Label,ID,subject,eye,,\nnormal,b,7,os,,\n\nPDR,a,7,OD\nNPDR,c/d,,\nDM,e,8,\n"
    out = add_labels(ENTRIES, listed(tmp_path, "\ufeff" + text))
    assert [(e.id, e.label, e.subject, e.eye) for e in out] == [
        ("a", "PDR", "7", "OD"), ("b", "Healthy", "7", "OS"), ("c/d", "NPDR", None, "unknown"),
        ("e", "Healthy", "8", "unknown"),
    ]  # fmt: skip
    other = add_labels(ENTRIES, listed(tmp_path, "id,label\na,RVO\nb,rvo\nc/d,normal\ne,Normal\n"))
    assert [entry.label for entry in other] == ["RVO", "RVO", "Healthy", "Healthy"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["row 1: columns must be id, label and perhaps subject, eye, got none"]),
        ("id;label\na;PDR\n", ["row 1: must have commas between columns, got ';'"]),
        ("id\na\n", ["row 1: columns must be id, label"]),
        ("id,label,age\na,PDR,3\n", ["row 1: columns must be id, label"]),
        ("id,label\na,PDR\nb,PDR\ne,PDR\n", ["must list each of the 4 images, 1 are missing"]),
        ("id,label\na,PDR\na,PDR\nx,PDR\nb,sick\nc/d\n",
         ["row 3, column id: must be unique", "row 4, column id: must be the id of an image",
          "row 5, column label: must be", "row 6: must have 2 cells, got 1"]),
    ],
)  # fmt: skip
def test_lists_with_faults(tmp_path: Path, text: str, expected: list[str]) -> None:
    with pytest.raises(ManifestError) as caught:
        add_labels(ENTRIES, listed(tmp_path, text))
    texts = [str(problem) for problem in caught.value.problems]
    assert [text[: len(start)] for text, start in zip(texts, expected, strict=True)] == expected


def test_lists_that_are_none(tmp_path: Path) -> None:
    for data in (b"\xff\xfei\0d\0", b'id,label\n"a'):
        (tmp_path / "labels.csv").write_bytes(data)
        with pytest.raises(
            FormatError, match=r"labels\.csv: row [12]: must be (UTF-8, got UTF-16|cells sep)"
        ):
            add_labels(ENTRIES, tmp_path / "labels.csv")


# --- retinopathy that nobody graded --------------------------------------------------------------


def test_dr_is_a_class_of_its_own() -> None:
    assert class_names(["normal", "DR"] * 2) == ("Healthy", "DR")
    # Not beside graded retinopathy, of which it may be a misspelling; nor are misspellings classes.
    for words in (["normal", "DR", "PDR"] * 2, ["normal", "PDRR"] * 2):
        assert class_names(words) == ("Healthy", "NPDR", "PDR")
