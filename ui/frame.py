"""What surrounds every page: signing in and out, the demo's mark, and errors in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ui import session
from ui.client import ApiError, SignedOut

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

_HINT = "An operator makes one on the host: `comptroller token create --admin --name me`"


def show(pages: list[StreamlitPage]) -> None:
    """Show the chosen page to a viewer with a token, and the way to sign in to others."""
    page = st.navigation(pages, position="top" if session.signed_in() else "hidden")
    try:
        if session.signed_in():
            _signed_in(page)
        else:
            _sign_in()
    except SignedOut as reason:
        session.sign_out()
        st.error(f"{reason} Reload the page to sign in again.", icon=":material/lock:")
    except ApiError as reason:
        st.error(str(reason), icon=":material/cloud_off:")


def _signed_in(page: StreamlitPage) -> None:
    about = session.about()
    left, right = st.columns([6, 1], vertical_alignment="center")
    left.caption(f"Comptroller {about['version']}")
    right.button("Sign out", on_click=session.sign_out, icon=":material/logout:", width="stretch")
    _mark_demo(demo=about["demo"])
    page.run()


def _sign_in() -> None:
    _, middle, _ = st.columns([1, 1.4, 1])
    with middle:
        st.title("Comptroller")
        st.write("Who spent what on which GPUs, and what should run where and when.")
        _mark_demo(demo=session.health()["demo"])
        with st.form("sign_in"):
            token = st.text_input("Token", type="password", placeholder="cmt_…")
            wanted = st.form_submit_button("Sign in", type="primary", width="stretch")
        st.caption(_HINT)
        if wanted:
            _try(token)


def _try(token: str) -> None:
    try:
        session.sign_in(token)
    except SignedOut as reason:
        st.error(str(reason), icon=":material/lock:")
    else:
        st.rerun()


def _mark_demo(*, demo: bool) -> None:
    if demo:
        st.warning(
            "**Demo.** The company, its bills and its workloads are invented.",
            icon=":material/science:",
        )
