"""The dashboard: sign in, then the pages of the registry."""

import streamlit as st

from ui import frame
from ui.pages import PAGES

st.set_page_config(page_title="Comptroller", page_icon=":material/account_balance:", layout="wide")
frame.show([st.Page(f"views/{page.file}", title=page.title, icon=page.icon) for page in PAGES])
