# SPDX-License-Identifier: Apache-2.0
"""A failing server, a ledger, and teachers between them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fault_server import FaultServer, running
from gftcore.teacher import (
    Budget,
    Flaw,
    Ledger,
    Prices,
    RemoteTeacher,
    RunSummary,
    TeacherRequest,
    chat_request,
)

CANARY = "canary-8a6f3e21/+"
PRICES = Prices(input_per_million=2, output_per_million=8)
#: Of a good reply of the server: 10 tokens in, 5 out.
PAID = 60


def questions(count: int) -> list[TeacherRequest]:
    return [
        chat_request(model="m", system="s", user=f"item {i}", stage="one", slots=[str(i)])
        for i in range(count)
    ]


class Bench:
    """A server, a ledger and teachers between them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ledger.sqlite"
        self.stack = ExitStack()
        self.ledger = self.stack.enter_context(Ledger(self.path))
        # No power fails here, and a busy disk would make the tests slow.
        self.ledger._connection.execute("PRAGMA synchronous = OFF")

    def serve(self, behaviour: Callable[[str, int], str], **settings: Any) -> FaultServer:
        self.server = self.stack.enter_context(running(FaultServer(behaviour, **settings)))
        return self.server

    def run(
        self,
        requests: list[TeacherRequest],
        *,
        cap: float = 100,
        validate: Callable[[TeacherRequest, str], Flaw | None] | None = None,
        **settings: Any,
    ) -> RunSummary:
        url = settings.pop("url", None) or self.server.url
        settings = {"timeout_s": 60.0, "backoff_s": 0.01, "max_reply_bytes": 100_000} | settings
        budget = Budget(PRICES, cap=cap)
        teacher = RemoteTeacher(url, ledger=self.ledger, budget=budget, **settings)
        return teacher.run(requests, validate=validate)

    def outcomes(self) -> list[str]:
        return [attempt.outcome for attempt in self.ledger.attempts()]
