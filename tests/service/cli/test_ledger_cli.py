"""Closing, verifying, reconciling, telling and explaining on the command line."""

import csv
import io
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from service.bootstrap import Wiring
from service.cli import close, explain, reconcile, statements, verify
from service.domain.ledger import AccountKind
from service.domain.periods import Period
from service.errors import ConflictError, InputError, NotFoundError
from service.store.repositories.closed import PeriodClosedError
from service.store.roles import Logins
from service.usecases.ledger import verify as verify_closes
from service.usecases.ledger.close_period import NotClosableError
from service.usecases.stale_periods import ALLOCATION
from tests.service.closing import POLICY, Company, charge
from tests.service.facts import put

pytestmark = pytest.mark.slow  # Each test closes months of a company of its own.

JANUARY, FEBRUARY, FAR = Period("2025-01"), Period("2025-02"), Period("2998-01")
"""Months that are long over, or far away, whenever the tests run."""

ACCOUNTS = json.dumps({str(kind): "4000" for kind in AccountKind})


@pytest.fixture
def company(
    database: Logins, wiring: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Company:
    """January and February of 2025, each 60 of vision's account and 30 of nlp's."""
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COMPTROLLER_LAKE_URI", str(wiring.lake.root))
    monkeypatch.setenv("COLUMNS", "200")
    found = Company.of(wiring, tmp_path)
    found.apply(POLICY.replace("2026-08-01", "2025-01-01"))
    for month in (JANUARY, FEBRUARY):
        found.load(month, charge("60.005", "111"), charge("30", "222"))
    return found


def invoke(*arguments: str) -> Result:
    """Run a command; refusals come out as they are."""
    app = typer.Typer()
    for module in (close, verify, reconcile, statements, explain):
        module.register(app)
    return CliRunner().invoke(app, arguments)


def closed(period: str) -> str:
    """Close a period and return its head."""
    result = invoke("close", "--period", period)
    assert result.exit_code == 0, result.exception
    return result.stdout.split()[-1]


def lines_of(folder: Path, period: str = "2025-01") -> list[dict[str, str]]:
    """Write the CSV statement of vision, and return its lines."""
    result = invoke(
        *("statements", "--period", period, "--team", "vision"),
        *("--to", str(folder), "--format", "csv"),
    )
    assert result.exit_code == 0, result.exception
    return list(csv.DictReader(io.StringIO(Path(result.stdout.strip()).read_text("utf-8"))))


def test_a_close_prints_the_head_that_verify_knows(company: Company) -> None:
    """The head is 64 digits; verify finds it again and says that all is as it was closed."""
    head = closed("2025-01")

    result = invoke("verify", "--head", head.upper())

    assert len(head) == 64
    assert result.stdout.splitlines() == [f"2025-01  holds  {head}", "all is as it was closed"]
    assert result.exit_code == 0
    assert company.verify(head).holds


@pytest.mark.usefixtures("company")
def test_months_are_closed_in_order_with_one_command() -> None:
    """January, then February; again there is nothing to close."""
    first = invoke("close", "--through", "2025-02")
    again = invoke("close", "--through", "2025-02")

    assert [text.split()[0] for text in first.stdout.splitlines()] == ["2025-01", "2025-02"]
    assert again.stdout == "every period with bills up to 2025-02 is closed already\n"
    assert (first.exit_code, again.exit_code) == (0, 0)


def test_the_first_hindered_month_ends_it(company: Company) -> None:
    """February's account 9 has no owner: January is closed, March is not looked at."""
    company.load(FEBRUARY, charge("60", "111"), charge("40", "9"))
    company.load(FEBRUARY.next, charge("60", "111"))

    result = invoke("close", "--through", "2025-03")

    assert result.stdout.startswith("2025-01 is closed by cli:")
    assert len(result.stdout.splitlines()) == 1
    assert isinstance(result.exception, NotClosableError)
    assert str(result.exception) == (
        "2025-02 was not closed: 40.00 % of the cost in USD is unallocated, more than 1 %"
    )


def test_a_check_says_what_hinders_and_what_a_person_may_pass_over(company: Company) -> None:
    """A month that is not over, and earlier ones, hinder whatever the reason."""
    company.load(FAR, charge("60", "111"))

    result = invoke("close", "--period", "2998-01", "--check")
    with_reason = invoke("close", "--period", "2998-01", "--check", "--reason", "because")
    free = invoke("close", "--period", "2025-01", "--check")

    assert result.stdout.splitlines() == [
        "2998-01 is not over before 2998-02-01",
        "earlier periods are not closed: 2025-01, 2025-02",
        "bills of 2998-01 are waited for until 2998-02-11",
        (
            "a person may close it with --reason although bills are waited for, invoices are not"
            " final or cost is unallocated; nothing else can be passed over"
        ),
    ]
    assert with_reason.stdout.splitlines() == result.stdout.splitlines()[:2]
    assert (free.stdout, free.exit_code) == ("nothing hinders the close of 2025-01\n", 0)
    assert (result.exit_code, with_reason.exit_code) == (3, 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("close",), "say which: --period PERIOD"),
        (("close", "--period", "2025-01", "--through", "2025-02"), "say which: --period PERIOD"),
        (("close", "--through", "2025-02", "--check"), "--check looks at one period"),
        (("close", "--period", "2025-01", "--reason", " "), "say it in words"),
        (("verify", "--head", "abc"), "'abc' is no head; accepted are 64 digits of 0-9 and a-f"),
        (("statements", "--period", "2025-01", "--format", "doc"), "'doc' is no form of file"),
        (("statements", "--period", "2025-01", "--journal"), "say where with --to FOLDER"),
        (("explain", "0", "--period", "2025-01", "--rows", "0"), "greater than or equal to 1"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence(arguments: tuple[str, ...], said: str) -> None:
    """Exit code 2, before any database is asked for."""
    result = invoke(*arguments)

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize("command", ["close", "reconcile", "statements", "explain"])
def test_a_period_must_be_one_that_has_bills(command: str) -> None:
    """``2025-1`` is no month, and no bill of 2024-12 was loaded."""
    line = ["0" * 16] if command == "explain" else []

    wrong = invoke(command, *line, "--period", "2025-1")
    unknown = invoke(command, *line, "--period", "2024-12")

    assert isinstance(wrong.exception, InputError)
    assert str(wrong.exception) == (
        "--period: '2025-1' is no billing period; accepted is YYYY-MM, as 2026-10"
    )
    assert isinstance(unknown.exception, NotFoundError)
    assert str(unknown.exception) == "no bill of 2024-12 was loaded"


@pytest.mark.usefixtures("company")
def test_closing_through_a_month_without_bills_closes_nothing() -> None:
    """A slip of the year does not close everything before it."""
    result = invoke("close", "--through", "2035-02")

    assert str(result.exception) == "no bill of 2035-02 was loaded"
    assert invoke("verify").stdout == "no period is closed yet\n"


@pytest.mark.parametrize("command", ["close", "reconcile", "statements"])
def test_what_was_not_allocated_is_refused(company: Company, command: str) -> None:
    """New bills came after the last allocation; the sentence says what brings it up to date."""
    put(company.parts.lake, "cost_line", [charge("1", "111")], period="2025-01")

    result = invoke(command, "--period", "2025-01")

    assert isinstance(result.exception, ConflictError)
    assert str(result.exception) == (
        "the facts of 2025-01 changed since it was allocated; run comptroller nightly first"
    )


@pytest.mark.usefixtures("company")
def test_a_closed_period_is_not_closed_again() -> None:
    """It says where late bills go."""
    closed("2025-01")

    result = invoke("close", "--period", "2025-01")

    assert isinstance(result.exception, PeriodClosedError)
    assert str(result.exception) == (
        "2025-01 is closed; what comes late is told in the next open period"
    )


@pytest.mark.usefixtures("company")
def test_a_head_that_no_close_has_is_an_alteration() -> None:
    """Exit code 3, with the head in the sentence."""
    head = closed("2025-01")

    result = invoke("verify", "--head", "a" * 64)

    assert result.stdout.splitlines() == [
        f"2025-01  holds  {head}",
        f"chain: no close has the head {'a' * 64} that was published",
    ]
    assert result.exit_code == 3


@pytest.mark.usefixtures("company")
def test_what_was_altered_is_told_below_its_period(tmp_path: Path) -> None:
    """A file of the lake has another content: the period is ALTERED, with exit code 3."""
    closed("2025-01")
    [file] = tmp_path.rglob("cost_line-test-2025-01.parquet")
    file.write_bytes(file.read_bytes()[:-1] + b"x")

    result = invoke("verify")

    assert result.stdout.splitlines()[0].startswith("2025-01  ALTERED  ")
    assert result.stdout.splitlines()[1].startswith("  ")
    assert result.exit_code == 3


@pytest.mark.usefixtures("company")
def test_what_an_older_version_closed_is_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is neither altered nor proven, which is told with exit code 0."""
    head = closed("2025-01")
    other = replace(ALLOCATION, method="allocation 99")
    monkeypatch.setattr(verify_closes, "ALLOCATION", other)

    result = invoke("verify")

    assert result.stdout.splitlines() == [
        f"2025-01  NOT PROVEN  {head}",
        f"  2025-01 was closed by {ALLOCATION.method}, which this version cannot compute again",
        "nothing is altered; not computed again: 2025-01",
    ]
    assert result.exit_code == 0


def test_reconciliation_is_exact_in_json_and_csv(company: Company) -> None:
    """90.005 are billed, cost and borne; three decimals stay."""
    company.post(JANUARY)

    found = json.loads(invoke("reconcile", "--period", "2025-01", "--format", "json").stdout)
    table = invoke("reconcile", "--period", "2025-01", "--format", "csv").stdout.splitlines()

    assert (found["period"], found["closed"], found["agrees"]) == ("2025-01", False, True)
    [tree] = found["currencies"]
    assert (tree["name"], tree["expected"], tree["difference"]) == ("USD", "90.005", "0.00")
    assert table[0] == "path,expected,booked,difference"
    assert "USD/billed/AWS/A-1,90.005,90.005,0.00" in table
    assert "USD/borne/team/vision,60.005,60.005,0.00" in table


def test_the_tree_on_screen_says_that_all_agrees(company: Company) -> None:
    """Levels stand further in; what is 0 on both sides is left out."""
    company.post(JANUARY)

    result = invoke("reconcile", "--period", "2025-01")

    shown = [text.split() for text in result.stdout.splitlines()]
    assert ["vision", "60.00", "60.00", "0.00"] in shown
    assert not any(words[:1] == ["clearing"] for words in shown)
    assert shown[-1][:5] == ["bills,", "statements", "and", "ledger", "agree"]
    assert result.exit_code == 0


@pytest.mark.usefixtures("company")
def test_a_ledger_without_postings_differs_at_every_level() -> None:
    """Nothing of January is posted yet: exit code 3, and how many levels differ."""
    result = invoke("reconcile", "--period", "2025-01")

    assert result.stdout.splitlines()[-1].endswith("levels differ")
    assert result.exit_code == 3


@pytest.mark.usefixtures("company")
def test_statements_on_screen_add_up_and_say_how_final_they_are() -> None:
    """60.005 and 30 are 90.005, shown as 90.00 (half to even); a close makes figures final."""
    before = invoke("statements", "--period", "2025-01").stdout.splitlines()
    head = closed("2025-01")
    after = invoke("statements", "--period", "2025-01").stdout.splitlines()
    next_month = invoke("statements", "--period", "2025-02", "--team", "nlp").stdout.splitlines()

    assert [text.split() for text in before[2:5]] == [
        ["nlp", "USD", "30.00", "1"],
        ["vision", "USD", "60.00", "1"],
        ["all", "teams", "USD", "90.00"],
    ]
    assert before[-1] == "figures may move: no period is closed yet"
    assert after[-1] == f"closed; head {head}"
    assert next_month[-1] == "figures may move; those through 2025-01-31 are final"
    assert not any(text.startswith("all teams ") for text in next_month)


@pytest.mark.usefixtures("company")
def test_a_team_that_bears_nothing_is_refused_with_those_that_do() -> None:
    """The sentence lists the teams of the period."""
    result = invoke("statements", "--period", "2025-01", "--team", "visio")

    assert isinstance(result.exception, NotFoundError)
    assert str(result.exception) == ("visio bears nothing in 2025-01; teams that do: nlp, vision")


@pytest.mark.usefixtures("company")
def test_a_folder_that_takes_no_file_is_refused(tmp_path: Path) -> None:
    """A file is no folder."""
    file = tmp_path / "file"
    file.touch()

    result = invoke("statements", "--period", "2025-01", "--to", str(file))

    assert isinstance(result.exception, InputError)
    assert "cannot be written" in str(result.exception)


@pytest.mark.usefixtures("company")
def test_all_forms_of_files_are_written_of_a_close_at_any_moment(tmp_path: Path) -> None:
    """The close carries microseconds, which no page can; two teams in five forms are ten files."""
    closed("2025-01")

    result = invoke("statements", "--period", "2025-01", "--to", str(tmp_path / "out"))

    written = [Path(text) for text in result.stdout.splitlines()]
    assert len(written) == 10
    assert sorted({file.suffix for file in written}) == [
        ".csv", ".json", ".parquet", ".pdf", ".xlsx",
    ]  # fmt: skip
    assert all(file.stat().st_size for file in written)


def test_a_journal_needs_account_numbers_before_anything_is_written(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without them nothing is written at all; with them it is the first file."""
    company.post(JANUARY)
    folder = tmp_path / "out"
    asked = (
        "statements",
        "--period",
        "2025-01",
        "--to",
        str(folder),
        "--journal",
        "--format",
        "csv",
    )

    refused = invoke(*asked)
    left = folder.exists()
    monkeypatch.setenv("COMPTROLLER_JOURNAL_ACCOUNTS", ACCOUNTS)
    written = invoke(*asked).stdout.splitlines()

    assert isinstance(refused.exception, InputError)
    assert "journal_accounts" in str(refused.exception)
    assert not left
    assert [Path(text).name for text in written] == [
        "journal-2025-01.csv",
        "statement-2025-01-nlp.csv",
        "statement-2025-01-vision.csv",
    ]


@pytest.mark.usefixtures("company")
def test_a_journal_of_a_month_without_postings_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nightly run posts."""
    monkeypatch.setenv("COMPTROLLER_JOURNAL_ACCOUNTS", ACCOUNTS)

    result = invoke("statements", "--period", "2025-01", "--to", str(tmp_path), "--journal")

    assert str(result.exception) == (
        "nothing was posted in 2025-01 yet; run comptroller nightly first"
    )


@pytest.mark.usefixtures("company")
def test_a_line_is_explained_in_words_and_in_exact_json(tmp_path: Path) -> None:
    """60.005 are shown as 60.00 in words; JSON has every digit."""
    [line] = lines_of(tmp_path)

    words = invoke("explain", line["line_id"], "--period", "2025-01").stdout.splitlines()
    found = json.loads(
        invoke("explain", line["line_id"], "--period", "2025-01", "--format", "json").stdout
    )

    assert words[:3] == [
        f"line {line['line_id']} of vision, 2025-01 (provisional)",
        "  direct, AWS, 111, EC2, Usage, direct.v1",
        "  60.00 USD, effective cost",
    ]
    assert words[3].endswith("has 1 row of it, 60.00 USD together")
    assert words[4:] == [
        "  1. 60.00 USD: 2026-10-05, invoice A-1 of AWS",
        "     vision owns all of it: 60.00 USD",
        "     1 cost line",
        "       60.00 USD  no description  (test, a file without a record, record 1)",
    ]
    assert (found["amount"], found["rows_amount"], found["rows_in_all"]) == ("60.005", "60.005", 1)
    [row] = found["rows"]
    assert (row["amount"], row["ratio"], row["origin_amount"]) == ("60.005", "1", "60.005")
    assert row["cost_lines"][0]["amount"] == "60.005"


def test_a_restatement_is_explained_as_what_is_now_less_what_was_told(
    company: Company, tmp_path: Path
) -> None:
    """January was closed with 60.005 and comes to 67 by a late bill: 6.995 more."""
    head = closed("2025-01")
    company.load(JANUARY, charge("60.005", "111"), charge("6.995", "111"), charge("30", "222"))
    [line] = [one for one in lines_of(tmp_path, "2025-02") if one["origin_period"]]

    words = invoke("explain", line["line_id"], "--period", "2025-02", "--cost-lines", "1").stdout

    assert len(head) == 64
    assert "  it corrects 2025-01: late bill\n" in words
    assert "  67.00 USD now, less 60.00 USD in the statement of 2025-01 = 7.00 USD\n" in words
    assert "     2 cost lines, the 1 dearest\n" in words


def test_days_and_rows_that_are_left_out_are_counted(company: Company, tmp_path: Path) -> None:
    """A charge of two days on no invoice, and one smaller row that is not shown."""
    two_days = {"ChargePeriodEnd": datetime.fromisoformat("2026-10-07T00:00:00+00:00")}
    company.load(JANUARY, charge("60", "111", None, **two_days), charge("1", "111", None))
    [line] = lines_of(tmp_path)

    words = invoke("explain", line["line_id"], "--period", "2025-01", "--rows", "1").stdout

    assert "  1. 60.00 USD: 2026-10-05 and 1 day more, no invoice yet\n" in words
    assert words.endswith("  … and 1 smaller row: --rows\n")
