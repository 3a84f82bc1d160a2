# SPDX-License-Identifier: Apache-2.0
"""One side of the comparison: a process that times workloads when it is told to.

    python -m gate.worker inputs.npz --write     make the inputs, or fill gaps in them
    python -m gate.worker inputs.npz             answer requests, one JSON line each

Requests and answers: ``{"prepare": name}`` -> ``{"seconds": s, "digest": d}``, or
``{"missing": reason}``, or ``{"error": reason}``; ``{"time": name, "calls": n}`` ->
``{"seconds": s}``, the fastest of n calls. The first line sent says which package answers.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from gate.digest import digest
from gate.inputs import read_inputs, write_inputs
from gate.workloads import WORKLOADS, Call, Prepared

# What an older package raises for a function or an option that it does not have.
LACKING = (AttributeError, ImportError, KeyError, TypeError)


class Timer:
    """The prepared workloads of this process."""

    def __init__(self, inputs: Path) -> None:
        self._prepared = Prepared(read_inputs(inputs))
        self._known = {workload.name: workload for workload in WORKLOADS}
        self._calls: dict[str, Call] = {}

    def prepare(self, name: str) -> dict[str, Any]:
        """Make a workload ready, call it once for its answer and once for its time."""
        try:
            self._calls[name] = self._known[name].prepare(self._prepared)
            answer = digest(self._calls[name]())
        except LACKING as error:
            return {"missing": described(error)}
        except Exception as error:
            return {"error": described(error)}
        return {"digest": answer, "seconds": self.fastest(name, 1)}

    def fastest(self, name: str, calls: int) -> float:
        """CPU seconds of the fastest call: noise only ever adds."""
        call, own = self._calls[name], self._known[name].clock == "own"
        return min(call() if own else cpu_seconds(call) for _ in range(calls))


def cpu_seconds(call: Call) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def identity() -> dict[str, Any]:
    import numpy as np

    import gftcore

    return {
        "file": gftcore.__file__,
        "version": gftcore.__version__,
        "simd_target": getattr(gftcore, "simd_target", lambda: "unknown")(),
        "numpy": np.__version__,
        "python": sys.version.split()[0],
        "workloads": [workload.name for workload in WORKLOADS],
    }


def answers(timer: Timer, requests: TextIO) -> Iterator[dict[str, Any]]:
    for line in requests:
        request = json.loads(line)
        if "prepare" in request:
            yield timer.prepare(request["prepare"])
        else:
            yield {"seconds": timer.fastest(request["time"], request["calls"])}


def main() -> None:
    warnings.simplefilter("ignore")
    inputs = Path(sys.argv[1])
    if sys.argv[2:] == ["--write"]:
        write_inputs(inputs)
        return
    # A print of the package must not reach the answers.
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    timer = Timer(inputs)
    gc.collect()
    gc.disable()
    print(json.dumps(identity()), file=channel, flush=True)
    for answer in answers(timer, sys.stdin):
        print(json.dumps(answer), file=channel, flush=True)


if __name__ == "__main__":
    main()
