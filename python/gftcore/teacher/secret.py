# SPDX-License-Identifier: Apache-2.0
"""A key that is used and never shown."""

from __future__ import annotations

import os
import re
from typing import NoReturn

from gftcore.errors import ArgumentError, ArgumentTypeError

__all__ = ["KEY_VARIABLE", "Secret", "require_secret"]

#: No other variable is read: a key of one service must not go to the address of another.
KEY_VARIABLE = "GFTCORE_TEACHER_API_KEY"
_LIKE_A_KEY = re.compile(r"\bsk-[\w-]{8,}|(?<=Bearer )\S+")


class Secret:
    """A text that neither ``repr`` nor ``str`` nor pickling shows.

    Parameters
    ----------
    value
        Printable ASCII without blanks, as a header takes it.

    Examples
    --------
    >>> Secret("a-key")
    Secret('**********')
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise ArgumentTypeError(f"value must be a str, got {type(value).__name__}")
        if not value or not all("!" <= letter <= "~" for letter in value):
            raise ArgumentError("value must be printable ASCII without blanks; check the key")
        self._value = value

    def get_secret_value(self) -> str:
        """Return the text itself."""
        return self._value

    def redacted(self, text: str) -> str:
        """Return a text without this key and without what looks like another.

        Examples
        --------
        >>> Secret("a-key").redacted("wrong key a-key")
        'wrong key [key]'
        """
        return _LIKE_A_KEY.sub("[key]", text.replace(self._value, "[key]"))

    def __repr__(self) -> str:
        return "Secret('**********')"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise ArgumentTypeError("a Secret is not pickled; read the key where it is used")


def require_secret(api_key: object) -> Secret | None:
    """Return a key as `Secret`; None means the environment, which may have none.

    Raises
    ------
    ArgumentTypeError
        For a plain text: it would show in tracebacks and settings.
    """
    if api_key is None:
        value = os.environ.get(KEY_VARIABLE)
        return Secret(value) if value else None
    if isinstance(api_key, Secret):
        return api_key
    reveal = getattr(api_key, "get_secret_value", None)
    if not callable(reveal):
        raise ArgumentTypeError(
            f"api_key must be a Secret, got {type(api_key).__name__}; "
            f"wrap it, or set {KEY_VARIABLE}"
        )
    return Secret(reveal())
