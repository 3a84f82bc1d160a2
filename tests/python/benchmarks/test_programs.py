# SPDX-License-Identifier: Apache-2.0
"""What the programs do with answers and exit codes."""

from __future__ import annotations

import argparse
import dataclasses
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rows import make_row

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@pytest.fixture
def ratios(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for module in ("cc3d", "cv2", "edt", "skan", "sknw"):
        pytest.importorskip(module)
    for variable in THREAD_VARIABLES:  # restored afterwards
        monkeypatch.setenv(variable, "1")
    import ratios

    return ratios


def one_second() -> Any:
    one = np.ones(3)
    return make_row(names=("group", "stage", "peer", "1", "input"), ours_s=one, peer_s=one)


def options(**changes: Any) -> argparse.Namespace:
    return argparse.Namespace(**{"only": None, "rounds": 3, "samples": 1} | changes)


def run_of(codes: dict[str, int], called: list[Any]) -> Callable[..., SimpleNamespace]:
    """Stand-in for the runs on each instruction set, which end with these codes."""

    def run(command: list[Any], *, env: dict[str, str], check: bool) -> SimpleNamespace:
        assert not check
        target = env["GFTCORE_SIMD"]
        called.append((target, [str(word) for word in command]))
        row = dataclasses.asdict(one_second()) | {"target": target}
        file = Path(command[command.index("--json") + 1])
        file.write_text(json.dumps({"header": {}, "rows": [row]}))
        return SimpleNamespace(returncode=codes[target])

    return run


@pytest.mark.parametrize(
    ("codes", "code"), [({"b": 0, "a": 0}, 0), ({"b": 1, "a": 0}, 1), ({"b": 0, "a": 1}, 1)]
)
def test_rows_of_all_instruction_sets_are_joined(
    ratios: ModuleType, monkeypatch: pytest.MonkeyPatch, codes: dict[str, int], code: int
) -> None:
    called: list[Any] = []
    monkeypatch.setattr(subprocess, "run", run_of(codes, called))
    found, rows = ratios.run_apart(options(only="faz"), ["b", "a"])
    assert found == code
    assert [row.target for row in rows] == ["b", "a"]
    assert [target for target, _ in called] == ["b", "a"]
    assert all(command[-2:] == ["--only", "faz"] for _, command in called)


@pytest.mark.parametrize("broken", [2, -9, 139])
def test_a_wrong_answer_or_a_crash_on_one_set_gives_no_rows(
    ratios: ModuleType, monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    monkeypatch.setattr(subprocess, "run", run_of({"b": 0, "a": broken}, []))
    assert ratios.run_apart(options(), ["b", "a"]) == (ratios.FAILED, [])


def case_of(**changes: Any) -> Any:
    from contestants import Case

    return Case(**{"group": "g", "stage": "s", "ours": lambda: 1} | changes)


def sample_of(full: bool) -> SimpleNamespace:
    return SimpleNamespace(name="drawn", full=full, mask=np.ones((4, 8)))


def refuse(*_: Any) -> None:
    raise AssertionError("other answer")


def test_a_wrong_answer_is_told_and_not_timed(
    ratios: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    from contestants import Peer

    peer = Peer("numpy", lambda: 2, refuse)
    assert ratios.measure(case_of(peers=[peer]), sample_of(full=True), 3) == []
    assert "WRONG ANSWER in g: s on drawn against numpy" in capsys.readouterr().err
    assert ratios.measure(case_of(holds=refuse), sample_of(full=True), 3) == []


def test_a_limit_is_a_row_of_full_samples_only(ratios: ModuleType) -> None:
    case = case_of(limit_s=1e-12)
    (row,) = ratios.measure(case, sample_of(full=True), 3)
    assert (row.peer_s, row.peer) == (1e-12, "limit of 1e-09 ms")
    assert row.met is (None if row.target == "scalar" else False)
    (row,) = ratios.measure(case, sample_of(full=False), 3)
    assert (row.peer, row.ratio, row.goal) == ("", None, None)


def test_sizes_must_hold_the_same_structures() -> None:
    pytest.importorskip("skimage")
    from scaling import check_density

    check_density({304: 0.0100, 608: 0.0104})
    with pytest.raises(AssertionError, match="segments a pixel differ"):
        check_density({304: 0.0100, 608: 0.0112})


def test_tiles_of_every_side_cover_the_sample() -> None:
    pytest.importorskip("scipy")
    from inputs import Sample, tiled

    mask = np.random.default_rng(0).random((64, 64)) < 0.3
    sample = Sample("drawn", np.arange(256, dtype=np.uint8).reshape(16, 16), mask)
    for side in (16, 32, 64):
        size = tiled(sample, side)
        assert [tile.mask.shape for tile in size] == [(side, side)] * (64 // side) ** 2
        assert sum(tile.mask.sum() for tile in size) == mask.sum()
        assert all(tile.image.shape == (side // 4, side // 4) for tile in size)
    (large,) = tiled(sample, 128)
    assert large.mask.sum() == 4 * mask.sum()
    np.testing.assert_array_equal(large.mask[:64, 64:], mask[:, ::-1])
    np.testing.assert_array_equal(large.image[16:, :16], sample.image[::-1])


def test_the_peak_sees_memory_that_is_touched() -> None:
    """With a control: what is only reserved does not count."""
    from peak import STATUS, peak_of

    if not STATUS.exists():
        pytest.skip("reads the peak of resident memory in /proc")
    size = 64 << 20

    def touch() -> int:
        return int(np.ones(size, dtype=np.uint8)[-1])

    def reserve() -> int:
        return int(np.empty(size, dtype=np.uint8).size > 0)

    grown = {run.__name__: peak_of(run) for run in (reserve, touch)}
    assert grown["touch"]["peak"] - grown["touch"]["before"] > 0.9 * size
    assert grown["reserve"]["peak"] - grown["reserve"]["before"] < 0.1 * size
