"""The page that tells how the main job went on real input."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from service.cli.plan_report import ways


def page(facts: Mapping[str, Any], results: Mapping[str, Any], seconds: Mapping[str, float]) -> str:
    """Return the report in Markdown."""
    parts = (
        _head(facts),
        _mapping(facts),
        _loads(results["night"]),
        _costs(results["night"], results["costs"]),
        _plan(results["plan"], results["check"], facts),
        _places(results["plan"]),
        _steps(seconds),
    )
    return "\n".join(line for part in parts for line in (*part, ""))


def _head(facts: Mapping[str, Any]) -> Iterator[str]:
    yield "# The main job on real input"
    yield ""
    yield (
        f"One command, `{facts['command']}`, turns real prices, real jobs and a real bill into the"
        " files that users have and runs the product's own commands on them, in a data folder of"
        " its own (`.real`). This page is what it printed."
    )
    yield ""
    yield from _table(
        ("what", "value"),
        [
            ("day", facts["day"]),
            ("commit", facts["commit"]),
            ("machine", f"{facts['cores']} cores, {facts['machine']}"),
            ("time limit of the optimizer", f"{facts['time_limit_s']:g} s"),
            ("first hour of the plan", f"{facts['start']:%Y-%m-%d %H:%M} UTC"),
        ],
    )


def _mapping(facts: Mapping[str, Any]) -> Iterator[str]:
    queue = facts["queue"]
    classes = Counter(one["sla"]["class"] for one in queue)
    yield "## What went in"
    yield ""
    yield (
        "- **Prices:** every row of the AWS catalog by zone (on-demand and spot, seen after"
        f" 2025-11) and the newest week of Google Cloud's GPU machines ({facts['gcp_day']}; on"
        " demand, spot, committed by the month / 730). They hold until a newer price comes."
    )
    yield (
        "- **Bill:** the FOCUS 1.0 sample of 1,000 lines (AWS, Microsoft, Oracle), allocated by"
        " two tags; what has neither is unallocated."
    )
    yield (
        "- **Capacity:** quotas in three AWS and two Google regions, the same for on-demand and"
        " spot, and two committed machines; offers without a quota are not used"
        " (`default_capacity_machines = 0`)."
    )
    yield (
        f"- **Queue:** {len(queue)} jobs of Philly with Chronus's deadlines"
        f" ({', '.join(f'{n} {name}' for name, n in sorted(classes.items()))}), every n-th of the"
        " 30,746 jobs with GPUs in the order of submission:"
    )
    yield ""
    yield from _table(
        ("in the trace", "in the workload"),
        [
            (
                "submit_time, 14 days of minutes",
                "earliest_start, squeezed into 5 days, next full hour",
            ),
            ("num_gpu", "nodes of at most 8; 12 becomes 2 x 6, 20 becomes 3 x 7"),
            (
                "duration, minutes",
                "accelerator-hours on A100-40GB; on H100, A100-80GB, L4 by default throughputs",
            ),
            ("job_type strict", "SLA class strict; deadline = start + expect_time, full hours"),
            (
                "job_type soft",
                "target 0.95 by the first expect_time; a point lost until the second is a USD",
            ),
            ("job_type best", "best_effort, no deadline"),
            ("user (virtual cluster)", "team"),
        ],
    )
    yield ""
    yield (
        "All may run on spot but the strict ones, with a checkpoint every 30 minutes (1 to save,"
        " 6 to restore). `philly_jobs.parquet` shares no key with the jobs with deadlines, so"
        " nothing was joined."
    )


def _loads(night: Mapping[str, Any]) -> Iterator[str]:
    yield "## What was loaded"
    yield ""
    yield from _table(
        ("source", "kind", "outcome", "rows", "quarantined", "seconds"),
        [
            (
                one["source"],
                one["kind"],
                one["outcome"],
                f"{one['rows']:,}",
                one["quarantined"],
                f"{one['seconds']:.2f}",
            )
            for one in night["loads"]
        ],
    )


def _costs(night: Mapping[str, Any], costs: Mapping[str, Any]) -> Iterator[str]:
    yield "## Bills against allocations"
    yield ""
    yield from _table(
        ("period", "currency", "bills, effective", "allocated", "difference"),
        [
            (one["period"], one["currency"], one["bills"], one["allocated"], one["difference"])
            for one in night["periods"]
        ],
    )
    yield ""
    yield f"By team, {costs['period']}:"
    yield ""
    yield from _table(
        ("team", "currency", "effective cost"),
        [(one["team"], one["currency"], one["effective_cost"]) for one in costs["rows"]],
    )


def _plan(plan: Mapping[str, Any], check: str, facts: Mapping[str, Any]) -> Iterator[str]:
    currency = plan["currency"]
    counts = {"placed": len(plan["placements"]), "unplaced": len(plan["unplaced"])}
    yield "## The plan"
    yield ""
    yield from _table(
        ("what", "value"),
        [
            ("workloads", len(facts["queue"])),
            ("placed", counts["placed"]),
            ("not placed", counts["unplaced"]),
            ("spend", f"{_money(plan['spend'])} {currency}"),
            ("price of what is left out", f"{_money(plan['left_out'])} {currency}"),
            ("total cost", f"{_money(plan['cost'])} {currency}"),
            ("lower bound, proven", f"{_money(plan['bound'])} {currency}"),
            ("gap", f"{100 * plan['gap']:.2f} %"),
        ],
    )
    yield ""
    yield "What the same queue comes to in other ways ([planning.md](planning.md#baselines)):"
    yield ""
    yield from _table(
        ("way", "placed", "not placed", f"spend, {currency}", f"total cost, {currency}"),
        ways({**plan, **counts}),
    )
    yield ""
    yield "`comptroller check-plan instance.json plan.json` on the files of this plan says:"
    yield ""
    yield "```"
    yield from check.splitlines()
    yield "```"
    yield ""
    reasons: dict[str, list[str]] = {}
    for one in plan["unplaced"]:
        reasons.setdefault(one["reason_code"], []).append(one["reason"])
    yield from _table(
        ("not placed because", "workloads", "for example"),
        [(code, len(texts), texts[0]) for code, texts in sorted(reasons.items())],
    )


def _places(plan: Mapping[str, Any]) -> Iterator[str]:
    """Where the plan buys: machine types and purchase models with hours and spend."""
    count: Counter[tuple[str, str]] = Counter()
    hours: Counter[tuple[str, str]] = Counter()
    spend: dict[tuple[str, str], Decimal] = {}
    for one in plan["placements"]:
        provider, _, _, machine, model = one["offer"].split("/")[:5]
        key = (f"{provider} {machine}", model)
        start, end = (datetime.fromisoformat(one[name]) for name in ("start", "end"))
        count[key] += 1
        hours[key] += int((end - start).total_seconds() // 3600)
        spend[key] = spend.get(key, Decimal(0)) + Decimal(one["cost"])
    yield "Where it buys:"
    yield ""
    yield from _table(
        ("machine", "purchase model", "workloads", "gang-hours", plan["currency"]),
        [(*key, count[key], hours[key], _money(spend[key])) for key in sorted(count)],
    )


def _steps(seconds: Mapping[str, float]) -> Iterator[str]:
    yield "## The commands"
    yield ""
    yield from _table(
        ("command", "seconds"),
        [(f"`{_short(command)}`", f"{taken:.1f}") for command, taken in seconds.items()],
    )


def _short(command: str) -> str:
    """A command without the folders of the machine that ran it."""
    return " ".join(word.rsplit("/", 1)[-1] for word in command.split(" "))


def _money(amount: object) -> str:
    return f"{Decimal(str(amount)):,.2f}"


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(str(cell) for cell in row)} |"
