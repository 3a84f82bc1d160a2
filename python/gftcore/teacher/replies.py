# SPDX-License-Identifier: Apache-2.0
"""What a service answered: text, refusal or fault. Replies are data and nothing is believed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

__all__ = ["Completion", "Usage", "completion_of", "read_completion"]

_MOST_TOKENS = 10**9


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens by the service's own count; cached ones are among those sent."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Completion:
    """Text of a reply, or the problem with it; `refused` says that the model would not answer."""

    text: str | None = None
    problem: str | None = None
    refused: bool = False
    usage: Usage | None = None


def read_completion(content: bytes) -> Completion:
    """Read the body of a chat completion.

    Examples
    --------
    >>> read_completion(b'{"choices": [{"message": {"content": "yes"}}]}').text
    'yes'
    >>> read_completion(b'{"choices": []}').problem
    'no choices'
    """
    try:
        data = json.loads(content.decode())
    except UnicodeDecodeError:
        return Completion(problem="no UTF-8")
    except (ValueError, RecursionError):
        return Completion(problem="no JSON, or cut off")
    return completion_of(data)


def completion_of(data: object) -> Completion:
    """Read a chat completion that is no text any more."""
    if not isinstance(data, dict):
        return Completion(problem="wrong schema: no object")
    usage = _usage(data.get("usage"))
    choices = data.get("choices")
    if not isinstance(choices, list):
        return Completion(problem="wrong schema: choices", usage=usage)
    if not choices:
        return Completion(problem="no choices", usage=usage)
    first = choices[0]
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(message, dict):
        return Completion(problem="wrong schema: message", usage=usage)
    if message.get("refusal") or first.get("finish_reason") == "content_filter":
        return Completion(problem="the model refused", refused=True, usage=usage)
    if first.get("finish_reason") == "length":
        return Completion(problem="cut off at max_output_tokens", usage=usage)
    text = message.get("content")
    if not isinstance(text, str) or not text.strip():
        return Completion(problem="no text", usage=usage)
    if usage is not None and usage.output_tokens == 0:  # a text that is said to have none
        usage = None
    try:
        text.encode()
    except UnicodeEncodeError:
        return Completion(problem="no valid Unicode", usage=usage)
    return Completion(text=text, usage=usage)


def _usage(value: object) -> Usage | None:
    """Counts of a reply; None if any is missing or absurd, so that the worst case is charged.

    Servers that do not count say 0; no request has no tokens.
    """
    if not isinstance(value, dict):
        return None
    details = value.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    counts: list[Any] = [value.get("prompt_tokens"), value.get("completion_tokens"), cached or 0]
    if not all(type(count) is int and 0 <= count <= _MOST_TOKENS for count in counts):
        return None
    if counts[0] == 0:
        return None
    return Usage(*counts)
