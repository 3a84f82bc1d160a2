# SPDX-License-Identifier: Apache-2.0
"""`gftcore explain`: JSON and picture of each image, resuming, exit codes; nothing optional."""

from __future__ import annotations

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
from gftcore.pipeline import ExplainConfig

NOTICE = "Not a medical device"
SYNTHETIC = "trained on synthetic images"


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = cli.main(["explain", *map(str, args)])
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
    untrained(record={"data": "synthetic"}).save(tmp_path / "net")
    return tmp_path / "net"


def contents(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file()
    }


def test_files_of_a_folder(
    folder: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = []
    for threads in (1, 2):
        out = tmp_path / f"out{threads}"
        code, text, err = run(
            capsys, folder, "--out", out, "--model", network, "--threads", threads
        )
        assert code == Exit.SOME_FAILED
        written.append(contents(out))
    names = {
        f"{stem}.explanation.{end}" for stem in ("00", "01", "deep/c") for end in ("json", "png")
    }
    assert set(written[0]) == names
    # No time, host or path, so that equal runs give equal bytes.
    assert written[0] == written[1]
    *lines, statement, notice = text.splitlines()
    assert statement == pipeline.STATEMENT
    assert NOTICE in notice
    assert SYNTHETIC in notice
    assert len(lines) == 3
    files = [folder / "00.png", folder / "01.png", folder / "deep" / "c.png"]
    said = list(pipeline.explain_images(files, untrained(record={"data": "synthetic"})))
    for stem, one, file, line in zip(("00", "01", "deep/c"), said, files, lines, strict=True):
        raw = written[0][f"{stem}.explanation.json"]
        document = json.loads(raw)
        wanted = one.document(image_id=stem)
        assert {name: document[name] for name in wanted} == json.loads(json.dumps(wanted))
        assert set(document) - set(wanted) == {"settings_hash"}
        assert document["image"]["sha256"] == io.file_sha256(file)
        assert str(tmp_path).encode() not in raw
        picture = tmp_path / "out2" / f"{stem}.explanation.png"
        assert (np.asarray(_pixels(picture)) == one.picture()).all()
        assert line.startswith(f"{file}: {one.staged.prediction} ")
        assert f"logit of {one.staged.prediction} by 20 nodes" in line
    last = err.splitlines()[-1]
    assert last.startswith("3 images explained, 0 there already, 1 failed; time an image: ")
    for work in ("segmentation", "graph", "network", "attribution", "picture", "files"):
        assert f"{work} " in last
    assert f"failed: {folder / 'bad.png'}" in err


def _pixels(path: Path) -> Any:
    from PIL import Image

    with Image.open(path) as image:
        assert image.info == {}
        image.load()
        return image


def test_json_is_one_document(
    folder: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code, text, err = run(capsys, folder, "--out", out, "--model", network, "--json")
    assert (code, err) == (Exit.SOME_FAILED, "")
    document = json.loads(text)
    assert set(document) == {
        "schema", "dry_run", "notice", "statement", "model", "settings_hash", "summary", "images",
    }  # fmt: skip
    assert document["schema"] == "gftcore-explain/1"
    assert NOTICE in document["notice"]
    assert SYNTHETIC in document["notice"]
    assert document["summary"] == {"ok": 3, "skipped": 0, "failed": 1}
    images = {entry["image_id"]: entry for entry in document["images"]}
    assert images["bad"]["error"]["code"] == "FORMAT"
    entry = images["deep/c"]
    assert set(entry) == {
        "path", "image_id", "status", "outputs", "config_hash", "warnings", "counts", "prediction",
        "probabilities", "target", "kind", "errors", "selected", "seconds",
    }  # fmt: skip
    assert [Path(path).name for path in entry["outputs"]] == [
        "c.explanation.json", "c.explanation.png",
    ]  # fmt: skip
    assert all(Path(path).exists() for path in entry["outputs"])
    stored = json.loads((out / "deep" / "c.explanation.json").read_text())
    assert stored["settings_hash"] == document["settings_hash"]
    assert entry["probabilities"] == stored["probabilities"]
    assert entry["errors"]["nodes"] == stored["attribution"]["nodes"]["error"]
    assert set(entry["seconds"]) == {
        "read", "segment", "graph", "standardise", "network", "attribution", "selection",
        "picture", "files",
    }  # fmt: skip


def test_options_are_those_of_the_library(
    folder: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "00.png"
    cases: list[tuple[list[object], ExplainConfig]] = [
        (["--target", "PDR", "--panels", 4], ExplainConfig(target="PDR", n=4)),
        (["--kind", "prob", "--rtol", 0.2, "--top", 3],
         ExplainConfig(kind="prob", rtol=0.2, nodes=3, edges=3)),
        (["--kind", "margin", "--target", "NPDR", "--against", "PDR", "--mass", 0.8],
         ExplainConfig(kind="margin", target="NPDR", against="PDR", mass=0.8)),
        (["--by", "magnitude"], ExplainConfig(by="magnitude")),
    ]  # fmt: skip
    model = untrained(record={"data": "synthetic"})
    for number, (args, config) in enumerate(cases):
        out = tmp_path / f"out{number}"
        assert run(capsys, file, "--out", out, "--model", network, *args)[0] == 0
        stored = json.loads((out / "00.explanation.json").read_text())
        (wanted,) = pipeline.explain_images([file], model, config=config)
        document = json.loads(json.dumps(wanted.document(image_id="00")))
        assert {name: stored[name] for name in document} == document


def test_a_run_goes_on_and_refuses_what_is_foreign(
    folder: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.png").unlink()
    out = tmp_path / "out"
    args = (folder, "--out", out, "--model", network)
    assert run(capsys, folder / "00.png", "--out", out, "--model", network)[0] == 0
    first = (out / "00.explanation.json").stat().st_mtime_ns
    code, text, err = run(capsys, *args)
    assert code == 0
    assert text.count("(there already)") == 1
    assert "2 images explained, 1 there already, 0 failed" in err
    assert (out / "00.explanation.json").stat().st_mtime_ns == first
    done = contents(out)
    # A picture that was not written is made again.
    (out / "01.explanation.png").unlink()
    assert json.loads(run(capsys, *args, "--json")[1])["summary"]["ok"] == 1
    assert contents(out) == done
    # That of another version is no longer known to be the same.
    document = json.loads(done["01.explanation.json"])
    (out / "01.explanation.json").write_text(json.dumps(document | {"gftcore": "0.0.0"}))
    assert json.loads(run(capsys, *args, "--json")[1])["summary"]["failed"] == 1
    # Other settings, another image and other files are not replaced unasked.
    code, _, err = run(capsys, *args, "--top", 5)
    assert code == Exit.REFUSED
    assert "comes from other settings or another image" in err
    io.write_image(folder / "00.png", drawn_image(9))
    (out / "01.explanation.json").write_text("{}")
    (out / "deep" / "c.explanation.json").unlink()
    code, text, _ = run(capsys, *args, "--json")
    assert code == Exit.REFUSED
    messages = [entry["error"]["message"] for entry in json.loads(text)["images"]]
    for message, words in zip(
        messages, ("another image", "is no explanation", "c.explanation.png exists"), strict=True
    ):
        assert words in message
    assert run(capsys, *args, "--overwrite")[0] == 0
    assert contents(out)["01.explanation.json"] == done["01.explanation.json"]
    assert contents(out)["00.explanation.json"] != done["00.explanation.json"]


def test_an_interrupted_run_leaves_whole_files_and_goes_on(
    folder: Path,
    network: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from gftcore.cli import explaining

    (folder / "bad.png").unlink()
    args = (folder, "--out", tmp_path / "whole", "--model", network)
    assert run(capsys, *args)[0] == 0
    real, calls = explaining.write_image, []

    def stop(path: Path, pixels: Any) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(path, pixels)

    out = tmp_path / "out"
    args = (folder, "--out", out, "--model", network)
    with monkeypatch.context() as patch:
        patch.setattr(explaining, "write_image", stop)
        code, _, err = run(capsys, *args)
    assert code == Exit.INTERRUPTED
    assert "the same command goes on" in err
    assert set(contents(out)) == {
        "00.explanation.json", "00.explanation.png", "01.explanation.json",
    }  # fmt: skip
    assert run(capsys, *args)[0] == 0
    assert contents(out) == contents(tmp_path / "whole")


def test_a_dry_run_writes_nothing(
    folder: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    args = (folder, "--out", out, "--model", network, "--dry-run")
    code, text, _ = run(capsys, *args)
    assert code == 0
    assert f"would write {out / '00.explanation.json'}, {out / '00.explanation.png'}" in text
    assert NOTICE not in text
    assert not out.exists()
    document = json.loads(run(capsys, *args, "--json")[1])
    assert document["dry_run"]
    assert {entry["status"] for entry in document["images"]} == {"waiting"}


def test_quiet_prints_errors_only(
    folder: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ("--out", tmp_path / "out", "--model", network, "--quiet")
    assert run(capsys, folder / "00.png", *args) == (0, "", "")
    _, out, err = run(capsys, folder, *args)
    assert (out, len(err.splitlines())) == ("", 1)


def test_the_default_network_and_its_remarks(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text, err = run(capsys, folder / "00.png", "--out", tmp_path / "out")
    assert code == 0
    assert "[SIZE_UNSEEN]" in text
    assert SYNTHETIC in text
    assert "warning: SIZE_UNSEEN in 1 images: " in err


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["none.png"], 3, "No such file"),
        (["in/bad.png"], 3, "cannot be read as an image"),
        (["in/00.png", "--model", "nothing"], 3, "No such file"),
        (["in/00.png", "--target", "Glaucoma"], 3, "target must be one of"),
        (["in/00.png", "--target", "pdr"], 3, "target must be one of"),
        (["in/00.png", "--against", "PDR"], 3, "against needs kind 'margin'"),
        (["in/00.png", "--panels", "4", "--rtol", "0.1"], 3, "n and rtol must not"),
        (["in/00.png", "--top", "4", "--mass", "0.5"], 3, "mass must not be given together"),
        (["in/00.png", "--kind", "logits"], 2, "logits"),
        (["in/00.png", "--panels", "0"], 2, "panels"),
        (["in/00.png", "--rtol", "-1"], 3, "rtol must be"),
        (["in", "--out", "in"], 3, "is the input folder"),
        (["in/00.png", "--out", "in/00.png/deep"], 6, "Not a directory|File exists"),
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
    where = [] if "--out" in args else ["--out", "out"]
    got, out, err = run(capsys, *args, *where)
    assert got == code, err
    assert any(word in out + err for word in words.split("|")), err
    assert "Traceback" not in err


OPTIONAL = {"torch", "captum", "matplotlib", "sklearn", "scipy", "skimage", "transformers",
            "torch_geometric", "numba"}  # fmt: skip


def test_explaining_loads_nothing_optional(folder: Path, tmp_path: Path) -> None:
    args = ["explain", str(folder / "00.png"), "--out", str(tmp_path / "out")]
    program = (
        f"from gftcore.cli import main\nassert main({args!r}) == 0\nimport sys, json\n"
        "print(json.dumps([m.split('.')[0] for m in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert {"gftcore", "numpy", "PIL"} <= loaded
    assert not loaded & OPTIONAL
