"""What an actual or amortised cost file must have, whichever agreement it comes from."""

from ingest.port import DeliveredFile, RejectedSourceError

COST_COLUMNS = ("CostInBillingCurrency", "PreTaxCost", "Cost")
"""How EA and MCA, pay-as-you-go, and older EA files spell the cost of a charge."""


def refuse_no_cost(file: DeliveredFile) -> None:
    """Refuse a file without any column of costs.

    Raises:
        RejectedSourceError: When there is none; names those that are accepted.
    """
    present = {column.replace("_", "").lower() for column in file.columns}
    if present.isdisjoint(name.lower() for name in COST_COLUMNS):
        raise RejectedSourceError(
            f"{file.name}: no column of costs in the header; an actual or amortised cost file "
            f"needs one of {', '.join(COST_COLUMNS)}"
        )
