# SPDX-License-Identifier: Apache-2.0
"""Several processes that torchrun starts train the same network as one.

Exactness: float64 without dropout, equal global batches: weights within 1e-9 after 3 epochs. The
negative control normalises by the rows of each process.
"""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.train, pytest.mark.slow]
torch = pytest.importorskip("torch")

SCRIPT = Path(__file__).with_name("shared_steps.py")


def alone(batch_size: int) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location("shared_steps", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, Any] = module.weights(batch_size)
    return found


def together(folder: Path, *options: str) -> list[dict[str, Any]]:
    from safetensors.torch import load_file

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2"]
    torchrun += ["--master-addr=127.0.0.1", f"--master-port={port}", str(SCRIPT)]
    result = subprocess.run(
        [*torchrun, str(folder / "weights"), *options],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return [load_file(folder / f"weights.{rank}") for rank in (0, 1)]


def largest_difference(a: dict[str, Any], b: dict[str, Any]) -> float:
    assert set(a) == set(b)
    return max(float((a[name] - b[name]).abs().max()) for name in a)


@pytest.mark.parametrize(
    "batch_size",
    [
        7,  # 23 images: the processes have unequal parts of a batch
        11,  # the last batch has one image, so that a process has none
    ],
)
def test_two_processes_train_what_one_trains(tmp_path: Path, batch_size: int) -> None:
    wanted = alone(batch_size)
    first, second = together(tmp_path, str(batch_size))
    assert largest_difference(first, second) == 0
    assert largest_difference(first, wanted) < 1e-9


def test_norms_of_each_process_are_noticed(tmp_path: Path) -> None:
    first, _ = together(tmp_path, "7", "local")
    assert largest_difference(first, alone(7)) > 1e-6
