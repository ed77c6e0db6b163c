"""Settings: where each comes from, what is refused, what is masked."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from ingest.settings import FilesSettings
from service.config import Settings, origins, read_settings
from service.errors import InputError

FOLDER = Path(__file__).parent


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings file lies in the current folder."""
    monkeypatch.chdir(tmp_path)


def origin(name: str, environ: dict[str, str]) -> tuple[object, str]:
    """Value and origin of one setting."""
    found = {setting.name: setting for setting in origins(read_settings(), environ)}
    return found[name].value, found[name].origin


def test_the_defaults_work_and_hold_no_secret() -> None:
    """Without any configuration each setting has a valid value, and each secret is unset."""
    settings = read_settings()

    secrets = (settings.database_url, settings.database_owner_url, settings.api_token)
    assert secrets == (None, None, None)
    assert settings.api_host == "127.0.0.1"


def test_arguments_beat_the_environment_beats_the_file_beats_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four ports: 1 as an argument, 2 in the environment, 3 in the file, 8400 by default."""
    found = [read_settings().api_port]
    (tmp_path / "comptroller.toml").write_text("api_port = 3\n")
    found.append(read_settings().api_port)
    monkeypatch.setenv("COMPTROLLER_API_PORT", "2")
    found.append(read_settings().api_port)
    found.append(read_settings(api_port=1).api_port)

    assert found == [8400, 3, 2, 1]


def test_the_origin_of_a_value_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable, the file, or the default; an empty variable counts as not set."""
    (tmp_path / "comptroller.toml").write_text("api_port = 3\nplan_seed = 4\n")
    monkeypatch.setenv("COMPTROLLER_API_PORT", "2")
    monkeypatch.setenv("COMPTROLLER_UI_PORT", "")
    environ = {"COMPTROLLER_API_PORT": "2", "COMPTROLLER_UI_PORT": ""}

    told = [origin(name, environ) for name in ("api_port", "plan_seed", "ui_port")]

    assert told == [
        (2, "env COMPTROLLER_API_PORT"),
        (4, "file comptroller.toml"),
        (8501, "default"),
    ]


def test_secrets_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address of the database holds a password, so all of it is hidden, in every form."""
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", "postgresql://ann:geheim@host/name")

    value, _ = origin("database_url", {})

    assert value == "**********"
    assert "geheim" not in repr(read_settings())


def test_nested_values_come_from_variables_with_two_underscores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """``COMPTROLLER_EXCHANGE_RATES__EUR`` sets one rate of the table, exactly."""
    monkeypatch.setenv("COMPTROLLER_EXCHANGE_RATES__EUR", "1.08")

    rates = read_settings().exchange_rates

    assert rates == {"EUR": Decimal("1.08")}
    assert origin("exchange_rates", {"COMPTROLLER_EXCHANGE_RATES__EUR": "1.08"})[1] == (
        "env COMPTROLLER_EXCHANGE_RATES__EUR"
    )


def test_sources_come_from_the_file_or_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same source, written as a ``[[sources]]`` table and as JSON in a variable."""
    expected = [FilesSettings(name="aws", kind="focus", path="bills/*.parquet")]
    table = '[[sources]]\nname = "aws"\nkind = "focus"\npath = "bills/*.parquet"\n'
    (tmp_path / "comptroller.toml").write_text(table)
    from_file = read_settings().sources
    (tmp_path / "comptroller.toml").unlink()
    monkeypatch.setenv(
        "COMPTROLLER_SOURCES",
        json.dumps([{"name": "aws", "kind": "focus", "path": "bills/*.parquet"}]),
    )

    from_environment = read_settings().sources

    assert from_file == from_environment == expected


def test_another_settings_file_can_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``COMPTROLLER_CONFIG`` names it; the one in the current folder is not read then."""
    (tmp_path / "comptroller.toml").write_text("api_port = 3\n")
    (tmp_path / "other.toml").write_text("api_port = 4\n")
    monkeypatch.setenv("COMPTROLLER_CONFIG", str(tmp_path / "other.toml"))

    port = read_settings().api_port

    assert port == 4


def test_a_named_settings_file_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names a file means it."""
    monkeypatch.setenv("COMPTROLLER_CONFIG", "missing.toml")

    with pytest.raises(InputError, match=r"missing\.toml does not exist"):
        read_settings()


def test_an_unknown_key_is_refused_with_the_keys_that_are_accepted(tmp_path: Path) -> None:
    """``api_prot`` is named, and ``api_port`` is among the accepted keys."""
    (tmp_path / "comptroller.toml").write_text("api_prot = 1\n")

    with pytest.raises(InputError, match=r"unknown key api_prot; accepted are .*api_port"):
        read_settings()


def test_the_settings_file_cannot_name_another_one(tmp_path: Path) -> None:
    """``config`` is for the environment only."""
    (tmp_path / "comptroller.toml").write_text('config = "other.toml"\n')

    with pytest.raises(InputError, match="unknown key config"):
        read_settings()


@pytest.mark.parametrize("content", [b"api_port = \n", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    """A value is missing; or the bytes are not UTF-8."""
    (tmp_path / "comptroller.toml").write_bytes(content)

    with pytest.raises(InputError, match=r"comptroller\.toml is no TOML"):
        read_settings()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A folder has the name of the settings file."""
    (tmp_path / "comptroller.toml").mkdir()

    with pytest.raises(InputError, match=r"comptroller\.toml cannot be read"):
        read_settings()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("COMPTROLLER_API_PORT", "http", r"api_port \(COMPTROLLER_API_PORT .*valid integer"),
        ("COMPTROLLER_API_PORT", "70000", "less than or equal to 65535"),
        ("COMPTROLLER_PLANNING_CURRENCY", "dollar", "planning_currency"),
        ("COMPTROLLER_EXCHANGE_RATES", '{"EUR": "0"}', "a rate above 0"),
        ("COMPTROLLER_EXCHANGE_RATES", '{"Euro": "1"}', "ISO 4217"),
        ("COMPTROLLER_SOURCES", '[{"name": "x", "path": "a", "kin": 1}]', r"sources\.0\.kin"),
        (
            "COMPTROLLER_SOURCES",
            '[{"name": "x", "type": "aws-export", "bucket": "s3://x", "since": "2026-01"}]',
            r"sources\.0\.bucket.*'s3://x' is not .* is the bucket's name only, as my-bucket;",
        ),
        ("COMPTROLLER_SOURCES", "aws", "sources.*lists are JSON"),
        (
            "COMPTROLLER_SOURCES",
            '[{"name": "x", "path": "a"}, {"name": "x", "path": "b"}]',
            "'x' is the name of several; each source needs a name of its own",
        ),
        (
            "COMPTROLLER_SOURCES",
            '[{"name": "x", "type": "azure-details", "scope": "s", "since": "2026-13"}]',
            "'2026-13' is not accepted; accepted is a month, as 2026-01",
        ),
        ("COMPTROLLER_LOG_FORMAT", "xml", "'console' or 'json'"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    """The sentence names the setting, its variable, and what is accepted."""
    monkeypatch.setenv(variable, value)

    with pytest.raises(InputError, match=said):
        read_settings()


def test_a_secret_is_not_repeated_in_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else is wrong, the token does not appear in the sentence."""
    monkeypatch.setenv("COMPTROLLER_API_TOKEN", "geheim")
    monkeypatch.setenv("COMPTROLLER_API_PORT", "geheim")

    with pytest.raises(InputError) as refusal:
        read_settings()

    assert "geheim" not in str(refusal.value)


def test_settings_cannot_be_changed_afterwards() -> None:
    """They are read once; an assignment fails."""
    settings = read_settings()

    with pytest.raises(ValueError, match="frozen"):
        settings.api_port = 1  # type: ignore[misc]


def test_every_setting_says_what_it_is_for() -> None:
    """A field without a description would be missing from the documentation."""
    silent = [name for name, field in Settings.model_fields.items() if not field.description]

    assert silent == []
