"""The reference of regions: what a kilowatt-hour stands for."""

from decimal import Decimal

from ingest.carbon import region_carbon


def test_a_kilowatt_hour_stands_for_the_grid_times_the_power_usage_effectiveness() -> None:
    """The grid of us-east1 (Google) has 575.77 g/kWh; with its effectiveness more was drawn."""
    known = region_carbon()["gcp", "us-east1"]

    assert known.grid_g_per_kwh == Decimal("575.77")
    assert known.g_per_kwh == Decimal("575.77") * known.pue
    assert known.pue > 1


def test_a_region_without_an_effectiveness_of_its_own_has_its_fleets() -> None:
    """Google tells none for us-west3, so 1.09 of all its centres stands there, and is named."""
    known = region_carbon()["gcp", "us-west3"]

    assert (known.pue, known.pue_of) == (Decimal("1.09"), "fleet")


def test_every_figure_is_dated_sourced_and_possible() -> None:
    """Grids lie between 0 and 1,000 g/kWh, effectiveness between 1 and 2, years from 2019 on."""
    for one in region_carbon().values():
        assert 0 < one.grid_g_per_kwh < 1000
        assert 1 <= one.pue < 2
        assert one.grid_year >= 2019
        assert one.pue_year >= 2019
        assert one.grid_source
        assert one.pue_of in {"region", "fleet"}
