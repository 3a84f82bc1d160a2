# SPDX-License-Identifier: Apache-2.0
"""Cohorts are explained in groups, so that a signal ends the work; other threads run meanwhile."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from gftcore.attribution import integrated_gradients, paths
from gftcore.attribution.paths import GRAPHS_PER_THREAD, PathRunner, integrator
from gftcore.attribution.rules import Plan, secant_plan
from gftcore.staging.inference import engine_arrays
from networks import one_graph, random_batch, random_model

MODEL = random_model(1, hidden=16)
GRAPHS = 21
BATCH = random_batch(1, [{"vessel": 61, "ica": 13, "faz": 1}] * GRAPHS)


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Graphs of each call of the core."""
    seen: list[list[int]] = []
    run = PathRunner.run

    def counted(self: PathRunner, graphs: Sequence[int], plans: Sequence[Plan]) -> list[Any]:
        seen.append(list(graphs))
        return run(self, graphs, plans)

    monkeypatch.setattr(PathRunner, "run", counted)
    return seen


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("options", "per_thread"),
    [
        ({"n": 2}, GRAPHS_PER_THREAD),
        ({"rtol": 0.05}, GRAPHS_PER_THREAD),
        ({"kind": "prob", "rtol": 0.05}, 1),
    ],
    ids=str,
)
def test_graphs_go_to_the_core_in_groups(
    groups: list[list[int]], options: dict[str, Any], per_thread: int, threads: int
) -> None:
    found = integrated_gradients(MODEL, BATCH, threads=threads, **options)
    assert max(map(len, groups)) == per_thread * threads
    firsts = sorted({g for group in groups for g in group})
    assert firsts == list(range(GRAPHS))
    # No group is begun before the one before it is done.
    assert groups == sorted(groups, key=lambda group: group[0] // (per_thread * threads))
    for g in (0, GRAPHS - 1):
        (alone,) = integrated_gradients(MODEL, one_graph(BATCH, g), threads=1, **options)
        assert alone.nodes is not None
        together = found[g].nodes
        assert together is not None
        assert alone.nodes.error == together.error
        for name, values in alone.nodes.attributions.items():
            assert values.tobytes() == together.attributions[name].tobytes()


def test_trees_of_other_graphs_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Halves of all stretches of one graph take hundreds of times what its result does."""
    alive, most = [0], [0]

    class Counted(paths._Tree):
        __slots__ = ()

        def __init__(self, rtol: float) -> None:
            super().__init__(rtol)
            alive[0] += 1
            most[0] = max(most[0], alive[0])

        def __del__(self) -> None:
            alive[0] -= 1

    monkeypatch.setattr(paths, "_Tree", Counted)
    integrated_gradients(MODEL, BATCH, kind="prob", rtol=0.2, threads=2)
    assert most[0] <= 2 * 2


@pytest.mark.skipif(sys.platform == "win32", reason="no process gets a signal there")
def test_a_signal_ends_the_work(groups: list[list[int]]) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            integrated_gradients(MODEL, BATCH, n=1024, threads=1)
    finally:
        timer.cancel()
        timer.join()
        signal.signal(signal.SIGINT, before)
    assert sum(map(len, groups)) < GRAPHS, "no graph was left when the signal came"


@pytest.fixture
def switch_only_when_released() -> Iterator[None]:
    """No thread is asked to give the interpreter up, so another runs only if it is handed over."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(100.0)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("switch_only_when_released")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_other_threads_run_meanwhile(dtype: str) -> None:
    plan = secant_plan(32, coarse=False)
    arrays = engine_arrays(MODEL.config, BATCH, np.dtype(dtype))
    requests = [(g, 0, -1, plan.panels, plan.panel_sum, plan.chunk_ptr) for g in range(4)]
    core = integrator(MODEL, dtype)
    ticks, ran = [0], [False]

    def work() -> None:
        end = time.monotonic() + 20.0
        while time.monotonic() < end and not ran[0]:
            before = ticks[0]
            core.run(*arrays, [], requests, "logit", "nodes", 1, 1)
            ran[0] = ticks[0] != before

    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():
        ticks[0] += 1
        time.sleep(0)
    assert ran[0]
