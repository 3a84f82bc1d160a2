# SPDX-License-Identifier: Apache-2.0
"""Manifests: every accepted form, every error by row and column, round trips, damaged bytes."""

from __future__ import annotations

import copy
import csv
import dataclasses
import hashlib
import io
import pickle  # what a worker process does to errors, not a file format
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gftcore import datasets
from gftcore.datasets import ManifestError, Record, read_manifest, write_manifest
from gftcore.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    GftcoreWarning,
    MissingFileError,
)

HEADER = "id,subject,eye,path,label"
ROW = "a_OD,s1,OD,a.png,Healthy"
FULL = f"{HEADER},split,fov_mm,layer,mask_path"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "manifest.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def places(folder: Path, text: str | bytes) -> list[tuple[int, str]]:
    """Rows and columns that are complained of."""
    with pytest.raises(ManifestError) as caught:
        read_manifest(written(folder, text))
    assert str(caught.value).startswith(f"{folder / 'manifest.csv'}: ")
    assert all("must" in problem.message for problem in caught.value.problems)
    return [(problem.row, problem.column) for problem in caught.value.problems]


# --- what is accepted ----------------------------------------------------------------------------


def test_every_column(tmp_path: Path) -> None:
    text = f"{FULL}\nx/a,s 1,os,d/a.png,normal,val,3,DCP,m/a.png\nb,s2,unknown,../b.png,PDR,,,,\n"
    manifest = read_manifest(written(tmp_path, text))
    first, second = manifest
    assert first == Record(
        id="x/a", subject="s 1", eye="OS", path="d/a.png", label="Healthy", split="validate",
        fov_mm=3.0, layer="DCP", mask_path="m/a.png",
    )  # fmt: skip
    assert dataclasses.astuple(second)[5:] == (None, None, None, None)
    assert manifest.image_path(first) == tmp_path / "d" / "a.png"
    assert manifest.mask_path(first) == tmp_path / "m" / "a.png"
    assert manifest.mask_path(second) is None
    assert manifest.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert (manifest.rows, len(manifest)) == ((2, 3), 2)
    assert manifest.select(["b", "x/a"]) == (second, first)


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{HEADER}\n{ROW}\n",
        f"{HEADER}\r\n{ROW}\r\n",
        f"{HEADER}\r{ROW}\r",
        f"{HEADER}\n{ROW}",
        f"\n{HEADER}\n\n{ROW}\n,,,,\n  \n",
        f"{HEADER},,\n{ROW},,\n",
        f"{HEADER}\n{ROW},,\n",
        f"{HEADER.upper()}\n{ROW}\n",
        'label , path, id, "eye", "subject"\n Healthy, a.png, a_OD, "OD", "s1"\n',
        f'{HEADER}\n"a_OD","s1","OD","a.png","Healthy"\n',
        f"{HEADER}\na_OD,s1,OD,./a.png,healthy\n",
    ],
    ids=["bom", "crlf", "cr", "no-end", "blank", "commas", "wider", "upper", "order", "quotes",
         "dot"],
)  # fmt: skip
def test_spellings_of_one_manifest(tmp_path: Path, text: str) -> None:
    wanted = Record(id="a_OD", subject="s1", eye="OD", path="a.png", label="Healthy")
    assert read_manifest(written(tmp_path, text)).records == (wanted,)


def test_quoted_cells_hold_commas_and_quotes(tmp_path: Path) -> None:
    text = f'{HEADER}\n"a,""b""",s,OD,"a,b.png",PDR\n'
    record = read_manifest(written(tmp_path, text)).records[0]
    assert (record.id, record.path) == ('a,"b"', "a,b.png")


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("Healthy", "Healthy"), ("Healthy", " NORMAL "), ("Healthy", "dm"), ("NPDR", "npdr"),
        ("NPDR", "Early NPDR"), ("NPDR", "late_npdr"), ("NPDR", "Late - NPDR"), ("PDR", "pdr"),
    ],
)  # fmt: skip
def test_labels_go_by_name(label: str, text: str) -> None:
    assert datasets.parse_label(text) == label


@pytest.mark.parametrize("text", ["0", "1", "2", "", "DR", "not PDR", "Healthy NPDR", "N PDR", "é"])
def test_no_label_is_guessed(text: str) -> None:
    with pytest.raises(ArgumentError, match=r"label must be Healthy .* or PDR, got "):
        datasets.parse_label(text)


def test_labels_are_ordered_by_severity() -> None:
    assert datasets.LABELS == ("Healthy", "NPDR", "PDR")
    with pytest.raises(ArgumentTypeError, match="got int"):
        datasets.parse_label(2)  # type: ignore[arg-type]


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",s,OD,a.png,PDR", "id"),
        ("../a,s,OD,a.png,PDR", "id"),
        ("/a,s,OD,a.png,PDR", "id"),
        ("a\\b,s,OD,a.png,PDR", "id"),
        ("a/./b,s,OD,a.png,PDR", "id"),
        (f"{'a' * 201},s,OD,a.png,PDR", "id"),
        ("a\tb,s,OD,a.png,PDR", "id"),
        ('"a\nb",s,OD,a.png,PDR', "id"),
        ("a\0b,s,OD,a.png,PDR", "id"),
        ("a,,OD,a.png,PDR", "subject"),
        ("a,s\u200b,OD,a.png,PDR", "subject"),
        ("a,s,,a.png,PDR", "eye"),
        ("a,s,left,a.png,PDR", "eye"),
        ("a,s,OD,,PDR", "path"),
        ("a,s,OD,/etc/a.png,PDR", "path"),
        ("a,s,OD,C:/a.png,PDR", "path"),
        ("a,s,OD,b\\a.png,PDR", "path"),
        ("a,s,OD,b/,PDR", "path"),
        ("a,s,OD,..,PDR", "path"),
        (f"a,s,OD,{'a' * 1001},PDR", "path"),
        ("a,s,OD,a.png,", "label"),
        ("a,s,OD,a.png,2", "label"),
        ("a,s,OD,a.png,sick", "label"),
        ("a,s,OD,a.png,PDR,dev", "split"),
        ("a,s,OD,a.png,PDR,,0", "fov_mm"),
        ("a,s,OD,a.png,PDR,,-3", "fov_mm"),
        ("a,s,OD,a.png,PDR,,nan", "fov_mm"),
        ("a,s,OD,a.png,PDR,,1e999", "fov_mm"),
        ("a,s,OD,a.png,PDR,,1_0", "fov_mm"),
        ("a,s,OD,a.png,PDR,,٣", "fov_mm"),
        ('a,s,OD,a.png,PDR,,"3,0"', "fov_mm"),
        (f"a,s,OD,a.png,PDR,,,{'D' * 201}", "layer"),
        ("a,s,OD,a.png,PDR,,,,/m.png", "mask_path"),
        ("a,s,OD,a.png", ""),
        ("a,s,OD,a.png,PDR,test,3,DCP,m.png,more", ""),
        ('a,s,OD,"a"b.png,PDR', ""),
        ('a,s,OD,a.png,"PDR', ""),
        (f'a,s,OD,"{"a" * 140_000}",PDR', ""),
    ],
)
def test_a_bad_cell_is_named(tmp_path: Path, row: str, column: str) -> None:
    cells = row.count(",") if column else 8
    row += "," * (8 - cells)
    if row.count('"3,0"'):
        row += ","
    assert places(tmp_path, f"{FULL}\nok,s,OD,ok.png,PDR,,,,\n\n{row}\n") == [(4, column)]


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("id,subject,eye,path", [(1, "label")]),
        ("id", [(1, "subject"), (1, "eye"), (1, "path"), (1, "label")]),
        (f"{HEADER},eye", [(1, "eye")]),
        (f"{HEADER},age", [(1, "")]),
        (f"{HEADER},,fov_mm", [(1, "")]),
        (HEADER.replace(",", ";"), [(1, "")]),
        (HEADER.replace(",", "\t"), [(1, "")]),
        (HEADER, [(1, "")]),
        ("", [(1, "")]),
    ],
)
def test_a_bad_header_is_named(tmp_path: Path, header: str, wanted: list[tuple[int, str]]) -> None:
    assert places(tmp_path, header) == wanted


def test_a_misspelt_column_gets_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="got 'mask_paths'; did you mean 'mask_path'"):
        read_manifest(written(tmp_path, f"{HEADER},mask_paths\n{ROW},m.png\n"))


@pytest.mark.parametrize(
    ("data", "got"),
    [
        (f"{HEADER}\n{ROW}\nb,s\xe9,OD,b.png,PDR\n".encode("latin-1"), "row 3: .* byte 0xE9"),
        (f"{HEADER}\n".encode() + b"\xff", "row 2: .* byte 0xFF"),
        (f"{HEADER}\n{ROW}\n".encode("utf-16"), "got UTF-16"),
    ],
)
def test_other_encodings_are_named(tmp_path: Path, data: bytes, got: str) -> None:
    with pytest.raises(ManifestError, match=got):
        read_manifest(written(tmp_path, data))


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    text = f"{HEADER}\na,s,OX,a.png,sick\nb,,OD,b.png,PDR\na,s,OD,a.png,PDR\na,s,OD,c.png,PDR\n"
    wanted = [(2, "eye"), (2, "label"), (3, "subject"), (4, "id"), (5, "id")]
    assert places(tmp_path, text) == wanted
    with pytest.raises(ManifestError) as caught:
        read_manifest(tmp_path / "manifest.csv", max_problems=2)
    assert (len(caught.value.problems), caught.value.total) == (2, 5)
    lines = str(caught.value).splitlines()
    assert lines[0].endswith("manifest.csv: has 5 problems")
    assert lines[1].startswith("row 2, column eye: must be OD, OS or unknown, got 'OX'")
    assert lines[-1] == "and 3 more"
    assert "got that of row 2" in str(read_error(tmp_path))


def read_error(folder: Path) -> ManifestError:
    with pytest.raises(ManifestError) as caught:
        read_manifest(folder / "manifest.csv")
    return caught.value


def test_errors_pass_between_processes(tmp_path: Path) -> None:
    places(tmp_path, f"{HEADER}\na,s,OX,a.png,sick\n")
    error = read_error(tmp_path)
    for other in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert (str(other), other.problems, other.total) == (str(error), error.problems, 2)


def test_messages_name_nobody(tmp_path: Path) -> None:
    secret = "Jane-Doe-1950"
    rows = [
        f"{secret}/../x,{secret},OD,/{secret}.png,PDR",
        f"{secret},{secret}\u200b,OD,{secret}/,PDR",
        f"{secret},{secret},OD,{secret}\\a.png,PDR,,,,/{secret}",
        f"{secret}\\,{secret * 20},OD,{secret * 90},PDR,,,,C:/{secret}",
        f"{secret},{secret},OD",
    ]
    text = f"{FULL}\n" + "".join(row + "," * (8 - row.count(",")) + "\n" for row in rows[:4])
    places(tmp_path, text + rows[4] + "\n")
    assert read_error(tmp_path).total >= 8
    assert "Jane" not in str(read_error(tmp_path))
    record = Record(id=secret, subject=secret, eye="OD", path=f"{secret}.png", label="PDR",
                    mask_path=f"{secret}.png")  # fmt: skip
    manifest = write_manifest(tmp_path / secret / "m.csv", [record])
    assert secret not in repr(record) + repr(manifest)
    with pytest.raises(ArgumentError) as caught:
        manifest.select([secret + "2"])
    assert "Jane" not in str(caught.value)


def test_missing_and_oversized_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(MissingFileError):
            read_manifest(path)
    monkeypatch.setattr("gftcore.datasets.manifest.MAX_BYTES", 30)
    with pytest.raises(FormatError, match="more than 30 bytes"):
        read_manifest(written(tmp_path, f"{HEADER}\n{ROW}\n"))


# --- records and writing -------------------------------------------------------------------------


def test_records_obey_the_rules_of_cells() -> None:
    good = {"id": "a", "subject": "s", "eye": "od", "path": "a.png", "label": "DM", "fov_mm": 3}
    record = Record(**good)  # type: ignore[arg-type]
    assert (record.eye, record.label, record.fov_mm) == ("OD", "Healthy", 3.0)
    for change, error, text in (
        ({"label": "2"}, ArgumentError, "label must be Healthy"),
        ({"id": ""}, ArgumentError, "id must be a name"),
        ({"fov_mm": -1.0}, ArgumentError, "fov_mm must be finite and greater than 0"),
        ({"path": "/a"}, ArgumentError, "path must be relative"),
        ({"subject": 7}, ArgumentTypeError, "subject must be text, got int"),
        ({"label": None}, ArgumentTypeError, "label must be text, got NoneType"),
        ({"fov_mm": "3"}, ArgumentTypeError, "fov_mm must be a real number"),
    ):
        with pytest.raises(error, match=f"^{text}"):
            Record(**(good | change))  # type: ignore[arg-type]


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    record = Record(id="a", subject="s", eye="OD", path="a.png", label="PDR")
    for records, error in (
        ([], ArgumentError), ([record, record], ArgumentError), (["a"], ArgumentTypeError),
        (7, ArgumentTypeError), ("ab", ArgumentTypeError),
    ):  # fmt: skip
        with pytest.raises(error, match="records must"):
            write_manifest(path, records)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


printable = st.characters(codec="utf-8").filter(str.isprintable)
names = st.text(printable, min_size=1, max_size=8).map(str.strip).filter(bool)
ids = names.filter(lambda text: not {"\\", "/"} & set(text) and text not in (".", ".."))
paths = ids.filter(lambda text: text[1:2] != ":")
record_lists = st.lists(
    st.builds(
        Record,
        id=ids,
        subject=names,
        eye=st.sampled_from(datasets.EYES),
        path=paths,
        label=st.sampled_from(datasets.LABELS),
        split=st.sampled_from([None, "train", "validate", "test"]),
        fov_mm=st.none() | st.floats(0, 100, exclude_min=True),
        layer=st.none() | names,
        mask_path=st.none() | paths,
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda record: record.id,
)


@given(records=record_lists)
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, records: list[Record]) -> None:
    path = tmp_path_factory.mktemp("m") / "m.csv"
    manifest = write_manifest(path, records)
    assert read_manifest(path) == manifest
    assert manifest.records == tuple(records)
    before = path.read_bytes()
    write_manifest(path, manifest)
    assert path.read_bytes() == before
    with path.open(newline="", encoding="utf-8") as stream:  # any CSV reader agrees
        assert [row["id"] for row in csv.DictReader(stream)] == [record.id for record in records]


def judge(folder: Path, data: bytes) -> bool:
    """Whether a file is read; if not, the error is the documented one."""
    try:
        manifest = read_manifest(written(folder, data))
    except ManifestError as error:
        assert error.total >= 1
        assert "manifest.csv" in str(error)
        return False
    assert len(manifest) == len({record.id for record in manifest}) >= 1
    return True


@given(text=st.text())
@example("\ufeff\ufeffid")
@example("\x85".join([HEADER, ROW]))
@example("\u2028" + HEADER)
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("m")
    data = text.encode("utf-8", errors="surrogatepass")
    for whole in (data, f"{FULL}\n".encode() + data, f"{HEADER}\n{ROW}\nb,s,OD,".encode() + data):
        judge(folder, whole)


def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    """2,000 files with bytes flipped, cut, doubled: a manifest, or the documented error."""
    rng = np.random.default_rng(4)
    text = io.StringIO()
    csv.writer(text).writerows(
        [FULL.split(",")]
        + [[f"{i}", f"s{i // 2}", "OD", f"é {i}.png", "NPDR", "train", "3.0", "DCP", 'm".png']
           for i in range(6)]
    )  # fmt: skip
    sound = text.getvalue().encode("utf-8-sig")
    assert len(read_manifest(written(tmp_path, sound))) == 6
    outcomes = {"read": 0, "refused": 0}
    special = np.frombuffer(b',"\r\n\0\xff\\/ ;\t', dtype=np.uint8)
    for _ in range(2000):
        data = np.frombuffer(sound, dtype=np.uint8).copy()
        at = rng.integers(0, len(data), size=rng.integers(1, 4))
        data[at] = rng.choice(special, size=len(at)) if rng.random() < 0.7 else data[at] ^ 16
        start, end = sorted(rng.integers(0, len(data), size=2).tolist())
        kind = rng.integers(0, 4)
        whole = data.tobytes()
        if kind == 0:
            whole = whole[:start]
        elif kind == 1:
            whole = whole[:end] + whole[start:]
        outcomes["read" if judge(tmp_path, whole) else "refused"] += 1
    assert min(outcomes.values()) > 100, outcomes


# --- other diseases, masks without images --------------------------------------------------------


def test_a_manifest_may_name_its_own_classes(tmp_path: Path) -> None:
    rows = [f"{i},s{i},OD,{i}.png,{label}" for i, label in enumerate(
        ["RVO", "normal", "AMD", "rvo ", "Healthy", "wet  AMD", "amd", "Wet-AMD"]
    )]  # fmt: skip
    manifest = read_manifest(written(tmp_path, "\n".join([HEADER, *rows])))
    assert manifest.classes == ("Healthy", "AMD", "RVO", "wet AMD")
    assert [record.label for record in manifest][:4] == ["RVO", "Healthy", "AMD", "RVO"]
    again = write_manifest(tmp_path / "again.csv", manifest.records)
    assert read_manifest(tmp_path / "again.csv").classes == again.classes == manifest.classes
    with pytest.warns(GftcoreWarning, match="FOLD_LACKS_CLASS: no image of Healthy in fold"):
        splits = datasets.split_subjects(manifest)
    assert {name for row in datasets.fold_table(manifest, splits) for name in row} == {
        "fold", "subjects", "images", *manifest.classes
    }  # fmt: skip
    assert datasets.summarise(manifest).images_by_label["RVO"] == 2


@pytest.mark.parametrize(
    "labels",
    [
        ["Healthy", "Healthy", "PDR", "NPRD"],
        ["Healthy", "Healthy", "Helthy", "Helthy"],
        ["Healthy", "Healthy", "RVO"],
        ["RVO", "RVO"],
        ["RVO", "RVO", "PDR", "PDR"],
        ["Healthy", "Healthy", "1", "1"],
        ["Healthy", "Healthy", "DR?", "2.0"],
    ],
    ids=str,
)
def test_misspelt_words_make_no_class(tmp_path: Path, labels: list[str]) -> None:
    assert datasets.class_names(labels) == datasets.LABELS
    rows = [f"{i},s{i},OD,{i}.png,{label}" for i, label in enumerate(labels)]
    found = places(tmp_path, "\n".join([HEADER, *rows]))
    assert {column for _, column in found} == {"label"}


def test_masks_without_images(tmp_path: Path) -> None:
    text = "id,subject,eye,mask_path,label\na,s,OD,m.png,PDR\n"
    manifest = read_manifest(written(tmp_path, text))
    (record,) = manifest
    assert (manifest.image_path(record), manifest.mask_path(record)) == (None, tmp_path / "m.png")
    assert write_manifest(tmp_path / "again.csv", [record]).records == (record,)
    assert (tmp_path / "again.csv").read_text() == text.replace(
        "mask_path,label", "label,mask_path"
    ).replace("m.png,PDR", "PDR,m.png")
    both = f"{FULL}\na,s,OD,,PDR,,,,m.png\nb,t,OD,b.png,PDR,,,,\n"
    assert [r.path for r in read_manifest(written(tmp_path, both))] == [None, "b.png"]
    assert places(tmp_path, f"{FULL}\na,s,OD,,PDR,,,,\n") == [(2, "path")]
    with pytest.raises(ArgumentError, match="path must be an image file, or mask_path a mask"):
        Record(id="a", subject="s", eye="OD", label="PDR")
    np.save(tmp_path / "m.npy", np.eye(4, dtype=bool))
    text = "id,subject,eye,mask_path,label\na,s,OD,m.npy,PDR\nb,t,OD,m.npy,PDR\nc,u,OD,x.npy,PDR\n"
    found = list(datasets.check_files(read_manifest(written(tmp_path, text))))
    assert [[problem.column for problem in row] for row in found] == [
        [],
        ["mask_path"],
        ["mask_path"],
    ]
