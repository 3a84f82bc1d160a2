# SPDX-License-Identifier: Apache-2.0
"""Run ``gftcore``, note each file that it puts in place, and kill it at one of them.

Usage: ``killed_run.py NOTES WHOLE MOMENT DELAY ARGUMENT...``. NOTES gets the names of the files,
those of runs before this one included. WHOLE has those of a run that nobody stopped: at the file
that stands there in place MOMENT, or a later one, this process dies; after DELAY seconds, with 0
just before the file is put in place. Without WHOLE it lives.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any


def names(file: str) -> list[str]:
    path = Path(file)
    return path.read_text().split() if path.exists() else []


def watch(notes: str, whole: str, moment: int, delay: float) -> None:
    """Look at each file that replaces another or comes anew."""
    met: Counter[str] = Counter()
    places: dict[tuple[str, int], int] = {}
    for place, name in enumerate(names(whole)):
        met[name] += 1
        places[name, met[name]] = place
    met = Counter(names(notes))
    doomed = False

    def see(event: str, args: Any) -> None:
        nonlocal doomed
        if event != "os.rename":
            return
        name = Path(args[1]).name
        if not doomed and places.get((name, met[name] + 1), -1) >= moment:
            if delay == 0:
                die()
            doomed = True
            # Not a daemon: the process waits for it, even if there is nothing else to do.
            threading.Timer(delay, die).start()
        met[name] += 1
        with Path(notes).open("a") as stream:
            stream.write(f"{name}\n")

    sys.addaudithook(see)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    from gftcore.cli import main

    watch(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
    sys.exit(main(sys.argv[5:]))
