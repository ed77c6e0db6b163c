"""Cost by team in one period, and the newest plan."""

import streamlit as st

from ui import charts, formatting, session, show, tables

st.title("Overview")
about = session.about()
st.caption(
    f"Bills loaded: {formatting.moment(about['loaded_at'])}"
    f" · planned: {formatting.moment(about['planned_at'])}"
)

st.header("Cost by team")
if about["periods"]:
    choice, currencies, _ = st.columns([1, 1, 4])
    period = choice.selectbox("Period", about["periods"], key="overview_period")
    costs = session.costs(period)
    totals = {total["currency"]: total for total in costs["totals"]}
    currency = currencies.selectbox("Currency", list(totals), key="overview_currency")
    if currency:
        show.figures(tables.cost_figures(totals[currency]))
        chart, table = st.columns([5, 6], gap="medium")
        chart.altair_chart(charts.cost_by_team(tables.chart_rows(costs, currency), currency))
        show.table(tables.cost_rows(costs, currency), money=show.COSTS, into=table)
        st.caption(
            f"Run {costs['run']} of {formatting.moment(costs['allocated_at'])}, in {currency}."
        )
    else:
        st.info(f"No cost of {period} is yours to see.")
else:
    st.info("No bill has been loaded yet: `comptroller load FILE --source NAME`")

st.header("Latest plan")
plan = session.latest_plan()
if plan:
    st.caption(f"Made {formatting.moment(plan['created_at'])}, in {plan['currency']}.")
    show.figures(tables.plan_figures(plan))
    if ways := tables.way_rows(plan):
        st.subheader("The same queue, bought in other ways")
        show.table(ways, money=("Spend", "Total cost"))
    if plan["stale_inputs"]:
        st.warning("Planned with stale inputs: " + ", ".join(plan["stale_inputs"]))
    if plan["unplaced_reasons"]:
        st.subheader("Why workloads have no place")
        show.table(tables.reason_rows(plan))
    with st.expander(f"All {len(plan['placements'])} workloads"):
        show.table(tables.placement_rows(plan), money=("Cost",))
else:
    st.info("Nothing has been planned yet: `comptroller plan`")
