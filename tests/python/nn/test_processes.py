# SPDX-License-Identifier: Apache-2.0
"""Several processes that torchrun starts train the same network as one.

Exactness: float64 without dropout, equal global batches: weights within 1e-9 after 3 epochs. The
negative control normalises by the rows of each process. A command that was killed ends with the
same bytes.
"""

from __future__ import annotations

import csv
import importlib.util
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.train, pytest.mark.slow]
torch = pytest.importorskip("torch")

from labelled import mask_manifest  # noqa: E402

SCRIPT = Path(__file__).with_name("shared_steps.py")
KILLED = Path(__file__).with_name("killed_run.py")
#: 23 images: by 7, the processes have unequal parts of a batch; by 11, the last batch has one
#: image, so that a process has none.
BATCH_SIZES = (7, 11)


def alone(batch_size: int) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location("shared_steps", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, Any] = module.weights(batch_size)
    return found


def torchrun(*command: object) -> subprocess.CompletedProcess[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2"]
    torchrun += ["--master-addr=127.0.0.1", f"--master-port={port}"]
    return subprocess.run(
        [*torchrun, *map(str, command)], capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Weights of both processes, by batch size and for the negative control."""
    from safetensors.torch import load_file

    folder = tmp_path_factory.mktemp("weights")
    result = torchrun(SCRIPT, folder, *BATCH_SIZES)
    assert result.returncode == 0, result.stderr[-3000:]
    return {
        name: [load_file(folder / f"{name}.{rank}") for rank in (0, 1)]
        for name in (*map(str, BATCH_SIZES), "local")
    }


def largest_difference(a: dict[str, Any], b: dict[str, Any]) -> float:
    assert set(a) == set(b)
    return max(float((a[name] - b[name]).abs().max()) for name in a)


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
def test_two_processes_train_what_one_trains(together: Any, batch_size: int) -> None:
    first, second = together[str(batch_size)]
    assert largest_difference(first, second) == 0
    assert largest_difference(first, alone(batch_size)) < 1e-9


def test_norms_of_each_process_are_noticed(together: Any) -> None:
    first, _ = together["local"]
    assert largest_difference(first, alone(BATCH_SIZES[0])) > 1e-6


def losses(out: Path) -> list[float]:
    with (out / "fold-1" / "history.csv").open(newline="") as stream:
        return [float(row["loss"]) for row in csv.DictReader(stream)]


def test_the_command_in_two_processes_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    manifest = mask_manifest(tmp_path, 36)
    options = "--folds 1 --epochs 4 --hidden 8 --layers 2 --batch-size 8 --threads 1"
    options += " --dtype float64 --dropout 0 --quiet"
    order = tmp_path / "order"

    def train(out: str, moment: int = 0, *, of: Path = Path("none"), each: Any = torchrun) -> Any:
        path = manifest.folder / "manifest.csv"
        command = ("train", path, "--out", tmp_path / out, *options.split())
        return each(KILLED, tmp_path / f"notes-{out}", of, moment, 0, *command)

    result = train("whole")
    assert result.returncode == 0, result.stderr[-3000:]
    (tmp_path / "notes-whole").rename(order)
    names = order.read_text().split()
    # One process writes files: graphs, checkpoint and history of each epoch, the whole history once
    # more, model and its configuration, predictions, result.
    assert len(names) == len({"run", "splits"}) + 36 + 2 * 4 + 5
    # Once among the graphs, while the other process waits, then before the second epoch is kept.
    for moment in (12, names.index("checkpoint.safetensors") + 2):
        result = train("killed", moment, of=order)
        assert result.returncode != 0
        assert "SIGKILL" in result.stderr or "-9" in result.stderr
    assert not (tmp_path / "killed" / "fold-1" / "fold.json").exists()
    assert train("killed").returncode == 0
    for name in ("model.safetensors", "history.csv", "predictions.csv", "fold.json"):
        files = [tmp_path / out / "fold-1" / name for out in ("whole", "killed")]
        assert files[0].read_bytes() == files[1].read_bytes(), name
    # The processes share the images of one training: a single one learns the same.
    train("alone", each=alone_command)
    assert losses(tmp_path / "alone") == pytest.approx(losses(tmp_path / "whole"), abs=1e-9)


def alone_command(*command: object) -> None:
    subprocess.run([sys.executable, *map(str, command)], check=True, timeout=300)
