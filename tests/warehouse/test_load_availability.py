"""Loading looks at whether machines could be had."""

from collections.abc import Mapping
from datetime import date

import pyarrow.parquet as pq
import pytest

from tests.warehouse.staging import Stager
from warehouse.load_checks import Finding
from warehouse.tables import arrow_schema

LOOK: Mapping[str, object] = {
    "at": "2026-10-05T10:00:00Z", "provider": "aws", "region": "us-east-1", "zone": "use1-az4",
    "machine_type": "p5.48xlarge", "market": "Spot ", "requested": 8, "obtained": 3,
}  # fmt: skip


def stage(stager: Stager, *changes: Mapping[str, object]) -> list[dict[str, object]]:
    """Stage the usual look with each of the changes, and read back what was written."""
    staged = stager.table([dict(LOOK, **change) for change in changes], "availability")
    assert (staged.quarantined, staged.findings) == (0, ())
    return [row for file in staged.files for row in pq.read_table(file.uri).to_pylist()]


def test_a_launch_attempt_lies_in_its_day(stager: Stager) -> None:
    """Of 8 machines 3 came on 5 October; the market is written small; there was no score."""
    (row,) = stage(stager, {})

    assert (row["requested"], row["obtained"], row["score"]) == (8, 3, None)
    assert (row["market"], row["x_Day"]) == ("spot", date(2026, 10, 5))
    assert list(row) == arrow_schema("availability").names


def test_a_score_is_no_attempt(stager: Stager) -> None:
    """A score of 2 for one machine: nothing was launched, so what came is null and not 0."""
    (row,) = stage(stager, {"requested": 1, "obtained": None, "score": 2})

    assert (row["requested"], row["obtained"], row["score"]) == (1, None, 2)


def test_looks_come_as_csv_too(stager: Stager) -> None:
    """The example of the page, one attempt and one score, as people write it."""
    staged = stager.text(
        "at,provider,region,zone,machine_type,market,requested,obtained,score\n"
        "2026-10-05T10:00:00Z,aws,us-east-1,use1-az4,p5.48xlarge,spot,8,3,\n"
        "2026-10-06T10:00:00Z,aws,us-east-1,use1-az6,p5.48xlarge,spot,1,,2\n",
        "availability",
        "canonical-availability",
    )

    assert (staged.rows, staged.quarantined) == (2, 0)
    assert staged.periods == ("2026-10-05", "2026-10-06")


BAD: tuple[tuple[str, str | None, str], ...] = (
    ("at", "yesterday", "at 'yesterday' cannot be read"),
    ("provider", None, "provider is empty"),
    ("region", None, "region is empty"),
    ("machine_type", None, "machine_type is empty"),
    ("market", "reserved", "market 'reserved' cannot be read; accepted is on_demand or spot"),
    ("market", None, "market is empty"),
    ("requested", "0", "requested '0'"),
    ("requested", None, "requested is empty"),
    ("obtained", None, "obtained is empty"),
    ("obtained", "9", "obtained '9' cannot be read; accepted is the number"),
    ("obtained", "-1", "obtained '-1'"),
    ("obtained", "1.5", "obtained '1.5'"),
    ("score", "11", "score '11'"),
    ("score", "high", "score 'high'"),
)


@pytest.mark.parametrize("bad", [BAD[:7], BAD[7:]])
def test_looks_that_would_mislead_are_set_aside(
    stager: Stager, bad: tuple[tuple[str, str | None, str], ...]
) -> None:
    """More cannot come than was asked for, and a look without an outcome says nothing."""
    usual = {name: str(value) for name, value in LOOK.items()} | {"score": None}

    staged = stager.table([{**usual, column: value} for column, value, _ in bad], "availability")

    assert (staged.rows, staged.quarantined) == (0, 7)
    for rejected, (_, _, reason) in zip(staged.rejected, bad, strict=True):
        assert rejected.reason.startswith(reason)


def test_a_score_beside_an_outcome_is_a_finding(stager: Stager) -> None:
    """Both are kept; only the machines that came are evidence."""
    staged = stager.table([dict(LOOK, score=4)], "availability")

    assert staged.findings == (Finding("score beside machines that came", "score", 1),)
    assert staged.rows == 1
