# SPDX-License-Identifier: Apache-2.0
"""Train small networks in one of several processes and write their weights.

Usage: ``torchrun ... shared_steps.py FOLDER BATCH_SIZE...``, one network after the other. The last
one, ``local``, is the negative control of the first: each process normalises by its own rows.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from safetensors.torch import save_file

from gftcore import nn
from gftcore.nn import fit
from gftcore.runs import EpochReport
from labelled import labelled_graphs

CONFIG = nn.TrainConfig(hidden=8, n_layers=2, epochs=3, lr=0.01, dropout=0.0, dtype="float64")


def weights(batch_size: int) -> dict[str, torch.Tensor]:
    """Weights after the last epoch, not the best one."""
    data = labelled_graphs(30)
    one = fit._Fit(data, data.ids[:23], data.ids[23:], CONFIG.replace(batch_size=batch_size))
    history: list[EpochReport] = []
    for epoch in range(CONFIG.epochs):
        history.append(one.epoch(epoch, history))
    found = {name: tensor.clone() for name, tensor in one.network.state_dict().items()}
    found["scores"] = torch.tensor(
        [[entry.loss, entry.validation_loss, entry.train_balanced_accuracy] for entry in history],
        dtype=torch.float64,
    )
    return found


def main() -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo")
    found = {size: weights(int(size)) for size in sys.argv[2:]}
    fit.BatchNorm = type("NoNorm", (), {})  # type: ignore[misc, assignment]
    found["local"] = weights(int(sys.argv[2]))
    rank = torch.distributed.get_rank()
    for name, one in found.items():
        save_file(one, f"{sys.argv[1]}/{name}.{rank}")
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
    # Threads of torch that still run while the interpreter is taken down can abort the process,
    # now and then. The weights are written; how torch ends is not what is tested.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
