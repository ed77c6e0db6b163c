"""A canned API for the dashboard: answers a reader can add up, over httpx's own transport."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import streamlit as st

from ui import client

TOKEN = "cmt_a-token-of-the-canned-api"  # noqa: S105 -- invented

ABOUT = {
    "version": "0.1.0",
    "demo": True,
    "periods": ["2026-11", "2026-10"],
    "loaded_at": "2026-11-21T02:30:00Z",
    "planned_at": "2026-11-21T02:31:00Z",
}


def _row(team: str, effective: str, **parts: str) -> dict[str, str]:
    names = ("direct", "shared", "idle", "unused_commitment", "distributed", "unallocated")
    return {
        "team": team,
        "currency": "USD",
        "billed_cost": effective,
        "effective_cost": effective,
        **dict.fromkeys(names, "0.00"),
        **parts,
    }


COSTS = {
    "period": "2026-11",
    "run": "00000000-0000-0000-0000-000000000001",
    "by": "team",
    "allocated_at": "2026-11-21T02:30:30Z",
    "rows": [
        _row("vision", "7000.00", direct="5000.00", shared="1500.00", idle="500.00"),
        _row("nlp", "2500.005", direct="2500.005"),
        _row("unallocated", "499.995", unallocated="499.995"),
    ],
    "totals": [
        {
            "currency": "USD",
            "billed_cost": "10000.00",
            "effective_cost": "10000.00",
            "direct": "7500.005",
            "shared": "1500.00",
            "idle": "500.00",
            "unused_commitment": "0.00",
            "distributed": "0.00",
            "unallocated": "499.995",
            "difference": "0.00",
        }
    ],
}

PLAN: dict[str, Any] = {
    "id": "00000000-0000-0000-0000-000000000002",
    "created_at": "2026-11-21T02:31:00Z",
    "status": "feasible",
    "currency": "USD",
    "spend": "1000.00",
    "left_out": "500.00",
    "cost": "1500.00",
    "bound": "1470.00",
    "gap": 0.02,
    "baselines": {
        "all_on_demand": {"spend": "0.00", "cost": "2500.00", "placed": 0, "unplaced": 2},
        "on_demand_list": {"spend": "2200.00", "cost": "2200.00", "placed": 2, "unplaced": 0},
        "greedy": {"spend": "1100.00", "cost": "1600.00", "placed": 1, "unplaced": 1},
    },
    "placed": 1,
    "unplaced": 1,
    "unplaced_reasons": [
        {"reason_code": "no_capacity", "reason": "no offer has 16 machines", "workloads": 1}
    ],
    "stale_inputs": ["aws"],
    "placements": [
        {
            "workload_name": "train-a",
            "team": "vision",
            "offer": "aws/us-east-1/use1-az4/p5.48xlarge/spot",
            "start": "2026-11-21T05:00:00Z",
            "end": "2026-11-21T14:00:00Z",
            "cost": "1000.00",
            "reason": "cheapest offer with room",
        },
        {
            "workload_name": "train-b",
            "team": "nlp",
            "offer": None,
            "start": None,
            "end": None,
            "cost": "500.00",
            "reason": "no offer has 16 machines",
        },
    ],
}

Answers = dict[str, tuple[int, Any]]


@pytest.fixture
def answers() -> Answers:
    """Return what the canned API says: path to status and body; a test may change it."""
    return {
        "/healthz": (200, {"status": "ok", "demo": True}),
        "/v1/about": (200, ABOUT),
        "/v1/costs": (200, COSTS),
        "/v1/plans/latest": (200, PLAN),
    }


@pytest.fixture
def canned(answers: Answers) -> httpx.MockTransport:
    """Return a transport that answers from ``answers`` and knows one token."""

    def answer(request: httpx.Request) -> httpx.Response:
        known = request.headers.get("Authorization") == f"Bearer {TOKEN}"
        if request.url.path != "/healthz" and not known:
            return httpx.Response(401, json={"detail": "unknown token"})
        status, body = answers[request.url.path]
        return httpx.Response(status, json=body)

    return httpx.MockTransport(answer)


@pytest.fixture
def over(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[httpx.BaseTransport], None]]:
    """Return a function that puts the dashboard's connection over a transport of the test."""

    def put(transport: httpx.BaseTransport) -> None:
        http = httpx.Client(base_url="http://api.test", transport=transport)
        monkeypatch.setattr(client, "open_http", lambda: http)

    st.cache_data.clear()
    yield put
    st.cache_data.clear()
