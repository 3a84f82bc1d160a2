# SPDX-License-Identifier: Apache-2.0
"""Model files: round trips, and every kind of damage."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from gftcore import staging
from gftcore.errors import ArgumentTypeError, FormatError, GftcoreError, MissingFileError
from gftcore.model import Model
from networks import SIZES, random_batch, random_model

MODEL = random_model(1, training={"seed": 5})


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    MODEL.save(tmp_path / "net")
    return tmp_path / "net"


def test_folder_and_file_alone_give_the_same_model(saved: Path, tmp_path: Path) -> None:
    alone = shutil.copy(saved / "model.safetensors", tmp_path / "alone.safetensors")
    for again in (Model.load(saved), Model.load(str(alone))):
        assert again.config == MODEL.config
        assert again.sha256 == MODEL.sha256
        batch = random_batch(1, SIZES)
        ours, theirs = (staging.predict(m, batch).logits for m in (MODEL, again))
        assert ours.tobytes() == theirs.tobytes()
    assert random_model(2).sha256 != MODEL.sha256


def test_both_precisions_are_kept(tmp_path: Path) -> None:
    weights = {n: np.asarray(a, dtype=np.float32) for n, a in MODEL.weights.items()}
    weights["head.0.bias"] = weights["head.0.bias"].astype(np.float64)
    Model(config=MODEL.config, weights=weights).save(tmp_path)
    again = Model.load(tmp_path).weights
    assert {name: array.dtype for name, array in again.items()} == {
        name: array.dtype for name, array in weights.items()
    }


def test_saved_files_are_plain(saved: Path) -> None:
    config = json.loads((saved / "config.json").read_text())
    assert config["schema"] == "gftcore-gnn/1"
    assert config["training"] == {"seed": 5}
    tensors = load_file(saved / "model.safetensors")
    assert tensors["head.0.weight"].shape == MODEL.weights["head.0.weight"].shape


def test_missing_files(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing", tmp_path / "a.safetensors"):
        with pytest.raises(MissingFileError):
            Model.load(path)
    with pytest.raises(ArgumentTypeError):
        Model.load(7)  # type: ignore[arg-type]


def _rewrite(saved: Path, change: Any, metadata: dict[str, str] | None = None) -> None:
    file = saved / "model.safetensors"
    tensors = load_file(file)
    change(tensors)
    text = (saved / "config.json").read_text()
    save_file(tensors, file, metadata={"config": text} if metadata is None else metadata)


def _rewrite_alone(saved: Path) -> None:
    """Leave the configuration to the file beside."""
    file = saved / "model.safetensors"
    save_file(load_file(file), file)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: w.pop("head.0.bias"), r"weights lack head\.0\.bias"),
        (lambda w: w.update({"pre.vein.0.bias": np.ones(1)}), r"unknown pre\.vein\.0\.bias"),
        (lambda w: w.update({"head.0.bias": np.ones(3)}), r"head\.0\.bias must have shape"),
        (
            lambda w: w.update({"head.0.bias": np.ones(8, dtype=np.float16)}),
            r"head\.0\.bias must be F32 or F64, got F16",
        ),
        (
            lambda w: w.update({"head.0.bias": np.ones(8, dtype=np.int64)}),
            r"head\.0\.bias must be F32 or F64, got I64",
        ),
        (lambda w: w.update({"head.0.bias": np.full(8, np.inf)}), r"head\.0\.bias must be finite"),
    ],
)
def test_weights_that_the_configuration_does_not_imply(
    saved: Path, change: Any, words: str
) -> None:
    _rewrite(saved, change)
    with pytest.raises(FormatError, match=words):
        Model.load(saved)


def test_disagreeing_and_missing_configurations(saved: Path) -> None:
    config = json.loads((saved / "config.json").read_text())
    (saved / "config.json").write_text(json.dumps({**config, "act": "elu"}))
    with pytest.raises(FormatError, match="differs from the configuration"):
        Model.load(saved)
    (saved / "config.json").unlink()
    assert Model.load(saved).config == MODEL.config
    MODEL.save(saved)
    _rewrite(saved, lambda _: None, metadata={})
    assert Model.load(saved).config == MODEL.config
    with pytest.raises(FormatError, match=r"holds no configuration"):
        Model.load(saved / "model.safetensors")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"schema": "other"}', "[" * 100_000, '{"hidden": NaN}', "\udcff"],
    ids=["empty", "open", "list", "null", "schema", "deep", "NaN", "bytes"],
)
def test_configurations_that_are_none(saved: Path, text: str) -> None:
    (saved / "config.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(FormatError):
        Model.load(saved)
    _rewrite_alone(saved)
    with pytest.raises(FormatError, match=r"config\.json: "):  # where the fault is
        Model.load(saved)


@pytest.mark.parametrize(
    "change",
    [
        {"hidden": 10**9},
        {"classes": []},
        {"features": {}},
        {"features": {"vessel": {"columns": [[]], "mean": [0], "sd": [1], "log1p": []}}},
        {"pool": {"vessel": 3}},
        {"norm": []},
        {"relations": [["v", "v"]]},
        {"training": 1},
        {"act": ["relu"]},
    ],
    ids=str,
)
def test_fields_of_other_kinds(saved: Path, change: dict[str, Any]) -> None:
    values = {**json.loads((saved / "config.json").read_text()), **change}
    _rewrite(saved, lambda _: None, metadata={"config": json.dumps(values)})
    (saved / "config.json").unlink()
    with pytest.raises(FormatError):
        Model.load(saved)


def test_any_damage_is_an_error_of_ours_or_harmless(saved: Path) -> None:
    file = saved / "model.safetensors"
    (saved / "config.json").unlink()
    whole = file.read_bytes()
    rng = np.random.default_rng(1)
    header = struct.unpack("<Q", whole[:8])[0] + 8
    for trial in range(300):
        damaged = bytearray(whole)
        if trial % 3 == 0:
            damaged = damaged[: int(rng.integers(0, len(whole)))]
        else:
            last = 8 if trial % 3 == 1 else header
            for place in rng.integers(0, last, 3):
                damaged[place] = int(rng.integers(0, 256))
        file.write_bytes(damaged)
        try:
            Model.load(saved)
        except GftcoreError as error:
            assert isinstance(error, FormatError), error
