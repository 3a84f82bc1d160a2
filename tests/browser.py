# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven through pipes: no package, no socket, no network."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["Browser", "find_browser"]

_LIMIT_S = 60.0
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find_browser() -> str | None:
    """Return the program, None if there is none."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page of a browser; what it says and asks for is recorded."""

    def __init__(self, program: str, profile: Path) -> None:
        ends = [*os.pipe(), *os.pipe()]
        # Away from 3 and 4, which the shell below overwrites.
        moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
        for end in ends:
            os.close(end)
        to_read, self._to, self._from, to_write = moved
        # The browser reads commands from its descriptor 3 and answers to its descriptor 4.
        script = f'exec 3<&{to_read} 4>&{to_write}; exec "$@"'
        command = [
            program,
            "--headless=new",
            "--remote-debugging-pipe",
            "--no-sandbox",  # root, as in containers, has none
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--hide-scrollbars",
            f"--user-data-dir={profile}",
            "about:blank",
        ]
        self._process = subprocess.Popen(
            ["bash", "-c", script, "bash", *command],
            pass_fds=(to_read, to_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(to_read)
        os.close(to_write)
        # A browser that hangs is ended, and reading from it then fails.
        self._watch = threading.Timer(_LIMIT_S, self._end)
        self._watch.start()
        self._rest = b""
        self._number = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._watch.cancel()
        self._end()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # it and its helpers

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._from, 1 << 16)
            if not part:
                raise ConnectionError("the browser ended")
            self._rest += part
        first, self._rest = self._rest.split(b"\0", 1)
        message: dict[str, Any] = json.loads(first)
        if "method" in message:
            self.events.append(message)
        return message

    def call(self, method: str, **values: Any) -> Any:
        """Return the answer to a command of the DevTools protocol."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": values}
        if self._session:
            message["sessionId"] = self._session
        rest = json.dumps(message).encode() + b"\0"
        while rest:
            rest = rest[os.write(self._to, rest) :]
        while (answer := self._message()).get("id") != self._number:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def open(self, path: Path, fragment: str = "") -> None:
        """Load a file and forget what was recorded before."""
        self.call("Page.navigate", url="about:blank")
        self.events.clear()
        self.call("Page.navigate", url=path.resolve().as_uri() + fragment)
        while not self.happened("Page.loadEventFired"):
            self._message()
        self.js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def happened(self, method: str) -> list[dict[str, Any]]:
        """What was recorded of one kind."""
        return [event["params"] for event in self.events if event["method"] == method]

    @property
    def complaints(self) -> list[Any]:
        """Messages of the console, and errors."""
        kinds = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [params for kind in kinds for params in self.happened(kind)]

    @property
    def requests(self) -> list[str]:
        """What was asked for, but for data that stands in the page."""
        urls = [params["request"]["url"] for params in self.happened("Network.requestWillBeSent")]
        return [url for url in urls if not url.startswith(("data:", "about:"))]

    def js(self, expression: str) -> Any:
        """Return the value of an expression in the page."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def key(self, name: str) -> None:
        """Press and release a key."""
        code = {"Tab": 9, "Enter": 13, "ArrowRight": 39}[name]
        values = {"key": name, "code": name, "windowsVirtualKeyCode": code}
        text = {"text": "\r"} if name == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **values, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **values)

    def size(self, width: int, height: int) -> None:
        """Set the size of the window."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def media(self, name: str = "", **features: str) -> None:
        """Pretend another medium, or wishes of the reader such as ``scheme="dark"``."""
        wishes = [{"name": f"prefers-color-{key}", "value": v} for key, v in features.items()]
        self.call("Emulation.setEmulatedMedia", media=name, features=wishes)
