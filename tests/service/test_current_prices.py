"""Prices that hold when a plan is made, from a real lake."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from service.domain.exchange import Exchange, MissingRate
from service.usecases.current_prices import PriceList, current_prices
from tests.service.planning import load_prices
from warehouse.duck import DuckEngine
from warehouse.lake import Lake

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)


def read(lake: Lake, engine: DuckEngine) -> PriceList:
    """The prices at NOW in USD."""
    return current_prices(NOW, Exchange("USD", {"EUR": Decimal("1.08")}), lake=lake, engine=engine)


def amounts(found: PriceList) -> list[tuple[str, str | None, int]]:
    """Market, zone and price of each offer."""
    return [(one.market, one.zone, one.hour_micros) for one in found.prices]


def test_without_a_price_list_nothing_is_offered(lake: Lake, engine: DuckEngine) -> None:
    """An empty lake is no error."""
    assert read(lake, engine) == PriceList((), {})


def test_the_newest_price_that_holds_counts(lake: Lake, engine: DuckEngine) -> None:
    """9 USD since 1 November beats 10 since October; 8 begins tomorrow, 7 ended yesterday."""
    rows = [
        {"amount": "10", "valid_from": "2026-10-01T00:00:00Z"},
        {"amount": "9", "valid_from": "2026-11-01T00:00:00Z"},
        {"amount": "8", "valid_from": "2026-11-22T00:00:00Z"},
        {
            "amount": "7",
            "valid_from": "2026-11-10T00:00:00Z",
            "valid_to": "2026-11-20T00:00:00Z",
        },
    ]
    load_prices(lake, rows)

    assert amounts(read(lake, engine)) == [("on_demand", None, 9_000_000)]


def test_of_two_sources_the_newest_word_counts_and_is_noted(lake: Lake, engine: DuckEngine) -> None:
    """Source b said 12 USD on 5 November, source a 10 on 1 November."""
    load_prices(lake, [{"amount": "10"}], source="a", number=1)
    load_prices(
        lake, [{"amount": "12", "valid_from": "2026-11-05T00:00:00Z"}], source="b", number=2
    )

    found = read(lake, engine)

    assert amounts(found) == [("on_demand", None, 12_000_000)]
    assert found.notes == {"price from several sources, the newest taken": 1}


def test_an_amount_is_exchanged_once(lake: Lake, engine: DuckEngine) -> None:
    """10 EUR at 1.08 are 10.80 USD."""
    load_prices(lake, [{"currency": "EUR"}])

    assert amounts(read(lake, engine)) == [("on_demand", None, 10_800_000)]


def test_a_currency_without_a_rate_is_an_error_that_names_it(
    lake: Lake, engine: DuckEngine
) -> None:
    """Nothing is planned with a price that may mean anything."""
    load_prices(lake, [{"currency": "JPY"}])

    with pytest.raises(MissingRate, match="from JPY to USD"):
        read(lake, engine)


def test_what_is_missing_or_not_understood_is_no_offer_and_counted(
    lake: Lake, engine: DuckEngine
) -> None:
    """A missing price is unknown and not nothing; the others are not ours to guess."""
    rows: list[dict[str, str | None]] = [
        {"amount": None},
        {"unit": "gpu-hour", "region": "us-east-2"},
        {"machine_type": "p99.large"},
        {"purchase_model": "committed"},
    ]
    load_prices(lake, rows)

    found = read(lake, engine)

    assert found.prices == ()
    assert found.notes == {
        "committed price, offered only under a contract": 1,
        "machine type is not in ingest/machines.csv": 1,
        "price is missing, which is unknown and not nothing": 1,
        "price per gpu-hour, accepted is machine-hour": 1,
    }


def test_spot_at_the_price_of_on_demand_is_not_offered(lake: Lake, engine: DuckEngine) -> None:
    """10 and 11 USD are no discount on 10; 4 USD is."""
    rows: list[dict[str, str]] = [
        {},
        {"purchase_model": "spot", "zone": "az1"},
        {"purchase_model": "spot", "zone": "az2", "amount": "11"},
        {"purchase_model": "spot", "zone": "az3", "amount": "4"},
    ]
    load_prices(lake, rows)

    found = read(lake, engine)

    assert amounts(found) == [("spot", "az3", 4_000_000), ("on_demand", None, 10_000_000)]
    assert found.notes == {"spot price not below on-demand, not offered": 2}


def test_spot_is_compared_with_its_own_zone_where_that_is_known(
    lake: Lake, engine: DuckEngine
) -> None:
    """9 USD is below az2's 12 although az1 sells on demand for 8; without any it is taken."""
    rows = [
        {"zone": "az1", "amount": "8"},
        {"zone": "az2", "amount": "12"},
        {"zone": "az2", "amount": "9", "purchase_model": "spot"},
        {"region": "us-west-2", "amount": "5", "purchase_model": "spot"},
    ]
    load_prices(lake, rows)

    assert ("spot", "az2", 9_000_000) in amounts(read(lake, engine))
    assert ("spot", None, 5_000_000) in amounts(read(lake, engine))


def test_prices_of_zones_stand_for_the_price_of_their_region(
    lake: Lake, engine: DuckEngine
) -> None:
    """With both there would be one machine too many."""
    load_prices(lake, [{}, {"zone": "az1", "amount": "9"}])

    assert amounts(read(lake, engine)) == [("on_demand", "az1", 9_000_000)]
