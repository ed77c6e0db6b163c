"""Moving data costs nothing within a region, and the origin's price otherwise."""

from decimal import Decimal

from ingest.egress import egress_usd_per_gb


def test_data_that_stays_in_its_region_costs_nothing() -> None:
    """The workload runs where its data is."""
    assert egress_usd_per_gb(("aws", "us-east-1"), ("aws", "us-east-1")) == 0


def test_between_regions_of_a_provider_its_own_price_holds() -> None:
    """AWS: the median of all pairs, 0.08 USD a GB; the same is taken for others."""
    assert egress_usd_per_gb(("aws", "us-east-1"), ("aws", "us-east-2")) == Decimal("0.08")
    assert egress_usd_per_gb(("gcp", "us-east1"), ("gcp", "us-east4")) == Decimal("0.08")


def test_between_providers_the_origin_charges_its_internet_price() -> None:
    """0.09 from AWS, 0.12 from Google; a provider that the table lacks is taken for AWS."""
    assert egress_usd_per_gb(("aws", "us-east-1"), ("gcp", "us-east1")) == Decimal("0.09")
    assert egress_usd_per_gb(("gcp", "us-east1"), ("aws", "us-east-1")) == Decimal("0.12")
    assert egress_usd_per_gb(("nebius", "eu-north1"), ("gcp", "us-east1")) == Decimal("0.09")
