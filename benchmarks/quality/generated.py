# SPDX-License-Identifier: Apache-2.0
"""The generated eyes that are measured: the one place that says how they are made."""

from __future__ import annotations

from collections.abc import Iterator

from gftcore.synth import SyntheticEye, draw_parameters, make_eye

SEED = 20230216


def generated_eyes(
    count: int, *, seed: int = SEED, label: str = "Healthy", loss: bool = True
) -> Iterator[SyntheticEye]:
    """Make eyes of a class, right and left ones in turn, each of its own stream.

    Without `loss`, no capillary is lost at random, as in the trees that a simulator grows.
    """
    for k in range(count):
        eye = ("OD", "OS")[k % 2]
        parameters = draw_parameters(label, eye=eye, seed=seed, stream=k)
        if not loss:
            parameters = parameters.replace(capillary_loss=0.0)
        yield make_eye(seed=seed, stream=k, parameters=parameters)
