"""Where clock, ids, environment and all long-lived parts enter; everything else is passed down."""

import getpass
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import structlog

from ingest.settings import FilesSettings
from service.config import SettingOrigin, Settings, origins, read_settings
from service.errors import InputError

if TYPE_CHECKING:
    import httpx

    from service.store.database import Database
    from service.store.store import Store
    from warehouse.duck import DuckEngine
    from warehouse.lake import Lake
    from warehouse.port import Engine

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Tell the time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Wiring:
    """Every long-lived part, built once."""

    settings: Settings
    clock: Clock
    new_id: Callable[[], UUID]
    store: "Store"
    lake: "Lake"
    engine: "Engine"


def settings_from_environment() -> Settings:
    """Read ``COMPTROLLER_*`` and the settings file."""
    return read_settings()


DEMO_FILES = "files"
"""Where the invented company's files lie below the demo's data folder."""


def demo_settings(settings: Settings) -> Settings:
    """Give the demo a data folder and server of its own; a configured database is not touched."""
    house = settings.data_dir.expanduser() / "demo"
    patterns = {
        "aws": ("focus", "bills/aws-*.parquet"),
        "azure": ("focus", "bills/azure-*.csv.gz"),
        "gcp": ("focus", "bills/gcp-*.parquet"),
        "list-prices": ("prices", "prices.csv"),
        "machines": ("nodes", "nodes.csv"),
        "scheduler": ("jobs", "jobs/*.csv"),
        "metrics": ("usage", "usage/*.parquet"),
    }
    own = {
        "data_dir": house,
        "database_url": None,
        "database_owner_url": None,
        "lake_uri": None,
        "sources": [
            FilesSettings(name=name, kind=kind, path=str(house / DEMO_FILES / pattern))
            for name, (kind, pattern) in patterns.items()
        ],
        "plan_time_limit_s": min(settings.plan_time_limit_s, 20.0),
        "demo": True,
    }
    return settings.model_copy(update=own)


def setting_origins() -> list[SettingOrigin]:
    """Say what each setting is and where it came from."""
    return origins(settings_from_environment(), os.environ)


def operator() -> str:
    """Name who gives commands on this host, as the audit trail writes it."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # A container may run under a number without a name.
        return f"cli:{os.getuid()}"


def configure_logging(settings: Settings) -> None:
    """Send structured log lines to standard error; values of settings are never logged."""
    json_lines = settings.log_format == "json"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.format_exc_info] if json_lines else []),
            structlog.processors.JSONRenderer()
            if json_lines
            else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level.upper()]
        ),
        # Standard error is looked up at each line: whoever redirects it later gets the log.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def open_database(settings: Settings) -> "Database":
    """Find the database that is configured, or start our own."""
    from service.store.database import embedded, external

    if settings.database_url is None:
        return embedded(data_dir(settings))
    owner = settings.database_owner_url
    return external(
        settings.database_url.get_secret_value(),
        None if owner is None else owner.get_secret_value(),
    )


def data_dir(settings: Settings) -> Path:
    """Make the data folder if it is missing, and give its real path."""
    from service.store.embedded.folders import prepare_data_dir

    return prepare_data_dir(settings.data_dir)


@contextmanager
def wire(
    settings: Settings, *, clock: Clock = system_clock, new_id: Callable[[], UUID] = uuid4
) -> Iterator[Wiring]:
    """Open store, lake and engine, with schema and tables in place; close them at the end.

    Raises:
        UnavailableError: When the database does not answer or its schema is another version's.
    """
    from service.store.embedded.folders import private_folder
    from service.store.store import Store
    from warehouse.duck import DuckEngine
    from warehouse.lake import open_lake

    configure_logging(settings)
    folder = data_dir(settings)
    database = open_database(settings)
    database.ensure_schema()
    with ExitStack() as opened:
        store = Store(database.app_url)
        opened.callback(store.close)
        lake = open_lake(
            database.app_url,
            settings.lake_uri or str(folder / "lake"),
            clock=clock,
            staging=folder / "staging",
            endpoint=settings.lake_s3_endpoint,
            region=settings.lake_s3_region,
        )
        opened.callback(lake.close)
        lake.ensure_tables()
        duck = DuckEngine(
            lake,
            memory_limit=settings.engine_memory_limit,
            threads=settings.engine_threads,
            temp_folder=private_folder(folder / "temp"),
        )
        engine = opened.enter_context(open_engine(settings, lake, duck))
        yield Wiring(settings, clock, new_id, store, lake, engine)


@contextmanager
def open_engine(settings: Settings, lake: "Lake", duck: "DuckEngine") -> Iterator["Engine"]:
    """Give what answers questions: DuckDB itself, or Spark beside it; close it at the end.

    Raises:
        InputError: When Spark is to answer and no address says where it is.
        SparkNotOpen: When pyspark is not installed.
    """
    if settings.engine == "duckdb":
        yield duck
        return
    from warehouse.spark import SparkEngine

    if settings.spark_url is None:
        raise InputError(
            "engine (COMPTROLLER_ENGINE) is spark and spark_url (COMPTROLLER_SPARK_URL) is not"
            " set; accepted are spark://host:port and sc://host:port"
        )
    options = {name: value.get_secret_value() for name, value in settings.spark_options.items()}
    spark = SparkEngine(lake, duck, settings.spark_url.get_secret_value(), options=options)
    try:
        yield spark
    finally:
        spark.close()


_API_TIMEOUT_S = 120.0
_API_CONNECT_TIMEOUT_S = 10.0


def open_api(settings: Settings) -> "httpx.Client | None":
    """Return a client that shows ``api_token`` to ``api_url``; ``None`` where no token is set.

    Raises:
        InputError: When the token has no address, or one of them cannot be used; the sentence
            repeats neither, as an address may hold a password.
    """
    if settings.api_token is None:
        return None
    if settings.api_url is None:
        raise InputError(
            "api_token (COMPTROLLER_API_TOKEN) is set and api_url (COMPTROLLER_API_URL) is not;"
            " set both to ask that API, or neither to work on this host"
        )
    token = settings.api_token.get_secret_value()
    if not re.fullmatch(r"cmt_[A-Za-z0-9_-]+", token):
        raise InputError(
            "api_token (COMPTROLLER_API_TOKEN) is no token; accepted is cmt_ and what follows it"
            " as comptroller token create shows it"
        )
    import httpx

    return httpx.Client(
        base_url=_api_address(settings.api_url),
        headers={"Authorization": f"Bearer {token}"},
        timeout=httpx.Timeout(_API_TIMEOUT_S, connect=_API_CONNECT_TIMEOUT_S),
    )


def _api_address(api_url: str) -> "httpx.URL":
    import httpx

    try:
        url = httpx.URL(api_url)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo or url.query:
        raise InputError(
            "api_url (COMPTROLLER_API_URL) is no address of an API; accepted is"
            " http(s)://host:port without user and password"
        )
    return url


def environment_with(**changes: str) -> dict[str, str]:
    """Give the environment of this process with ``changes``, for a child."""
    return {**os.environ, **changes}
