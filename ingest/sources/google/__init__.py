"""Google Cloud: bills from BigQuery, list prices from the Cloud Billing catalog."""

from collections.abc import Callable
from datetime import datetime

from ingest.port import Source
from ingest.settings import GoogleAccountSettings, GoogleBillingSettings


def google_source(
    setting: GoogleBillingSettings | GoogleAccountSettings, *, clock: Callable[[], datetime]
) -> Source:
    """Return the source that a setting describes; Google's libraries are imported only here."""
    if isinstance(setting, GoogleBillingSettings):
        from ingest.sources.google.billing import GoogleBilling

        return GoogleBilling(setting, clock=clock)
    from ingest.sources.google.account import GoogleAccount

    return GoogleAccount(setting, clock=clock)
