# SPDX-License-Identifier: Apache-2.0
"""Requests in one canonical form, and their keys."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gftcore._validation import (
    MAX_SIDE,
    as_array,
    describe,
    require_choice,
    require_int,
    require_iterator,
)
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["MAX_REQUEST_BYTES", "TeacherRequest", "canonical", "chat_request", "require_request"]

#: What hosts of such services commonly accept.
MAX_REQUEST_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class TeacherRequest:
    """A request and its key; made by `chat_request`.

    Attributes
    ----------
    key
        SHA-256 of body, stage and slots, as hexadecimal text. In place of encoded images the
        key covers their pixels, so that another compressor does not make another key.
    body
        The JSON that is sent: sorted keys, no blanks, UTF-8.
    stage
        What the reply is for.
    slots
        What the reply has to answer, in order.
    input_bytes
        Bytes of all texts: no tokenizer makes more tokens of them.
    images
        Number of images.
    max_output_tokens
        Limit of the reply.
    """

    key: str
    body: bytes
    stage: str
    slots: tuple[str, ...]
    input_bytes: int
    images: int
    max_output_tokens: int


def require_request(value: object) -> TeacherRequest:
    """Return a request, or say that something else was among them."""
    if not isinstance(value, TeacherRequest):
        raise ArgumentTypeError(f"requests must be TeacherRequests, got {type(value).__name__}")
    return value


def canonical(value: object) -> bytes:
    """Return JSON that is the same for equal values."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def chat_request(
    *,
    model: str,
    system: str,
    user: str,
    stage: str,
    slots: Sequence[str],
    images: Sequence[ArrayLike] = (),
    schema: Mapping[str, Any] | None = None,
    max_output_tokens: int = 4096,
    output_limit: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens",
    options: Mapping[str, Any] | None = None,
    max_bytes: int = MAX_REQUEST_BYTES,
) -> TeacherRequest:
    """Return a chat request that holds what is passed in and nothing else.

    Parameters
    ----------
    model
        Name of the model at the service.
    system, user
        The two texts.
    stage, slots
        What the reply is for; part of the key, not sent.
    images
        Pixels of each, uint8 [H, W] or [H, W, 3]. They are encoded anew as PNG without metadata
        and follow the user's text.
    schema
        JSON schema of the reply, sent as a strict ``response_format``; None asks for free text.
    max_output_tokens
        Bounds the reply and its cost.
    output_limit
        Name under which that limit is sent; older services know ``max_tokens`` alone.
    options
        More fields of the body, such as ``{"temperature": 0}``.
    max_bytes
        Largest body.

    Raises
    ------
    ArgumentError
        If the body is larger than allowed, or if `options` has a field that this function writes,
        or one that changes how many replies come or in which form.

    Examples
    --------
    >>> one = chat_request(model="m", system="s", user="u", stage="one", slots=["stage"])
    >>> one.body.decode()[:60]
    '{"max_completion_tokens":4096,"messages":[{"content":"s","ro'
    >>> len(one.key)
    64
    """
    for name, text in {"model": model, "system": system, "user": user, "stage": stage}.items():
        _require_text(text, name)
    names = tuple(require_iterator(slots, "slots", "a list of texts"))
    for slot in names:
        _require_text(slot, "slots")
    limit = require_int(max_output_tokens, "max_output_tokens", 1)
    limited = require_choice(output_limit, _LIMITS, "output_limit")
    body = _options(options, schema) | {"model": model, limited: limit}
    pixels = _all_pixels(images)
    sent = canonical(body | _messages(system, user, [_data_url(one) for one in pixels]))
    if len(sent) > require_int(max_bytes, "max_bytes", 1):
        raise ArgumentError(
            f"the request must have at most {max_bytes} bytes, got {len(sent)}; "
            "make the images smaller or the texts shorter"
        )
    identity = {
        "body": body | _messages(system, user, [_digest(one) for one in pixels]),
        "stage": stage,
        "slots": names,
    }
    return TeacherRequest(
        key=hashlib.sha256(canonical(identity)).hexdigest(),
        body=sent,
        stage=stage,
        slots=names,
        # Everything but the images counts, so that tokens of options are bounded too.
        input_bytes=len(canonical(identity["body"])),
        images=len(pixels),
        max_output_tokens=limit,
    )


def _require_text(value: object, name: str) -> None:
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{name} must be text, got {describe(value)}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ArgumentError(f"{name} must be valid Unicode; remove lone surrogates") from error


_LIMITS = ("max_completion_tokens", "max_tokens")
#: Written here, or turning one reply into several or into a stream.
_RESERVED = frozenset({*_LIMITS, "messages", "model", "n", "stream", "stream_options"})


def _options(options: Mapping[str, Any] | None, schema: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the fields that the caller adds, checked."""
    body = _require_json({} if options is None else options, "options")
    taken = _RESERVED if schema is None else _RESERVED | {"response_format"}
    if found := sorted(taken & set(body)):
        raise ArgumentError(f"options must not have {', '.join(found)}; remove it")
    if schema is not None:
        form = {"name": "reply", "strict": True, "schema": _require_json(schema, "schema")}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    return body


def _require_json(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ArgumentTypeError(f"{name} must be a mapping, got {describe(value)}")
    copy = dict(value)
    if wrong := [key for key in copy if not isinstance(key, str)]:
        raise ArgumentTypeError(f"{name} must have texts as names, got {wrong[0]!r:.80}")
    try:
        canonical(copy)
        json.dumps(copy, allow_nan=False)
    except TypeError as error:
        raise ArgumentTypeError(f"{name} must be JSON: {error}") from error
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"{name} must be JSON: {error}") from error
    return copy


def _messages(system: str, user: str, urls: Sequence[str]) -> dict[str, object]:
    content: object = user
    if urls:
        pictures = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
        content = [{"type": "text", "text": user}, *pictures]
    roles = {"system": system, "user": content}
    return {"messages": [{"role": role, "content": said} for role, said in roles.items()]}


def _all_pixels(images: object) -> list[np.ndarray[Any, np.dtype[np.uint8]]]:
    expected = "a list of uint8 arrays"
    if isinstance(images, np.ndarray):  # its rows would pass for images
        raise ArgumentTypeError(
            f"images must be {expected}, got {describe(images)}; use [image] for one"
        )
    return [_require_pixels(one) for one in require_iterator(images, "images", expected)]


def _digest(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> str:
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()


def _require_pixels(image: ArrayLike) -> np.ndarray[Any, np.dtype[np.uint8]]:
    expected = "a uint8 array [H, W] or [H, W, 3]"
    array = as_array(image, "images", expected)
    if array.dtype != np.uint8:
        raise ArgumentTypeError(
            f"each of images must be {expected}, got {describe(array)}; scale it first"
        )
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise ShapeError(f"each of images must be {expected}, got shape {array.shape}")
    if not all(1 <= side <= MAX_SIDE for side in array.shape):
        raise ShapeError(
            f"each of images must have 1 to {MAX_SIDE} rows and columns, got {array.shape}"
        )
    return np.ascontiguousarray(array)


def _data_url(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> str:
    from PIL import Image

    stream = io.BytesIO()
    # Made from the array alone, the picture has no metadata that could be written.
    Image.fromarray(pixels).save(stream, format="PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
