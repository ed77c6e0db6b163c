"""The Google Cloud of the scenario: an export in the emulator of BigQuery, which only grows."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from tests.peers.google import DETAILED, BigQuery, deliver_google_rows, usage
from tests.scenario.truth import Line

TABLE = "billing.gcp_billing_export_resource_v1_01AB02_CD"


class Google:
    """Appends rows; what came later has a later export time."""

    source = "gcp"

    def __init__(self, peer: BigQuery) -> None:
        """Make the table."""
        self._peer = peer
        self._name = peer.create(TABLE, DETAILED)

    def setting(self, since: str) -> dict[str, str]:
        """What stands in the settings."""
        return {
            "type": "google-billing",
            "name": self.source,
            "project": "bills",
            "table": self._name,
            "endpoint": self._peer.url,
            "since": since,
        }

    def append(self, period: str, lines: Sequence[Line], exported: datetime) -> None:
        """Export lines of an invoice month; a credit comes nested in the charge before it."""
        rows: list[dict[str, object]] = []
        for line in lines:
            if line.category == "Credit":
                given = rows[-1]["credits"]
                assert isinstance(given, list)
                given.append(
                    {
                        "type": "PROMOTION",
                        "amount": float(line.billed),
                        "name": "Promotion",
                        "id": "promotion",
                        "full_name": "Promotion",
                    }
                )
            else:
                rows.append(self._row(period, line, exported))
        deliver_google_rows(self._peer, self._name, rows)

    @staticmethod
    def _row(period: str, line: Line, exported: datetime) -> dict[str, object]:
        begins = datetime.combine(line.day, time(12), UTC)
        return usage(
            cost=float(line.billed),
            month=period.replace("-", ""),
            sku=f"{line.service} in Iowa",
            start=f"{begins:%Y-%m-%dT%H:%M:%SZ}",
            end=f"{begins + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
            exported=f"{exported:%Y-%m-%dT%H:%M:%SZ}",
            project={"id": line.account, "number": "7", "name": line.account},
            service={"id": line.service, "description": line.service},
            resource={"name": line.id, "global_name": f"//compute/{line.id}"},
            currency=line.currency,
        )
