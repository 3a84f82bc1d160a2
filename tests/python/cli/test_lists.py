# SPDX-License-Identifier: Apache-2.0
"""Lists of images as input of commands: width and eye of each image arrive."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import gftcore
from gftcore import cli, graph, io, tabulation

BAR = np.zeros((40, 40), dtype=bool)
BAR[18:22] = True
LIST = """id,path,fov_mm,eye,layer
a,images/a.png,3.0,OD,DCP
left/b,images/b.png,6.0,OS,
c,images/c.png,,unknown,
"""


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = cli.main(["extract", *map(str, args)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A list of three images beside them."""
    for turns, name in enumerate("abc"):
        mask = np.rot90(BAR, turns).copy()
        mask[0, turns] = True  # no two files have the same bytes
        io.write_image(tmp_path / "set" / "images" / f"{name}.png", mask)
    (tmp_path / "set" / "images.csv").write_text(LIST)
    return tmp_path / "set" / "images.csv"


def test_width_and_eye_of_each_image(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code, _, err = run(capsys, images, "--out", out, "--fov-mm", "4.5", "--eye", "OD")
    assert (code, err) == (0, "3 graphs written, 0 there already, 0 failed\n")
    found = {name: graph.load(out / f"{name}.npz").meta for name in ("a", "left/b", "c")}
    assert {name: (meta.fov_mm, meta.eye) for name, meta in found.items()} == {
        "a": (3.0, "OD"),
        "left/b": (6.0, "OS"),
        "c": (4.5, "OD"),  # what the list leaves out, the options say
    }
    for table in ("images.csv", "biomarkers.csv"):
        with (out / table).open(newline="") as stream:
            rows = {row["image_id"]: row for row in csv.DictReader(stream)}
        assert [rows[name]["fov_mm"] for name in ("a", "c", "left/b")] == ["3.0", "4.5", "6.0"]
    # Each graph is as if it had been extracted alone, and is found again.
    mask = io.read_mask(images.parent / "images" / "b.png")
    alone = graph.extract(mask, graph.ExtractConfig(fov_mm=6.0, eye="OS"))
    assert found["left/b"].config_hash == alone.meta.config_hash
    again = run(capsys, images, "--out", out, "--fov-mm", "4.5", "--eye", "OD")[2]
    assert again == "0 graphs written, 3 there already, 0 failed\n"


def test_a_manifest_is_a_list(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = images.with_name("manifest.csv")
    manifest.write_text(
        "id,subject,eye,path,label,fov_mm\n1,p,OS,images/a.png,NPDR,6.0\n2,p,OD,images/b.png,PDR,\n"
    )
    assert run(capsys, manifest, "--out", tmp_path / "out", "--quiet")[0] == 0
    metas = [graph.load(tmp_path / "out" / f"{name}.npz").meta for name in "12"]
    assert [(meta.fov_mm, meta.eye) for meta in metas] == [(6.0, "OS"), (3.0, "OD")]
    # Nothing of the subject is in any result.
    for path in (tmp_path / "out").rglob("*.csv"):
        assert "NPDR" not in path.read_text()


@pytest.fixture
def eyes(tmp_path: Path) -> Path:
    """A list of a right eye of 3 mm, and of a left one of 6 mm."""
    sample = io.read_image(Path(gftcore.__file__).parent / "assets" / "demo_octa.png")
    for name, pixels in (("r", sample), ("l", np.ascontiguousarray(sample[:, ::-1]))):
        io.write_image(tmp_path / "eyes" / f"{name}.png", pixels)
    file = tmp_path / "eyes" / "images.csv"
    file.write_text("id,path,fov_mm,eye\nright,r.png,3.0,OD\nleft,l.png,6.0,OS\n")
    return file


def test_tables_and_pages_of_both_eyes(
    eyes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    args = ["run", str(eyes), "--out", str(out), "--panels", "2", "--quiet"]
    assert cli.main(args) == 0
    tables = {name: tabulation.read_table(out / f"{name}.table.json") for name in ("right", "left")}
    assert {name: (one.image.eye, one.image.fov_mm) for name, one in tables.items()} == {
        "right": ("OD", 3.0),
        "left": ("OS", 6.0),
    }
    assert tables["right"].settings_hash != tables["left"].settings_hash
    # As if it had been done alone, and found again.
    alone = ["table", str(eyes.with_name("l.png")), "--out", str(tmp_path / "alone")]
    assert cli.main([*alone, "--panels", "2", "--fov-mm", "6", "--eye", "OS", "--quiet"]) == 0
    single = tabulation.read_table(tmp_path / "alone" / "l.table.json")
    assert single.settings_hash == tables["left"].settings_hash
    assert single.probabilities == tables["left"].probabilities
    capsys.readouterr()
    assert cli.main([*args[:-1], "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["summary"] == {"ok": 0, "skipped": 2, "failed": 0}


def test_staging_of_both_eyes(eyes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["stage", str(eyes), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    found = {one["image_id"]: (one["warnings"], one["config_hash"]) for one in document["images"]}
    assert list(found) == ["right", "left"]
    assert "FOV_UNSEEN" in found["left"][0]  # the default network saw eyes of 3 mm
    assert "FOV_UNSEEN" not in found["right"][0]
    assert found["left"][1] != found["right"][1]


def test_a_missing_file_fails_alone(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (images.parent / "images" / "b.png").unlink()
    code, text, _ = run(capsys, images, "--out", tmp_path / "out", "--json")
    assert code == 1
    statuses = {one["image_id"]: one["status"] for one in json.loads(text)["images"]}
    assert statuses == {"a": "ok", "left/b": "failed", "c": "ok"}


def test_a_failure_elsewhere_leaves_the_row_of_an_image(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(capsys, images, tmp_path / "nowhere" / "a.png", "--out", out)[0] == 1
    with (out / "images.csv").open(newline="") as stream:
        rows = {row["image_id"]: row for row in csv.DictReader(stream)}
    assert (rows["a"]["status"], rows["a"]["fov_mm"]) == ("ok", "3.0")


def test_equal_rows_and_loops_of_links(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images.write_text("id,path\na,images/a.png\na,images/a.png\nloop,images/loop.png\n")
    (images.parent / "images" / "loop.png").symlink_to("loop.png")
    code, text, _ = run(capsys, images, "--out", tmp_path / "out", "--json")
    statuses = {one["image_id"]: one["status"] for one in json.loads(text)["images"]}
    assert (code, statuses) == (1, {"a": "ok", "loop": "failed"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must be a list with the columns id and path, got an empty file"),
        ("name,file\n1,a.png\n", "columns id and path, got name, file"),
        ("id,path\n../a,images/a.png\n", "line 2, column id"),
        ("id,path\na,/etc/passwd\n", "line 2, column path"),
        ("id,path,fov_mm\na,images/a.png,wide\n", "line 2, column fov_mm"),
        ("id,path,eye\na,images/a.png,left\n", "line 2, column eye"),
        ("id,path\na,images/a.png\na,images/b.png\n", "would both be written to a"),
        ("id,path,path\na,images/a.png,images/b.png\n", "got path again"),
        ("id,path,eye\na,images/a.png,OD\nb,images/a.png,OS\n", "is listed as a and as b"),
        ('id,path\n"a,images/a.png\n', "is no CSV"),
    ],
)
def test_bad_lists(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    images.write_text(text)
    code, _, err = run(capsys, images, "--out", tmp_path / "out")
    assert (code, said in err) == (3, True), err
    assert not (tmp_path / "out").exists()


def test_a_refused_run_leaves_the_settings_of_the_folder(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = images.parent / "images", tmp_path / "out"
    assert run(capsys, folder, "--out", out)[0] == 0
    before = (out / "run.json").read_bytes()
    assert run(capsys, folder, "--out", out, "--fov-mm", "6")[0] == 5
    assert (out / "run.json").read_bytes() == before


def test_a_width_in_the_wrong_unit_is_told(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = (images.parent / "images", "--out", tmp_path / "out", "--fov-mm", "3000")
    assert "it is in mm" in run(capsys, *args)[2]
