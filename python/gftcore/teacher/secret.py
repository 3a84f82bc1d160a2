# SPDX-License-Identifier: Apache-2.0
"""A key that is used and never shown."""

from __future__ import annotations

import os
import re
from typing import NoReturn

from gftcore.errors import ArgumentError, ArgumentTypeError

__all__ = ["KEY_VARIABLE", "Secret", "require_secret", "without_keys"]

#: No other variable is read: a key of one service must not go to the address of another.
KEY_VARIABLE = "GFTCORE_TEACHER_API_KEY"
#: A shorter text may be part of any reply, and no service gives out such keys.
_SHORTEST = 12
_LIKE_A_KEY = re.compile(r"\bsk-[\w-]{8,}|(?<=Bearer )\S+")


class Secret:
    """A text that neither ``repr`` nor ``str`` nor pickling shows.

    Parameters
    ----------
    value
        Printable ASCII without blanks, as a header takes it; at least 12 characters.

    Examples
    --------
    >>> Secret("a-key-to-hide")
    Secret('**********')
    """

    __slots__ = ("_shapes", "_value")

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise ArgumentTypeError(f"value must be a str, got {type(value).__name__}")
        if not value or not all("!" <= letter <= "~" for letter in value):
            raise ArgumentError("value must be printable ASCII without blanks; check the key")
        if len(value) < _SHORTEST:
            raise ArgumentError(f"value must have at least {_SHORTEST} characters; check the key")
        self._value = value
        self._shapes = re.compile("".join(map(_shapes, value)))

    def get_secret_value(self) -> str:
        """Return the text itself."""
        return self._value

    def redacted(self, text: str) -> str:
        """Return a text without this key, also if it is escaped as JSON, HTML or addresses do.

        Examples
        --------
        >>> Secret("a-key-to-hide").redacted("wrong key a%2Dkey-to-hide")
        'wrong key [key]'
        """
        return self._shapes.sub("[key]", text)

    def __repr__(self) -> str:
        return "Secret('**********')"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise ArgumentTypeError("a Secret is not pickled; read the key where it is used")


def _shapes(letter: str) -> str:
    """A pattern of a character as it is and as it may be escaped."""
    code = f"{ord(letter):02x}"
    either = re.compile("[a-f]").sub(lambda found: f"[{found[0]}{found[0].upper()}]", code)
    names = {"&": "|&amp;", "<": "|&lt;", ">": "|&gt;", '"': "|&quot;", "'": "|&apos;"}
    return (
        rf"(?:\\*{re.escape(letter)}|\\+u00{either}|\\+x{either}|%(?:25)*{either}"
        rf"|&#0*{ord(letter)};|&#[xX]0*{either};{names.get(letter, '')})"
    )


def without_keys(text: str, secret: Secret | None) -> str:
    """Return a text without this key and without what looks like another."""
    return _LIKE_A_KEY.sub("[key]", text if secret is None else secret.redacted(text))


def require_secret(api_key: object) -> Secret | None:
    """Return a key as `Secret`; None means the environment, which may have none.

    Raises
    ------
    ArgumentTypeError
        For a plain text: it would show in tracebacks and settings.
    """
    if api_key is None:
        value = os.environ.get(KEY_VARIABLE)
        try:
            return Secret(value) if value else None
        except ArgumentError as error:
            raise ArgumentError(f"{KEY_VARIABLE}: {error}") from None
    if isinstance(api_key, Secret):
        return api_key
    reveal = getattr(api_key, "get_secret_value", None)
    if not callable(reveal):
        raise ArgumentTypeError(
            f"api_key must be a Secret, got {type(api_key).__name__}; "
            f"wrap it, or set {KEY_VARIABLE}"
        )
    return Secret(reveal())
