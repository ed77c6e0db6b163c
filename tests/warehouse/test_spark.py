"""Spark answers every question exactly as DuckDB does, over the same files and teams."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from tests.conftest import NOW, TEMPLATE, Server
from tests.peers.spark import SMALL, Cluster, spark_cluster, spark_connect
from tests.warehouse.asking import asked
from tests.warehouse.invented import fill
from tests.warehouse.rows import OCTOBER, deliver
from warehouse.duck import DuckEngine
from warehouse.errors import UnknownTable
from warehouse.lake import Lake, open_lake
from warehouse.load_state import loader
from warehouse.port import Engine, Partition, Question, StagedFile, View
from warehouse.questions import parse_question, question_names, read_question
from warehouse.spark import SparkEngine
from warehouse.spark_session import SparkFailed

pytestmark = [pytest.mark.slow, pytest.mark.needs_peers, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A standalone cluster of two workers."""
    with spark_cluster() as running:
        yield running


@pytest.fixture(scope="module")
def full(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake with invented rows in every table, in a folder whose name reads as a pattern."""
    folder = tmp_path_factory.mktemp("spark") / "la[k]e {1,2} ü%20"
    with server.new_database("comptroller_spark", TEMPLATE) as logins:
        opened = open_lake(logins.app, str(folder), clock=lambda: NOW)
        opened.ensure_tables()
        fill(opened)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def duck(full: Lake, tmp_path_factory: pytest.TempPathFactory) -> DuckEngine:
    """DuckDB over the full lake."""
    return DuckEngine(full, threads=2, temp_folder=tmp_path_factory.mktemp("spill"))


@pytest.fixture(scope="module")
def classic(full: Lake, duck: DuckEngine, cluster: Cluster) -> Iterator[SparkEngine]:
    """Spark by the address of the cluster's master."""
    engine = SparkEngine(full, duck, cluster.url, options=SMALL)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def connected(full: Lake, duck: DuckEngine, cluster: Cluster) -> Iterator[SparkEngine]:
    """Spark through Spark Connect."""
    with spark_connect(cluster) as url:
        engine = SparkEngine(full, duck, url)
        yield engine
        engine.close()


@pytest.fixture(params=["classic", "connected"])
def spark(request: pytest.FixtureRequest) -> SparkEngine:
    """Both ways to reach Spark."""
    engine: SparkEngine = request.getfixturevalue(request.param)
    return engine


def rows(answer: pa.Table, *, ordered: bool) -> list[str]:
    """The rows of an answer, in its order or in an order of ours."""
    found = [repr(row) for row in answer.to_pylist()]
    return found if ordered else sorted(found)


@pytest.mark.parametrize("name", question_names("ask"))
def test_every_question_has_the_same_answer_on_both_engines(
    name: str, full: Lake, duck: DuckEngine, spark: SparkEngine
) -> None:
    """Columns, types and values, to the last digit; the order, where the question has one."""
    question = asked(name, duck, full.view())
    ordered = "\nORDER BY" in read_question(name).sql

    expected, answer = (engine.query(question, full.view()) for engine in (duck, spark))

    assert answer.schema == expected.schema
    assert rows(answer, ordered=ordered) == rows(expected, ordered=ordered)
    assert expected.num_rows > 0, "give PARAMS a value with which this question has an answer"


@pytest.mark.parametrize("name", question_names("ask"))
def test_every_question_sees_only_its_teams_on_both_engines(
    name: str, full: Lake, duck: DuckEngine, classic: SparkEngine
) -> None:
    """A team without anything, and two of three teams (one of them with an apostrophe)."""
    for teams in ({"nobody's"}, {"vision", "nobody's"}):
        view = full.view(teams=frozenset(teams))
        question = asked(name, duck, view)

        expected, answer = (engine.query(question, view) for engine in (duck, classic))

        assert answer.schema == expected.schema
        assert rows(answer, ordered=False) == rows(expected, ordered=False)


@pytest.mark.parametrize("name", question_names("ask"))
def test_every_question_answers_on_an_empty_lake(
    name: str, full: Lake, duck: DuckEngine, classic: SparkEngine
) -> None:
    """Empty tables and empty inputs have their columns and types, so nothing fails."""
    empty = View(dict.fromkeys(full.view().snapshots))
    question = asked(name, duck, empty)
    none = {relation: table.slice(0, 0) for relation, table in question.inputs.items()}
    bare = Question(name, question.params, none)

    expected, answer = (engine.query(bare, empty) for engine in (duck, classic))

    assert answer.schema == expected.schema
    assert answer.to_pylist() == expected.to_pylist()


TYPES = """-- Every type, in and out.
-- $text: VARCHAR  a text
-- $day: DATE  a day
-- $at: TIMESTAMPTZ  a moment
-- $small: INTEGER  a number
-- $big: BIGINT  a number
-- $real: DOUBLE  a number
-- $yes: BOOLEAN  yes or no
-- $money: DECIMAL(38,12)  an amount
-- $moneys: DECIMAL(38,12)[]  amounts
-- $days: DATE[]  days
-- input given(text VARCHAR, days DATE[])  a relation
SELECT CAST($text AS VARCHAR) AS text, $day AS day, $at AS at, $small AS small, $big AS big,
    $real AS real, $yes AS yes, amount.money, amount.money + amount.money AS twice,
    amount.money - (amount.money + amount.money) AS minus, $moneys AS moneys, $days AS days,
    given.text AS given_text, given.days AS given_days
FROM given CROSS JOIN (SELECT CAST($money AS DECIMAL(38,12)) AS money) AS amount"""


@pytest.mark.parametrize("text", ["it's :day, $at -- {x} \\ \" ü\n", "", None])
def test_parameters_arrive_with_their_types(
    text: str | None, full: Lake, duck: DuckEngine, connected: SparkEngine
) -> None:
    """Text is data, however much it looks like SQL; 3e-12 + 3e-12 = 6e-12."""
    given = pa.table({"text": ["a", None], "days": [[date(2026, 10, 1), None], None]})
    params = {
        "text": text,
        "day": date(1999, 12, 31),
        "at": datetime(2026, 10, 25, 0, 59, 59, 999999, tzinfo=UTC),
        "small": -(2**31),
        "big": 2**63 - 1,
        "real": 0.1,
        "yes": True,
        "money": Decimal("0.000000000003"),
        "moneys": [Decimal("-12345678901234567890123456.000000000001"), None],
        "days": [],
    }
    question = Question("ask/types", params, {"given": given})
    file = parse_question("ask/types", TYPES)
    engines: list[Engine] = [
        DuckEngine(full, temp_folder=full.root / "spill", questions=lambda _: file),
        SparkEngine(full, duck, connected._url, questions=lambda _: file),
    ]

    expected, answer = (engine.query(question, full.view([])) for engine in engines)

    assert answer.to_pylist() == expected.to_pylist()
    assert [str(field.type) for field in answer.schema][:10] == [
        str(field.type) for field in expected.schema
    ][:10]


def _knowing(text: str, engine: SparkEngine) -> SparkEngine:
    file = parse_question("ask/q", text)
    return SparkEngine(
        engine._lake, engine.duck, engine._url, options=engine._options, questions=lambda _: file
    )


@pytest.mark.parametrize(
    "select",
    [
        "SELECT * FROM job_run",
        "SELECT * FROM comptroller_1_cost_line",
        "WITH price AS (SELECT * FROM node) SELECT * FROM price",
        "SELECT (SELECT count(*) FROM node) AS n FROM price",
    ],
)
def test_a_table_that_the_view_does_not_name_cannot_be_seen(
    select: str, full: Lake, classic: SparkEngine
) -> None:
    """The view holds cost_line and price only."""
    with pytest.raises(UnknownTable, match="which it may not see"):
        _knowing(f"-- Q.\n{select}", classic).query(
            Question("ask/q"), full.view(["cost_line", "price"])
        )


def test_a_name_of_a_common_table_may_hide_a_table(full: Lake, classic: SparkEngine) -> None:
    """Inside it, the name means the lake's table: 4 deliveries of 400 rows."""
    text = "-- Q.\nWITH price AS (SELECT * FROM price) SELECT count(*) AS n FROM price"

    answer = _knowing(text, classic).query(Question("ask/q"), full.view(["price"]))

    assert answer.to_pylist() == [{"n": 1600}]


def test_a_question_reads_no_file(full: Lake, classic: SparkEngine) -> None:
    """Neither by a path in place of a table nor by a table of the cluster."""
    for table in ('"parquet"."/etc/passwd"', "default.price"):
        with pytest.raises(UnknownTable):
            _knowing(f"-- Q.\nSELECT * FROM {table}", classic).query(
                Question("ask/q"), full.view(["price"])
            )


def test_nothing_of_a_question_stays_in_the_session(full: Lake, classic: SparkEngine) -> None:
    """Its tables and inputs go with it."""
    classic.query(asked("ask/allocation_check", classic.duck, full.view()), full.view())

    assert classic._open().catalog.listTables() == []


def test_a_session_that_the_cluster_ended_is_opened_again(
    full: Lake, connected: SparkEngine
) -> None:
    """The service lives longer than a cluster."""
    connected._open().stop()

    answer = connected.query(Question("ask/cost_by_source"), full.view())

    assert answer.num_rows > 0


def test_a_load_runs_in_duckdb_and_spark_sees_it(lake: Lake, connected: SparkEngine) -> None:
    """1.5 + 2.25 = 3.75 by Spark, and nothing by the view of before."""
    spark = SparkEngine(lake, loader(connected), connected._url)
    before = lake.view()
    deliver(lake, {OCTOBER: ["1.5", "2.25"]}, number=1)

    [row] = spark.query(Question("ask/cost_by_source"), lake.view()).to_pylist()
    empty = spark.query(Question("ask/cost_by_source"), before)

    assert (row["billed_cost"], row["cost_lines"]) == (Decimal("3.75"), 2)
    assert empty.num_rows == 0
    spark.close()


def test_a_file_that_is_gone_is_said_in_one_sentence(lake: Lake, connected: SparkEngine) -> None:
    """Neither half an answer nor a page of Java."""
    deliver(lake, {OCTOBER: ["1.5"]}, number=1)
    view = lake.view()
    Path(lake.files("cost_line", view.snapshots["cost_line"])[0]).unlink()
    spark = SparkEngine(lake, connected.duck, connected._url)

    with pytest.raises(SparkFailed, match=r"did not answer ask/cost_by_source: .*") as failed:
        spark.query(Question("ask/cost_by_source"), view)

    assert "\n" not in str(failed.value)
    spark.close()


def test_what_is_written_is_written_by_duckdb(
    full: Lake, connected: SparkEngine, tmp_path: Path
) -> None:
    """One file of one partition, as the lake's other files."""
    params = {"source": "aws-bills", "period": "2026-10", "names": ["file_name-a"]}
    partition = Partition("quarantine", "aws-bills", "2026-10")

    [file] = connected.write(
        Question("ask/other_quarantine", params), full.view(), partition, tmp_path
    )

    assert isinstance(file, StagedFile)
    assert file.rows > 0
