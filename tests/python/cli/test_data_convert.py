# SPDX-License-Identifier: Apache-2.0
"""``gftcore data convert``: what is written, what is refused, what goes on, who is named."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import JPEGLSLossless

import medical_files as made
import octa500_files
from gftcore import cli, datasets, io
from gftcore.cli.outcome import Exit

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 255, (6, 8), dtype=np.uint8)
DEEP = RNG.integers(0, 65535, (6, 8), dtype=np.uint16)


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = cli.main(["data", "convert", *(str(arg) for arg in args)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def document(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, dict[str, Any]]:
    code, out, err = run(capsys, *args, "--json")
    answer: dict[str, Any] = json.loads(out)
    assert (err == "") == ("error" not in answer)
    return code, answer


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Everything below a folder, with the time of its last change."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Every format, in folders that are classes: 3 mm wide where the header says it."""
    root = tmp_path / "source"
    made.saved(root / "Healthy" / "a.dcm", made.dicom(GREY))
    made.saved(root / "PDR" / "IM1", made.dicom(DEEP, ImageLaterality="L"))
    made.nifti(root / "NPDR" / "b.nii.gz", GREY ^ 1, zooms=(0.375, 0.375), unit="mm")
    Image.fromarray(DEEP ^ 1).save(root / "NPDR" / "c.tif")
    np.save(root / "Healthy" / "d.npy", GREY.astype(np.float32))
    Image.fromarray(GREY > 100).save(root / "Healthy" / "e.bmp")
    return root


def test_every_format_becomes_a_png(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code, said, err = run(capsys, source, "--out", out)
    assert (code, said) == (0, f"{out / 'manifest.csv'}\n")
    assert err.splitlines()[-1] == "6 images written, 0 there already, 0 failed"
    assert "SUBJECTS_UNKNOWN" in err
    assert rows(out / "manifest.csv") == [
        ["id", "subject", "eye", "path", "label", "fov_mm"],
        ["Healthy/a", "Healthy/a", "OD", "images/Healthy/a.png", "Healthy", "3.0"],
        ["Healthy/d", "Healthy/d", "unknown", "images/Healthy/d.png", "Healthy", ""],
        ["Healthy/e", "Healthy/e", "unknown", "images/Healthy/e.png", "Healthy", ""],
        ["NPDR/b", "NPDR/b", "unknown", "images/NPDR/b.png", "NPDR", "3.0"],
        ["NPDR/c", "NPDR/c", "unknown", "images/NPDR/c.png", "NPDR", ""],
        ["PDR/IM1", "PDR/IM1", "OS", "images/PDR/IM1.png", "PDR", "3.0"],
    ]
    expected = {
        "Healthy/a": GREY, "Healthy/d": GREY.astype(np.uint16), "NPDR/b": GREY ^ 1,
        "NPDR/c": DEEP ^ 1, "PDR/IM1": DEEP, "Healthy/e": (GREY > 100) * np.uint8(255),
    }  # fmt: skip
    for name, pixels in expected.items():
        written = io.read_image(out / "images" / f"{name}.png")
        assert written.dtype == pixels.dtype
        assert written.tolist() == pixels.tolist()
    manifest = datasets.read_manifest(out / "manifest.csv")
    assert list(datasets.check_files(manifest)) == [()] * 6


def test_an_equal_run_leaves_the_files(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    run(capsys, source, "--out", out)
    before = files(out)
    code, answer = document(capsys, source, "--out", out)
    assert code == 0
    assert answer["summary"] == {"ok": 0, "skipped": 6, "failed": 0}
    assert answer["list"] == {"path": str(out / "manifest.csv"), "status": "skipped", "images": 6}
    assert files(out) == before
    # What is missing is made again, the rest stays; equal bytes whenever they are made.
    (out / "images/NPDR/c.png").unlink()
    (out / "manifest.csv").unlink()
    _, answer = document(capsys, source, "--out", out)
    assert answer["summary"] == {"ok": 1, "skipped": 5, "failed": 0}
    assert {k: v[1] for k, v in files(out).items()} == {k: v[1] for k, v in before.items()}


def test_other_results_are_refused(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    run(capsys, source, "--out", out)
    io.write_image(out / "images/NPDR/c.png", DEEP)
    code, answer = document(capsys, source, "--out", out)
    assert code == Exit.REFUSED  # the list lacks that image and would replace the old one
    assert answer["error"]["message"].endswith("and what was edited in it")
    (out / "manifest.csv").unlink()
    code, answer = document(capsys, source, "--out", out)
    assert code == Exit.SOME_FAILED
    failed = [each for each in answer["images"] if each["status"] == "failed"]
    assert [(each["image_id"], each["error"]["code"]) for each in failed] == [("NPDR/c", "REFUSED")]
    assert "holds other pixels; use --overwrite" in failed[0]["error"]["message"]
    assert document(capsys, source, "--out", out, "--overwrite")[0] == 0
    assert io.read_image(out / "images/NPDR/c.png").tolist() == (DEEP ^ 1).tolist()
    assert len(rows(out / "manifest.csv")) == 7


def test_dry_runs_write_nothing(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code, answer = document(capsys, source, "--out", out, "--dry-run")
    assert (code, out.exists()) == (0, False)
    assert answer["list"] == {"path": str(out / "manifest.csv"), "status": "waiting", "images": 6}
    assert {each["status"] for each in answer["images"]} == {"waiting"}
    first = answer["images"][0]
    assert first == {
        "path": str(source / "Healthy/a.dcm"), "image_id": "Healthy/a", "status": "waiting",
        "outputs": [str(out / "images/Healthy/a.png")], "warnings": [],
        "counts": {"rows": 6, "cols": 8}, "fov_mm": 3.0, "eye": "OD", "layer": None, "notes": [],
    }  # fmt: skip
    code, said, err = run(capsys, source, "--out", out, "--dry-run")
    assert said == f"would write {out / 'manifest.csv'}\n"
    assert err.splitlines()[-1] == "6 images would be written, 0 failed"


def test_images_without_labels_get_a_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, out = tmp_path / "in", tmp_path / "in" / "out"
    made.saved(root / "a.dcm", made.dicom(GREY))
    Image.fromarray(DEEP).save(root / "b.png")
    for _ in range(2):  # the second run does not find the results of the first
        code, answer = document(capsys, root, "--out", out, "--eye", "OD")
        assert (code, len(answer["images"])) == (0, 2)
    assert (out / "images.csv").read_text() == (
        "id,path,fov_mm,eye,layer\na,images/a.png,3.0,OD,\nb,images/b.png,,OD,\n"
    )
    assert not (out / "manifest.csv").exists()
    code, answer = document(capsys, root / "a.dcm", "--out", tmp_path / "one")
    assert (code, [each["image_id"] for each in answer["images"]]) == (0, ["a"])


def test_labels_and_subjects_from_a_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, out = tmp_path / "in", tmp_path / "out"
    for name in "abcd":
        io.write_image(root / f"{name}.png", GREY + np.uint8(ord(name)))
    labels = tmp_path / "labels.csv"
    labels.write_text(f"id,label,subject,eye\na,Normal,{made.CANARY},OD\nb,RVO,{made.CANARY},OS\n"
                      "c,RVO,2,\nd,Normal,3,OS\n")  # fmt: skip
    code, answer = document(capsys, root, "--out", out, "--labels", labels, "--fov-mm", 3)
    assert (code, answer["warnings"]) == (0, [])
    manifest = datasets.read_manifest(out / "manifest.csv")
    assert manifest.classes == ("Healthy", "RVO")
    assert [(r.eye, r.label, r.fov_mm) for r in manifest] == [
        ("OD", "Healthy", 3), ("OS", "RVO", 3), ("unknown", "RVO", 3), ("OS", "Healthy", 3),
    ]  # fmt: skip
    assert manifest.records[0].subject == made.CANARY
    holding = [name for name, (_, data) in files(out).items() if made.CANARY.encode() in data]
    assert holding == ["manifest.csv"]
    assert made.CANARY not in json.dumps(answer)
    code, answer = document(capsys, root, "--out", out, "--labels", root / "a.png")
    assert code == Exit.BAD_INPUT


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--eye", "OS"), "must be of one eye, the header says OD, --eye says OS"),
        (("--fov-mm", "6"), "must have one field of view, the header says 3 mm, --fov-mm says 6"),
    ],
)
def test_options_do_not_contradict_headers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, str], message: str
) -> None:
    root = tmp_path / "in"
    made.saved(root / "a.dcm", made.dicom(GREY))
    code, said, err = run(capsys, root, "--out", tmp_path / "out", *options)
    assert (code, said) == (Exit.BAD_INPUT, "")
    assert message in err
    assert files(tmp_path / "out") == {}
    assert document(capsys, root, "--out", tmp_path / "out", "--fov-mm", 3.01)[0] == 0
    assert rows(tmp_path / "out" / "images.csv")[1][2] == "3.0"
    assert run(capsys, root, "--out", tmp_path / "out", "--fov-mm", 0)[0] == Exit.BAD_INPUT


def test_bad_images_do_not_stop_the_others(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (source / "NPDR" / "c.tif").write_text("no image")
    np.save(source / "Healthy" / "d.npy", GREY / 7)
    np.save(source / "Healthy" / "f.npy", GREY.astype(np.int16) - 300)
    dataset = made.compressed(made.dicom(GREY), b"\xff\xd8", JPEGLSLossless)
    made.saved(source / "PDR" / "g.dcm", dataset)
    out = tmp_path / "out"
    code, said, err = run(capsys, source, "--out", out, "--quiet")
    assert (code, said) == (Exit.SOME_FAILED, "")
    assert len(err.splitlines()) == 4
    assert all(line.startswith(f"failed: {source}") for line in err.splitlines())
    assert "must hold whole numbers from 0 to 65535 to become a PNG without loss" in err
    assert "int16 from -" in err
    assert [row[0] for row in rows(out / "manifest.csv")[1:]] == [
        "Healthy/a", "Healthy/e", "NPDR/b", "PDR/IM1",
    ]  # fmt: skip


def test_text_in_pixels_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, out = tmp_path / "in", tmp_path / "out"
    made.saved(root / "a.dcm", made.dicom(GREY, BurnedInAnnotation=None))
    code, _, err = run(capsys, root, "--out", out)
    assert code == Exit.REFUSED
    assert "--allow-burned-in" in err
    code, answer = document(capsys, root, "--out", out, "--allow-burned-in")
    assert (code, len(answer["images"][0]["notes"])) == (0, 1)


def test_nobody_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, out = tmp_path / "in", tmp_path / "out"
    made.saved(root / "a.dcm", made.dicom(GREY))
    made.saved(root / "b.dcm", made.dicom(GREY, Rows=None))
    made.nifti(root / "c.nii", GREY)
    code, said, err = run(capsys, root, "--out", out)
    assert code == Exit.SOME_FAILED
    text = said + err + json.dumps(document(capsys, root, "--out", out)[1])
    produced = [text.encode(), *(data for _, data in files(out).values())]
    assert len(produced) == 4
    assert not [data for data in produced if any(s.encode() in data for s in made.SECRETS)]


def test_the_extra_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made.nifti(tmp_path / "in" / "a.nii", GREY)
    monkeypatch.setitem(sys.modules, "nibabel", None)
    code, _, err = run(capsys, tmp_path / "in", "--out", tmp_path / "out")
    assert code == Exit.MISSING_EXTRA
    assert 'pip install "gftcore[io]"' in err


def test_octa500(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, out = octa500_files.small_tree(tmp_path / "set"), tmp_path / "out"
    code, answer = document(capsys, root, "--out", out)
    assert (code, answer["format"]) == (0, "octa500")
    assert [text.split(":")[0] for text in answer["warnings"]] == ["NOT_DVC", "OCTA500_INCOMPLETE"]
    table = rows(out / "manifest.csv")
    assert table[0] == ["id", "subject", "eye", "path", "label", "fov_mm", "layer"]
    assert table[3] == ["10303", "10303", "OD", "images/10303.png", "DR", "3.0", "ILM_OPL"]
    assert [row[4] for row in table[1:]] == ["Healthy", "Healthy", "DR"] * 2
    kinds = ["Artery", "Capillary", "FAZ", "LargeVessel", "Vein"]
    assert sorted(p.name for p in (out / "masks").iterdir()) == kinds
    mask = io.read_mask(root / "Label/GT_FAZ/10301.bmp")
    assert io.read_mask(out / "masks/FAZ/10301.png").tolist() == mask.tolist()
    code, answer = document(capsys, root, "--out", out, "--format", "octa500")
    assert answer["summary"]["skipped"] == 6
    code, _, err = run(capsys, root, "--out", tmp_path / "x", "--projection", "FULL")
    assert code == Exit.BAD_INPUT
    assert "must hold OCTA(FULL)" in err
    code, _, err = run(capsys, root, "--out", tmp_path / "x", "--labels", out / "manifest.csv")
    assert "OCTA-500 has its own sheet" in err


def test_usage(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, source, "--out", source)
    assert code == Exit.BAD_INPUT
    assert "is SOURCE; choose another folder" in err
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "none", tmp_path / "empty"):
        assert run(capsys, path, "--out", tmp_path / "out")[0] == Exit.BAD_INPUT
    assert run(capsys, source)[0] == Exit.USAGE
    assert run(capsys, source, "--out", tmp_path / "out", "--eye", "left")[0] == Exit.USAGE
    labels = tmp_path / "labels.csv"
    labels.write_text("id,label\nHealthy/a,PDRR\n")
    code, _, err = run(capsys, source / "Healthy", "--out", tmp_path / "out", "--labels", labels)
    assert code == Exit.BAD_INPUT
    assert not (tmp_path / "out").exists()
