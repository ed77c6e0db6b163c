"""The settings say which engine answers; loads stay with DuckDB."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from service.bootstrap import open_engine
from service.config import Settings
from service.errors import InputError
from warehouse.duck import DuckEngine
from warehouse.lake import Lake
from warehouse.load_state import loader
from warehouse.spark import SparkEngine


def test_duckdb_answers_unless_spark_is_named(
    lake: Lake, engine: DuckEngine, tmp_path: Path
) -> None:
    """The engine of one machine is the default."""
    with open_engine(Settings(data_dir=tmp_path), lake, engine) as opened:
        assert opened is engine


def test_spark_answers_and_duckdb_loads(lake: Lake, engine: DuckEngine, tmp_path: Path) -> None:
    """The cluster is looked for by the first question only."""
    pytest.importorskip("pyspark")
    settings = Settings(
        data_dir=tmp_path, engine="spark", spark_url=SecretStr("sc://nowhere.invalid;token=s3cret")
    )

    with open_engine(settings, lake, engine) as opened:
        assert isinstance(opened, SparkEngine)
        assert loader(opened) is engine
    assert "s3cret" not in repr(settings)


def test_spark_without_an_address_is_refused(
    lake: Lake, engine: DuckEngine, tmp_path: Path
) -> None:
    """The sentence names the setting that is missing."""
    settings = Settings(data_dir=tmp_path, engine="spark")

    with (
        pytest.raises(InputError, match="COMPTROLLER_SPARK_URL"),
        open_engine(settings, lake, engine),
    ):
        pass
