# SPDX-License-Identifier: Apache-2.0
"""Requests and tokens per minute, evenly spread."""

from __future__ import annotations

__all__ = ["Pace"]


class Pace:
    """Moments at which requests may go, by a clock that the caller reads.

    Parameters
    ----------
    requests_per_minute, tokens_per_minute
        Limits; None is none.

    Examples
    --------
    >>> pace = Pace(requests_per_minute=60, tokens_per_minute=None)
    >>> pace.take(10.0, tokens=5), pace.take(10.0, tokens=5)
    (0.0, 1.0)
    """

    def __init__(self, requests_per_minute: float | None, tokens_per_minute: float | None) -> None:
        self._request_s = 60 / requests_per_minute if requests_per_minute else 0.0
        self._token_s = 60 / tokens_per_minute if tokens_per_minute else 0.0
        self._request_at = self._tokens_at = self._held_until = 0.0

    def take(self, now: float, *, tokens: int) -> float:
        """Take this moment for a request of so many tokens, or return the seconds to ask again."""
        wait_s = max(self._request_at, self._tokens_at, self._held_until) - now
        if wait_s > 0:
            return wait_s
        self._request_at = now + self._request_s
        self._tokens_at = now + tokens * self._token_s
        return 0.0

    def unused(self, tokens: int) -> None:
        """Give back tokens that a request did not need."""
        self._tokens_at -= tokens * self._token_s

    def hold(self, until: float) -> None:
        """Let no request go before a moment, as the service asked."""
        self._held_until = max(self._held_until, until)

    def held(self, now: float) -> float:
        """Seconds that the service still asks to wait."""
        return max(0.0, self._held_until - now)
