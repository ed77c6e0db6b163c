"""Debian's own Prometheus: a week of 64 GPUs, a scraped exporter, limits, sign-in and TLS."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pyarrow.parquet as pq
import pytest
import trustme

from ingest.port import Announcement, Kind, RejectedSourceError
from ingest.prometheus.client import PrometheusClient
from ingest.prometheus.errors import TooMuch
from ingest.settings import PrometheusSettings
from ingest.sources.prometheus.source import PrometheusUsage
from ingest.sources.prometheus.stretches import Stretches
from service.bootstrap import Wiring
from service.usecases.load_source import Loaded, load_source
from tests.peers.gpu_history import ACTIVITY, HOURS, SHARE_METRIC, Row, fleet_history
from tests.peers.prometheus import TRIES, backfill, exporter, prometheus
from warehouse.load_state import loader

pytestmark = [pytest.mark.needs_peers, pytest.mark.timeout(600)]

START = datetime(2026, 11, 14, tzinfo=UTC)
START_MS = int(START.timestamp()) * 1000
HOUR_MS = 3_600_000
STEP_MS = 60_000
TOLD = (
    ACTIVITY,
    "DCGM_FI_DEV_FB_USED",
    SHARE_METRIC,
    "vllm:prompt_tokens_total",
    "vllm:generation_tokens_total",
)
KINDS = ("utilised", "unused", "no_process", "unobserved")
Key = tuple[int, str, str, str, str]


def setting_of(url: str, **changes: Any) -> PrometheusSettings:  # noqa: ANN401 - any setting
    """Return settings that ask for what the history tells."""
    unused = ("sm", "tensor", "dram", "memory_free", "power", "energy", "xid", "requests")
    usual = {
        "name": "gpus",
        "type": "prometheus",
        "url": url,
        "since": START.date(),
        "step_s": STEP_MS / 1000,
        "share_metric": SHARE_METRIC,
        "replicas": {"gpu-6": 4},
        "activity_fallback_metric": "",
        "processes_metric": "",
        **{f"{name}_metric": "" for name in unused},
    }
    return PrometheusSettings.model_validate({**usual, **changes})


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a server's data with the week of the fleet."""
    folder = tmp_path_factory.mktemp("history")
    backfill(fleet_history().open_metrics(START_MS, STEP_MS, TOLD), folder)
    return folder


@pytest.fixture
def url(history: Path) -> Iterator[str]:
    """A server over the week, which loads at most 5,000 samples for a query."""
    with prometheus(history, flags={"query.max-samples": "5000"}) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def load(wiring: Wiring, tmp_path: Path) -> Callable[[PrometheusSettings], list[Loaded]]:
    """Load what a server has into the test's lake."""

    def run(setting: PrometheusSettings) -> list[Loaded]:
        return load_source(
            PrometheusUsage(setting, clock=wiring.clock),
            lake=wiring.lake,
            engine=wiring.engine,
            store=wiring.store,
            new_id=wiring.new_id,
            clock=wiring.clock,
            temp_folder=tmp_path / "temp",
        )

    return run


def rows_in(wiring: Wiring) -> list[dict[str, Any]]:
    """Return what the lake holds."""
    with loader(wiring.engine).connection(wiring.lake.view(["gpu_usage"])) as connection:
        found = connection.execute("SELECT * REPLACE (epoch_ms(hour) AS hour) FROM gpu_usage")
        names = [one[0] for one in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def key_of(row: dict[str, Any]) -> Key:
    """Return whose hour of which GPU or slice a row is."""
    uuid, part, namespace, pod = (
        row[one] or "" for one in ("gpu_uuid", "slice", "namespace", "pod")
    )
    return (row["hour"], uuid, part, namespace, pod)


def kinds_of(row: dict[str, Any]) -> dict[str, int]:
    """Say what became of a holder's time, as the accounts do."""
    active, absent = row["activity_ms"] or 0, row["no_process_ms"] or 0
    return {
        "utilised": active,
        "unused": row["observed_ms"] - active - absent,
        "no_process": absent,
        "unobserved": row["allocated_ms"] - row["observed_ms"],
    }


def planted() -> dict[Key, Row]:
    """Return the truth by the same key."""
    return {
        (
            START_MS + row.hour * HOUR_MS,
            row.part.gpu_uuid,
            row.part.slice,
            row.namespace,
            row.pod,
        ): row
        for row in fleet_history().truth()
    }


def free_ms(capacity: Mapping[Key, int], held: Mapping[Key, int]) -> dict[tuple[int, str], int]:
    """Return what of each GPU and hour nobody held; a part's capacity counts once."""
    left: dict[tuple[int, str], int] = {}
    for (at, uuid, *_), have_ms in {(*key[:3], "", ""): ms for key, ms in capacity.items()}.items():
        left[at, uuid] = left.get((at, uuid), 0) + have_ms
    for (at, uuid, *_), taken_ms in held.items():
        left[at, uuid] -= taken_ms
    return left


def test_every_millisecond_of_a_week_of_64_gpus_is_found(
    wiring: Wiring, load: Callable[[PrometheusSettings], list[Loaded]], url: str
) -> None:
    """64 x 168 GPU-hours of 3,600,000 ms: what each holder did, and what nobody held."""
    truth = planted()

    done = load(setting_of(url))

    assert [(one.outcome, one.reason, one.notes) for one in done] == [("loaded", None, ())] * 8
    rows = {key_of(row): row for row in rows_in(wiring)}
    capacity = {key: row["capacity_ms"] for key, row in rows.items()}
    whole = free_ms(capacity, {})
    assert (len(whole), set(whole.values())) == (64 * HOURS, {HOUR_MS})
    found = {key: kinds_of(row) for key, row in rows.items() if row["pod"]}
    held = {key: row.kinds for key, row in truth.items() if row.pod}
    assert set(found) == set(held)
    wrong = {
        key: (found[key], kinds)
        for key, kinds in held.items()
        if any(abs(found[key][kind] - kinds.get(kind, 0)) > 1 for kind in KINDS)
    }
    assert wrong == {}
    allocated = {key: row["allocated_ms"] for key, row in rows.items()}
    planted_free = dict.fromkeys(whole, 0)
    for (at, uuid, *_), row in truth.items():
        planted_free[at, uuid] += 0 if row.pod else sum(row.kinds.values())
    assert free_ms(capacity, allocated) == planted_free


def test_what_was_read_twice_gives_the_same_rows(
    wiring: Wiring, load: Callable[[PrometheusSettings], list[Loaded]], url: str
) -> None:
    """The 18th and 19th are settled; the open 20th is read again, and is the same."""
    setting = setting_of(url, since=date(2026, 11, 18))
    first = load(setting)
    rows = sorted(map(str, rows_in(wiring)))

    again = load(setting)

    assert [one.outcome for one in first] == ["loaded"] * 4
    assert [(one.period, one.outcome) for one in again] == [
        ("2026-11-20", "unchanged"),
        ("2026-11-21", "unchanged"),
    ]
    assert sorted(map(str, rows_in(wiring))) == rows


def test_the_servers_own_limit_is_met_by_shorter_stretches(url: str) -> None:
    """An hour of the activity has 60 samples of more than 100 series, and 5,000 may be loaded."""
    with PrometheusClient(setting_of(url)) as client:
        with pytest.raises(TooMuch, match="would load too many samples"):
            client.samples(ACTIVITY, START_MS, START_MS + HOUR_MS)
        found = list(Stretches(client).read(ACTIVITY, START_MS, START_MS + HOUR_MS))

    assert len(found) == 2
    assert sum(len(one.times_ms) for answer in found for one in answer.series) > 6000


def test_a_server_with_a_history_lacks_nothing(url: str) -> None:
    """After two days of it: metrics, pods, the step of a minute, the first day."""
    source = PrometheusUsage(setting_of(url), clock=lambda: START + timedelta(days=2))

    assert [one for one in source.check() if not one.passed] == []


LABELS = (
    'gpu="0",UUID="GPU-a",pci_bus_id="00000000:0F:00.0",device="nvidia0",'
    'modelName="NVIDIA H100 80GB HBM3",Hostname="node-1",container="main",namespace="vision",'
    'pod="train-0"'
)
EXPORTED = f"""\
# HELP DCGM_FI_PROF_GR_ENGINE_ACTIVE Ratio of time the graphics engine is active.
# TYPE DCGM_FI_PROF_GR_ENGINE_ACTIVE gauge
DCGM_FI_PROF_GR_ENGINE_ACTIVE{{{LABELS}}} 0.75
# HELP DCGM_FI_DEV_FB_USED Framebuffer memory used (in MiB).
# TYPE DCGM_FI_DEV_FB_USED gauge
DCGM_FI_DEV_FB_USED{{{LABELS}}} 40000
"""
"""What dcgm-exporter says of a GPU that a pod holds."""


def test_an_exporter_that_is_scraped_is_read_with_prometheus_own_labels(tmp_path: Path) -> None:
    """The target's own pod makes the exporter's exported_pod: the holder is train-0."""
    with exporter(EXPORTED) as target, prometheus(tmp_path, target=target) as port:
        setting = setting_of(f"http://127.0.0.1:{port}", since=date(2020, 1, 1), step_s=1)
        with PrometheusClient(setting) as client:
            now = _scraped(client)
        source = PrometheusUsage(setting, clock=lambda: now + timedelta(hours=2))
        announced = Announcement(Kind.USAGE, now.date().isoformat(), None, None, "")
        delivery = source.fetch(announced, tmp_path, 7)

    [row] = [r for r in pq.read_table(delivery.files[0].uri).to_pylist() if r["observed_ms"]]
    assert (row["namespace"], row["pod"], row["host"]) == ("vision", "train-0", "node-1")
    assert row["activity_ms"] == round(0.75 * row["observed_ms"])


def _scraped(client: PrometheusClient) -> datetime:
    """Ask until there are three samples."""
    for _ in range(TRIES):
        at = datetime.now(UTC)
        now_ms = int(at.timestamp()) * 1000 + 1000
        found = client.samples(ACTIVITY, now_ms - 60_000, now_ms)
        if found.series and len(found.series[0].times_ms) >= 3:
            return at
        Event().wait(0.1)
    raise RuntimeError("nothing was scraped")


WEB = """\
tls_server_config:
  cert_file: {folder}/server.pem
  key_file: {folder}/server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: {folder}/ca.pem
basic_auth_users:
  ops: $2b$04$6v3XiyAyYeKg.J4vgyktveJCv6qRNJIK3aWdkrhz4iAxayjBGN4x6
"""
PASSWORD = "only-for-tests"  # noqa: S105 - the one of the hash, of a server of one test


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A server that wants a certificate and a password, and the settings that have both."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    for name, who in (("server", "localhost"), ("shown", "comptroller")):
        issued = authority.issue_cert(who)
        issued.cert_chain_pems[0].write_to_path(tmp_path / f"{name}.pem")
        issued.private_key_pem.write_to_path(tmp_path / f"{name}.key")
    with prometheus(tmp_path, web_config=WEB.format(folder=tmp_path)) as port:
        yield {
            "url": f"https://localhost:{port}",
            "ca_file": str(tmp_path / "ca.pem"),
            "certificate_file": str(tmp_path / "shown.pem"),
            "key_file": str(tmp_path / "shown.key"),
            "username": "ops",
            "password": PASSWORD,
        }


def test_a_certificate_and_a_password_open_the_server(guarded: dict[str, Any]) -> None:
    """It answers to a question without any series."""
    with PrometheusClient(setting_of(**guarded)) as client:
        [found] = client.vector("vector(1)", START_MS)

    assert found["value"][1] == "1"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"password": "another"}, "the sign-in is refused; look at bearer_token, or at username"),
        ({"certificate_file": None, "key_file": None}, "look at certificate_file and key_file"),
        ({"ca_file": None}, "the certificate is not trusted; set ca_file"),
    ],
)
def test_what_a_guarded_server_refuses_names_the_setting(
    guarded: dict[str, Any], wrong: dict[str, Any], told: str
) -> None:
    """Password, our certificate, its certificate: each wrong on its own."""
    with (
        PrometheusClient(setting_of(**(guarded | wrong)), pause=lambda _: None) as client,
        pytest.raises(RejectedSourceError, match=told),
    ):
        client.vector("vector(1)", START_MS)
