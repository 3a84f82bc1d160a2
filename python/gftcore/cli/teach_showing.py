# SPDX-License-Identifier: Apache-2.0
"""``gftcore teach run --dry-run``: a request as it would be sent, and what all would cost."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from gftcore.cli.outcome import tell

if TYPE_CHECKING:
    from gftcore.cli.lessons import Lessons
    from gftcore.teacher import Prices

__all__ = ["shown", "tell_shown"]

#: Up to so many cases are all looked at; of more, so many are.
_ALL, _SAMPLED = 40, 10
#: A request and three more, if no reply is accepted.
_ATTEMPTS = 4
_PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")


def shown(lessons: Lessons, prices: Prices) -> dict[str, Any] | None:
    """Return a request and the cost of all that are not finished; None without a case."""
    there = [name for name in lessons.names if lessons.work.jobs[name].status == "skipped"]
    if not there:
        return None
    exact = len(there) == len(lessons.names) <= _ALL
    sampled = there if exact else there[:: max(1, len(there) // _SAMPLED)][:_SAMPLED]
    done = lessons.finished(there)
    worst = []
    for name in sampled:
        requests = lessons.requests_of(name)
        count = len(requests) * len(lessons.names)
        if name == sampled[0]:
            body = json.loads(requests[-1].body)
        left = [one for one in requests if not exact or one.stage not in done]
        worst += [prices.worst_micros(one) for one in left]
    cost = (sum(worst) if exact else max(worst) * (count - len(done))) / 1e6
    priced = prices.input_per_million > 0 or prices.output_per_million > 0
    return {
        "requests": count,
        "finished": len(done),
        "worst_cost": cost if priced else None,
        "worst_cost_with_retries": _ATTEMPTS * cost if priced else None,
        "estimated": not exact,
        "sampled_cases": len(sampled),
        "body": body,
    }


def tell_shown(told: dict[str, Any] | None) -> None:
    """Say what `shown` found."""
    if told is None:
        tell("no case is there yet to show a request of; `gftcore teach plan` makes them")
        return
    text = json.dumps(told["body"], indent=1, ensure_ascii=False)
    tell(_PICTURE.sub(_described, text))
    said = f"{told['requests']} requests"
    if told["finished"]:
        said += f", {told['finished']} of them finished"
    if told["worst_cost"] is None:
        tell(f"{said}; no prices given; --json shows the pictures")
        return
    once, retried = f"{told['worst_cost']:.2f}", f"{told['worst_cost_with_retries']:.2f}"
    most = "about" if told["estimated"] else "at most"
    tell(
        f"{said}; in the currency of the prices, {most} {once} if all replies are accepted at "
        f"once, about {retried} with all three retries; --json shows the pictures"
    )
    if told["estimated"]:
        tell(f"estimated by the dearest request of {told['sampled_cases']} cases")


def _described(found: re.Match[str]) -> str:
    return f"data:image/png;base64,({len(found[1])} characters)"
