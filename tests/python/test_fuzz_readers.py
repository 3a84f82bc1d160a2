# SPDX-License-Identifier: Apache-2.0
"""Malformed files for every reader: a documented error or a result, in little time and memory.

`GFTCORE_FUZZ_FILES` sets the number of files of each kind; `tests/fuzz/read_files.py` does the
reading in a process of its own, so that a crash of a decoder is seen as such.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import checkout
from gftcore import formats, graph, io
from gftcore.errors import FormatError

CASES = int(os.environ.get("GFTCORE_FUZZ_FILES", "400"))
#: Images of a million pixels at most, four bytes each in up to four planes, and copies of them.
MEMORY_MB = 256
#: Sound files that are no single image, or unpack to too much.
REFUSED = ("pages.tif", "text.npy", "flat.npy", "header.png", "profile.png", "text.png")
PROGRAM = checkout.ROOT / "tests" / "fuzz" / "read_files.py"

sys.path.insert(0, str(PROGRAM.parent))
try:
    import mutations
    import read_files
finally:
    sys.path.remove(str(PROGRAM.parent))


def summary(kind: str, cases: int, folder: Path) -> dict[str, Any]:
    """Read `cases` malformed files in a process; fail if it dies."""
    command = [sys.executable, PROGRAM, "--kind", kind, "--cases", str(cases), "--folder", folder]
    result = checkout.run(command)
    assert result.returncode in (0, 1), f"died on {folder}/case.*: {result.stderr[-2000:]}"
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("kind", ["images", "scans", "graphs", "lists", "models"])
def test_malformed_files(tmp_path: Path, kind: str) -> None:
    found = summary(kind, CASES, tmp_path)
    assert found["findings"] == []
    assert found["memory_growth_mb"] < MEMORY_MB, found
    # The files are neither all refused at once nor all harmless.
    outcomes = found["outcomes"]
    assert sum(outcomes.get(name, 0) for name in ("FormatError", "ManifestError")) > CASES / 4
    assert outcomes["result"] > CASES / 50


@pytest.mark.parametrize("name", sorted(mutations.valid_images()))
def test_the_files_are_good_before_they_are_damaged(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(mutations.valid_images()[name])
    if name in REFUSED:
        with pytest.raises(FormatError):
            io.read_image(path, max_pixels=read_files.LIMIT)
    else:
        assert read_files.good_image(io.read_image(path, max_pixels=read_files.LIMIT))


def raising(error: Exception) -> Callable[[], Any]:
    """Return a reader that fails so."""

    def read() -> Any:
        raise error

    return read


@pytest.mark.parametrize(
    "read",
    [
        raising(KeyError("shape")),
        raising(MemoryError()),
        raising(FormatError("a message without the name")),
        lambda: np.zeros((2, 2, 3), np.uint8),
        lambda: np.zeros((2, 2), ">i4"),
        lambda: [[0, 1]],
        lambda: np.zeros((1001, 1000), np.uint8),
    ],
)
def test_a_bad_reader_is_found(read: Callable[[], Any]) -> None:
    assert read_files.judge(read, read_files.good_image, Path("case.png"))[1]


def test_a_good_reader_is_not_found() -> None:
    path = Path("case.png")
    assert read_files.judge(lambda: np.eye(3), read_files.good_image, path) == ("result", "")
    refused = raising(FormatError("case.png: is damaged"))
    assert read_files.judge(refused, read_files.good_image, path) == ("FormatError", "")


def test_every_array_of_another_version_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    graph.extract(np.eye(9, dtype=bool)).save(path)
    content = mutations.members(path.read_bytes())
    content["meta.npy"] = content["meta.npy"].replace(b"\x93NUMPY\x01", b"\x93NUMPY\x03")
    path.write_bytes(mutations.archive(content))
    with pytest.raises(FormatError, match=r"a\.npz: damaged: array format \(3, 0\)"):
        graph.load(path)


def test_text_that_cannot_be_saved_again_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    graph.extract(np.eye(9, dtype=bool)).save(path)
    content = mutations.members(path.read_bytes())
    text = json.loads(content["meta.npy"][128:])
    text["config_hash"] = "\ud800"
    content["meta.npy"] = mutations.with_header(json.dumps(text).encode())
    path.write_bytes(mutations.archive(content))
    with pytest.raises(FormatError, match="meta is no JSON"):
        graph.load(path)


def test_a_field_of_view_beyond_numbers_still_has_tables(tmp_path: Path) -> None:
    found = graph.extract(np.eye(20, dtype=bool), config=graph.ExtractConfig(fov_mm=1e308))
    formats.write_tables(found, tmp_path / "t")
    assert "inf" in (tmp_path / "t.nodes.csv").read_text()
