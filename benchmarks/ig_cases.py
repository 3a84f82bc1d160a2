# SPDX-License-Identifier: Apache-2.0
"""Integrated gradients beside captum, plain torch and PyG's Explainer: one graph, one thread.

The benchmark network has random weights and a drawn graph; the default one is the trained network
of the package on the eye of the demo. A network that learned bends more along its path, and needs
more panels than a random one to be as exact as 50 points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

import nn_cases
from contestants import Case, Peer
from gftcore import pipeline
from gftcore.attribution import Attribution, integrated_gradients
from gftcore.graph import GraphBatch
from gftcore.model import Model, default_model, standardised_batch
from inputs import Sample

POINTS = 50
FINE = 256
MIDPOINTS = 1000  # which know nothing of panels
GRAPHS = 8
TOGETHER = (5, 10)  # captum's fastest settings
THREADS_GOAL = 1.8
THREADS_PANELS = 7

Parts = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A network and a graph; `panels` are not farther from the truth than 50 points."""

    name: str
    model: Model
    batch: GraphBatch
    panels: int
    goals: tuple[float | None, float | None] = (None, None)


def explained() -> Iterator[Explained]:
    model = nn_cases.networks()["benchmark network"]
    batch = nn_cases.eye_batch(1)
    goals = (12.0, 50.0)
    yield Explained(name="benchmark network", model=model, batch=batch, panels=7, goals=goals)
    model = default_model()
    with resources.as_file(resources.files("gftcore") / "assets" / "demo_octa.png") as file:
        (eye,) = pipeline.stage_images([file], model, keep=True)
    assert isinstance(eye, pipeline.StagedImage)
    batch = standardised_batch(model.config, [eye.graph])
    yield Explained(name="default network, demo eye", model=model, batch=batch, panels=20)


def parts_of(found: Attribution) -> Parts:
    return dict(found.nodes.attributions) if found.nodes else {}


def l1(ours: Parts, theirs: Parts) -> float:
    """L1 norm of the difference, relative to that of `theirs`."""
    size = sum(float(np.abs(part).sum()) for part in theirs.values())
    return sum(float(np.abs(ours[t] - part).sum()) for t, part in theirs.items()) / size


def same_points(ours: Parts, theirs: Parts) -> None:
    """Both in float32: units that change sides by rounding move single nodes."""
    assert l1(ours, theirs) < 2e-5, l1(ours, theirs)
    largest = max(float(np.abs(part).max()) for part in theirs.values())
    off = [np.abs(ours[t] - part).max(axis=1) / largest for t, part in theirs.items()]
    each = np.concatenate(off)
    assert each.max() <= 2e-3, each.max()
    assert np.mean(each > 1e-5) <= 0.02, np.mean(each > 1e-5)


def truth(model: Any, batch: Any) -> Parts:
    """Many panels in float64, with nothing folded, once they agree with another rule."""
    fine = {"dtype": "float64", "n": FINE, "estimate_error": False}
    (panels,) = integrated_gradients(model, batch, **fine)
    (points,) = integrated_gradients(model, batch, method="riemann_middle", n=MIDPOINTS)
    off = l1(parts_of(panels), parts_of(points))
    assert off < 5e-4, off
    return parts_of(panels)


def complete(found: Attribution) -> None:
    """What edges of all relations give is the change of the logit."""
    assert found.edges is not None
    assert found.edges.completeness_gap_rel < 1e-4, found.edges.completeness_gap_rel


def as_exact(exact: Callable[[], Parts]) -> Callable[[Parts, Parts], None]:
    """Check that ours are no farther from the truth than theirs."""

    def check(ours: Parts, theirs: Parts) -> None:
        fine = exact()
        assert l1(ours, fine) <= l1(theirs, fine), (l1(ours, fine), l1(theirs, fine))

    return check


def ig_cases(_: Sample) -> Iterator[Case]:
    import torch  # it takes seconds, which other groups need not wait for

    from peers.captum_ig import GraphCopies, captum_gradients, hand_batched_gradients
    from peers.pyg_explainer import explainer_gradients, explainer_of

    torch.set_num_threads(1)
    for one in explained():
        model, batch = one.model, one.batch
        copies = GraphCopies(model, batch, dtype=torch.float32)
        explainer = explainer_of(model, POINTS)
        target = int(copies(*copies.x).argmax())

        def ours(model: Any = model, batch: Any = batch, **options: Any) -> Parts:
            (found,) = integrated_gradients(
                model, batch, threads=1, estimate_error=False, **options
            )
            return parts_of(found)

        def captum(internal: int, copies: Any = copies, target: int = target) -> Parts:
            return captum_gradients(copies, target, n=POINTS, internal=internal)

        fine: dict[str, Parts] = {}

        def exact(fine: Any = fine, model: Any = model, batch: Any = batch) -> Parts:
            if not fine:
                fine["panels"] = truth(model, batch)
            return fine["panels"]

        captums = [(k, lambda k=k, captum=captum: captum(k)) for k in TOGETHER]
        yield Case(
            "ig",
            f"{POINTS} points, {one.name}",
            lambda ours=ours: ours(method="gausslegendre", n=POINTS),
            [
                *(
                    Peer("captum", run, same_points, one.goals[0], f"captum, {k} points at a time")
                    for k, run in captums
                ),
                Peer(
                    "torch",
                    lambda copies=copies, target=target: hand_batched_gradients(
                        copies, target, n=POINTS, together=TOGETHER[0]
                    ),
                    same_points,
                    label="torch by hand, 5 points at a time",
                ),
                Peer(
                    "torch-geometric",
                    lambda explainer=explainer, copies=copies: explainer_gradients(
                        explainer, copies
                    ),
                    same_points,
                    label="PyG's Explainer",
                ),
            ],
        )
        yield Case(
            "ig",
            f"{one.panels} panels against {POINTS} points, {one.name}",
            lambda ours=ours, n=one.panels: ours(n=n),
            [
                Peer("captum", run, as_exact(exact), one.goals[1], f"captum, {k} points at a time")
                for k, run in captums
            ],
        )
        yield Case(
            "ig",
            f"{one.panels} panels over edges, {one.name}",
            lambda model=model, batch=batch, n=one.panels: integrated_gradients(
                model, batch, of="edges", n=n, threads=1, estimate_error=False
            )[0],
            holds=complete,
        )
    yield from thread_cases()


def thread_cases() -> Iterator[Case]:
    model = nn_cases.networks()["default network"]
    many, one = nn_cases.eye_batch(GRAPHS), nn_cases.eye_batch(1)
    for what, batch, n in ((f"{GRAPHS} graphs", many, THREADS_PANELS), ("one graph", one, 32)):

        def run(threads: int, batch: Any = batch, n: int = n) -> list[Parts]:
            return [
                parts_of(found)
                for found in integrated_gradients(model, batch, n=n, threads=threads)
            ]

        yield Case(
            "ig",
            f"{n} panels, {what}, two threads",
            lambda run=run: run(2),
            [Peer("gftcore", lambda run=run: run(1), same_bytes, THREADS_GOAL, "one thread")],
            threads=2,
        )


def same_bytes(ours: list[Parts], theirs: list[Parts]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        for name, part in a.items():
            assert part.tobytes() == b[name].tobytes()
