"""The engine shows a question its view and nothing else, and writes what fits a table."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from threading import Thread

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.warehouse.rows import NOVEMBER, OCTOBER, deliver, load_id, stage_rows
from warehouse.commit import commit
from warehouse.duck import DuckEngine
from warehouse.errors import UnknownColumn, UnknownParameter, UnknownTable
from warehouse.lake import Lake
from warehouse.port import Partition, Question, StagedFile, View
from warehouse.questions import QuestionFile, parse_question
from warehouse.sql_text import literal

JOBS = Partition("job_run", "slurm", "2026-10")
HOSTILE = "vi'); DROP VIEW job_run; --\"sion\n%"

TEXTS = {
    "ask/sum": """-- Sum.
        SELECT sum(BilledCost) AS cost, count(*) AS lines FROM cost_line""",
    "ask/teams": """-- Teams.
        SELECT job_id, team FROM job_run ORDER BY job_id""",
    "ask/counts": """-- Counts.
        SELECT (SELECT count(*) FROM cost_line) AS cost_line,
               (SELECT count(*) FROM price) AS price, (SELECT count(*) FROM job_run) AS job_run""",
    "ask/typed": """-- Types.
        SELECT ChargePeriodStart, BilledCost, Tags, x_RecordNumber FROM cost_line""",
    "ask/since": "-- Later.\n-- $since: TIMESTAMPTZ  a moment\nSELECT $since AS since",
    "ask/joined": """-- Joined.
-- $period: VARCHAR  billing period
-- input share(team VARCHAR, cost VARCHAR)  shares
SELECT 'run-1' AS run_id, team, cost AS billed_cost, 'USD' AS currency FROM share
WHERE cost <> $period""",
    "ask/odd": "-- Odd.\nSELECT 1 AS team, 2 AS colour, 3 AS shape",
    "ask/passwords": "-- Passwords.\nSELECT * FROM read_text('/etc/passwd')",
}


def texts(name: str) -> QuestionFile:
    """The questions of these tests."""
    return parse_question(name, TEXTS[name])


@pytest.fixture
def asker(lake: Lake, tmp_path: Path) -> DuckEngine:
    """An engine that knows the questions above."""
    return DuckEngine(lake, threads=1, temp_folder=tmp_path / "spill", questions=texts)


def _fill_jobs(lake: Lake, teams: Mapping[str, str]) -> None:
    rows = ", ".join(f"({literal(job)}, {literal(team)})" for job, team in teams.items())
    job = f"(VALUES {rows}) AS job(job_id, team)"
    select = f"SELECT 'slurm' AS x_SourceId, '2026-10' AS x_BillingPeriod, * FROM {job}"  # noqa: S608 - quoted above
    _commit(lake, stage_rows(lake.folder(load_id(9)) / "jobs.parquet", JOBS, select, len(teams)))


def _commit(lake: Lake, file: StagedFile, number: int = 9) -> int:
    return commit(
        lake,
        file.partition.table,
        partitions=[file.partition],
        files=[file],
        load_id=load_id(number),
        version=number,
        delivered={},
    )


def test_a_question_is_answered_at_the_snapshot_of_its_view(lake: Lake, asker: DuckEngine) -> None:
    """1 + 2 then; 1 + 2 + 4 now."""
    deliver(lake, {OCTOBER: ["1", "2"]}, number=1)
    before = lake.view()
    deliver(lake, {NOVEMBER: ["4"]}, number=2)

    answers = [asker.query(Question("ask/sum"), view).to_pylist() for view in (before, lake.view())]

    assert answers == [[{"cost": Decimal(3), "lines": 2}], [{"cost": Decimal(7), "lines": 3}]]


def test_an_empty_table_has_its_columns_and_types(lake: Lake, asker: DuckEngine) -> None:
    """So a question need not know whether anything was ever loaded."""
    answer = asker.query(Question("ask/typed"), lake.view())

    assert [str(field.type) for field in answer.schema] == [
        "timestamp[us, tz=UTC]",
        "decimal128(38, 12)",
        "string",
        "int64",
    ]


def test_a_column_that_a_file_lacks_is_null_of_its_type(lake: Lake, asker: DuckEngine) -> None:
    """The file has costs only; Tags and the charge period are there, and NULL."""
    deliver(lake, {OCTOBER: ["1"]}, number=1)

    answer = asker.query(Question("ask/typed"), lake.view())

    assert answer.to_pylist() == [
        {"ChargePeriodStart": None, "BilledCost": Decimal(1), "Tags": None, "x_RecordNumber": None}
    ]


def test_a_table_that_the_view_does_not_name_cannot_be_seen(lake: Lake, asker: DuckEngine) -> None:
    """The view holds price only."""
    with pytest.raises(duckdb.CatalogException, match="cost_line does not exist"):
        asker.query(Question("ask/sum"), lake.view(["price"]))
    with pytest.raises(UnknownTable, match="no table invoice"):
        asker.query(Question("ask/sum"), View({"invoice": None}))


@pytest.mark.parametrize(
    ("teams", "jobs"),
    [
        (None, ["j1", "j2", "j3"]),
        (frozenset({"nlp"}), ["j2"]),
        (frozenset({HOSTILE, "nlp"}), ["j1", "j2"]),
        (frozenset({"' OR true --", "%"}), []),
        (frozenset[str](), []),
    ],
)
def test_a_view_for_some_teams_shows_their_rows_only(
    lake: Lake, asker: DuckEngine, teams: frozenset[str] | None, jobs: list[str]
) -> None:
    """Names of teams are data: quotes, comments and wildcards in them do nothing."""
    _fill_jobs(lake, {"j1": HOSTILE, "j2": "nlp", "j3": "vision"})

    answer = asker.query(Question("ask/teams"), lake.view(teams=teams))

    assert answer.column("job_id").to_pylist() == jobs


def test_a_view_for_some_teams_hides_tables_without_owner_and_shows_prices(
    lake: Lake, asker: DuckEngine
) -> None:
    """1 cost line is hidden, 1 price is for everyone, 1 of 2 job runs is the team's."""
    deliver(lake, {OCTOBER: ["1"]}, number=1)
    _fill_jobs(lake, {"j1": "nlp", "j2": "vision"})
    price = Partition("price", "list", "2026-10")
    select = "SELECT 'list' AS x_SourceId, '2026-10' AS x_BillingPeriod, 'aws' AS provider"
    _commit(lake, stage_rows(lake.folder(load_id(3)) / "p.parquet", price, select, 1), 3)

    everything = asker.query(Question("ask/counts"), lake.view()).to_pylist()
    scoped = asker.query(Question("ask/counts"), lake.view(teams=frozenset({"nlp"}))).to_pylist()

    assert everything == [{"cost_line": 1, "price": 1, "job_run": 2}]
    assert scoped == [{"cost_line": 0, "price": 1, "job_run": 1}]


def test_parameters_arrive_with_their_types(asker: DuckEngine) -> None:
    """A moment stays the same moment, and the session counts in UTC."""
    moment = datetime(2026, 10, 1, 2, 30, tzinfo=UTC)

    answer = asker.query(Question("ask/since", {"since": moment}), View({}))

    assert answer.to_pylist() == [{"since": moment}]


def test_a_parameter_that_the_file_does_not_mention_is_refused(
    lake: Lake, asker: DuckEngine
) -> None:
    """A filter that is not there must not be believed to filter."""
    with pytest.raises(UnknownParameter, match="mentions no parameter period"):
        asker.query(Question("ask/sum", {"period": "2026-10"}), lake.view())


def test_a_question_reads_no_file_outside_the_lake(lake: Lake, asker: DuckEngine) -> None:
    """Nor can it open the file system again, or load an extension."""
    with pytest.raises(duckdb.PermissionException):
        asker.query(Question("ask/passwords"), View({}))
    with asker.connection(View({})) as connection:
        for attempt in ("SET enable_external_access = true", "SET lock_configuration = false"):
            with pytest.raises(duckdb.InvalidInputException, match="has been locked"):
                connection.execute(attempt)
        for attempt in ("INSTALL httpfs", f"ATTACH '{lake.root.parent}/x.db'"):
            with pytest.raises(duckdb.PermissionException):
                connection.execute(attempt)


def test_a_load_may_read_the_files_it_was_given(lake: Lake, asker: DuckEngine) -> None:
    """The delivered file is open, its neighbour is not."""
    folder = lake.root.parent / "it's here"
    folder.mkdir()
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text("x\n1\n")

    with asker.connection(View({}), reads=[str(folder / "a.csv")]) as connection:
        rows = connection.read_csv(str(folder / "a.csv")).fetchall()
        with pytest.raises(duckdb.PermissionException):
            connection.read_csv(str(folder / "b.csv"))

    assert rows == [(1,)]


def test_an_answer_is_written_in_the_columns_of_its_table(lake: Lake, asker: DuckEngine) -> None:
    """By name, cast to their types, NULL where absent, with the partition's own columns."""
    share = pa.table({"team": ["nlp", "vision"], "cost": ["1.25", "2"]})
    target = Partition("allocation", "it's allocation", "2026-10")
    question = Question("ask/joined", {"period": "2026-10"}, {"share": share})

    [file] = asker.write(question, lake.view(), target, lake.folder(load_id(1)))
    _commit(lake, file, 1)

    assert (file.rows, file.partition) == (2, target)
    assert Path(file.uri).stat().st_mode & 0o777 == 0o600
    assert parquet.read_metadata(file.uri).row_group(0).column(0).compression == "ZSTD"
    found = lake.table("allocation").scan().to_arrow().sort_by("team").to_pylist()
    assert [(row["team"], row["billed_cost"], row["x_SourceId"]) for row in found] == [
        ("nlp", Decimal("1.25"), "it's allocation"),
        ("vision", Decimal(2), "it's allocation"),
    ]
    assert {row["x_BillingPeriod"] for row in found} == {"2026-10"}
    assert {row["effective_cost"] for row in found} == {None}


def test_an_answer_may_be_written_outside_the_lake(
    lake: Lake, asker: DuckEngine, tmp_path: Path
) -> None:
    """The folder that was asked for is open for this one call; the name is the same each time."""
    share = pa.table({"team": ["nlp"], "cost": ["1"]})
    question = Question("ask/joined", {"period": "x"}, {"share": share})
    target = Partition("allocation", "allocation", "2026-10")

    twice = [asker.write(question, lake.view(), target, tmp_path / "out") for _ in range(2)]

    assert twice[0] == twice[1]
    assert [path.name for path in (tmp_path / "out").iterdir()] == [Path(twice[0][0].uri).name]


def test_no_rows_make_no_file(lake: Lake, asker: DuckEngine) -> None:
    """The folder stays empty."""
    share = pa.table({"team": pa.array([], pa.string()), "cost": pa.array([], pa.string())})
    question = Question("ask/joined", {"period": "2026-10"}, {"share": share})
    folder = lake.folder(load_id(1))

    files = asker.write(question, lake.view(), Partition("allocation", "a", "2026-10"), folder)

    assert list(files) == []
    assert list(folder.iterdir()) == []


def test_an_answer_with_columns_that_the_table_lacks_is_refused(
    lake: Lake, asker: DuckEngine
) -> None:
    """Both are named."""
    target = Partition("allocation", "a", "2026-10")

    with pytest.raises(UnknownColumn, match="allocation has no column colour, shape"):
        asker.write(Question("ask/odd"), lake.view(), target, lake.folder(load_id(1)))


def test_what_does_not_fit_into_memory_spills_into_a_private_folder(
    lake: Lake, tmp_path: Path
) -> None:
    """90 MB of text are sorted within 60 MB, although the file system is closed."""
    text = """-- Sort.
        SELECT max(word) AS last FROM (SELECT repeat(hash(i)::VARCHAR, 5) AS word
        FROM range(900_000) AS many(i) ORDER BY word LIMIT 890_000)"""
    spill = tmp_path / "spill"
    engine = DuckEngine(
        lake,
        memory_limit="60MB",
        threads=1,
        temp_folder=spill,
        questions=lambda name: parse_question(name, text),
    )

    answer = engine.query(Question("ask/sort"), View({}))

    assert answer.num_rows == 1
    assert spill.stat().st_mode & 0o777 == 0o700


def test_more_questions_than_slots_are_all_answered(lake: Lake, asker: DuckEngine) -> None:
    """Nine threads ask at once; four are served at a time, and each gets its 3."""
    deliver(lake, {OCTOBER: ["1", "2"]}, number=1)
    view, answers = lake.view(), list[object]()

    def ask() -> None:
        answers.append(asker.query(Question("ask/sum"), view).to_pylist()[0]["cost"])

    threads = [Thread(target=ask) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [Decimal(3)] * 9
