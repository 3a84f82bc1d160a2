# SPDX-License-Identifier: Apache-2.0
"""What requests may cost, and a cap that holds before they are sent."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gftcore._validation import require_int, require_real
from gftcore.errors import ArgumentError, ArgumentTypeError, BudgetError
from gftcore.teacher.replies import Usage
from gftcore.teacher.requests import TeacherRequest

__all__ = ["MESSAGE_TOKENS", "Budget", "Prices"]

#: Tokens that a service adds for roles and limits of a message; generous.
MESSAGE_TOKENS = 64
#: More is a mistake; the ledger counts costs in 64 bits.
_HIGHEST_PRICE = 1e9
_MOST_IMAGE_TOKENS = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices of a service, in any one currency; none is built in.

    Costs are whole millionths of the currency, rounded up. As prices are per million tokens, a
    token at price 2.5 costs 2.5 of them.

    Attributes
    ----------
    input_per_million, output_per_million
        Price of a million tokens sent and received.
    cached_per_million
        Price of a million tokens that the service had in its cache; as the former if None.
    image_tokens
        Most tokens that the service counts for one image; needed if requests have any.

    Examples
    --------
    >>> from gftcore.teacher import Prices, Usage
    >>> prices = Prices(input_per_million=2, output_per_million=8, image_tokens=1000)
    >>> prices.cost_micros(Usage(input_tokens=100, output_tokens=10))
    280
    """

    input_per_million: float
    output_per_million: float
    cached_per_million: float | None = None
    image_tokens: int | None = None

    def __post_init__(self) -> None:
        for name in ("input_per_million", "output_per_million", "cached_per_million"):
            value = getattr(self, name)
            if value is not None and not 0 <= require_real(value, name) <= _HIGHEST_PRICE:
                raise ArgumentError(
                    f"{name} must be at least 0 and at most {_HIGHEST_PRICE:g}, got {value}"
                )
        if self.image_tokens is not None:
            require_int(self.image_tokens, "image_tokens", 1, _MOST_IMAGE_TOKENS)

    def worst_tokens(self, request: TeacherRequest, *, more_bytes: int = 0) -> tuple[int, int]:
        """Return the most tokens in and out; `more_bytes` are texts added to the request."""
        texts = request.input_bytes + more_bytes + 3 * MESSAGE_TOKENS
        if request.images and self.image_tokens is None:
            raise ArgumentError(
                "image_tokens must be given for requests with images, got None; "
                "look up the most tokens that the service counts for one"
            )
        return texts + request.images * (self.image_tokens or 0), request.max_output_tokens

    def worst_micros(self, request: TeacherRequest, *, more_bytes: int = 0) -> int:
        """Return the most that one attempt at a request costs, in millionths."""
        tokens = self.worst_tokens(request, more_bytes=more_bytes)
        dearest = max(self.input_per_million, self.cached_per_million or 0)
        return math.ceil(tokens[0] * dearest + tokens[1] * self.output_per_million)

    def cost_micros(self, usage: Usage) -> int:
        """Return what a reply costs by the service's own count, in millionths."""
        cached = min(usage.cached_tokens, usage.input_tokens)
        cached_price = (
            self.input_per_million if self.cached_per_million is None else self.cached_per_million
        )
        return math.ceil(
            (usage.input_tokens - cached) * self.input_per_million
            + cached * cached_price
            + usage.output_tokens * self.output_per_million
        )


class Budget:
    """A cap on what is spent; the worst case is reserved before sending and settled after.

    Parameters
    ----------
    prices
        Prices of the service.
    cap
        Most that all runs on one ledger may spend together, in the currency of the prices.

    Examples
    --------
    >>> budget = Budget(Prices(input_per_million=2, output_per_million=8), cap=0.001)
    >>> budget.reserve(900)
    >>> budget.settle(900, 100)
    >>> budget.left_micros
    900
    """

    def __init__(self, prices: Prices, *, cap: float) -> None:
        if not isinstance(prices, Prices):
            raise ArgumentTypeError(f"prices must be Prices, got {type(prices).__name__}")
        if require_real(cap, "cap") < 0:
            raise ArgumentError(f"cap must be at least 0, got {cap}")
        self.prices = prices
        self._cap = math.floor(cap * 1_000_000 + 1e-6)
        self._spent = 0

    @property
    def left_micros(self) -> int:
        """What is neither spent nor reserved, in millionths; below 0 after a dear reply."""
        return self._cap - self._spent

    def start(self, spent_micros: int) -> None:
        """Begin with what a ledger says is spent or reserved."""
        self._spent = spent_micros

    def reserve(self, worst_micros: int) -> None:
        """Reserve the worst case of an attempt.

        Raises
        ------
        BudgetError
            If it would go beyond the cap; nothing is reserved then.
        """
        if worst_micros > self.left_micros:
            raise BudgetError(
                f"the budget has {max(0, self.left_micros) / 1e6:.6f} left, the next request may "
                f"cost {worst_micros / 1e6:.6f}; raise the cap to go on"
            )
        self._spent += worst_micros

    def settle(self, worst_micros: int, cost_micros: int) -> None:
        """Replace a reservation by what was paid."""
        self._spent += cost_micros - worst_micros
