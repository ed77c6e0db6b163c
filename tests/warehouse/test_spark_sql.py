"""A question is written anew for Spark: typed parameters beside it, tables under names of ours."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from warehouse.errors import UnknownTable
from warehouse.questions import parse_question
from warehouse.spark import spark_path
from warehouse.spark_sql import spark_args, spark_sql, tables_of


def written(select: str, header: str = "") -> str:
    """The question in Spark's SQL, its tables called ``one`` and ``two`` under names of ours."""
    file = parse_question("ask/q", f"-- Q.\n{header}{select}")
    return spark_sql(file, {"one": "t_1", "two": "t_2"})


@pytest.mark.parametrize(
    ("duck", "spark"),
    [
        ("SELECT a FROM one ORDER BY a", "SELECT a FROM `t_1` AS one ORDER BY a NULLS LAST"),
        ("SELECT two.a FROM one AS two", "SELECT two.a FROM `t_1` AS two"),
        (
            "WITH two AS (SELECT a FROM two) SELECT a FROM two",
            "WITH two AS (SELECT a FROM `t_2` AS two) SELECT a FROM two",
        ),
        ("SELECT json_valid(a) AS b FROM one", "SELECT SIZE(FROM_JSON(CONCAT('[', a, ']'), "),
    ],
)
def test_tables_and_functions_are_spelled_as_spark_wants_them(duck: str, spark: str) -> None:
    """A table keeps its own name as an alias, so that columns may go on being called by it."""
    assert written(duck).startswith(spark)


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("VARCHAR", "CAST(:x AS STRING)"),
        ("TIMESTAMPTZ", "CAST(:x AS TIMESTAMP)"),
        ("DECIMAL(38,12)", "CAST(:x AS DECIMAL(38, 12))"),
        ("DATE[]", "CAST(FROM_JSON(:x, 'array<string>') AS ARRAY<DATE>)"),
    ],
)
def test_a_parameter_is_cast_to_what_it_is_declared_to_be(kind: str, typed: str) -> None:
    """It travels as text beside the SQL, and a list as JSON."""
    sql = written("SELECT $x AS x FROM one", f"-- $x: {kind}  x\n")

    assert sql == f"SELECT {typed} AS x FROM `t_1` AS one"  # noqa: S608 - expected text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("it's", "it's"),
        (None, None),
        (True, "True"),
        (-1, "-1"),
        (0.1, "0.1"),
        (Decimal("1E-12"), "0.000000000001"),
        (date(2026, 10, 1), "2026-10-01"),
        (datetime(2026, 10, 1, 2), "2026-10-01T02:00:00+00:00"),  # noqa: DTZ001 - DuckDB takes it as UTC
        (
            datetime(2026, 10, 1, 2, tzinfo=timezone(timedelta(hours=2))),
            "2026-10-01T00:00:00+00:00",
        ),
        (["é", None, 'a"b'], '["é", null, "a\\"b"]'),
        ([date(2026, 10, 1)], '["2026-10-01"]'),
        ([datetime(2026, 10, 1, tzinfo=UTC)], '["2026-10-01T00:00:00+00:00"]'),
    ],
)
def test_a_value_travels_as_text(value: object, text: str | None) -> None:
    """Exactly: no exponent, no zone but UTC."""
    file = parse_question("ask/q", "-- Q.\n-- $x: VARCHAR  x\nSELECT $x")

    assert spark_args(file, {"x": value}) == {"x": text}


@pytest.mark.parametrize("table", ["three", "db.one", '"parquet"."/etc/passwd"'])
def test_no_other_table_is_asked(table: str) -> None:
    """Neither one that is not in the view nor one that the cluster knows."""
    with pytest.raises(UnknownTable, match="which it may not see"):
        written(f"SELECT * FROM {table}")  # noqa: S608 - the tests' own names


def test_tables_are_found_wherever_they_are_asked() -> None:
    """In common tables, joins and subqueries, once each."""
    select = """WITH a AS (SELECT * FROM one) SELECT (SELECT count(*) FROM two) AS n
        FROM a JOIN three ON true WHERE EXISTS (SELECT 1 FROM one)"""

    assert tables_of(parse_question("ask/q", f"-- Q.\n{select}")) == {"one", "two", "three"}


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("/lake/a b/%20.parquet", "file:///lake/a b/%20.parquet"),
        ("/la[k]e/{1}*?.parquet", "file:///la\\[k\\]e/\\{1\\}\\*\\?.parquet"),
        ("s3://bucket/a.parquet", "s3a://bucket/a.parquet"),
        ("s3a://bucket/a.parquet", "s3a://bucket/a.parquet"),
    ],
)
def test_a_file_is_named_as_hadoop_names_it(uri: str, path: str) -> None:
    """No part of a name is a pattern, and S3 is reached by s3a."""
    assert spark_path(uri) == path
