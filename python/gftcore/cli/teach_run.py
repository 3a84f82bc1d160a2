# SPDX-License-Identifier: Apache-2.0
"""``gftcore teach run``: the whole way from a data set to instructions."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gftcore.cli import options
from gftcore.cli import teach_options as own
from gftcore.cli.jobs import summary
from gftcore.cli.outcome import Exit, guarded, print_json, tell
from gftcore.errors import ArgumentError

if TYPE_CHECKING:
    from gftcore.cli.lessons import Lessons
    from gftcore.teacher import Asking, Budget

__all__ = ["teach_run"]

_SCHEMA = "gftcore-teach-run/1"
#: Of so many cases the cost of all is estimated.
_SAMPLED = 10
_PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")


@guarded
def teach_run(
    manifest: options.ManifestFile,
    out: options.Out,
    splits: own.Splits,
    models: own.Models,
    fold: own.Fold,
    *,
    truth: own.Truth = None,
    limit: own.Limit = None,
    base_url: own.BaseUrl = None,
    teacher_model: own.TeacherModel = None,
    allow_remote: own.AllowRemote = False,
    budget: own.Budget = None,
    price_in: own.PriceIn = None,
    price_out: own.PriceOut = None,
    image_tokens: own.ImageTokens = 2000,
    output_tokens: own.OutputTokens = 8192,
    limit_name: own.LimitName = "max_completion_tokens",
    structured: own.Structured = True,
    parallel: own.Parallel = 4,
    requests_per_minute: own.RequestsPerMinute = None,
    tokens_per_minute: own.TokensPerMinute = None,
    timeout_s: own.Timeout = 300.0,
    retry_failed: own.Retry = False,
    batch_out: own.BatchOut = None,
    batch_in: own.BatchIn = None,
    threads: options.Threads = None,
    dry_run: options.DryRun = False,
    overwrite: options.Overwrite = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Make teaching cases, let a teacher write about them, check it, and write the data set.

    Without --base-url sentences are made by rule, offline, always the same. With it a language
    model is asked; its key is read from GFTCORE_TEACHER_API_KEY alone. Nothing leaves this machine
    without --allow-remote, and no name, path, subject or date leaves it at all. What was answered
    once is never asked again: the same command goes on where it stopped. --dry-run shows one
    request as it would be sent, and the cost. Writes instructions.parquet, dropped.json and
    quality.html. Needs the extra `bulk`, with --base-url also `teacher`.
    """
    from gftcore._lazy import require
    from gftcore.cli.lessons import Lessons
    from gftcore.cli.teach_plan import make_cases, tell_cases
    from gftcore.cli.teaching import Teaching
    from gftcore.teacher import RemoteTeacher
    from gftcore.teacher.transport import require_address

    silent = json_ or quiet
    require("pyarrow", extra="bulk", user="gftcore teach run")
    asking = _asking(
        base_url, teacher_model, batch_out, batch_in,
        structured=structured, max_output_tokens=output_tokens, output_limit=limit_name,
    )  # fmt: skip
    if base_url is not None:
        require("openai", extra="teacher", user="gftcore teach run --base-url")
        require_address(base_url, allow_remote=allow_remote)
    money = _budget(base_url, asking, budget, price_in, price_out, image_tokens)
    service: dict[str, Any] = {
        "budget": money,
        "allow_remote": allow_remote,
        "parallel": parallel,
        "requests_per_minute": requests_per_minute,
        "tokens_per_minute": tokens_per_minute,
        "timeout_s": timeout_s,
    }
    work = Teaching.begin(
        manifest, splits=splits, models=models, fold=fold, truth=truth, out=out, limit=limit,
        overwrite=overwrite,
    )  # fmt: skip
    make_cases(work, threads, dry_run=dry_run, silent=silent)
    lessons = Lessons(work, asking, silent)
    if not json_:
        tell_cases(work, dry_run=dry_run, quiet=quiet)
    told: dict[str, Any] = {
        "schema": _SCHEMA,
        "dry_run": dry_run,
        "output": str(out),
        "settings": work.document,
        "cases": summary(list(work.jobs.values())),
    }
    if dry_run:
        told["request"] = _shown(lessons, money, json_=json_)
    elif asking is None:
        lessons.by_rule()
    elif batch_out is not None:
        told["batch_files"] = [str(one) for one in lessons.batch_out(batch_out, money)]
    elif batch_in:
        lessons.batch_in(batch_in, money)
    elif base_url is not None:
        lessons.ask(functools.partial(RemoteTeacher, base_url, **service), retry=retry_failed)
    told |= lessons.told
    if json_:
        print_json(told)
    else:
        _tell(lessons, out, told, quiet=quiet)
    if lessons.stopped is not None:
        raise lessons.stopped
    return _code(told)


def _asking(
    base_url: str | None,
    model: str | None,
    batch_out: Path | None,
    batch_in: list[Path] | None,
    **how: Any,
) -> Asking | None:
    """Return how a language model is asked; None if there is none."""
    given = [
        name
        for name, value in (
            ("--base-url", base_url), ("--batch-out", batch_out), ("--batch-in", batch_in)
        )
        if value
    ]  # fmt: skip
    if len(given) > 1:
        raise ArgumentError(f"{' and '.join(given)} exclude each other; give one")
    if not given:
        if model is not None:
            raise ArgumentError("--teacher-model needs --base-url, --batch-out or --batch-in")
        return None
    if model is None:
        raise ArgumentError(f"{given[0]} needs --teacher-model, the name of the model there")
    from gftcore.teacher import Asking

    return Asking(model=model, **how)


def _budget(
    base_url: str | None,
    asking: Asking | None,
    cap: float | None,
    price_in: float | None,
    price_out: float | None,
    image_tokens: int,
) -> Budget:
    """Return prices and cap; only what runs on this machine may go without."""
    from gftcore.teacher import Budget, Prices
    from gftcore.teacher.transport import is_loopback

    here = base_url is not None and is_loopback(urlsplit(base_url).hostname or "")
    values = {"--budget": cap, "--price-in": price_in, "--price-out": price_out}
    lacking = [name for name, value in values.items() if value is None]
    if asking is not None and not here and lacking:
        raise ArgumentError(f"a teacher elsewhere costs money; give {', '.join(lacking)}")
    prices = Prices(
        input_per_million=price_in or 0.0,
        output_per_million=price_out or 0.0,
        image_tokens=image_tokens,
    )
    return Budget(prices, cap=cap or 0.0)


def _shown(lessons: Lessons, money: Budget, *, json_: bool) -> dict[str, Any] | None:
    """Show one request as it would be sent, and what all may cost at most."""
    if lessons.asking is None:
        return None
    there = [name for name in lessons.names if lessons.work.jobs[name].status == "skipped"]
    if not there:
        if not json_:
            tell("no case is there yet to show a request of; `gftcore teach plan` makes them")
        return None
    sampled = there[:: max(1, len(there) // _SAMPLED)][:_SAMPLED]
    requests = {name: lessons.requests_of(name) for name in sampled}
    worst = [money.prices.worst_micros(one) for some in requests.values() for one in some]
    count = len(lessons.names) * len(requests[sampled[0]])
    most = sum(worst) / len(worst) * count / 1e6
    body = json.loads(requests[sampled[0]][-1].body)
    told = {"requests": count, "worst_cost": most, "sampled_cases": len(sampled), "body": body}
    if not json_:
        text = json.dumps(body, indent=1, ensure_ascii=False)
        tell(_PICTURE.sub(_described, text))
        tell(
            f"{count} requests, first attempts at most {most:.2f} in the currency of the prices, "
            f"by {len(sampled)} cases; --json shows the pictures"
        )
    return told


def _described(found: re.Match[str]) -> str:
    return f"data:image/png;base64,({len(found[1])} characters)"


def _tell(lessons: Lessons, out: Path, told: dict[str, Any], *, quiet: bool) -> None:
    if quiet:
        return
    for file in told.get("batch_files", ()):
        tell(file)
    if "requests" in lessons.told:
        counts = {name: count for name, count in lessons.told["requests"].items() if count}
        said = ", ".join(f"{count} {name}" for name, count in counts.items())
        tell(f"requests: {said or 'none'}")
    if "spent" in lessons.told:
        tell(f"spent or reserved by all runs: {lessons.told['spent']:.6f}")
    if "figures" in lessons.told:
        counts, dropped = lessons.told["figures"]["counts"], lessons.told["figures"]["dropped"]
        tell(
            f"{counts['instructions']} instructions about {counts['images']} images, "
            f"{dropped['count']} dropped: {out / 'quality.html'}"
        )


def _code(told: dict[str, Any]) -> Exit:
    counts = told.get("requests") or {}
    failed = told["cases"]["failed"] or counts.get("failed") or counts.get("refused")
    return Exit.SOME_FAILED if failed else Exit.DONE
