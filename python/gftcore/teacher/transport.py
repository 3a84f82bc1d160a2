# SPDX-License-Identifier: Apache-2.0
"""One request, one answer: the address, what leaves this machine, what may come back."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import importlib
import ipaddress
import json
import math
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gftcore._lazy import require
from gftcore.errors import ArgumentError, ArgumentTypeError, RefusedError
from gftcore.teacher.faults import fault_of
from gftcore.teacher.secret import Secret, without_keys

__all__ = ["Answer", "Transport", "is_loopback", "require_address", "retry_after"]

#: All that a request says besides its body, its host, the key and the name of the attempt.
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "Content-Type": "application/json",
    "User-Agent": "gftcore",
}
_NEVER_SENT = frozenset(
    {"ConnectError", "ConnectTimeout", "LocalProtocolError", "PoolTimeout", "ProxyError"}
    | {"UnsupportedProtocol"}
)
_LONGEST_ERROR = 300
_attempt_name: ContextVar[str] = ContextVar("attempt_name")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request.

    `kind` is ``reply`` (with `content`), ``oversized``, ``compressed``, ``rejected`` (an HTTP error
    that is not billed), ``unsent`` or ``lost``. `wait_s` is what the service asked to wait.
    """

    kind: str
    status: int | None = None
    content: bytes = b""
    error: str | None = None
    wait_s: float | None = None


class _Unreadable(Exception):
    """The reply is larger than allowed, or compressed, so that its size cannot be bounded."""

    def __init__(self, kind: str, message: str, status: int) -> None:
        super().__init__(message)
        self.kind, self.status = kind, status


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, without asking a name server.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("127.0.0.1.example.org")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    # Other spellings, such as of an IPv4 address inside of IPv6, are not the same everywhere.
    return address.is_loopback if address.version == 4 else host == "::1"


def require_address(base_url: object, *, allow_remote: bool) -> str:
    """Return the address of a service, or refuse one that was not allowed.

    Raises
    ------
    RefusedError
        If it is another machine and `allow_remote` is False. Nothing was sent, nor any name
        looked up.
    ArgumentError
        If it is no http(s) address, has a user, query or fragment, ends in /chat/completions, or
        would send the key to another machine in clear.
    """
    if not isinstance(base_url, str):
        raise ArgumentTypeError(f"base_url must be a str, got {type(base_url).__name__}")
    try:
        parts = urlsplit(base_url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    # What Python's parser drops, such as a line break, others may read.
    plain = plain and all("!" <= letter <= "~" and letter != "\\" for letter in base_url)
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or not plain:
        raise ArgumentError(
            "base_url must be like https://host/v1, without user, query and fragment; check it"
        )
    if parts.path.rstrip("/").endswith("/chat/completions"):
        raise ArgumentError(
            "base_url must end before /chat/completions, which is added; leave that out"
        )
    if is_loopback(host):
        return base_url
    if not allow_remote:
        raise RefusedError(f"{host} is another machine; allow_remote=True sends data to it")
    if parts.scheme != "https":
        raise ArgumentError(f"base_url must begin with https for {host}, got http")
    return base_url


class Transport:
    """A client that sends a body as it is and reads at most so many bytes.

    No redirect is followed, no connection is used twice (what an earlier reply left behind could
    be taken for the next one), and the loopback address never goes through a proxy.
    """

    def __init__(
        self, base_url: str, *, secret: Secret | None, timeout_s: float, max_bytes: int
    ) -> None:
        self._openai = require("openai", extra="teacher", user="gftcore.teacher.RemoteTeacher")
        self._secret = secret
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        # Which HTTP library the SDK stands on differs between its versions.
        base = self._openai.DefaultAsyncHttpxClient.__mro__[1]
        http = importlib.import_module(base.__module__.partition(".")[0])
        stream = _bounded(http.AsyncByteStream)

        async def bare(request: Any) -> None:
            # The SDK adds headers of its own and whatever its variables in the environment say.
            marks = dict(request.headers)
            request.extensions["marks"] = marks
            said = _HEADERS | {
                "Host": request.url.netloc.decode("ascii"),
                "Content-Length": str(len(request.content)),
                "Idempotency-Key": _attempt_name.get(),
            }
            if secret is not None:
                said["Authorization"] = f"Bearer {secret.get_secret_value()}"
            for name in marks:
                del request.headers[name]
            request.headers.update(said)

        async def bounded(response: Any) -> None:
            # The SDK finds there what it wanted to know of its own request.
            response.request.headers.update(response.request.extensions["marks"])
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                message = "compressed, which was not asked for"
                raise _Unreadable("compressed", message, response.status_code)
            response.stream = stream(response.stream, max_bytes, response.status_code)

        self._client = self._openai.AsyncOpenAI(
            base_url=base_url,
            api_key="none" if secret is None else secret.get_secret_value(),
            max_retries=0,
            timeout=http.Timeout(timeout_s, connect=min(timeout_s, 10.0)),
            http_client=self._openai.DefaultAsyncHttpxClient(
                follow_redirects=False,
                trust_env=not is_loopback(urlsplit(base_url).hostname or ""),
                event_hooks={"request": [bare], "response": [bounded]},
            ),
        )

    async def send(self, body: Mapping[str, Any], *, name: str) -> Answer:
        """Send a body once; `name` tells the service two attempts apart."""
        rest = {key: value for key, value in body.items() if key not in ("model", "messages")}
        create = self._client.chat.completions.with_raw_response.create
        _attempt_name.set(name)
        call = create(model=body["model"], messages=body["messages"], extra_body=rest)
        try:
            raw = await asyncio.wait_for(call, self._timeout_s)
        except (asyncio.TimeoutError, TimeoutError):
            return Answer("lost", error=f"no whole reply within {self._timeout_s:g} s")
        except self._openai.APIStatusError as error:
            return self._rejected(error)
        except Exception as error:
            return self._broken(error)
        return Answer("reply", status=raw.status_code, content=bytes(raw.content))

    async def close(self) -> None:
        """Close what is open."""
        with contextlib.suppress(Exception):
            await self._client.close()

    def _rejected(self, error: Any) -> Answer:
        status = int(error.status_code)
        said = f"HTTP {status}"
        with contextlib.suppress(ValueError, RecursionError):
            told = json.loads(error.response.content)
            told = told.get("error", told) if isinstance(told, dict) else told
            message = told
            if isinstance(told, dict):
                message = told.get("message") or told.get("detail")
            if isinstance(message, list):  # as FastAPI names fields that it does not know
                message = json.dumps(message)
            if isinstance(message, str):
                said += f": {self._clean(message)}"
        return Answer(
            "lost" if fault_of(status).billed else "rejected",
            status=status,
            error=said[:_LONGEST_ERROR],
            wait_s=retry_after(error.response.headers),
        )

    def _broken(self, error: BaseException) -> Answer:
        """Classify an error by the chain of its causes: the SDK wraps them."""
        causes = [error]
        while (one := causes[-1].__cause__ or causes[-1].__context__) and len(causes) < 10:
            causes.append(one)
        for cause in causes:
            if isinstance(cause, _Unreadable):
                kind = cause.kind
                if cause.status >= 300:
                    kind = "lost" if fault_of(cause.status).billed else "rejected"
                return Answer(kind, status=cause.status, error=f"a reply {cause}")
        names = [type(cause).__name__ for cause in causes]
        sent = not any(name in _NEVER_SENT for name in names)
        words = "the connection broke" if sent else "no connection"
        return Answer(
            "lost" if sent else "unsent", error=f"{words} ({names[min(1, len(names) - 1)]})"
        )

    def _clean(self, text: str) -> str:
        text = without_keys(text, self._secret)
        text = text.encode(errors="replace").decode()
        return re.sub(r"[\x00-\x1f\x7f]+", " ", text)


def _bounded(base: Any) -> Any:
    class Bounded(base):  # type: ignore[misc]
        """A stream that ends with an error when it is longer than allowed."""

        def __init__(self, stream: Any, most: int, status: int) -> None:
            self._stream, self._most, self._status = stream, most, status

        async def __aiter__(self) -> AsyncIterator[bytes]:
            left = self._most
            async for chunk in self._stream:
                left -= len(chunk)
                if left < 0:
                    message = f"larger than {self._most} bytes"
                    raise _Unreadable("oversized", message, self._status)
                yield chunk

        async def aclose(self) -> None:
            await self._stream.aclose()

    return Bounded


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header, which may be a date: then by the service's own clock.

    Examples
    --------
    >>> retry_after({"retry-after": "2"})
    2.0
    """
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            until = email.utils.parsedate_to_datetime(value).timestamp()
            date = headers.get("date")
            now = email.utils.parsedate_to_datetime(date).timestamp() if date else time.time()
        except (TypeError, ValueError, OverflowError):
            return None
        seconds = until - now
    return max(0.0, seconds) if math.isfinite(seconds) else None
