# SPDX-License-Identifier: Apache-2.0
"""A chat service on the loopback address that fails in every way asked for.

`FaultServer` answers ``POST .../chat/completions`` in a thread of its own, and remembers each
request that arrived as a whole. What happens is decided by a function of the item's name (the last
text of the user) and of how often it was asked before.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Behaviour = Callable[[str, int], str]

#: Every way to fail that `reply` knows, but for the permanent ones.
TRANSIENT = (
    "429", "429 now", "500", "503", "409", "408", "silence", "drip", "half", "reset",
    "cut", "empty", "schema", "duplicate", "huge",
)  # fmt: skip


@dataclass(frozen=True)
class Arrival:
    """A request: the item it asks for, the name of the attempt, its headers and body."""

    item: str
    attempt: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class FaultServer:
    """See the module; `url` is known once it runs."""

    behaviour: Behaviour = lambda _item, _n: "ok"
    slow_s: float = 5.0
    delay_s: float = 0.0
    url: str = ""
    connections: int = 0
    arrivals: list[Arrival] = field(default_factory=list)
    _seen: dict[str, int] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._exchange(reader, writer):
                pass
        with contextlib.suppress(OSError):
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        content = next(m["content"] for m in body["messages"] if m["role"] == "user")
        item = content if isinstance(content, str) else content[0]["text"]
        n = self._seen[item] = self._seen.get(item, 0) + 1
        self.arrivals.append(Arrival(item, headers.get("idempotency-key", ""), headers, body))
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        await self.reply(self.behaviour(item, n - 1), item, writer)
        return headers.get("connection") != "close"

    async def reply(self, kind: str, item: str, writer: asyncio.StreamWriter) -> None:
        """Answer in the way named, or not at all."""
        good = completion(f"answer to {item}")
        content = json.dumps(good).encode()
        if kind == "ok":
            writer.write(message(content))
        elif kind == "429":
            writer.write(message(error("slow down"), 429, "Retry-After: 0.02"))
        elif kind == "429 now":
            writer.write(message(error("slow down"), 429))
        elif kind.startswith("429 in "):
            writer.write(message(error("slow down"), 429, f"Retry-After: {kind[7:]}"))
        elif kind.isdigit():
            writer.write(message(error("no"), int(kind)))
        elif kind == "echo":  # as services do that name the wrong key
            sent = self.arrivals[-1].headers.get("authorization", "")
            writer.write(message(error(f"wrong key {sent}"), 400))
        elif kind == "echoed":
            sent = self.arrivals[-1].headers.get("authorization", "")
            writer.write(message(json.dumps(completion(f"you sent {sent}")).encode()))
        elif kind == "silence":
            await asyncio.sleep(self.slow_s)
        elif kind == "drip":
            for byte in message(content):
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(self.slow_s / 100)
        elif kind == "half":
            writer.write(message(content)[: -len(content) // 2])
            writer.close()
        elif kind == "reset":
            writer.transport.abort()
        elif kind == "cut":
            writer.write(message(content[: len(content) // 2]))
        elif kind == "empty":
            writer.write(message(json.dumps(good | {"choices": []}).encode()))
        elif kind == "schema":
            writer.write(message(b'{"choices": [{"message": ["answer"]}]}'))
        elif kind == "duplicate":
            writer.write(message(content) * 2)
        elif kind == "huge":
            writer.write(message(json.dumps(completion("x" * 200_000)).encode()))
        elif kind == "huge error":
            writer.write(message(b"x" * 200_000, 500))
        elif kind == "refusal":
            good["choices"][0]["message"] = {"role": "assistant", "refusal": "no"}
            writer.write(message(json.dumps(good).encode()))
        elif kind == "bad" or kind.startswith("text "):
            text = kind.removeprefix("text ")
            writer.write(message(json.dumps(completion(text)).encode()))
        elif kind.startswith("usage "):
            writer.write(message(json.dumps(good | {"usage": json.loads(kind[6:])}).encode()))
        elif kind.startswith("says "):
            status, text = kind[5:].split(" ", 1)
            writer.write(message(error(text), int(status)))
        elif kind.startswith("names "):  # as FastAPI tells of a field
            status, name = kind[6:].split(" ", 1)
            told = {"detail": [{"type": "extra_forbidden", "loc": ["body", name]}]}
            writer.write(message(json.dumps(told).encode(), int(status)))
        elif kind == "page":
            writer.write(message(b"<!DOCTYPE html><title>hello</title>"))
        elif kind == "compressed":
            writer.write(message(gzip.compress(content), 200, "Content-Encoding: gzip"))
        elif kind == "escaped":
            sent = self.arrivals[-1].headers.get("authorization", "")
            text = "".join(f"\\u{ord(letter):04x}" for letter in sent)
            writer.write(message(content.replace(b"answer", text.encode())))
        elif kind.startswith("to "):
            writer.write(message(b"", 307, f"Location: {kind[3:]}"))
        else:
            raise ValueError(kind)
        await writer.drain()


def completion(text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


def error(text: str) -> bytes:
    return json.dumps({"error": {"message": text, "type": "fault", "code": None}}).encode()


def message(content: bytes, status: int = 200, *headers: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status} Said",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@contextlib.contextmanager
def running(server: FaultServer) -> Iterator[FaultServer]:
    """Serve until the block ends."""
    ready = threading.Event()
    told: dict[str, Any] = {}

    async def serve() -> None:
        made = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        server.url = f"http://127.0.0.1:{made.sockets[0].getsockname()[1]}/v1"
        told["loop"], told["stop"] = asyncio.get_running_loop(), asyncio.Event()
        ready.set()
        await told["stop"].wait()
        made.close()  # what is still being answered is cancelled with the loop

    # A daemon, so that a fault of a test's own does not keep its process alive.
    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    if not ready.wait(10):
        raise TimeoutError("the server did not start")
    try:
        yield server
    finally:
        told["loop"].call_soon_threadsafe(told["stop"].set)
        thread.join(10)
        if thread.is_alive():
            raise TimeoutError("the server did not end")
