# SPDX-License-Identifier: Apache-2.0
"""Training beside PyTorch Geometric: the same graphs, the same first weights, one thread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nn_cases
from contestants import Case, Peer
from inputs import Sample

BATCHES = 2
GOAL = 3.0


def epoch(network: Any, batches: list[Any], labels: Any) -> list[float]:
    """Learn from each batch once, from the same weights and optimiser as at any other call."""
    import torch  # it takes seconds, which other groups need not wait for
    from torch.nn.functional import cross_entropy

    network.load_state_dict(network.first)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-3)
    losses = []
    for batch in batches:
        loss = cross_entropy(network(batch), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    return losses


def ready(network: Any) -> Any:
    network.train()
    network.first = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    return network


def same_losses(ours: list[float], theirs: list[float]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        assert abs(a - b) <= 2e-3 * max(abs(b), 1.0), (ours, theirs)


def train_cases(_: Sample) -> Iterator[Case]:
    import torch

    from gftcore import nn
    from peers.pyg import hetero_data, pyg_network

    torch.set_num_threads(1)
    graphs = nn_cases.eye_batch(nn_cases.GRAPHS)
    labels = torch.arange(nn_cases.GRAPHS) % 3
    data = [hetero_data(graphs, dtype=torch.float32)] * BATCHES
    for name, model in nn_cases.networks().items():
        tensors = [nn.graph_tensors(model.config, graphs)] * BATCHES
        network = ready(nn.GraphNetwork.from_model(model))
        peer = ready(pyg_network(model, dtype=torch.float32))
        yield Case(
            "training",
            f"epoch of {BATCHES} batches of {nn_cases.GRAPHS} graphs, {name}",
            lambda network=network, tensors=tensors: epoch(network, tensors, labels),
            [
                Peer(
                    "torch-geometric",
                    lambda peer=peer: epoch(peer, data, labels),
                    same_losses,
                    GOAL,
                )
            ],
        )
