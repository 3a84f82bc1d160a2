# SPDX-License-Identifier: Apache-2.0
"""Whole files or none; tables; provenance."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

import gftcore
from gftcore import io
from gftcore.errors import ArgumentError


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("old")

    def fail_after_writing() -> None:
        with io.atomic_path(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError("disk")

    with pytest.raises(RuntimeError, match="disk"):
        fail_after_writing()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_written_files_have_usual_permissions(tmp_path: Path) -> None:
    with io.atomic_path(tmp_path / "a") as temporary:
        temporary.write_text("x")
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o666 & ~umask


def test_csv_cells(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    values = [1, 0.1, float("nan"), None, 'a"b,c', float("inf"), -2.0]
    io.write_csv(path, list("abcdefg"), [values])
    with path.open(newline="") as stream:
        assert list(csv.reader(stream))[1] == ["1", "0.1", "", "", 'a"b,c', "inf", "-2.0"]
    with pytest.raises(ArgumentError, match="2 cells, expected 1"):
        io.write_csv(path, ["a"], [[1, 2]])


def test_provenance_names_no_place_and_no_time() -> None:
    entries = io.provenance("gftcore-graph/1", config_hash="ab", sha256="cd")
    assert set(entries) == {"schema", "gftcore", "simd_target", "config_hash", "sha256"}
    assert entries["gftcore"] == gftcore.__version__
    assert str(Path.home()) not in json.dumps(dict(entries))


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert io.file_sha256(tmp_path / "a").startswith("ba7816bf8f01cfea")


def test_the_umask_of_the_process_is_let_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = os.umask(0o027)
    try:
        with monkeypatch.context() as patch:
            patch.delattr(os, "umask")
            with io.atomic_path(tmp_path / "a") as temporary:
                temporary.write_text("x")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640
