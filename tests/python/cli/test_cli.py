# SPDX-License-Identifier: Apache-2.0
"""Commands: results, exit codes, streams, resuming, failures."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from gftcore import biomarkers, cli, graph, io
from gftcore.cli.outcome import Exit, exit_code

RNG = np.random.default_rng(3)


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = cli.main([str(arg) for arg in args])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Two masks, one raw image in a folder of its own, one file that is no image."""
    folder = tmp_path / "in"
    for name in ("a", "b"):
        io.write_image(folder / f"{name}.png", RNG.random((40, 50)) < 0.5)
    rows, cols = np.mgrid[:32, :32]
    raw = (200 * (np.abs(rows - cols) < 3) + RNG.integers(0, 20, (32, 32))).astype(np.uint8)
    io.write_image(folder / "raw" / "c.png", raw)
    (folder / "bad.png").write_text("no image")
    (folder / "notes.txt").write_text("ignored")
    return folder


def test_help_and_usage(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert all(
        command in out for command in ("demo", "segment", "extract", "stage", "explain", "doctor")
    )
    assert run(capsys, "--version")[:2] == (
        0,
        "gftcore " + __import__("gftcore").__version__ + "\n",
    )
    for args in (["extract"], ["extract", "x", "--out", "y", "--kind", "movie"], ["fly"], []):
        assert run(capsys, *args)[0] == 2


def test_demo_writes_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "demo"
    code, text, err = run(capsys, "demo", "--out", out)
    assert (code, err) == (0, "")
    assert {path.name for path in out.iterdir()} == {
        "demo_octa.png", "demo_octa.npz", "demo_octa.junctions.csv", "demo_octa.nodes.csv",
        "demo_octa.edges.csv", "demo_octa.overlay.png", "demo_octa.explanation.json",
        "demo_octa.explanation.png", "demo_octa.table.json", "demo_octa.table.md",
        "demo_octa.table.csv", "demo_octa.text.json", "demo_octa.report.html", "columns.csv",
        "run.json",
    }  # fmt: skip
    assert "Synthetic" in text
    assert "The default network calls it" in text
    assert "What decided most: " in text
    assert "trained on synthetic images" in text
    stored = graph.load(out / "demo_octa.npz")
    assert stored.num_segments > 500
    assert stored.faz_info.method == "auto"
    assert 0.15 < stored.faz_info.area_px2 * stored.meta.mm_per_px**2 < 0.5
    before = tree(out)
    code, text, _ = run(capsys, "demo", "--out", out, "--json")
    document = json.loads(text)
    assert (code, document["schema"], document["segments"]) == (
        0, "gftcore-demo/1", stored.num_segments,
    )  # fmt: skip
    assert tree(out) == before
    staging = document["staging"]
    assert staging["prediction"] == max(staging["probabilities"], key=staging["probabilities"].get)
    assert sum(staging["probabilities"].values()) == pytest.approx(1, abs=2e-4)
    assert "Not a medical device" in staging["notice"]
    assert staging["warnings"] == []
    said = json.loads((out / "demo_octa.explanation.json").read_text())
    assert said["target"] == staging["explained"]["target"] == staging["prediction"]
    assert said["nodes"][0]["id"] == staging["explained"]["first"]["id"]


def test_demo_spares_foreign_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "columns.csv").write_text("mine")
    code, _, err = run(capsys, "demo", "--out", tmp_path)
    assert code == Exit.REFUSED
    assert "--overwrite" in err
    assert (tmp_path / "columns.csv").read_text() == "mine"
    assert run(capsys, "demo", "--out", tmp_path / "new", "--dry-run")[0] == 0
    assert not (tmp_path / "new").exists()


def test_the_sample_says_that_it_is_synthetic() -> None:
    from importlib import resources

    from PIL import Image

    path = resources.files("gftcore") / "assets" / "demo_octa.png"
    with resources.as_file(path) as file:
        assert file.stat().st_size <= 100 * 1024
        with Image.open(file) as image:
            assert image.size == (304, 304)
            assert "Synthetic" in image.text["Description"]  # type: ignore[attr-defined]


def test_extract_reads_masks_and_images(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code, text, err = run(capsys, "extract", inputs, "--out", out, "--threads", 2, "--overlay")
    assert code == Exit.SOME_FAILED
    assert "bad.png" in err
    assert "3 graphs written, 0 there already, 1 failed" in err
    assert len(text.splitlines()) == 3
    mask = io.read_mask(inputs / "a.png")
    stored = graph.load(out / "a.npz")
    assert stored.vessel_x.tobytes() == graph.extract(mask).vessel_x.tobytes()
    raw = graph.load(out / "raw" / "c.npz")
    assert (raw.meta.source["kind"], raw.meta.shape) == ("image", (128, 128))
    assert (out / "raw" / "c.overlay.png").exists()
    with (out / "images.csv").open(newline="") as stream:
        rows = {row["image_id"]: row for row in csv.DictReader(stream)}
    assert {key: row["status"] for key, row in rows.items()} == {
        "a": "ok", "b": "ok", "bad": "failed", "raw/c": "ok",
    }  # fmt: skip
    assert rows["bad"]["error_code"] == "FORMAT"
    assert rows["a"]["vessels"] == str(stored.num_segments)
    assert rows["a"]["sha256"] == io.file_sha256(inputs / "a.png")


def test_biomarkers_are_a_row_an_image(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    run(capsys, "extract", inputs, "--out", out, "--fov-mm", "6", "--eye", "OS")
    with (out / "biomarkers.csv").open(newline="") as stream:
        rows = {row["image_id"]: row for row in csv.DictReader(stream)}
    assert list(rows) == ["a", "b", "raw/c"]  # none of an image that failed
    config = graph.ExtractConfig(fov_mm=6.0, eye="OS")
    wanted = biomarkers.biomarkers(io.read_mask(inputs / "a.png"), config)
    row = rows["a"]
    assert (row["eye"], row["fov_mm"], row["warnings"]) == ("OS", "6.0", ";".join(wanted.warnings))
    for name, value in wanted.to_dict().items():
        found = float(row[name] or "nan")
        assert found == pytest.approx(value, rel=1e-12, nan_ok=True), name
    whole = (out / "biomarkers.csv").read_bytes()
    # A table that was removed is made again; one that is there is not.
    (out / "biomarkers.csv").unlink()
    args = ("extract", inputs, "--out", out, "--fov-mm", "6", "--eye", "OS")
    assert "3 graphs written, 0 there already" in run(capsys, *args)[2]
    assert (out / "biomarkers.csv").read_bytes() == whole
    assert "0 graphs written, 3 there already" in run(capsys, *args)[2]
    assert (out / "biomarkers.csv").read_bytes() == whole
    with (out / "columns.csv").open(newline="") as stream:
        known = {one["column"] for one in csv.DictReader(stream) if one["table"] == "biomarkers"}
    assert known == set(row)


def test_filled_masks_have_no_biomarkers(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ("extract", inputs / "a.png", "--out", tmp_path / "out", "--skeleton-fill-px", "9")
    assert run(capsys, *args)[0] == 0
    assert (tmp_path / "out" / "biomarkers.csv").read_text().count("\n") == 1
    assert "1 there already" in run(capsys, *args)[2]


def test_json_is_one_document(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text, err = run(capsys, "extract", inputs, "--out", tmp_path / "out", "--json")
    assert (code, err) == (1, "")
    document = json.loads(text)
    assert document["schema"] == "gftcore-extract/1"
    assert document["summary"] == {"ok": 3, "skipped": 0, "failed": 1}
    bad = next(entry for entry in document["images"] if entry["status"] == "failed")
    assert bad["error"]["code"] == "FORMAT"
    good = next(entry for entry in document["images"] if entry["image_id"] == "a")
    assert good["counts"]["segments"] > 0
    assert all(Path(path).exists() for path in good["outputs"])


def test_quiet_prints_errors_only(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text, err = run(capsys, "extract", inputs / "a.png", "--out", tmp_path / "o", "-q")
    assert (code, text, err) == (0, "", "")
    _, text, err = run(capsys, "extract", inputs, "--out", tmp_path / "o", "-q")
    assert text == ""
    assert err.startswith("failed: ")


def test_a_second_run_resumes(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    run(capsys, "extract", inputs / "a.png", "--out", out)
    times = {path: path.stat().st_mtime_ns for path in out.iterdir() if path.name.startswith("a.")}
    code, _, err = run(capsys, "extract", inputs / "a.png", inputs / "b.png", "--out", out)
    assert code == 0
    assert "1 graphs written, 1 there already, 0 failed" in err
    assert times == {path: path.stat().st_mtime_ns for path in times}
    (out / "a.edges.csv").unlink()
    _, _, err = run(capsys, "extract", inputs / "a.png", "--out", out)
    assert "1 graphs written" in err
    assert (out / "a.edges.csv").exists()


def test_other_settings_are_not_overwritten_unasked(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    run(capsys, "extract", inputs / "a.png", "--out", out)
    before = tree(out)
    code, _, err = run(capsys, "extract", inputs / "a.png", "--out", out, "--prune", "none")
    assert code == Exit.REFUSED
    assert "comes from other settings" in err
    after = tree(out)
    assert {name: after[name] for name in before if name != "run.json"} == {
        name: data for name, data in before.items() if name != "run.json"
    }
    args = ("extract", inputs / "a.png", "--out", out, "--prune", "none", "--overwrite")
    assert run(capsys, *args)[0] == 0
    assert graph.read_meta(out / "a.npz").config["prune"] == "none"


def test_foreign_results_are_spared(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.npz", "a.nodes.csv", "images.csv"):
        out = tmp_path / name.replace(".", "-")
        out.mkdir()
        (out / name).write_text("mine")
        assert run(capsys, "extract", inputs / "a.png", "--out", out)[0] == Exit.REFUSED
        assert (out / name).read_text() == "mine"


def test_a_name_clash_is_an_error(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(inputs / "a.npy", np.eye(9, dtype=bool))
    code, _, err = run(capsys, "extract", inputs, "--out", tmp_path / "out")
    assert code == Exit.BAD_INPUT
    assert "would both be written to a" in err
    assert not (tmp_path / "out").exists()
    # The same file twice is no clash.
    twice = (inputs / "b.png", inputs / "b.png")
    assert run(capsys, "extract", *twice, "--out", tmp_path / "out")[0] == 0


def test_output_below_the_input_is_not_read(
    inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ("extract", inputs, "--out", inputs / "out", "--overlay")
    run(capsys, *args)
    _, _, err = run(capsys, *args)
    assert "0 graphs written, 3 there already, 1 failed" in err


def test_dry_run_writes_nothing(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(tmp_path)
    for command in ("extract", "segment"):
        code, text, _ = run(capsys, command, inputs, "--out", tmp_path / "out", "--dry-run")
        assert code == 0
        assert "a." in text
    assert tree(tmp_path) == before
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["extract", "none.png", "--out", "o"], 3, "No such file"),
        (["extract", "empty", "--out", "o"], 3, "no image"),
        (["extract", "in/bad.png", "--out", "o"], 3, "cannot be read as an image"),
        (["extract", "in/a.png", "--out", "o", "--exclude", "1,2,3"], 3, "ROW0,COL0,ROW1,COL1"),
        (["extract", "in/a.png", "--out", "o", "--fov-mm", "-3"], 3, "fov_mm must be"),
        (["extract", "in/raw/c.png", "--out", "o", "--kind", "mask"], 3, "threshold"),
        (["extract", "in/a.png", "--out", "o", "--max-pixels", "9"], 3, "limit of 9"),
        (["extract", "in/a.png", "--out", "in/a.png/deep"], 6, "Not a directory|File exists"),
        (["segment", "in/bad.png", "--out", "o"], 3, "cannot be read as an image"),
    ],
)
def test_exit_codes(
    inputs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    got, out, err = run(capsys, *args)
    assert got == code, err
    assert any(word in out + err for word in words.split("|")), err
    assert len(err.strip().splitlines()) <= 4
    assert "Traceback" not in err
    assert inputs.exists()


def test_debug_shows_the_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = run(capsys, "extract", tmp_path / "x.png", "--out", tmp_path, "--debug")
    assert "Traceback" in err


def test_errors_are_json_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "extract", tmp_path / "x.png", "--out", tmp_path, "--json")
    document = json.loads(out)
    assert document["schema"] == "gftcore-error/1"
    assert document["error"]["exit_code"] == code == 3


def test_segment(inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    code, text, _ = run(capsys, "segment", inputs / "raw", "--out", out, "--scale", 2)
    assert (code, text) == (0, f"{out / 'c.mask.png'}\n")
    from gftcore.segmentation import SegmentConfig, segment

    wanted = segment(io.read_image(inputs / "raw" / "c.png"), SegmentConfig(scale=2))
    assert np.array_equal(io.read_mask(out / "c.mask.png").astype(bool), wanted)
    code, _, err = run(capsys, "segment", inputs / "raw", "--out", out)
    assert (code, "use --overwrite" in err) == (Exit.REFUSED, True)
    args = ("segment", inputs / "raw", "--out", out, "--overwrite", "--json")
    code, text, _ = run(capsys, *args)
    assert (code, json.loads(text)["summary"]["ok"]) == (0, 1)


def test_every_error_has_its_code() -> None:
    from gftcore import errors

    table: dict[type[BaseException], int] = {
        errors.ArgumentError: 3, errors.FormatError: 3, errors.MissingFileError: 3,
        errors.MissingExtraError: 4, errors.RefusedError: 5, errors.UnavailableError: 6,
        errors.CoreImportError: 6, OSError: 6, MemoryError: 6, KeyboardInterrupt: 130,
    }  # fmt: skip
    assert {kind: int(exit_code(kind())) for kind in table} == table
