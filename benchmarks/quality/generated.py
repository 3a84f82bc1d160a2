# SPDX-License-Identifier: Apache-2.0
"""The generated eyes that are measured: the one place that says how they are made."""

from __future__ import annotations

from collections.abc import Iterator

from gftcore.synth import EyeParameters, SyntheticEye, draw_parameters, make_eye

SEED = 20230216


def generated_eyes(
    count: int, *, seed: int = SEED, label: str = "Healthy", plain: bool = False
) -> Iterator[SyntheticEye]:
    """Make eyes of a class, right and left ones in turn, each of its own stream.

    `plain` eyes are healthy ones as they grow, as in the published samples: no capillary is lost,
    none winds, nothing but the random numbers varies, and images are without artefacts.
    """
    for k in range(count):
        eye = ("OD", "OS")[k % 2]
        parameters = (
            EyeParameters(eye=eye)
            if plain
            else draw_parameters(label, eye=eye, seed=seed, stream=k)
        )
        yield make_eye(seed=seed, stream=k, parameters=parameters)
