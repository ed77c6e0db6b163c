"""One viewer's visit: the token, kept for this browser tab only, and what was fetched with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ui import client

if TYPE_CHECKING:
    from ui.answers import About, Costs, Health, Plan

_TOKEN = "token"  # noqa: S105 -- the name of a place, not a secret
_FRESH_S = 60
_KEPT = 256


def sign_in(token: str) -> None:
    """Keep ``token`` for this visit once the API has accepted it.

    Raises:
        ApiError: When the API does not accept it, or does not answer.
    """
    token = token.strip()
    client.Client(client.open_http(), token).about()
    st.session_state[_TOKEN] = token


def sign_out() -> None:
    """Forget the token."""
    st.session_state.pop(_TOKEN, None)


def signed_in() -> bool:
    """Say whether this visit has a token."""
    return _TOKEN in st.session_state


def health() -> Health:
    """Say whether the API is there."""
    return client.Client(client.open_http()).health()


def about() -> About:
    """Say which Comptroller this is and how fresh its data are."""
    return _about(st.session_state[_TOKEN])


def costs(period: str) -> Costs:
    """Return the cost by team in ``period``."""
    return _costs(st.session_state[_TOKEN], period)


def latest_plan() -> Plan | None:
    """Return the newest plan, if there is one."""
    try:
        return _latest_plan(st.session_state[_TOKEN])
    except client.Nothing:
        return None


# The caches are shared by all viewers, so the token is a part of the key; Streamlit keeps its hash.
@st.cache_data(ttl=_FRESH_S, max_entries=_KEPT, show_spinner=False)
def _about(token: str) -> About:
    return client.Client(client.open_http(), token).about()


@st.cache_data(ttl=_FRESH_S, max_entries=_KEPT, show_spinner="Adding up …")
def _costs(token: str, period: str) -> Costs:
    return client.Client(client.open_http(), token).costs(period)


@st.cache_data(ttl=_FRESH_S, max_entries=_KEPT, show_spinner=False)
def _latest_plan(token: str) -> Plan:
    return client.Client(client.open_http(), token).latest_plan()
