# SPDX-License-Identifier: Apache-2.0
"""``gftcore doctor``: what it finds, and what makes it fail."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from email.message import Message
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import gftcore
from gftcore import cli, errors

REQUIRES = [
    "jinja2>=3.1",
    "numpy>=2.0",
    'tomli>=2.0; python_version < "3.10"',
    'gftcore[bulk]; extra == "dev"',
    'nothing-of-this-name>=1.2; extra == "bulk"',
    'pillow>=11.0; extra == "io"',
    'numpy>=999.1; extra == "io"',
]


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Requirements of an installed gftcore, to be changed by a test."""
    requires = list(REQUIRES)
    about = Message()
    for extra in ("bulk", "dev", "io"):
        about["Provides-Extra"] = extra
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: requires)
    monkeypatch.setattr(importlib.metadata, "metadata", lambda _: about)
    return requires


def doctor(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any], str]:
    code = cli.main(["doctor", "--json"])
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


def test_document(metadata: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, document, err = doctor(capsys)
    assert (code, err, document["schema"]) == (0, "", "gftcore-doctor/1")
    assert document["core"]["works"]
    assert document["core"]["simd_target"] in document["core"]["simd_targets"]
    assert document["processors"] >= 1
    numpy = importlib.metadata.version("numpy")
    assert document["packages"]["numpy"] == {"version": numpy, "needs": "2.0", "ok": True}
    assert "tomli" not in document["packages"]  # not for this Python
    assert list(document["extras"]) == ["bulk", "io"]  # none for developers
    missing = {"version": None, "needs": "1.2", "ok": False}
    assert document["extras"]["bulk"] == {"nothing-of-this-name": missing}
    assert not document["extras"]["io"]["numpy"]["ok"]
    assert document["extras"]["io"]["pillow"]["ok"]
    assert cli.main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert 'nothing-of-this-name missing; pip install "gftcore[bulk]"' in text
    assert "(needs 999.1)" in text
    assert metadata == REQUIRES


def test_base_that_is_too_old_or_missing(
    metadata: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    metadata += ["rich>=999", "also-not-there>=3"]
    code, document, err = doctor(capsys)
    assert code == 6
    assert not document["packages"]["rich"]["ok"]
    assert 'needs 999: pip install --upgrade "rich>=999"' in err
    assert "also-not-there is missing" in err


def test_versions_compare_as_numbers(
    metadata: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata[:] = ["a>=0.9", "b>=1.10", "c>=2.6"]
    # As texts, the first would be too old and the second new enough.
    have = {"a": "0.10.1", "b": "1.9", "c": "2.13.0+cpu"}
    monkeypatch.setattr(importlib.metadata, "version", have.__getitem__)
    _, document, _ = doctor(capsys)
    assert [document["packages"][name]["ok"] for name in "abc"] == [True, False, True]


def test_core_that_is_missing_or_wrong(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = SimpleNamespace(num_segments=3)
    monkeypatch.setattr(gftcore.graph, "extract", lambda _: few)
    code, document, err = doctor(capsys)
    assert (code, document["core"]["works"], "wrong graph" in err) == (6, False, True)

    def missing() -> tuple[str, ...]:
        raise errors.CoreImportError("no core: reinstall")

    monkeypatch.setattr(gftcore, "simd_targets", missing)
    code, document, err = doctor(capsys)
    assert (code, document["core"]["loaded"], "no core" in err) == (6, False, True)


def test_without_the_core_everything_else_is_told(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "_core*.so", "_core*.pyd")
    shutil.copytree(Path(gftcore.__file__).parent, tmp_path / "gftcore", ignore=ignored)
    program = "import sys; from gftcore.cli import main; sys.exit(main(['doctor', '--json']))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    document = json.loads(done.stdout)
    assert (done.returncode, document["core"]["loaded"]) == (6, False)
    assert document["processors"] >= 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("outcome", ["card", "no card", "hangs"])
def test_gpus(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    def query(*_: object, **__: object) -> SimpleNamespace:
        if outcome == "no card":
            raise subprocess.CalledProcessError(9, "nvidia-smi")
        if outcome == "hangs":
            raise subprocess.TimeoutExpired("nvidia-smi", 20)
        return SimpleNamespace(stdout="Some GPU, 570.1, 81559 MiB\n")

    monkeypatch.setattr("gftcore.cli.doctor.shutil.which", lambda name: f"/bin/{name}")
    monkeypatch.setattr("gftcore.cli.doctor.subprocess.run", query)
    _, document, _ = doctor(capsys)
    assert document["gpus"] == (["Some GPU, 570.1, 81559 MiB"] if outcome == "card" else [])


def test_installed_metadata(capsys: pytest.CaptureFixture[str]) -> None:
    if not importlib.metadata.packages_distributions().get("gftcore"):
        pytest.skip("gftcore is imported from a folder")
    _, document, _ = doctor(capsys)
    assert "numpy" in document["packages"]
    assert np.__version__ == document["packages"]["numpy"]["version"]
    assert document["extras"]
