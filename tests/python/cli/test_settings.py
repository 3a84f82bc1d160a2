# SPDX-License-Identifier: Apache-2.0
"""Options from files and from the environment: order, refusals, and what `config show` prints."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gftcore import cli, io
from gftcore.cli.settings import SHARED


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = cli.main([str(arg) for arg in args])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in SHARED:
        monkeypatch.delenv(f"GFTCORE_{key.upper()}", raising=False)


def shown(capsys: pytest.CaptureFixture[str], *args: object) -> dict[str, tuple[object, str]]:
    """Value and origin of each option of `extract`."""
    code, text, err = run(capsys, *args, "config", "show", "extract", "--json")
    assert (code, err) == (0, "")
    document = json.loads(text)
    assert document["schema"] == "gftcore-config/1"
    return {
        key: (one["value"], one["origin"]) for key, one in document["commands"]["extract"].items()
    }


def test_order_of_the_layers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown(capsys)["fov_mm"] == (3.0, "default")
    file = tmp_path / "settings.toml"
    file.write_text("fov_mm = 4.0\n")
    assert shown(capsys, "--config", file)["fov_mm"] == (4.0, str(file))
    file.write_text("fov_mm = 4.0\n[extract]\nfov_mm = 5\n")
    assert shown(capsys, "--config", file)["fov_mm"] == (5, str(file))
    monkeypatch.setenv("GFTCORE_FOV_MM", "6")
    assert shown(capsys, "--config", file)["fov_mm"] == (6.0, "environment GFTCORE_FOV_MM")
    monkeypatch.setenv("GFTCORE_EXTRACT_FOV_MM", "7")
    origin = "environment GFTCORE_EXTRACT_FOV_MM"
    assert shown(capsys, "--config", file)["fov_mm"] == (7.0, origin)
    monkeypatch.setenv("GFTCORE_CONFIG", str(file))
    assert shown(capsys)["bulge"] == (3.0, "default")


@pytest.mark.parametrize("given", ["command line", "environment", "file", "shared"])
def test_the_value_arrives_in_the_result(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    given: str,
) -> None:
    mask = np.zeros((30, 30), dtype=bool)
    mask[14:17] = True
    io.write_image(tmp_path / "in" / "a.png", mask)
    before, after = [], ["extract", tmp_path / "in", "--out", tmp_path / "out", "--quiet"]
    file = tmp_path / "settings.toml"
    if given == "command line":
        # It also wins over all others.
        monkeypatch.setenv("GFTCORE_EXTRACT_FOV_MM", "9")
        file.write_text("fov_mm = 8.0\n")
        before, after = ["--config", file], [*after, "--fov-mm", "6"]
    elif given == "environment":
        monkeypatch.setenv("GFTCORE_EXTRACT_FOV_MM", "6")
    else:
        file.write_text("fov_mm = 6.0" if given == "shared" else "[extract]\nfov_mm = 6.0")
        before = ["--config", file]
    assert run(capsys, *before, *after)[0] == 0
    # The settings and their hash are those of the command line, wherever they come from.
    stored = json.loads((tmp_path / "out" / "run.json").read_text())
    (tmp_path / "out2").mkdir()
    monkeypatch.delenv("GFTCORE_EXTRACT_FOV_MM", raising=False)
    plain = ["extract", tmp_path / "in", "--out", tmp_path / "out2", "--fov-mm", "6", "-q"]
    assert run(capsys, *plain)[0] == 0
    assert stored == json.loads((tmp_path / "out2" / "run.json").read_text())
    assert '"fov_mm": 6.0' in (tmp_path / "out" / "run.json").read_text()


def test_what_is_shown_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GFTCORE_EXTRACT_BULGE", "2.5")
    file = tmp_path / "settings.toml"
    file.write_text('threads = 2\n[extract]\nexclude = ["0,0,3,3"]\neye = "OD"\noverlay = true\n')
    code, text, _ = run(capsys, "--config", file, "config", "show")
    assert code == 0
    assert f'exclude = ["0,0,3,3"]  # {file}' in text
    assert "# channel is not set" in text
    monkeypatch.delenv("GFTCORE_EXTRACT_BULGE")
    again = tmp_path / "again.toml"
    again.write_text(text)
    after = shown(capsys, "--config", again)
    assert after["bulge"] == (2.5, str(again))
    monkeypatch.setenv("GFTCORE_EXTRACT_BULGE", "2.5")
    before = shown(capsys, "--config", file)
    assert {key: value for key, (value, _) in before.items()} == {
        key: value for key, (value, _) in after.items()
    }
    nested = run(capsys, "config", "show", "data", "split")[1]
    assert nested.splitlines()[0] == "[data.split]"
    assert run(capsys, "config", "show", "fly")[0] == 3


def test_flags_and_lists_of_the_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GFTCORE_EXTRACT_OVERLAY", "0")  # a text that is not empty, but not true
    monkeypatch.setenv("GFTCORE_EXTRACT_EXCLUDE", "0,0,1,1 2,2,3,3")
    found = shown(capsys)
    assert found["overlay"] == (False, "environment GFTCORE_EXTRACT_OVERLAY")
    assert found["exclude"][0] == ["0,0,1,1", "2,2,3,3"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('fov_mm = "3"', "must be float, got '3'"),
        ("threads = 2.5", "threads of"),
        ("threads = true", "must be a text or a number, got True"),
        ("fov_mm = 1979-05-27", "fov_mm of"),
        ("[extract]\nscale = 9", "scale of extract"),
        ('[extract]\nexclude = "a"', "must be a list, got 'a'"),
        ("[extract]\noverlay = 1", "must be true or false, got 1"),
        ('[extract]\nkind = "movie"', "kind of extract"),
        ("[extract]\nmethod = 3", "method of extract"),
        ("[extract]\nout = 3", "out of extract"),
        ("[extract]\nexclude = [{a = 1}]", "exclude of extract"),
        ("treads = 1", "did you mean 'threads'?"),
        ("[extrct]\na = 1", "did you mean 'extract'?"),
        ("[extract]\nmethd = 1", "did you mean 'method'?"),
        ("[data]\nx = 1", "there are"),
        ("[data.splt]\nx = 1", "did you mean 'split'?"),
        ("bulge = 3", "belongs in the table of its command, [extract]"),
        ("extract = 3", "must be a table, [extract]"),
        ("[extract]\noverwrite = true", "on the command line only"),
        ("a =", "is no TOML"),
        ("\xff", "is no TOML"),
    ],
)
def test_refusals_name_file_and_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(text.encode("latin-1"))
    # Any command reads the whole file: a misspelt key is seen before the long run.
    code, out, err = run(capsys, "--config", file, "doctor")
    assert (code, out) == (3, "")
    assert err.startswith(f"gftcore: {file}: ")
    assert said in err
    assert err.count("\n") == 1


def test_refusals_of_the_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GFTCORE_EXTRACT_FOVMM", "3")
    code, _, err = run(capsys, "doctor")
    assert code == 3
    assert "did you mean 'GFTCORE_EXTRACT_FOV_MM'?" in err
    monkeypatch.delenv("GFTCORE_EXTRACT_FOVMM")
    monkeypatch.setenv("GFTCORE_EXTRACT_FOV_MM", "wide")
    assert "fov_mm of extract" in run(capsys, "doctor")[2]
    monkeypatch.delenv("GFTCORE_EXTRACT_FOV_MM")
    monkeypatch.setenv("GFTCORE_THREDS", "2")
    assert "did you mean 'GFTCORE_THREADS'?" in run(capsys, "doctor")[2]
    monkeypatch.delenv("GFTCORE_THREDS")
    monkeypatch.setenv("GFTCORE_THREADS", "")  # as good as not set
    # Variables of other programs are none of ours.
    monkeypatch.setenv("GFTCORE_VERSION", "7")
    assert run(capsys, "doctor")[0] == 0
    monkeypatch.setenv("GFTCORE_CONFIG", str(tmp_path / "none.toml"))
    code, _, err = run(capsys, "doctor")
    assert (code, "none.toml" in err) == (3, True)
