"""What is said of a line that people moved, and of a cost line whose load is on record."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from service.cli.explain import as_json, as_text
from service.domain.money import Money
from service.domain.periods import Period
from service.domain.statements import LineKey, StatementLine
from service.usecases.ledger.explained import (
    ExplainedCostLine,
    ExplainedRow,
    Explanation,
    LineRows,
    Moved,
)

FIVE = Money.parse("5", "USD")
AT = datetime(2026, 12, 20, 7, tzinfo=UTC)
KEY = LineKey("nlp", "adjustment", "", "", "", "", "", "", "adjustment", "USD", "2026-10")


def explanation(**others: object) -> Explanation:
    """Explain that 5 USD of October were moved to nlp in November, or what ``others`` say."""
    line = StatementLine.of(
        KEY, billed=FIVE, effective=FIVE, contracted=None, list=None, charged=FIVE, cost_lines=0
    )
    found = Explanation(
        period=Period("2026-11"),
        line=line,
        amount=FIVE,
        cost="effective",
        head="ab",
        origin=Period("2026-10"),
        run=None,
        found=LineRows((), 0, Money.zero("USD")),
    )
    return replace(found, **others)  # type: ignore[arg-type]  # any field of it


def test_moves_to_and_from_a_line_are_told_with_who_and_why() -> None:
    """5 came from vision as a dispute asked; 2 went on to search without a comment."""
    to = Moved(FIVE, "team:vision", AT, "cli:ada", "dispute 9", "not our gateway")
    away = Moved(Money.parse("-2", "USD"), "team:search", AT, "cli:bob", "dispute 10", None)

    found = explanation(moved=(to, away))

    assert list(as_text(found)) == [
        f"line {found.line.id} of nlp, 2026-11 (closed, head ab)",
        "  adjustment, adjustment",
        "  5.00 USD, effective cost",
        "  it corrects 2026-10: moved by people",
        (
            "  cli:ada moved 5.00 USD from team:vision on 2026-12-20 07:00 UTC, dispute 9:"
            " not our gateway"
        ),
        "  cli:bob moved 2.00 USD to team:search on 2026-12-20 07:00 UTC, dispute 10",
    ]
    assert as_json(found)["moved"][1] == {
        "amount": "-2.00",
        "account": "team:search",
        "at": "2026-12-20T07:00:00+00:00",
        "actor": "cli:bob",
        "reason": "dispute 10",
        "comment": None,
    }
    assert as_json(found)["run"] is None


def test_a_cost_line_tells_file_record_and_load() -> None:
    """What has no price is said to be so, and null in JSON."""
    bill = ExplainedCostLine(None, "i-1", "p4d", "aws", "bill.csv", 17, AT, "load-1")
    row = ExplainedRow(
        day=date(2026, 10, 5),
        days=1,
        sku="S",
        invoice_issuer="AWS",
        invoice="A-1",
        amount=None,
        method="direct.v1",
        ratio=Decimal("1.000000000000"),
        whole=None,
        words="nlp owns all of it",
        lines_in_all=1,
        cost_lines=(bill,),
    )

    found = explanation(run=UUID(int=1), found=LineRows((row,), 1, Money.zero("USD")))

    assert list(as_text(found))[-4:] == [
        "  1. an unknown price: 2026-10-05, SKU S, invoice A-1 of AWS",
        "     nlp owns all of it",
        "     1 cost line",
        (
            "       an unknown price  i-1 p4d  (aws, bill.csv, record 17,"
            " loaded 2026-12-20 07:00 UTC as load-1)"
        ),
    ]
    [written] = as_json(found)["rows"]
    assert (written["amount"], written["ratio"]) == (None, "1")
    assert written["cost_lines"][0]["loaded_at"] == "2026-12-20T07:00:00+00:00"
