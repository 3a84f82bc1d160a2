# SPDX-License-Identifier: Apache-2.0
"""Growth, drawing and images of synthetic eyes beside plain NumPy, for lack of a library."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from contestants import Case, Peer
from gftcore import synth
from gftcore.reference import growth, imaging, raster
from inputs import Sample

SEED = 5
# The references ask every node about every sink, and every pixel about every vessel: the ratio of
# a whole eye is larger still, but a minute of theirs is too long for a table.
GROWN = synth.GrowthOptions.test_profile(svc=20, dvc=0)
DRAWN = synth.GrowthOptions.test_profile(svc=5, dvc=0)
SIDE_PX = 304


def same_trees(ours: Any, theirs: Any) -> None:
    np.testing.assert_array_equal(ours.parent, theirs.parent)
    np.testing.assert_allclose(ours.node_xyz, theirs.node_xyz, atol=1e-9)


def same_drawing(ours: Any, theirs: Any) -> None:
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-6)


def synth_cases(_: Sample) -> Iterator[Case]:
    edges = synth.grow_vessels(seed=SEED, options=DRAWN).edges()
    yield Case(
        "synth",
        "growth from a seed, 20 iterations",
        lambda: synth.grow_vessels(seed=SEED, options=GROWN),
        [
            Peer(
                "numpy",
                lambda: growth.grow_vessels(seed=SEED, options=GROWN),
                same_trees,
                label="gftcore.reference in NumPy",
            )
        ],
    )
    yield Case(
        "synth",
        f"drawing of {len(edges)} grown vessels",
        lambda: synth.draw_vessels(edges, side_px=SIDE_PX),
        [
            Peer(
                "numpy",
                lambda: raster.draw_vessels(edges.plane, side_px=SIDE_PX),
                same_drawing,
                label="gftcore.reference in NumPy",
            )
        ],
    )


def imaging_cases(_: Sample) -> Iterator[Case]:
    vessels = synth.draw_image(synth.grow_vessels(seed=SEED, options=GROWN).edges())
    background = np.ascontiguousarray(np.rot90(vessels))
    for name, options in (
        ("image", synth.ImageOptions()),
        ("image by the published constants", synth.ImageOptions.published()),
    ):
        settings = {"seed": SEED, "options": options}
        yield Case(
            "imaging",
            f"{name}, {SIDE_PX} px",
            lambda settings=settings: synth.form_image(vessels, background, **settings),
            [
                Peer(
                    "numpy",
                    lambda settings=settings: imaging.form_image(vessels, background, **settings),
                    np.testing.assert_array_equal,
                    label="gftcore.reference in NumPy",
                )
            ],
        )
