# SPDX-License-Identifier: Apache-2.0
"""`gftcore draw`: what is written for what is asked, failures alone, refusals."""

from __future__ import annotations

import dataclasses
import errno
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gftcore import graph, io
from gftcore.cli import main
from gftcore.pictures import PICTURE_KEEP


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Two graphs, one in a folder of its own, and a file that is none."""
    mask = np.zeros((40, 60), dtype=bool)
    mask[19:21] = mask[:, 30:32] = True
    folder = tmp_path / "in"
    for name in ("a", "deep/b"):
        found = graph.extract(mask, keep=PICTURE_KEEP)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        found.save(folder / f"{name}.npz")
        mask[5:7, 40:55] = True
    (folder / "bad.npz").write_text("no graph")
    (folder / "image.png").write_text("no graph either")
    return folder


def run(capsys: pytest.CaptureFixture[str], *args: Any) -> tuple[int, str, str]:
    code = main([str(arg) for arg in args])
    text, err = capsys.readouterr()
    return code, text, err


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_an_overlay_of_each(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text, err = run(capsys, "draw", inputs, "--out", tmp_path / "out")
    assert code == 1
    assert names(tmp_path / "out") == ["a.overlay.png", "deep/b.overlay.png"]
    assert len(text.splitlines()) == 2
    assert "bad.npz: no graph file" in err
    assert "pictures of 2 graphs written, 0 there already, 1 failed" in err


def test_features_limits_and_svg(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    asked = ("--feature", "radius_mean_px", "--feature", "ica.area", "--feature", "area")
    code, _, _ = run(capsys, "draw", inputs / "a.npz", "--out", out, *asked, "--svg")
    assert code == 0
    assert names(out) == ["a.ica.area.svg", "a.vessel.radius_mean_px.svg"]
    assert "area of intercapillary areas (mm2)" in (out / "a.ica.area.svg").read_text()
    once = (inputs / "a.npz", "--out", tmp_path / "limits", "--svg", "--feature", "length")
    assert run(capsys, "draw", *once, "--limits", "10,2000", "--overlay")[0] == 0
    assert names(tmp_path / "limits") == ["a.overlay.svg", "a.vessel.length.svg"]
    assert "10 to 2000 um (as given)" in (tmp_path / "limits/a.vessel.length.svg").read_text()


def test_a_background_is_found_by_name(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = tmp_path / "images"
    images.mkdir()
    io.write_image(images / "a.png", np.arange(600, dtype=np.uint8).reshape(20, 30))
    code, _, err = run(
        capsys, "draw", inputs, "--out", tmp_path / "out", "--background", images, "--scale", 2
    )
    assert code == 1
    assert "no image for" in err
    assert names(tmp_path / "out") == ["a.overlay.png"]
    code, _, err = run(
        capsys, "draw", inputs, "--out", tmp_path / "o", "--background", images / "a.png"
    )
    assert code == 3
    assert "is one image for 3 graphs; name a folder" in err


def test_comparison_with_a_file_or_a_folder(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other, out = inputs / "a.npz", inputs / "deep" / "b.npz", tmp_path / "out"
    assert run(capsys, "draw", one, "--out", out, "--compare", other, "--svg")[0] == 0
    text = (out / "a.compare.svg").read_text()
    assert "a and b: segments only left 0, only right 1" in text
    code, _, err = run(capsys, "draw", inputs, "--out", tmp_path / "same", "--compare", inputs)
    assert code == 1
    assert names(tmp_path / "same") == ["a.compare.png", "deep/b.compare.png"]
    assert "bad.npz" in err


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_no_folder_is_in_a_picture(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    """Equal names are told apart by their side: folders may be named after a person."""
    drawn = []
    for person in ("Jane_Roe", "John_Doe"):
        folder = tmp_path / person
        folder.mkdir()
        (folder / "a.npz").write_bytes((inputs / "deep" / "b.npz").read_bytes())
        (folder / "own").mkdir()
        (folder / "own" / "a.npz").write_bytes((inputs / "a.npz").read_bytes())
        args = ("draw", folder / "own" / "a.npz", "--compare", folder / "a.npz")
        kind = ("--svg",) if suffix == ".svg" else ()
        assert run(capsys, *args, "--out", folder / "out", *kind)[0] == 0
        drawn.append((folder / "out" / f"a.compare{suffix}").read_bytes())
    assert drawn[0] == drawn[1]
    if suffix == ".svg":
        assert "a (left) and a (right): segments only left 0" in drawn[0].decode()


def test_without_scipy_the_extra_is_named(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.setitem(sys.modules, "scipy.spatial", None)
    code, _, err = run(capsys, "draw", inputs, "--out", tmp_path / "o", "--compare", inputs)
    assert code == 4
    assert 'pip install "gftcore[metrics]"' in err
    assert not (tmp_path / "o").exists()


def test_json_dry_run_and_refusal(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ("draw", inputs / "a.npz", "--out", tmp_path / "out")
    code, text, _ = run(capsys, *args, "--dry-run", "--json")
    document = json.loads(text)
    assert (code, document["schema"], document["dry_run"]) == (0, "gftcore-draw/1", True)
    assert document["graphs"][0]["outputs"] == [str(tmp_path / "out" / "a.overlay.png")]
    assert not (tmp_path / "out").exists()
    assert run(capsys, *args, "--quiet") == (0, "", "")
    target = tmp_path / "out" / "a.overlay.png"
    first = target.read_bytes()
    for more in ((), ("--dry-run",)):
        code, text, _ = run(capsys, *args, "--json", *more)
        assert (code, json.loads(text)["graphs"][0]["status"]) == (0, "skipped")
    target.write_bytes(first + b" ")
    for more in ((), ("--dry-run",)):
        code, _, err = run(capsys, *args, *more)
        assert code == 5
        assert "exists and differs; use --overwrite" in err
    assert target.read_bytes() == first + b" "
    assert run(capsys, *args, "--overwrite")[0] == 0
    assert target.read_bytes() == first


def test_a_stopped_run_goes_on(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is there stays as it is, what is not is written."""
    out = tmp_path / "out"
    args = ("draw", inputs / "a.npz", inputs / "deep", "--out", out)
    assert run(capsys, *args)[0] == 0
    before = (out / "a.overlay.png").stat().st_mtime_ns
    (out / "b.overlay.png").unlink()
    code, text, err = run(capsys, *args)
    assert code == 0
    assert f"there already: {out / 'a.overlay.png'}" in text
    assert "pictures of 1 graphs written, 1 there already, 0 failed" in err
    assert (out / "a.overlay.png").stat().st_mtime_ns == before
    code, _, _ = run(capsys, *args, "--overlay", "--feature", "length")
    assert code == 0
    assert names(out) == [
        "a.overlay.png", "a.vessel.length.png", "b.overlay.png", "b.vessel.length.png",
    ]  # fmt: skip


def test_an_unforeseen_error_is_that_of_its_graph(
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gftcore import pictures

    real = pictures.draw_overlay

    def sometimes(found: Any, **looks: Any) -> Any:
        if found.num_segments == 4:
            raise ValueError("nobody knows")
        return real(found, **looks)

    monkeypatch.setattr(pictures, "draw_overlay", sometimes)
    args = ("draw", inputs / "a.npz", inputs / "deep", "--out", tmp_path / "out")
    code, text, err = run(capsys, *args, "--json")
    assert code == 1
    first, second = json.loads(text)["graphs"]
    words = "internal error, please report it with --debug: ValueError: nobody knows"
    assert first["error"] == {"code": "INTERNAL", "message": words}
    assert second["status"] == "ok"
    assert "Traceback" not in err
    code, _, err = run(capsys, *args, "--debug", "--overwrite")
    assert "Traceback" in err
    assert "in sometimes" in err
    assert f"failed: {inputs / 'a.npz'}: {words}" in err
    # If nothing could be made it is as any internal error.
    assert run(capsys, "draw", inputs / "a.npz", "--out", tmp_path / "alone")[0] == 6


def test_a_full_disk_still_ends_the_run(
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gftcore import pictures

    def full(*_args: Any, **_looks: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pictures, "draw_overlay", full)
    code, text, err = run(capsys, "draw", inputs, "--out", tmp_path / "out")
    assert (code, text) == (6, "")
    assert "free some space and run it again" in err


def test_absurd_numbers_of_one_graph(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = graph.load(inputs / "a.npz")
    far = dataclasses.replace(good, meta=dataclasses.replace(good.meta, fov_mm=1e300))
    values = np.where(np.arange(good.vessel_x.size) % 2, 1e308, -1e308)
    huge = dataclasses.replace(good, vessel_x=values.reshape(good.vessel_x.shape))
    (tmp_path / "odd").mkdir()
    far.save(tmp_path / "odd" / "far.npz")
    huge.save(tmp_path / "odd" / "huge.npz")
    asked = ("--overlay", "--feature", "length", "--feature", "ica.area", "--feature", "curveness")
    args = ("draw", tmp_path / "odd", "--out", tmp_path / "out", *asked, "--scale", "2")
    assert run(capsys, *args)[0] == 0
    assert len(names(tmp_path / "out")) == 8


@pytest.mark.parametrize(
    ("asked", "column"),
    [
        ("length_px", "vessel.length"),
        ("length_mm", "vessel.length"),
        ("radius_mean_mm", "vessel.radius_mean_px"),
        ("vessel.row", "vessel.row"),
        ("ica.area_mm2", "ica.area"),
        ("orientation_rad", "ica.orientation"),
    ],
)
def test_features_have_the_names_of_tables_too(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: str, column: str
) -> None:
    args = ("draw", inputs / "a.npz", "--out", tmp_path / "out", "--dry-run", "--feature", asked)
    code, text, _ = run(capsys, *args)
    assert code == 0
    assert f"a.{column}.png" in text


def test_a_graph_without_images(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = dataclasses.replace(graph.load(inputs / "a.npz"), kept={})
    bare.save(tmp_path / "bare.npz")
    args = ("draw", tmp_path / "bare.npz", "--out", tmp_path / "out")
    assert run(capsys, *args, "--feature", "length")[0] == 0
    # What can be drawn stays away, too: nothing is left of half a job.
    code, _, err = run(capsys, *args, "--overlay", "--feature", "ica.area")
    assert code == 3
    assert "holds no ica_label" in err
    assert names(tmp_path / "out") == ["bare.vessel.length.png"]


def test_extract_keeps_what_pictures_need(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mask = np.zeros((40, 60), dtype=np.uint8)
    mask[19:21] = mask[:, 30:32] = 255
    io.write_image(tmp_path / "m.png", mask)
    assert run(capsys, "extract", tmp_path / "m.png", "--out", tmp_path / "g")[0] == 0
    assert set(graph.load(tmp_path / "g" / "m.npz").kept) == set(PICTURE_KEEP)
    code, _, _ = run(
        capsys, "draw", tmp_path / "g", "--out", tmp_path / "p", "--feature", "ica.area"
    )
    assert code == 0


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["none.npz"], 3, "No such file"),
        (["empty"], 3, "no graph (.npz) in"),
        (["in/a.npz", "--feature", "degree"], 3, "must be vessel.degree or ica.degree"),
        (["in/a.npz", "--feature", "faz.area"], 3, "type of --feature must be one of"),
        (["in/a.npz", "--feature", "curvenes"], 3, "did you mean 'curveness'"),
        (["in/a.npz", "--limits", "1,2"], 3, "for one --feature, got 0"),
        (["in/a.npz", "--feature", "length", "--limits", "1"], 3, "must be LOW,HIGH"),
        (["in/a.npz", "--scale", "0"], 2, "--scale"),
        (["in", "--within-px", "nan"], 3, "--within-px must be finite and greater than 0"),
        (["in", "--feature", "length", "--limits", "nan,1"], 3, "--limits must be finite"),
        (["in", "--feature", "ica.area", "--limits", "0,1"], 3, "--limits of areas must be"),
        (["in", "--feature", "length", "--limits=-1e308,1e308"], 3, "--limits must be 0 or"),
        (["in", "--feature", "degree_px"], 3, "--feature must be one of"),
    ],
)
def test_mistakes(
    inputs: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    args: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(inputs.parent)
    (inputs.parent / "empty").mkdir()
    found, _, err = run(capsys, "draw", *args, "--out", "o")
    assert found == code
    assert err.count(words) == 1  # once, not for each graph
