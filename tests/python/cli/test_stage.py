# SPDX-License-Identifier: Apache-2.0
"""`gftcore stage`: table, JSON, files, notices, exit codes; no optional package is loaded."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawn_eyes import drawn_files, drawn_image, untrained
from gftcore import cli, io, pipeline
from gftcore.cli.outcome import Exit
from gftcore.datasets import GraphSource
from gftcore.model import default_model
from labelled import drawn_mask

NOTICE = "Not a medical device"
SYNTHETIC = "trained on synthetic images"


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = cli.main(["stage", *map(str, args)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images, a third in a folder of its own, and a file that is no image."""
    drawn_files(tmp_path / "in", 2)
    io.write_image(tmp_path / "in" / "deep" / "c.png", drawn_image(2))
    (tmp_path / "in" / "bad.png").write_text("no image")
    return tmp_path / "in"


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A network that reads no grey values, trained on whatever."""
    untrained().save(tmp_path / "net")
    return tmp_path / "net"


def test_a_table_of_probabilities(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, folder, "--threads", 2)
    assert code == Exit.SOME_FAILED
    head, *rows, notice = out.splitlines()
    assert head.split() == ["file", "prediction", "Healthy", "NPDR", "PDR"]
    wanted = {Path(one.name): one for one in pipeline_results(folder)}
    assert len(rows) == 3
    for row in rows:
        file, prediction, *shown = row.split("  [")[0].split()
        one = wanted[Path(file)]
        assert prediction == one.prediction
        assert [float(p) for p in shown] == pytest.approx(one.probabilities.tolist(), abs=6e-4)
        # The default network knows images of 304 x 304 px.
        assert "[SIZE_UNSEEN]" in row
    assert NOTICE in notice
    assert SYNTHETIC in notice
    assert f"failed: {folder / 'bad.png'}" in err
    assert "warning: SIZE_UNSEEN in 3 images: " in err
    last = err.splitlines()[-1]
    assert last.startswith("3 images staged, 1 failed; CPU time an image: reading ")
    for work in ("segmentation and graph", "standardisation", "network"):
        assert work in last


def pipeline_results(folder: Path) -> list[Any]:
    files = [folder / "00.png", folder / "01.png", folder / "deep" / "c.png"]
    with pytest.warns(Warning, match="SIZE_UNSEEN"):
        return list(pipeline.stage_images(files))


def test_json_is_one_document(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, folder, "--json")
    assert (code, err) == (Exit.SOME_FAILED, "")
    document = json.loads(out)
    assert set(document) == {
        "schema", "dry_run", "notice", "model", "settings_hash", "outputs", "summary",
        "cpu_seconds", "images",
    }  # fmt: skip
    assert document["schema"] == "gftcore-stage/1"
    assert NOTICE in document["notice"]
    assert SYNTHETIC in document["notice"]
    assert document["summary"] == {"ok": 3, "skipped": 0, "failed": 1}
    assert document["model"] == {
        "default": True,
        "sha256": default_model().sha256,
        "classes": ["Healthy", "NPDR", "PDR"],
        "data": "synthetic",
    }
    assert set(document["cpu_seconds"]) == {"read", "graph", "standardise", "network"}
    assert all(value > 0 for value in document["cpu_seconds"].values())
    images = {Path(entry["path"]).name: entry for entry in document["images"]}
    assert images["bad.png"]["error"]["code"] == "FORMAT"
    for one in pipeline_results(folder):
        entry = images[Path(one.name).name]
        assert set(entry) == {
            "path", "image_id", "status", "config_hash", "warnings", "counts", "source",
            "prediction", "probabilities", "logits", "seconds",
        }  # fmt: skip
        assert list(entry["probabilities"].values()) == one.probabilities.tolist()
        assert list(entry["logits"].values()) == one.logits.tolist()
        assert (entry["prediction"], entry["counts"]) == (one.prediction, dict(one.counts))
        assert entry["source"]["sha256"] == io.file_sha256(one.name)
        assert entry["warnings"] == ["SIZE_UNSEEN"]


def test_files_of_a_folder(
    folder: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = []
    for threads in (1, 2):
        out = tmp_path / f"out{threads}"
        code, _, _ = run(capsys, folder, "--out", out, "--model", network, "--threads", threads)
        assert code == Exit.SOME_FAILED
        assert {path.name for path in out.iterdir()} == {"stages.csv", "run.json"}
        written.append([(out / name).read_bytes() for name in ("stages.csv", "run.json")])
    # No time, host or path, so that equal runs give equal bytes.
    assert written[0] == written[1]
    assert str(tmp_path).encode() not in written[0][1]
    with (tmp_path / "out1" / "stages.csv").open(newline="") as stream:
        rows = {row["image_id"]: row for row in csv.DictReader(stream)}
    assert list(rows) == ["00", "01", "bad", "deep/c"]
    assert (rows["bad"]["status"], rows["bad"]["error_code"]) == ("failed", "FORMAT")
    assert all(NOTICE in row["notice"] for row in rows.values())
    model = untrained()
    files = [folder / "00.png", folder / "01.png", folder / "deep" / "c.png"]
    staged = list(pipeline.stage_images(files, model))
    for name, one in zip(("00", "01", "deep/c"), staged, strict=True):
        row = rows[name]
        assert [float(row[f"p_{c}"]) for c in one.classes] == one.probabilities.tolist()
        assert [float(row[f"logit_{c}"]) for c in one.classes] == one.logits.tolist()
        assert (row["prediction"], row["kind"]) == (one.prediction, "image")
        assert row["model_sha256"] == model.sha256
        assert row["vessels"] == str(one.counts["vessels"])
    document = json.loads((tmp_path / "out1" / "run.json").read_text())
    assert document["schema"] == "gftcore-stage-run/1"
    assert NOTICE in document["notice"]
    assert document["model"]["sha256"] == model.sha256
    assert document["source"]["extract"]["fov_mm"] == 3.0


def test_results_are_not_replaced_unasked(
    folder: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    for name in ("stages.csv", "run.json"):
        out.mkdir(exist_ok=True)
        (out / name).write_text("mine")
        args = (folder / "00.png", "--out", out, "--model", network)
        code, _, err = run(capsys, *args)
        assert code == Exit.REFUSED
        assert "--overwrite" in err
        assert (out / name).read_text() == "mine"
        assert run(capsys, *args, "--overwrite")[0] == 0
        assert "mine" not in (out / name).read_text()
        (out / "run.json").unlink()
        (out / "stages.csv").unlink()


def test_a_dry_run_writes_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code, text, _ = run(capsys, folder, "--out", out, "--dry-run")
    assert code == 0
    assert f"would stage {folder / '00.png'}" in text
    assert f"would write {out / 'stages.csv'}" in text
    assert not out.exists()
    code, text, _ = run(capsys, folder, "--json", "--dry-run")
    document = json.loads(text)
    assert (document["dry_run"], document["outputs"]) == (True, [])
    assert {entry["status"] for entry in document["images"]} == {"waiting"}


def test_quiet_prints_errors_only(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, folder / "00.png", "--quiet") == (0, "", "")
    _, out, err = run(capsys, folder, "--quiet")
    assert (out, len(err.splitlines())) == ("", 1)


def test_a_mask_is_refused_by_a_network_of_grey_values(
    folder: Path, network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mask = folder / "mask.png"
    io.write_image(mask, drawn_mask(np.random.default_rng(1), dense=True))
    code, _, err = run(capsys, mask)
    assert code == Exit.BAD_INPUT
    assert "intensity_max, intensity_mean, intensity_min of ica" in err
    assert "it comes from a mask" in err
    # One that reads none takes it.
    code, out, _ = run(capsys, mask, "--model", network)
    assert code == 0
    assert SYNTHETIC not in out
    assert NOTICE in out


def test_width_eye_and_channel_are_those_asked_for(
    folder: Path, network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "00.png"
    _, plain, _ = run(capsys, file, "--json", "--model", network)
    args = (file, "--json", "--model", network, "--fov-mm", 6, "--eye", "OS", "--channel", "mean")
    _, wide, _ = run(capsys, *args)
    first, second = (json.loads(text)["images"][0] for text in (plain, wide))
    assert first["config_hash"] != second["config_hash"]
    assert second["source"]["channel"] == "mean"
    _, out, err = run(capsys, file, "--fov-mm", 6)
    assert "SIZE_UNSEEN, FOV_UNSEEN" in out
    assert "FOV_UNSEEN in 1 images" in err


def test_the_default_width_is_that_of_the_training(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = GraphSource().to_dict()
    made = {}
    for name, fovs in (("narrow", [3.0, 3.0]), ("wide", [6.0, 6.0]), ("both", [3.0, 6.0])):
        untrained(record={"source": source, "fov_mm": fovs}).save(tmp_path / name)
        args = (folder / "00.png", "--json", "--model", tmp_path / name)
        made[name] = [
            json.loads(run(capsys, *args, *more)[1])["images"][0]
            for more in ((), ("--fov-mm", 6), ("--fov-mm", 3))
        ]
    # A manifest may give the width, so that the settings of the training say another.
    for name, place in (("wide", 1), ("narrow", 2), ("both", 2)):
        one, asked = made[name][0], made[name][place]
        assert one["warnings"] == asked["warnings"] == []
        assert one["config_hash"] == asked["config_hash"]
    assert made["wide"][2]["warnings"] == ["FOV_UNSEEN"]


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["none.png"], 3, "No such file"),
        (["in/bad.png"], 3, "cannot be read as an image"),
        (["in/00.png", "--model", "nothing"], 3, "No such file"),
        (["in/00.png", "--model", "in/bad.png"], 3, "no safetensors file"),
        (["in/00.png", "--fov-mm", "-3"], 3, "fov_mm must be"),
        (["in/00.png", "--max-pixels", "9"], 3, "limit of 9"),
        (["in/00.png", "--out", "in/00.png/deep"], 6, "Not a directory|File exists"),
        (["in", "--out", "in"], 3, "is the input folder"),
    ],
)
def test_exit_codes(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert folder.exists()
    got, out, err = run(capsys, *args)
    assert got == code, err
    assert any(word in out + err for word in words.split("|")), err
    assert "Traceback" not in err


def test_equal_names_are_fine_where_nothing_is_written(
    folder: Path, tmp_path: Path, network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    io.write_image(tmp_path / "other" / "00.png", drawn_image(7))
    both = (folder / "00.png", tmp_path / "other" / "00.png", "--model", network)
    code, out, _ = run(capsys, *both)
    assert code == 0
    assert out.count("00.png") == 2
    assert run(capsys, *both, "--out", tmp_path / "out")[0] == Exit.BAD_INPUT


def test_an_interrupted_run_tells_what_it_finished(
    folder: Path,
    network: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from gftcore.cli.progress import Progress

    def stop(self: Progress, *, failed: bool) -> None:  # noqa: ARG001
        raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "step", stop)
    out = tmp_path / "out"
    assert run(capsys, folder, "--out", out, "--model", network)[0] == Exit.INTERRUPTED
    with (out / "stages.csv").open(newline="") as stream:
        assert [row["image_id"] for row in csv.DictReader(stream)] == ["00"]


OPTIONAL = {"torch", "sklearn", "scipy", "skimage", "transformers", "torch_geometric", "numba"}


def loaded_after(code: str) -> set[str]:
    program = f"{code}\nimport sys, json\nprint(json.dumps([m.split('.')[0] for m in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_staging_loads_nothing_optional(folder: Path) -> None:
    command = (
        f"from gftcore.cli import main\nassert main(['stage', {str(folder / '00.png')!r}]) == 0"
    )
    loaded = loaded_after(command)
    assert {"gftcore", "numpy", "safetensors"} <= loaded
    assert not loaded & OPTIONAL


def test_a_loaded_package_is_noticed() -> None:
    pytest.importorskip("scipy")
    assert loaded_after("import scipy") & OPTIONAL == {"scipy"}
