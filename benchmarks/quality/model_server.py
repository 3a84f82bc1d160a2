# SPDX-License-Identifier: Apache-2.0
"""`transformers serve` on this machine alone, with a model of a folder, for as long as needed."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ModelServer", "served"]

HOST = "127.0.0.1"
START_S, STOP_S, POLL_S = 180.0, 10.0, 0.2
#: Nothing is looked up or reported elsewhere.
ALONE = ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_UPDATE_CHECK", "HF_HUB_DISABLE_TELEMETRY")


@dataclass(frozen=True, slots=True)
class ModelServer:
    """A running server: address, name of its model, and what it wrote so far."""

    base_url: str
    model: str
    log: Path

    def answered(self) -> int:
        """How many chat requests it answered with a reply, by its own log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return sum("POST /v1/chat/completions" in line and " 200" in line for line in lines)


@contextlib.contextmanager
def served(model: Path, *, seed: int = 0) -> Iterator[ModelServer]:
    """Serve a model; the server ends with the block, whatever happens in it.

    The model is called by the name of its folder, so that no request names a path.

    Raises
    ------
    RuntimeError
        If the server ends, or is not ready, within three minutes.
    """
    port = _free_port()
    log = model.parent / "server.log"
    command = [str(Path(sys.executable).parent / "transformers"), "serve", model.name]
    options = {"host": HOST, "port": port, "device": "cpu", "log-level": "error"}
    command += [f"--{name}={value}" for name, value in options.items()]
    # Ended from outside, this program ends the server too.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*command, f"--default-seed={seed}"],
            cwd=model.parent,
            env=os.environ | dict.fromkeys(ALONE, "1"),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(process, port, log)
            yield ModelServer(f"http://{HOST}:{port}/v1", model.name, log)
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_S
    while not _healthy(port):
        if process.poll() is not None or time.monotonic() > until:
            last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
            raise RuntimeError(f"the server did not start:\n{last}")
        time.sleep(POLL_S)


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
