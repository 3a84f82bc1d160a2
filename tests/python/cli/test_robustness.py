# SPDX-License-Identifier: Apache-2.0
"""Interruptions, closed pipes, absurd inputs: a documented end, never a crash."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gftcore import cli, graph, io
from gftcore.errors import GftcoreError, GftcoreWarning

RNG = np.random.default_rng(3)


def endless_extract(tmp_path: Path) -> subprocess.Popen[str]:
    """A run of many large masks in its own process, once it has written its first graph."""
    folder = tmp_path / "many"
    mask = RNG.random((300, 300)) < 0.5
    for number in range(60):
        io.write_image(folder / f"{number:02}.png", np.roll(mask, number, axis=0))
    # Background jobs of some shells start with SIGINT ignored, and children inherit that.
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from gftcore.cli import main; sys.exit(main())"
    )
    command = [sys.executable, "-c", program, "extract", str(folder), "--out", str(tmp_path / "o")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not (tmp_path / "o" / "00.npz").exists() and time.monotonic() < until:
        time.sleep(0.02)
    return process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_runs_can_go_on(tmp_path: Path, number: int, code: int) -> None:
    process = endless_extract(tmp_path)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "the same command goes on" in err
    done = sorted((tmp_path / "o").glob("*.npz"))
    assert 1 <= len(done) < 60
    for path in done:
        graph.load(path)
    with (tmp_path / "o" / "images.csv").open(newline="") as stream:
        assert {row["image_id"] for row in csv.DictReader(stream)} == {p.stem for p in done}
    assert not [path for path in (tmp_path / "o").iterdir() if path.name.startswith(".")]


def test_a_reader_may_close_the_pipe(tmp_path: Path) -> None:
    for number in range(3):
        io.write_image(tmp_path / f"{number}.png", RNG.random((20, 20)) < 0.5)
    program = "import sys; from gftcore.cli import main; sys.exit(main())"
    command = [
        sys.executable,
        "-c",
        program,
        "extract",
        str(tmp_path),
        "--out",
        str(tmp_path / "o"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert b"Traceback" not in err
    assert b"Exception" not in err
    assert process.returncode == 0


def absurd(rng: np.random.Generator, path: Path) -> None:
    """Write some file that may or may not be an image."""
    kind = int(rng.integers(0, 8))
    shape = tuple(rng.integers(0, 40, size=rng.integers(0, 4)).tolist())
    if kind < 4:
        dtype = rng.choice(["bool", "u1", "i8", "f4", "f8", "c8", "U3", "u2"])
        np.save(path.with_suffix(".npy"), np.zeros(shape).astype(dtype))
    elif kind == 4:
        values = rng.choice([np.nan, np.inf, -1e300, 0.0], size=(9, 9))
        np.save(path.with_suffix(".npy"), values)
    else:
        data = bytearray(_png(rng))
        for at in rng.integers(0, len(data), size=kind):
            data[at] ^= int(rng.integers(1, 255))
        path.with_suffix(".png").write_bytes(data[: len(data) if kind == 5 else -kind])


def _png(rng: np.random.Generator) -> bytes:
    from io import BytesIO

    from PIL import Image

    stream = BytesIO()
    mode = str(rng.choice(["1", "L", "RGB", "RGBA", "P", "LA", "I;16"]))
    image = Image.fromarray(rng.integers(0, 255, (24, 30), dtype=np.uint8))
    (image if mode == "I;16" else image.convert(mode)).save(stream, format="PNG")
    return stream.getvalue()


def test_absurd_inputs_end_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """700 files through the command line: each a result or a documented error."""
    rng = np.random.default_rng(8)
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(700):
        absurd(rng, folder / f"{number:03}")
    args = ["extract", str(folder), "--out", str(tmp_path / "out"), "--json", "--scale", "2"]
    code = cli.main(args)
    text = capsys.readouterr().out
    document: dict[str, Any] = json.loads(text)
    assert code == 1
    assert document["summary"]["failed"] > 100
    assert document["summary"]["ok"] > 20
    known = {"FORMAT", "SHAPE", "TYPE", "ARGUMENT"}
    failures = [entry for entry in document["images"] if entry["status"] == "failed"]
    assert {entry["error"]["code"] for entry in failures} <= known


def absurd_argument(rng: np.random.Generator) -> Any:
    """Something that may or may not be an image."""
    shape = tuple(rng.integers(0, 30, size=rng.integers(0, 4)).tolist())
    dtype = rng.choice(["bool", "u1", "i2", "u8", "f2", "f4", "f8", "c8", "O", "U2", "M8[s]"])
    array = np.zeros(shape).astype(dtype) if dtype != "O" else np.full(shape, None)
    fillings: list[Any] = [array]
    if array.dtype.kind in "biuf":
        noisy = rng.integers(0, rng.choice([2, 3, 255]), size=shape).astype(dtype)
        fillings += [noisy, noisy[..., ::-1] if noisy.ndim else noisy, noisy.tolist()]
    if array.dtype.kind == "f":
        fillings.append(np.full(shape, rng.choice([np.nan, np.inf, 1e300])).astype(dtype))
    fillings += [None, "mask", 3, {}, {1, 2}, object(), [[1], [2, 3]], b"1"]
    return fillings[rng.integers(0, len(fillings))]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_absurd_arguments_end_in_words() -> None:
    """1,500 calls: a graph, or one of the documented errors."""
    rng = np.random.default_rng(13)
    outcomes = {"graph": 0, "error": 0}
    for _ in range(1500):
        first, second = absurd_argument(rng), absurd_argument(rng)
        if rng.random() < 0.5:
            first = rng.random((12, 20)) < 0.5
        raw = rng.random() < 0.2
        names = ["exclude", "keep", "none"] + ([] if raw else ["intensity", "threshold"])
        name = str(rng.choice(names))
        options = {} if name == "none" else {name: second}
        call = graph.extract_image if raw else graph.extract
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", GftcoreWarning)
                call(first, **options)
            outcomes["graph"] += 1
        except GftcoreError as error:
            assert "incompatible function arguments" not in str(error)
            outcomes["error"] += 1
    assert min(outcomes.values()) > 50, outcomes
