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

import gftcore
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
    assert answer["list"]["status"] == "failed"
    assert answer["list"]["error"]["code"] == "REFUSED"
    assert answer["list"]["error"]["message"].endswith("and what was edited in it")
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
    assert len(produced) == 5
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


# --- going on ------------------------------------------------------------------------------------


def test_a_mended_image_is_added(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    sound = (source / "Healthy/a.dcm").read_bytes()
    (source / "Healthy/a.dcm").write_bytes(sound[:-40])
    assert document(capsys, source, "--out", out)[0] == Exit.SOME_FAILED
    before = files(out)
    (source / "Healthy/a.dcm").write_bytes(sound)
    code, answer = document(capsys, source, "--out", out)
    assert (code, answer["list"]["status"], answer["run"]["status"]) == (0, "ok", "ok")
    assert answer["summary"] == {"ok": 1, "skipped": 5, "failed": 0}
    after = files(out)
    assert {name for name in after if after[name] != before.get(name)} == {
        "images/Healthy/a.png", "manifest.csv", "run.json",
    }  # fmt: skip
    run(capsys, source, "--out", tmp_path / "whole")
    whole = files(tmp_path / "whole")
    assert {name: data for name, (_, data) in after.items()} == {
        name: data for name, (_, data) in whole.items()
    }


def test_an_edited_list_is_refused_before_images_are_written(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    run(capsys, source, "--out", out)
    manifest = out / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("PDR/IM1,PDR/IM1", "PDR/IM1,somebody"))
    io.write_image(source / "PDR" / "new.png", GREY)
    before = files(out)
    for options in ((), ("--dry-run",)):
        code, answer = document(capsys, source, "--out", out, *options)
        assert code == Exit.REFUSED
        assert answer["list"]["error"]["message"].startswith(f"{manifest} exists and differs by")
        assert [each["status"] for each in answer["images"]].count("waiting") == 1
        assert answer["run"] is None
        assert files(out) == before
    code, said, err = run(capsys, source, "--out", out)
    assert (code, said) == (Exit.REFUSED, "")
    assert f"failed: {manifest} exists" in err
    assert document(capsys, source, "--out", out, "--overwrite")[0] == 0
    assert "somebody" not in manifest.read_text()


def test_labels_that_come_later(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, out, labels = tmp_path / "in", tmp_path / "out", tmp_path / "labels.csv"
    for name in "ab":
        io.write_image(root / f"{name}.png", GREY)
    run(capsys, root, "--out", out)
    labels.write_text("id,label,subject,eye\na,Normal,a,OS\nb,PDR,,\n")
    (out / "images.csv").write_text((out / "images.csv").read_text().replace("unknown", "OD"))
    before = files(out)
    code, answer = document(capsys, root, "--out", out, "--labels", labels)
    assert code == Exit.REFUSED
    assert "images.csv would be replaced by manifest.csv" in answer["list"]["error"]["message"]
    assert files(out) == before
    (out / "images.csv").write_bytes(before["images.csv"][1].replace(b"OD", b"unknown"))
    code, _, err = run(capsys, root, "--out", out, "--labels", labels)
    assert code == 0
    assert f"manifest.csv replaces {out / 'images.csv'}" in err
    assert sorted(p.name for p in out.iterdir()) == ["images", "manifest.csv", "run.json"]
    code, answer = document(capsys, root, "--out", out)
    assert code == Exit.REFUSED
    assert "lists images with labels, and these have none" in answer["list"]["error"]["message"]
    # A table of another command with that name is none of ours.
    (out / "images.csv").write_text("image_id,status\na,ok\n")
    assert document(capsys, root, "--out", out, "--labels", labels)[0] == 0
    assert (out / "images.csv").exists()


def test_nobody_unknown_is_somebody_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, labels = tmp_path / "in", tmp_path / "labels.csv"
    for name in "ab":
        io.write_image(root / f"{name}.png", GREY)
    labels.write_text("id,label,subject\na,Normal,b\nb,PDR,\n")
    run(capsys, root, "--out", tmp_path / "out", "--labels", labels)
    assert [row[1] for row in rows(tmp_path / "out" / "manifest.csv")[1:]] == ["b", "b?"]


def test_a_broken_link_is_a_failed_image(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (source / "PDR2").symlink_to(tmp_path / "gone", target_is_directory=True)
    code, answer = document(capsys, source, "--out", tmp_path / "out")
    assert (code, answer["summary"]["failed"]) == (Exit.SOME_FAILED, 1)
    assert answer["images"][-1]["error"]["message"].endswith("PDR2: No such file or directory")


# --- what is written beside the images -----------------------------------------------------------


def test_no_cell_is_a_formula(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    io.write_image(tmp_path / "in" / "=1+2.png", GREY)
    out = tmp_path / "out"
    for status in ("ok", "skipped"):
        assert document(capsys, tmp_path / "in", "--out", out)[1]["list"]["status"] == status
    assert rows(out / "images.csv")[1][:2] == ["'=1+2", "images/=1+2.png"]


def test_the_run_says_what_was_made_of_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, out, labels = tmp_path / "in", tmp_path / "out", tmp_path / "labels.csv"
    path = made.saved(root / "a.dcm", made.dicom(GREY))
    labels.write_text(f"id,label,subject\na,PDR,{made.CANARY}\n")
    code, answer = document(capsys, root, "--out", out, "--labels", labels, "--fov-mm", 3)
    assert (code, answer["run"]) == (0, {"path": str(out / "run.json"), "status": "ok"})
    text = (out / "run.json").read_text()
    found = json.loads(text)
    assert found["schema"] == "gftcore-data-convert-run/1"
    assert found["gftcore"] == gftcore.__version__
    assert found["options"] == {
        "burned_in": "refuse", "channel": None, "eye": None, "format": "folder", "fov_mm": 3.0,
        "labels_sha256": io.file_sha256(labels), "max_pixels": 64_000_000, "projection": None,
    }  # fmt: skip
    assert found["images"] == [{"id": "a", "files": {"images/a.png": {
        "source_sha256": io.file_sha256(path), "sha256": io.file_sha256(out / "images/a.png"),
    }}}]  # fmt: skip
    assert not any(word in text for word in (str(tmp_path), *made.SECRETS))
    assert document(capsys, root, "--out", out, "--labels", labels, "--fov-mm", 3)[1]["run"] == {
        "path": str(out / "run.json"), "status": "skipped",
    }  # fmt: skip


def test_the_run_of_another_command_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    io.write_image(tmp_path / "in" / "a.png", GREY)
    out = tmp_path / "out"
    for text in ('{"schema": "gftcore-run/1"}', "no JSON"):
        out.mkdir(exist_ok=True)
        (out / "run.json").write_text(text)
        code, answer = document(capsys, tmp_path / "in", "--out", out)
        assert code == Exit.REFUSED
        assert "run.json is that of another command" in answer["list"]["error"]["message"]
        assert list(files(out)) == ["run.json"]


@pytest.mark.parametrize("fov", ["0.5", "31", "nan", "-3"])
def test_fields_of_view_that_no_retina_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fov: str
) -> None:
    code, _, err = run(capsys, tmp_path, "--out", tmp_path / "out", "--fov-mm", fov)
    assert code == Exit.BAD_INPUT
    assert "--fov-mm must be 1 to 30 mm, got" in err
