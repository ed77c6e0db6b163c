"""Whoever alters closed books behind the program's back is found: period, and what was altered."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest
from psycopg import sql
from pyarrow import parquet

from service.domain.closing import PeriodClose
from service.store.roles import Logins
from service.usecases import stale_periods
from service.usecases.ledger import verify
from service.usecases.ledger.verify import Verification
from service.usecases.stale_periods import ALLOCATION
from service.usecases.stored_documents import fingerprint
from tests.conftest import Server
from tests.service.closing import LATER, OCTOBER, Company, charge
from tests.service.facts import put, usage
from tests.service.fresh_company import SHARED_BY_USE, two_closed_months
from warehouse.commit import current_files
from warehouse.compact import compact
from warehouse.duck import DuckEngine
from warehouse.maintain import maintain

pytestmark = pytest.mark.slow  # Each test closes months of a company of its own.


@pytest.fixture(scope="module")
def books(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Company, Logins]]:
    """Two closed months that every test leaves as it found them."""
    folder = tmp_path_factory.mktemp("tampering")
    with two_closed_months(server, f"comptroller_tampering_{folder.name}", folder) as found:
        yield found


@pytest.fixture
def company(books: tuple[Company, Logins]) -> Company:
    """The company of the two months."""
    return books[0]


@contextmanager
def altered(
    books: tuple[Company, Logins], table: str, *statements: str, **values: str
) -> Iterator[None]:
    """Let a superuser, whom no trigger and no key stops, alter a table; put it back afterwards."""
    name = sql.Identifier(table)
    address = books[1].admin.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(sql.SQL("CREATE TEMP TABLE kept AS TABLE {}").format(name))
        changed = sum(
            admin.execute(statement.encode(), values or None).rowcount for statement in statements
        )
        try:
            assert changed > 0
            yield
        finally:
            admin.execute(sql.SQL("DELETE FROM {}").format(name))
            admin.execute(sql.SQL("INSERT INTO {} TABLE kept").format(name))


def closes(company: Company) -> dict[str, PeriodClose]:
    """Return all closes by period."""
    with company.parts.store.work() as work:
        return {close.period: close for close in work.closes.all()}


def faults(found: Verification) -> dict[str, tuple[str, ...]]:
    """Return what is wrong by period, and with the chain."""
    by_period = {one.period: one.faults for one in found.periods if one.faults}
    return by_period | ({"chain": found.chain} if found.chain else {})


def test_what_nobody_touched_holds(company: Company) -> None:
    """Two closes and their heads; October's pool is 6 of 8 used, 5 came late and stand later."""
    found = company.verify(*(close.head for close in closes(company).values()))

    assert found.holds
    assert [one.period for one in found.periods] == ["2026-10", "2026-11"]


POSTED = "the postings of 2026-10 are not those that were closed"
POSTINGS_GIVE = "the postings of 2026-10 are not what its bills and lines give"
OF_POSTINGS = " WHERE period = '2026-10' AND debit_kind = 'team' AND debit_name = 'vision'"
OF_LINES = " WHERE period = '2026-10' AND team = 'vision' AND line = 'direct'"
TWICE = """
INSERT INTO ledger_posting
SELECT (jsonb_populate_record(one, jsonb_build_object('number', one.number + 100))).*
FROM ledger_posting AS one"""
TOLD = "the statement lines of 2026-10 are not those that were closed"
LINES_GIVE = "the statements of 2026-10 are not what its allocation gives"
CORRECTED = "the statements of 2026-11 are not what its allocation gives"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_posting SET amount = amount + 1",
        "UPDATE ledger_posting SET debit_name = 'nlp'",
        "DELETE FROM ledger_posting",
        TWICE,
    ],
    ids=["amount", "account", "deleted", "added"],
)
def test_an_altered_posting_is_found(books: tuple[Company, Logins], statement: str) -> None:
    """Its period says so twice; the next one corrects by what was posted there, and differs."""
    with altered(books, "ledger_posting", statement + OF_POSTINGS):
        found = faults(books[0].verify())

    assert found["2026-10"] == (POSTED, POSTINGS_GIVE)
    assert set(found) == {"2026-10", "2026-11"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE statement_line SET effective_cost = effective_cost - 1",
        "UPDATE statement_line SET charged_cost = charged_cost - 1",
        "UPDATE statement_line SET team = 'nlp'",
        "DELETE FROM statement_line",
    ],
    ids=["amount", "charged", "team", "deleted"],
)
def test_an_altered_statement_line_is_found(books: tuple[Company, Logins], statement: str) -> None:
    """Its period says so twice, and so does the one that corrects by what was told there."""
    with altered(books, "statement_line", statement + OF_LINES):
        found = books[0].verify()

    assert faults(found) == {"2026-10": (TOLD, LINES_GIVE), "2026-11": (CORRECTED,)}


OF_OCTOBER = "UPDATE period_close SET anything WHERE period = '2026-10'"
OF_POLICIES = "UPDATE policy SET anything"
ALTERED = "the close of 2026-10 was altered: it does not give its head"


@pytest.mark.parametrize(
    "change",
    [
        "approver = 'cli:eve'",
        "at = at + interval '1 day'",
        "reason = 'as agreed'",
    ],
    ids=["approver", "moment", "reason"],
)
def test_an_altered_close_does_not_give_its_head(
    books: tuple[Company, Logins], change: str
) -> None:
    """Whatever stands in the row of a close is in its hash."""
    with altered(books, "period_close", OF_OCTOBER.replace("anything", change)):
        found = books[0].verify()

    assert faults(found) == {"chain": (ALTERED,)}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            "snapshots = snapshots || '{\"cost_line\": 7}'",
            "snapshot 7 of cost_line is not kept any more",
        ),
        ('snapshots = snapshots || \'{"cost_line": "x"}\'', "x"),
        ("snapshots = '{}'", "cannot be computed again"),
        ("cost = 'guessed'", "'guessed' is not a valid CostBasis"),
        ("policy_version = 99", "allocation"),
        ("allocation_run = '00000000-0000-0000-0000-0000000000ff'", "allocation"),
    ],
    ids=["snapshot", "no number", "no snapshots", "cost", "policy", "run"],
)
def test_a_close_that_names_other_facts_is_found(
    books: tuple[Company, Logins], change: str, why: str
) -> None:
    """October names what is not there: it says so, and November is looked at nevertheless."""
    with altered(books, "period_close", OF_OCTOBER.replace("anything", change)):
        found = books[0].verify()

    assert found.chain == (ALTERED,)
    assert why in " / ".join(found.periods[0].faults)
    assert [one.period for one in found.periods] == ["2026-10", "2026-11"]


def test_a_correction_from_another_run_is_found(books: tuple[Company, Logins]) -> None:
    """November corrects October by a run that is named 'x' now."""
    with altered(
        books,
        "period_close",
        "UPDATE period_close SET restated = '{\"2026-10\": \"x\"}' WHERE period = '2026-11'",
    ):
        found = books[0].verify()

    assert faults(found) == {
        "2026-11": ("2026-11 cannot be computed again: badly formed hexadecimal UUID string",),
        "chain": (ALTERED.replace("10", "11"),),
    }


@pytest.mark.parametrize(
    ("table", "statement", "where"),
    [
        ("ledger_posting", "UPDATE ledger_posting SET amount = 'NaN'", OF_POSTINGS),
        ("statement_line", "UPDATE statement_line SET billed_cost = 'NaN'", OF_LINES),
    ],
    ids=["posting", "line"],
)
def test_what_is_no_amount_at_all_is_found(
    books: tuple[Company, Logins], table: str, statement: str, where: str
) -> None:
    """The database takes NaN for an amount above 0; it is told as what was altered."""
    with altered(books, table, statement + where):
        found = books[0].verify()

    assert [one.period for one in found.periods] == ["2026-10", "2026-11"]
    assert any("NaN is no amount of USD" in fault for fault in found.periods[0].faults)


def test_a_deleted_close_cuts_the_chain(books: tuple[Company, Logins]) -> None:
    """November follows nothing without October."""
    with altered(books, "period_close", "DELETE FROM period_close WHERE period = '2026-10'"):
        found = books[0].verify()

    assert found.chain == ("the close of 2026-11 does not follow the beginning: its chain is cut",)


def test_only_a_published_head_tells_that_the_newest_close_is_gone(
    books: tuple[Company, Logins],
) -> None:
    """What is left is a whole chain; it lacks November's head."""
    head = closes(books[0])["2026-11"].head
    with altered(books, "period_close", "DELETE FROM period_close WHERE period = '2026-11'"):
        found, unpublished = books[0].verify(head), books[0].verify()

    assert unpublished.holds
    assert found.chain == (f"no close has the head {head} that was published",)


def test_only_a_published_head_tells_of_a_chain_that_was_computed_anew(
    books: tuple[Company, Logins],
) -> None:
    """Eve names herself the approver of October and computes both heads again."""
    october, november = closes(books[0]).values()
    forged = replace(october, approver="cli:eve")
    forged = replace(forged, head=forged.computed_head)
    after = replace(november, previous_head=forged.head)
    with altered(
        books,
        "period_close",
        "UPDATE period_close SET approver = 'cli:eve', head = %(head)s WHERE period = '2026-10'",
        "UPDATE period_close SET previous_head = %(head)s, head = %(after)s"
        " WHERE period = '2026-11'",
        head=forged.head,
        after=after.computed_head,
    ):
        found, unpublished = books[0].verify(october.head, november.head), books[0].verify()

    assert unpublished.holds
    assert found.chain == (
        f"no close has the head {october.head} that was published",
        f"no close has the head {november.head} that was published",
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            "text = replace(text, 'team: vision', 'team: nlp')",
            "the allocation of 2026-10 is not what its facts and its policy give",
        ),
        ("text = '['", "2026-10 cannot be computed again"),
        (
            "text = text || '# as ever'",
            "version 2 of the policy is not the text that was applied",
        ),
    ],
    ids=["owner", "no policy", "comment"],
)
def test_an_altered_policy_is_found(books: tuple[Company, Logins], change: str, why: str) -> None:
    """Both months were closed by version 2: its text does not give its fingerprint any more."""
    with altered(books, "policy", OF_POLICIES.replace("anything", change)):
        found = books[0].verify()

    assert why in " / ".join(found.periods[0].faults)
    assert [bool(one.faults) for one in found.periods] == [True, True]


def test_an_altered_policy_gives_another_correction(books: tuple[Company, Logins]) -> None:
    """Eve also writes the fingerprint of her policy; the closes have that of the real one."""
    text = SHARED_BY_USE.replace('"222"}, team: nlp', '"222"}, team: vision')
    with altered(
        books,
        "policy",
        "UPDATE policy SET text = %(text)s, sha256 = %(sha256)s WHERE version = 2",
        text=text,
        sha256=fingerprint(text),
    ):
        found = faults(books[0].verify())

    told = "version 2 of the policy is not the text that was applied"
    assert told in found["2026-10"]
    assert told in found["2026-11"]
    assert (
        "the allocation of 2026-10 that 2026-11 corrects it by is not what its facts and its"
        " policy give"
    ) in found["2026-11"]


NOW = replace(ALLOCATION, method="allocation 99")
CANNOT = f"{ALLOCATION.method}, which this version cannot compute again"


def test_what_another_version_allocated_is_not_proven_and_not_altered(
    books: tuple[Company, Logins], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything but the allocation itself is still held against what was closed."""
    monkeypatch.setattr(verify, "ALLOCATION", NOW)
    monkeypatch.setattr(verify, "allocate", lambda *_: pytest.fail("allocated anew"))

    found = books[0].verify()
    with altered(books, "ledger_posting", TWICE + OF_POSTINGS):
        touched = books[0].verify()

    assert found.holds
    assert found.unproven == ("2026-10", "2026-11")
    assert [one.unproven for one in found.periods] == [
        (f"2026-10 was closed by {CANNOT}",),
        (
            f"2026-11 was closed by {CANNOT}",
            f"2026-11 corrects 2026-10, which was closed by {CANNOT}",
        ),
    ]
    assert faults(touched)["2026-10"] == (POSTED, POSTINGS_GIVE)


def test_what_another_version_told_is_not_proven(books: tuple[Company, Logins]) -> None:
    """Nobody but the chain can tell whether that version closed it."""
    change = OF_OCTOBER.replace("anything", "method = 'statement 0'")
    with altered(books, "period_close", change):
        found = books[0].verify()

    assert faults(found) == {"chain": (ALTERED,)}
    assert found.unproven == ("2026-10",)


def test_another_method_leaves_closed_periods_as_they_are(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade corrects nothing: no closed period has to be allocated again."""
    monkeypatch.setattr(stale_periods, "ALLOCATION", NOW)
    parts = company.parts

    assert stale_periods.stale_periods(lake=parts.lake, store=parts.store) == []


def test_the_bills_of_a_correction_are_sealed(company: Company) -> None:
    """October's later bills are read by no close but November's, which corrects by them."""
    close = closes(company)["2026-11"]
    found = current_files(company.parts.lake, "cost_line", close.snapshots["cost_line"])
    [path] = [Path(file.uri) for file in found if file.partition.period == "2026-10"]
    kept = path.read_bytes()
    _flip(path)

    try:
        verification = company.verify()
    finally:
        path.write_bytes(kept)

    assert set(faults(verification)) == {"2026-11"}
    assert any(path.name in fault for fault in faults(verification)["2026-11"])


def test_a_file_that_only_the_seal_or_only_the_snapshots_have_is_found(
    books: tuple[Company, Logins],
) -> None:
    """A file of November's bills changes places with one of October's in October's seal."""
    october, november = (close.files for close in closes(books[0]).values())
    [gone] = [place for place in october if "cost_line" in place]
    more = next(place for place in november if "cost_line" in place and place != gone)
    with altered(
        books,
        "period_close",
        OF_OCTOBER.replace(
            "anything",
            "files = files - %(gone)s::text"
            " || jsonb_build_object(%(more)s::text, %(sha256)s::text)",
        ),
        gone=gone,
        more=more,
        sha256=november[more],
    ):
        found = faults(books[0].verify())

    assert found["2026-10"] == (
        f"the lake's file {gone.lstrip('/')} is in the snapshots, but was not sealed",
        f"the lake's file {more.lstrip('/')} was sealed, but is in none of the snapshots",
    )


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _one_more(path: Path) -> None:
    """Write the file anew, valid, with another amount in the first amount that it has."""
    found = parquet.read_table(path)
    amounts = ("EffectiveCost", "effective_cost", "allocated_ms")
    [name] = [name for name in amounts if name in found.column_names]
    place, kind = found.schema.get_field_index(name), found.schema.field(name).type
    first, *others = found[name].to_pylist()
    changed = found.set_column(place, name, pa.array([first + 1, *others], kind))
    parquet.write_table(changed, path)


def _cut(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("table", "change"),
    [
        pytest.param("cost_line", _flip, id="a byte of cost_line"),
        pytest.param("cost_line", _one_more, id="an amount of cost_line"),
        pytest.param("gpu_usage", _flip, id="a byte of gpu_usage"),
        pytest.param("gpu_usage", _one_more, id="an amount of gpu_usage"),
        pytest.param("gpu_usage", _cut, id="all bytes of gpu_usage"),
        pytest.param("allocation", _flip, id="a byte of allocation"),
        pytest.param("allocation", _one_more, id="an amount of allocation"),
        pytest.param("allocation", Path.unlink, id="the file of allocation"),
    ],
)
def test_an_altered_file_of_the_lake_is_found(
    company: Company, table: str, change: Callable[[Path], None]
) -> None:
    """October's close has the SHA-256 of the file; the sentence has its place."""
    lake, close = company.parts.lake, closes(company)["2026-10"]
    found = current_files(lake, table, close.snapshots[table])
    path = next(
        Path(file.uri) for file in found if file.uri.removeprefix(lake.storage.uri) in close.files
    )
    kept = path.read_bytes()
    change(path)

    try:
        verification = company.verify()
    finally:
        path.write_bytes(kept)

    assert any(path.name in fault for fault in faults(verification)["2026-10"])
    assert verification.chain == ()


def test_maintenance_leaves_what_was_closed_provable(server: Server, tmp_path: Path) -> None:
    """October gets other bills, its usage is put together, what nothing refers to is deleted."""
    name = f"comptroller_maintained_{tmp_path.name}"
    with two_closed_months(server, name, tmp_path) as (company, _):
        parts = company.parts
        heads = [close.head for close in closes(company).values()]
        company.load(OCTOBER, charge("61", "111"))
        more = [usage("host-i-1", 1, "j1")]
        put(parts.lake, "gpu_usage", more, period="2026-10-05", source="usage", complete=False)
        assert isinstance(parts.engine, DuckEngine)

        compacted = compact(parts.lake, parts.engine, new_id=parts.new_id, many=2)
        maintained = maintain(parts.lake, now=LATER, keep_days=0, orphan_hours=0)

        assert maintained.expired_snapshots > 0
        assert maintained.deleted_files > 0
        assert (compacted.files_before, compacted.files_after) == (2, 1)
        assert company.verify(*heads).holds
