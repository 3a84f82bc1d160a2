# SPDX-License-Identifier: Apache-2.0
"""One bad file, path or folder among good ones; settings and their hashes in all outputs."""

from __future__ import annotations

import csv
import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gftcore import cli, graph, io
from gftcore.cli.outcome import Exit
from gftcore.graph import ExtractConfig
from gftcore.graph.assemble import run_settings, settings_hash
from gftcore.segmentation import SegmentConfig

COMMANDS = pytest.mark.parametrize("command", ["extract", "segment"])
MASK = np.random.default_rng(5).random((30, 40)) < 0.5


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = cli.main([str(arg) for arg in args])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def document(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, dict[str, Any]]:
    code, out, _ = run(capsys, *args, "--json")
    return code, json.loads(out)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three masks."""
    for name in "abc":
        io.write_image(tmp_path / "in" / f"{name}.png", MASK)
    return tmp_path / "in"


def outcomes(answer: dict[str, Any]) -> dict[str, str]:
    return {
        Path(entry["path"]).stem[:9]: entry.get("error", {}).get("code", entry["status"])
        for entry in answer["images"]
    }


@COMMANDS
def test_a_name_that_is_too_long_fails_alone(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (folder / "a.png").rename(folder / f"{'n' * 250}.png")
    out = tmp_path / "out"
    out.mkdir()
    for dry in (["--dry-run"], []):
        code, answer = document(capsys, command, folder, "--out", out, *dry)
        assert code == Exit.SOME_FAILED
        wanted = "waiting" if dry else "ok"
        assert outcomes(answer) == {"b": wanted, "c": wanted, "n" * 9: "OSError"}
    assert not [path for path in out.iterdir() if path.name.startswith((".", "n"))]


@COMMANDS
def test_a_folder_in_the_way_fails_alone(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    out = tmp_path / "out"
    for suffix in ("nodes.csv", "mask.png"):
        (out / f"b.{suffix}").mkdir(parents=True)
    code, answer = document(capsys, command, folder, "--out", out, "--overwrite")
    assert code == Exit.SOME_FAILED
    assert outcomes(answer) == {"a": "ok", "b": "IsADirectoryError", "c": "ok"}
    # No half result is left, so that the next run does it again.
    (out / "b.nodes.csv").rmdir()
    (out / "b.mask.png").rmdir()
    if command == "extract":
        assert not (out / "b.npz").exists()
        code, answer = document(capsys, command, folder, "--out", out)
        assert (code, outcomes(answer)) == (0, {"a": "skipped", "b": "ok", "c": "skipped"})


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.EACCES, 1), (errno.EIO, 1), (errno.ENOSPC, 6), (errno.EROFS, 6), (errno.EDQUOT, 6)],
)
@COMMANDS
def test_only_errors_of_the_disk_end_a_run(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    number: int,
    code: int,
) -> None:
    replace = Path.replace

    def broken(self: Path, target: Path) -> Path:
        if target.name.startswith("b."):
            raise OSError(number, os.strerror(number), str(self), None, str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", broken)
    got, _, err = run(capsys, command, folder, "--out", tmp_path / "out")
    assert got == code, err
    assert "b." in err
    assert os.strerror(number) in err
    assert (tmp_path / "out" / ("c.npz" if command == "extract" else "c.mask.png")).exists() == (
        code == 1
    )


@COMMANDS
def test_memory_is_an_error_of_one_image(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    def greedy(*_args: object, **_kwargs: object) -> None:
        raise MemoryError

    monkeypatch.setattr("gftcore.io.write_image", greedy)
    monkeypatch.setattr("gftcore.cli.extraction.write_tables", greedy)
    code, answer = document(capsys, command, folder, "--out", tmp_path / "out")
    assert code == Exit.ENVIRONMENT
    assert {entry["error"]["message"] for entry in answer["images"]} == {"not enough memory"}


@COMMANDS
def test_a_missing_path_fails_alone(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    out = tmp_path / "out"
    paths = (tmp_path / "gone" / "a.png", folder / "a.png", tmp_path / "lost.png")
    for dry in (["--dry-run"], []):
        code, answer = document(capsys, command, *paths, "--out", out, *dry)
        assert code == Exit.SOME_FAILED
        assert answer["summary"]["failed"] == 2
        failed = [entry for entry in answer["images"] if entry["status"] == "failed"]
        assert [entry["path"] for entry in failed] == [str(paths[0]), str(paths[2])]
        assert {entry["error"]["code"] for entry in failed} == {"MISSING_FILE"}
    if command == "extract":
        with (out / "images.csv").open(newline="") as stream:
            rows = {row["image_id"]: row["status"] for row in csv.DictReader(stream)}
        assert rows == {"a": "ok", "lost": "failed"}
    code, _, err = run(capsys, command, *paths[::2], "--out", tmp_path / "new")
    assert code == Exit.BAD_INPUT
    assert all(str(path) in err for path in paths[::2])
    assert not (tmp_path / "new").exists()


@COMMANDS
def test_results_do_not_go_where_inputs_are_searched(
    folder: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    before = sorted(folder.iterdir())
    for out in (folder, folder / ".." / "in"):
        code, _, err = run(capsys, command, folder, "--out", out)
        assert code == Exit.BAD_INPUT
        assert f"--out {out} is the input folder {folder}" in err
    assert sorted(folder.iterdir()) == before
    # A file is named by the user, so nothing is found by accident.
    assert run(capsys, command, folder / "a.png", "--out", folder)[0] == 0


def test_every_output_names_the_same_settings(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    io.write_image(folder / "raw.png", np.arange(40 * 40, dtype=np.uint8).reshape(40, 40) // 2)
    out = tmp_path / "out"
    args = ("extract", folder, "--out", out, "--prune", "none")
    config, seg = ExtractConfig(prune="none"), SegmentConfig()
    wanted = {"a": settings_hash(run_settings(config, None))}
    wanted["raw"] = settings_hash(run_settings(config, seg))
    for _ in ("made", "skipped"):
        code, answer = document(capsys, *args)
        assert code == 0
        assert answer["settings_hash"] == wanted["raw"]
        items = {entry["image_id"]: entry["config_hash"] for entry in answer["images"]}
        with (out / "images.csv").open(newline="") as stream:
            rows = {row["image_id"]: row["config_hash"] for row in csv.DictReader(stream)}
        for name, value in wanted.items():
            assert items[name] == rows[name] == value
            assert graph.read_meta(out / f"{name}.npz").config_hash == value
    stored = json.loads((out / "run.json").read_text())
    assert stored["settings_hash"] == wanted["raw"] == settings_hash(stored["config"])
    assert "config_hash" not in stored


def test_options_are_the_settings(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def settings(*options: object) -> dict[str, Any]:
        out = tmp_path / "out"
        args = ("extract", folder / "a.png", "--out", out, "--overwrite", *options)
        assert run(capsys, *args)[0] == 0
        read: dict[str, Any] = json.loads((out / "run.json").read_text())["config"]
        return read

    assert settings() == run_settings(ExtractConfig(), SegmentConfig())
    config = ExtractConfig(
        skeleton="ordered", border="background", skeleton_fill_px=3, ica_fill_px=4, prune="length",
        bulge=2.5, max_rounds=7, features="centreline", ica_connectivity=4, ica_min_px=9,
        adjacency="centerline4", faz="fixed", exclude=((0, 0, 2, 3), (5, 5, 9, 9)), fov_mm=6.0,
        eye="OS",
    )  # fmt: skip
    seg = SegmentConfig(
        method="ridge", scale=2, min_object_px=20, oriented_sigma=9.0, oriented_threshold=0.7,
        local_contrast_sigma=5.0, contrast_threshold=0.1, ridge_threshold=0.25, ridge_quantile=0.5,
    )  # fmt: skip
    options: list[object] = []
    for name, value in run_settings(config, None).items():
        flag = f"--{name.replace('_', '-')}"
        if name == "exclude":
            for rectangle in value:
                options += [flag, ",".join(map(str, rectangle))]
        else:
            options += [flag, value]
    for name in ("method", "scale", "min_object_px", "oriented_sigma", "oriented_threshold",
                 "local_contrast_sigma", "contrast_threshold", "ridge_threshold",
                 "ridge_quantile"):  # fmt: skip
        options += [f"--{name.replace('_', '-')}", getattr(seg, name)]
    assert settings(*options) == run_settings(config, seg)
    code, _, err = run(capsys, "segment", folder, "--out", tmp_path / "o", "--ridge-threshold", "x")
    assert (code, "ridge_threshold must be one of" in err) == (Exit.BAD_INPUT, True)
