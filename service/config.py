"""Settings: ``COMPTROLLER_*`` variables over ``comptroller.toml`` over defaults that work."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from ingest.settings import AllSourceSettings
from service.domain.ledger import AccountKind
from service.errors import InputError

PREFIX = "COMPTROLLER_"


class Settings(BaseSettings):
    """Every setting; each field's description stands in ``docs/configuration.md``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        validate_default=True,
        hide_input_in_errors=True,
    )
    toml_keys_refused: ClassVar[frozenset[str]] = frozenset({"config"})

    config: Path | None = Field(
        None, description="the settings file; without it ./comptroller.toml, if there is one"
    )
    data_dir: Path = Field(
        Path("~/.comptroller"),
        description="the folder of everything local: embedded server, lake, temporary files",
    )
    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL (15 or newer) as the app role, postgresql://user:password@host/name;"
        " without it an embedded server is started below data_dir",
    )
    database_owner_url: SecretStr | None = Field(
        None,
        description="the same database as the role that owns the tables; only"
        " `comptroller db upgrade` uses it",
    )
    lake_uri: str | None = Field(
        None,
        description="the place of the lake: a folder, or s3://bucket/prefix; without it `lake`"
        " below data_dir",
    )
    lake_s3_endpoint: str | None = Field(
        None,
        pattern="^https?://[^/?#]+$",
        description="the address of an S3 server other than AWS, https://host:port; only for a lake"
        " on s3://",
    )
    lake_s3_region: str | None = Field(
        None,
        pattern="^[a-z0-9-]+$",
        description="the region of the lake's bucket; without it that of the AWS profile, else"
        " us-east-1",
    )
    planning_currency: str = Field(
        "USD", pattern="^[A-Z]{3}$", description="the ISO 4217 currency that plans are made in"
    )
    exchange_rates: dict[str, Decimal] = Field(
        default_factory=dict,
        description="what one unit of another currency is worth in the planning currency",
    )
    plan_time_limit_s: float = Field(
        60, gt=0, le=86_400, description="how long the optimizer may work on a plan (seconds)"
    )
    plan_horizon_hours: int = Field(
        168, ge=1, le=8_784, description="how far ahead a plan looks (hours)"
    )
    plan_seed: int = Field(0, ge=0, description="the seed of the optimizer's random choices")
    plan_workers: int = Field(2, ge=1, le=256, description="threads of the solver")
    default_capacity_machines: int = Field(
        8, ge=0, description="machines an hour of an offer that no capacity file speaks of"
    )
    engine_memory_limit: str = Field(
        "1GB",
        pattern=r"^[0-9]+(\.[0-9]+)? ?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$",
        description="memory of one load or question; what needs more spills to data_dir",
    )
    engine_threads: int | None = Field(
        None, ge=1, description="threads of one load or question; without it one per core"
    )
    engine: Literal["duckdb", "spark"] = Field(
        "duckdb", description="what answers questions over the lake; loads always run in DuckDB"
    )
    spark_url: SecretStr | None = Field(
        None,
        description="the cluster of engine = spark: spark://host:port of its master, or"
        " sc://host:port of Spark Connect (with ;token=... where it asks for one)",
    )
    spark_options: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Spark's own settings by their names, as spark.executor.memory or"
        " spark.hadoop.fs.s3a.endpoint",
    )
    sources: AllSourceSettings = Field(
        default_factory=list,
        description="what the nightly run loads: type, name and place of each source",
    )
    company: str = Field(
        "Our company", min_length=1, max_length=200, description="the name on statements"
    )
    reporting_currency: str | None = Field(
        None,
        pattern="^[A-Z]{3}$",
        description="the ISO 4217 currency that statements also tell their totals in, at one rate"
        " for each month and pair (`comptroller rates`); without it currencies stay apart",
    )
    close_by_rule: bool = Field(
        default=False,
        description="whether the nightly run closes periods that nothing hinders; else a person"
        " closes them",
    )
    close_settle_days: int = Field(
        10,
        ge=0,
        le=366,
        description="how long after its end a period's bills are waited for (days)",
    )
    close_unallocated_percent: Decimal = Field(
        Decimal(1),
        ge=0,
        le=100,
        description="the most of a period's effective cost, in each currency, that may be without"
        " a team when it is closed by rule (percent)",
    )
    journal_accounts: dict[AccountKind, str] = Field(
        default_factory=dict,
        description="the general ledger's account number of each kind of account, for journal"
        " entries: payable, prepaid, cost, pool, team, idle, ...",
    )
    nightly_cron: str = Field(
        "30 2 * * *", description="when the nightly run is due: five cron fields, UTC"
    )
    api_host: str = Field("127.0.0.1", description="the address that the API listens on")
    api_port: int = Field(8400, ge=1, le=65_535, description="the port of the API")
    ui_port: int = Field(8501, ge=1, le=65_535, description="the port of the dashboard")
    api_url: str | None = Field(
        None,
        description="the API that `comptroller ui` asks, and with api_token also `costs`, `submit`"
        " and `plan show`",
    )
    api_token: SecretStr | None = Field(
        None,
        description="the token that `costs`, `submit` and `plan show` show to api_url; without it"
        " they work on this host",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="the least severe log lines that are written"
    )
    log_format: Literal["console", "json"] = Field(
        "console", description="how log lines are written to standard error"
    )
    demo: bool = Field(
        default=False, description="whether the numbers are an invented company's; shown everywhere"
    )
    snapshot_keep_days: int = Field(
        30, ge=1, description="how long the lake can be read as it was (days)"
    )

    @field_validator("exchange_rates")
    @classmethod
    def _rates_can_be_used(cls, rates: dict[str, Decimal]) -> dict[str, Decimal]:
        """Codes count in capitals, as the environment brings the names of variables in small."""
        for currency, rate in rates.items():
            if re.fullmatch("[A-Za-z]{3}", currency) is None or not rate > 0:
                raise ValueError(f"{currency} = {rate} must be an ISO 4217 code and a rate above 0")
        return {currency.upper(): rate for currency, rate in rates.items()}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the settings file; nothing else is looked at."""
        del dotenv_settings, file_secret_settings
        named = init_settings().get("config") or env_settings().get("config")
        return init_settings, env_settings, TomlSource(settings_cls, named)


class TomlSource(PydanticBaseSettingsSource):
    """The settings file."""

    def __init__(self, settings_cls: type[BaseSettings], named: str | Path | None) -> None:
        """Read ``named``, or ``comptroller.toml`` in this folder if there is one.

        Raises:
            InputError: When the file is missing though named, is no TOML, or has unknown keys.
        """
        super().__init__(settings_cls)
        self.path = Path(named or "comptroller.toml").expanduser()
        self.values = self._read(required=named is not None)

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ANN401 -- the base class says so
        """Give one value; TOML has types, so nothing is parsed further."""
        del field
        return self.values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Give all values."""
        return self.values

    def _read(self, *, required: bool) -> dict[str, Any]:
        try:
            values = tomllib.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            if required:
                raise InputError(f"the settings file {self.path} does not exist") from error
            return {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{self.path} is no TOML: {error}") from error
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {error.strerror}") from error
        accepted = set(Settings.model_fields) - Settings.toml_keys_refused
        if unknown := sorted(set(values) - accepted):
            raise InputError(
                f"{self.path}: unknown key {', '.join(unknown)}; accepted are "
                f"{', '.join(sorted(accepted))}"
            )
        return values


@dataclass(frozen=True, slots=True)
class SettingOrigin:
    """One setting as it came out, masked if it is secret, and where it came from."""

    name: str
    value: Any
    origin: str


def read_settings(**overrides: Any) -> Settings:  # noqa: ANN401 -- any setting by its name
    """Read the settings, ``overrides`` first.

    Raises:
        InputError: When a value cannot be used; the sentence names the setting.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        problems = "; ".join(_problem(dict(detail)) for detail in error.errors())
        raise InputError(f"the configuration cannot be used: {problems}") from error
    except SettingsError as error:
        raise InputError(f"the configuration cannot be used: {error}; lists are JSON") from error


def origins(settings: Settings, environ: Mapping[str, str]) -> list[SettingOrigin]:
    """Say for every setting what it is and where it came from."""
    file = TomlSource(Settings, settings.config)
    values = settings.model_dump(mode="json")
    return [
        SettingOrigin(name, values[name], _origin(name, environ, file))
        for name in type(settings).model_fields
    ]


def _origin(name: str, environ: Mapping[str, str], file: TomlSource) -> str:
    variable = f"{PREFIX}{name}".upper()
    for key, value in environ.items():
        if value and (key.upper() == variable or key.upper().startswith(f"{variable}__")):
            return f"env {key}"
    return f"file {file.path}" if name in file.values else "default"


def _problem(detail: dict[str, Any]) -> str:
    parts = detail["loc"]
    if parts[:1] == ("sources",):  # What follows the number is the type, which is no key.
        parts = parts[:2] + parts[3:]
    place = ".".join(str(part) for part in parts)
    variable = f"{PREFIX}{detail['loc'][0]}".upper() if detail["loc"] else "?"
    return f"{place} ({variable} or the settings file): {detail['msg']}"
