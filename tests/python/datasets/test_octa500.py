# SPDX-License-Identifier: Apache-2.0
"""OCTA-500: every layout, the selection for staging, every fault named once and all at once."""

from __future__ import annotations

import sys
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import octa500_files as made
from gftcore import datasets, metrics
from gftcore.datasets import ManifestError, octa500_protocol, pool_dr, read_octa500
from gftcore.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    GftcoreWarning,
    MissingExtraError,
    MissingFileError,
    ShapeError,
)

KINDS = {"LargeVessel", "Capillary", "Artery", "Vein", "FAZ"}


def entries(path: Path, *args: Any, **options: Any) -> tuple[datasets.Entry, ...]:
    with pytest.warns(GftcoreWarning, match="NOT_DVC: the projection"):
        return read_octa500(path, *args, **options)


def faults(path: Path, *args: Any) -> list[str]:
    """All problems of a tree, as text."""
    with pytest.raises(ManifestError) as caught:
        read_octa500(path, *args)
    assert str(caught.value).startswith(f"{path}: ")
    return [str(problem) for problem in caught.value.problems]


# --- what is there -------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", sorted(made.LAYOUTS))
def test_every_layout_gives_the_same(tmp_path: Path, layout: str) -> None:
    root = made.tree(tmp_path / "set", layout)
    found = entries(root)
    assert [entry.id for entry in found] == [str(number) for number in made.IDS_3MM]
    assert Counter(entry.disease for entry in found) == {
        "NORMAL": 160, "DR": 29, "AMD": 6, "CNV": 5,
    }  # fmt: skip
    assert [entry.eye for entry in found[:3]] == ["OD", "OS", "OS"]
    assert {(entry.fov_mm, entry.layer, entry.label) for entry in found} == {(3, "ILM_OPL", None)}
    for entry in found:
        assert entry.subject == entry.id
        assert entry.path.name.lower() == f"{entry.id}.bmp"
        assert set(entry.masks) == KINDS
        assert all(f"GT_{kind}".lower() in str(path).lower() for kind, path in entry.masks.items())
        assert all(path.is_file() for path in (entry.path, *entry.masks.values()))
    # Of a half that is given alone, too, sheet and masks may lie beside it.
    alone = entries(root / made.LAYOUTS[layout][0])
    assert [entry.path for entry in alone] == [entry.path for entry in found]
    assert [dict(entry.masks) for entry in alone] == [dict(entry.masks) for entry in found]


@pytest.mark.parametrize("layout", sorted(made.LAYOUTS))
def test_the_protocol_selects_160_and_29(tmp_path: Path, layout: str) -> None:
    found = entries(made.tree(tmp_path / "set", layout, masks=()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        records = octa500_protocol(found, folder=tmp_path)
    assert Counter(record.label for record in records) == {"Healthy": 160, "DR": 29}
    manifest = datasets.write_manifest(tmp_path / "manifest.csv", records)
    assert manifest.classes == ("Healthy", "DR")
    assert datasets.read_manifest(tmp_path / "manifest.csv").records == records
    assert all((tmp_path / str(record.path)).is_file() for record in records)
    outside = octa500_protocol(found, folder=tmp_path / "x" / "y")
    assert all((tmp_path / "x" / "y").joinpath(str(r.path)).parts.count("..") for r in outside)


def test_the_other_half(tmp_path: Path) -> None:
    folder = tmp_path / "OCTA_6M" / "Projection Maps" / "OCTA(FULL)"
    folder.mkdir(parents=True)
    for number in (10001, 10300):
        made.picture(folder / f"{number}.bmp", 400)
    rows = [[10001, "F", "OD", 5, "CSC"], [10300, "M", None, 6, "rvo"], [10301, "M", "OD", 6, "DR"]]
    made.write_sheet(tmp_path / "TextLabels.xlsx", rows)
    found = entries(tmp_path, "6mm", "FULL")
    assert [(e.id, e.disease, e.eye, e.fov_mm, e.layer, dict(e.masks)) for e in found] == [
        ("10001", "CSC", "OD", 6, "FULL", {}), ("10300", "RVO", "unknown", 6, "FULL", {}),
    ]  # fmt: skip
    with pytest.raises(ArgumentError, match="entries must be those of the 3 mm half"):
        octa500_protocol(found, folder=tmp_path)


def test_projections_are_a_choice(tmp_path: Path) -> None:
    names = ("OCTA(ILM_OPL)", "OCTA(FULL)", "OCTA(OPL_BM)")
    root = made.small_tree(tmp_path / "set", projections=names)
    for projection in ("ILM_OPL", "FULL", "OPL_BM"):
        found = entries(root, projection=projection)
        assert {entry.path.parent.name for entry in found} == {f"OCTA({projection})"}
    with pytest.raises(ArgumentError, match="projection must be one of"):
        read_octa500(root, projection="SVC")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="size must be one of"):
        read_octa500(root, "9mm")  # type: ignore[arg-type]


def test_sheets_may_have_other_orders_and_numbers_as_text(tmp_path: Path) -> None:
    root = made.small_tree(tmp_path / "set", count=2)
    rows = [["NORMAL", 10301.0], [], ["dr", " 10302 "]]
    made.write_sheet(root / "TextLabels.xlsx", rows, header=("disease ", "id"))
    assert [(e.id, e.disease, e.eye) for e in entries(root)] == [
        ("10301", "NORMAL", "unknown"), ("10302", "DR", "unknown"),
    ]  # fmt: skip


# --- what is wrong -------------------------------------------------------------------------------

NEW = "OCTA_3mm/ProjectionMaps/OCTA(ILM_OPL)"


def sheet(root: Path, change: Callable[[list[list[Any]]], Any]) -> None:
    rows = made.few_rows()
    change(rows)
    made.write_sheet(root / "TextLabels.xlsx", rows)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda root: (root / NEW / "10302.bmp").unlink(),
         f"row 3: 10302 must have {NEW}/10302.bmp, got none"),
        (lambda root: (root / "Label/GT_FAZ/10306.bmp").unlink(),
         "row 7: 10306 must have Label/GT_FAZ/10306.bmp, got none"),
        (lambda root: sheet(root, lambda rows: rows[0].__setitem__(4, "DME")),
         "row 2, column Disease: must be one of NORMAL, DR, AMD, CNV, CSC, RVO, OTHERS, got 'DME'"),
        (lambda root: sheet(root, lambda rows: rows[0].__setitem__(4, None)),
         "row 2, column Disease: must be one of NORMAL, DR, AMD, CNV, CSC, RVO, OTHERS, got ''"),
        (lambda root: sheet(root, lambda rows: rows[0].__setitem__(2, "both")),
         "row 2, column OS/OD: must be OD, OS or unknown, got 'both'"),
        (lambda root: sheet(root, lambda rows: rows.append(rows[0])),
         "row 8, column ID: must be unique, got 10301 of row 2 again"),
        (lambda root: sheet(root, lambda rows: rows.append([9, "F", "OD", 5, "DR"])),
         "row 8, column ID: must be 10001 to 10500, got '9'"),
        (lambda root: sheet(root, lambda rows: rows.pop()),
         f"{NEW}/10306.bmp must have a row in the sheet, got none"),
        (lambda root: made.picture(root / NEW / "10001.bmp", 304),
         f"{NEW}/10001.bmp must be the image of an id 10301 to 10500"),
        (lambda root: made.picture(root / NEW / "10302.BMP", 304),
         f"{NEW} must hold one 10302.bmp, got 10302.BMP, 10302.bmp; remove one"),
        (lambda root: made.picture(root / "Label/GT_FAZ/10309.bmp", 304),
         "Label/GT_FAZ/10309.bmp must have a row in the sheet, got none"),
        (lambda root: made.picture(root / "Label/GT_FAZ/9.bmp", 304),
         "Label/GT_FAZ/9.bmp must be the mask of an id 10001 to 10500"),
        (lambda root: sheet(root, lambda rows: rows[0].__setitem__(0, "10301a")),
         "row 2, column ID: must be 10001 to 10500, got '10301a'"),
        (lambda root: sheet(root, lambda rows: rows[0].__setitem__(0, 10302)),
         "row 3, column ID: must be unique, got 10302 of row 2 again"),
        (lambda root: (root / "TextLabels.xlsx").unlink(),
         "must hold TextLabels.xlsx or Text labels.xlsx or TextLabels.csv or Text labels.csv in "
         "OCTA_3mm, the folder, Label, got none"),
        (lambda root: made.write_sheet(root / "OCTA_3mm/Text labels.csv", made.few_rows()),
         "must hold one of TextLabels.xlsx or Text labels.xlsx or TextLabels.csv or "
         "Text labels.csv, got OCTA_3mm/Text labels.csv, TextLabels.xlsx; remove one"),
        (lambda root: (root / "OCTA_3M").mkdir(),
         "must hold one of OCTA_3M or OCTA_3mm, got OCTA_3M, OCTA_3mm; remove one"),
        (lambda root: (root / "OCTA_3mm/Projection Maps").mkdir(),
         "must hold one of ProjectionMaps or Projection Maps, got OCTA_3mm/Projection Maps, "
         "OCTA_3mm/ProjectionMaps; remove one"),
        (lambda root: (root / "OCTA_3mm/GT_FAZ").mkdir(),
         "must hold one of GT_FAZ, got Label/GT_FAZ, OCTA_3mm/GT_FAZ; remove one"),
        (lambda root: (root / NEW).rename(root / "elsewhere"),
         "must hold OCTA(ILM_OPL) in OCTA_3mm/ProjectionMaps, got none"),
        (lambda root: (root / "OCTA_3mm").rename(root / "3mm"),
         "must hold OCTA_3M or OCTA_3mm in the folder, got none"),
        (lambda root: made.write_sheet(root / "TextLabels.xlsx", [], header=("ID", "Age")),
         "row 1, column Disease: of TextLabels.xlsx: must be in the header once, got it 0 times"),
    ],
)  # fmt: skip
def test_each_fault_has_one_message(
    tmp_path: Path, spoil: Callable[[Path], Any], expected: str
) -> None:
    root = made.small_tree(tmp_path / "set")
    spoil(root)
    assert faults(root) == [expected]


def test_what_is_no_fault(tmp_path: Path) -> None:
    root = made.small_tree(tmp_path / "set")
    for name in ("._10302.bmp", ".DS_Store"):
        (root / NEW / name).write_bytes(b"\0\5\x16\7")
    made.picture(root / "Label/GT_FAZ/10001.bmp", 400)  # masks of both halves lie together
    assert len(entries(root)) == 6


@pytest.mark.parametrize("name", [f"{NEW}/10301.bmp", "Label/GT_Vein/10301.bmp"])
def test_sizes_are_checked_in_the_header(tmp_path: Path, name: str) -> None:
    root = made.small_tree(tmp_path / "set", count=1)
    for side, got in ((400, "400 x 400"), (None, "a damaged file")):
        (root / name).unlink()
        if side is None:
            (root / name).write_bytes(b"BM no image")
        else:
            made.picture(root / name, side)
        assert faults(root) == [f"row 2: {name} must be an image of 304 x 304 pixels, got {got}"]


def test_all_faults_at_once(tmp_path: Path) -> None:
    root = made.small_tree(tmp_path / "set")
    sheet(root, lambda rows: rows[3].__setitem__(4, "healthy"))
    (root / NEW / "10301.bmp").unlink()
    (root / "Label/GT_Vein/10302.bmp").unlink()
    found = faults(root)
    assert len(found) == 3
    assert found[0].startswith("row 5, column Disease")
    assert {text[:5] for text in found[1:3]} == {"row 2", "row 3"}


def test_sheets_that_are_none(tmp_path: Path) -> None:
    root = made.small_tree(tmp_path / "set", count=1)
    path = root / "TextLabels.xlsx"
    for content in (b"", b"no archive", b"PK\x03\x04 broken"):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=r"TextLabels\.xlsx: cannot be read as a sheet"):
            read_octa500(root)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(1 << 26))
    with pytest.raises(FormatError, match=r"unpacks to more than"):
        read_octa500(root)
    path.unlink()
    (root / "TextLabels.csv").write_bytes(b"\xff\xfeI\0D\0")
    with pytest.raises(FormatError, match=r"TextLabels\.csv: cannot be read as a sheet"):
        read_octa500(root)
    (root / "TextLabels.csv").write_text("")
    assert "must have the columns ID and Disease" in faults(root)[0]


def test_no_folders(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "none", tmp_path / "file"):
        with pytest.raises(MissingFileError, match="is no folder"):
            read_octa500(path)
    with pytest.raises(ArgumentTypeError):
        read_octa500(3)  # type: ignore[arg-type]


def test_excel_needs_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = made.small_tree(tmp_path / "set")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match=r'OCTA-500 needs openpyxl: .*"gftcore\[io\]"'):
        read_octa500(root)
    (root / "TextLabels.xlsx").unlink()
    made.write_sheet(root / "TextLabels.csv", made.few_rows())
    assert len(entries(root)) == 6


# --- the protocol --------------------------------------------------------------------------------


def test_a_part_of_the_data_set_is_told(tmp_path: Path) -> None:
    found = entries(made.small_tree(tmp_path / "set"))
    with pytest.warns(GftcoreWarning, match=r"OCTA500_INCOMPLETE: .* got 4 and 2"):
        records = octa500_protocol(found, folder=tmp_path)
    assert Counter(record.label for record in records) == {"Healthy": 4, "DR": 2}
    with pytest.raises(ArgumentError, match="got none"):
        octa500_protocol((), folder=tmp_path)
    with pytest.raises(ArgumentTypeError, match="entries must hold Entry"):
        octa500_protocol([1], folder=tmp_path)  # type: ignore[list-item]


def test_pooling_by_hand() -> None:
    table = [[0.5, 0.3, 0.2], [0.4, 0.3, 0.3], [0.2, 0.5, 0.3], [0.4, 0.4, 0.2], [0.5, 0.5, 0.0]]
    assert pool_dr(table).tolist() == [False, False, True, False, False]
    assert pool_dr(table, pool="prob").tolist() == [False, True, True, True, False]
    turned = np.array(table)[:, ::-1]
    other = pool_dr(turned, labels=("PDR", "NPDR", "Healthy"))
    assert other.tolist() == [False, False, True, True, True]  # ties go to the first column


@given(
    st.lists(st.tuples(*[st.integers(0, 1000)] * 3).filter(any), min_size=1, max_size=20),
    st.sampled_from(["argmax", "prob"]),
)
def test_pooling_is_that_of_the_metrics(rows: list[tuple[int, int, int]], pool: Any) -> None:
    table = np.array(rows, dtype=np.float64)
    table /= table.sum(axis=1, keepdims=True)
    other = metrics.pool_predictions(
        table, labels=datasets.LABELS, groups={"Healthy": ["Healthy"], "DR": ["NPDR", "PDR"]},
        rule=pool,
    ).predicted  # fmt: skip
    assert pool_dr(table, pool=pool).tolist() == [name == "DR" for name in other]


def test_what_cannot_be_pooled() -> None:
    with pytest.raises(ShapeError, match=r"\[n, 3\], got shape \(1, 2\)"):
        pool_dr([[0.5, 0.5]])
    for bad in ([[1, 0, 0]], [[0.5, np.nan, 0.5]], [[-0.1, 0.6, 0.5]], [[1.5, 0, 0]]):
        with pytest.raises(ArgumentError, match="between 0 and 1"):
            pool_dr(bad)
    with pytest.raises(ArgumentError, match="labels must be Healthy, NPDR, PDR in any order"):
        pool_dr([[0.5, 0.5, 0.0]], labels=("Healthy", "DR", "PDR"))
    with pytest.raises(ArgumentError, match="pool must be one of"):
        pool_dr([[0.5, 0.5, 0.0]], pool="max")  # type: ignore[arg-type]
