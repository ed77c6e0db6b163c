"""Asking a Prometheus over HTTP: what is tried again, what is asked for in parts, what is told."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from ingest.port import RejectedSourceError, TransientSourceError
from ingest.prometheus.client import PrometheusClient
from ingest.prometheus.errors import TooMuch
from ingest.settings import PrometheusSettings
from ingest.sources.prometheus.stretches import Stretches
from tests.ingest.prometheus.conftest import HOUR_MS, START_MS, STEP_MS, hour, setting_of
from tests.peers.fake_prometheus import FakePrometheus, Scripted, busy, failure, success

ACTIVITY = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"


Clients = Callable[..., PrometheusClient]


@pytest.fixture
def client_of() -> Iterator[Clients]:
    """Make clients that note how long they would wait."""
    with ExitStack() as stack:

        def made(setting: PrometheusSettings, waits: list[float] | None = None) -> PrometheusClient:
            pause = ([] if waits is None else waits).append
            return stack.enter_context(PrometheusClient(setting, pause=pause))

        yield made


def times(client: PrometheusClient, start_ms: int, end_ms: int) -> list[int]:
    """Return when the samples of a stretch were taken."""
    found = Stretches(client).read(ACTIVITY, start_ms, end_ms)
    return [int(at) for answer in found for one in answer.series for at in one.times_ms]


@pytest.mark.parametrize("version", [2, 3])
def test_a_stretch_is_half_open_whatever_the_server_closes(
    client_of: Clients, busy_gpu: FakePrometheus, setting: PrometheusSettings, version: int
) -> None:
    """Of 00:00 to 01:00 the six samples from 00:00 to 00:50 are given, and 01:00 is not."""
    busy_gpu.version = version

    found = times(client_of(setting), hour(0), hour(1))

    assert found == [START_MS + n * STEP_MS for n in range(6)]


@pytest.mark.parametrize("version", [2, 3])
def test_a_sample_one_millisecond_early_belongs_to_the_hour_before(
    client_of: Clients, peer: FakePrometheus, setting: PrometheusSettings, version: int
) -> None:
    """Scrapes at 00:59:59.999 and 01:00:00.000 are of two hours."""
    peer.version = version
    peer.add(ACTIVITY, [0.1, 0.2], start_ms=hour(1) - 1, step_ms=1)

    found = [times(client_of(setting), hour(n), hour(n + 1)) for n in (0, 1)]

    assert found == [[hour(1) - 1], [hour(1)]]


def test_what_the_server_refuses_is_asked_for_in_halves(
    client_of: Clients, busy_gpu: FakePrometheus, setting: PrometheusSettings
) -> None:
    """Two samples at most: 60, 30 and then 15 minutes; the next hour begins with 15."""
    busy_gpu.most_samples = 2
    stretches = Stretches(client_of(setting))

    first = list(stretches.read(ACTIVITY, hour(0), hour(1)))
    again = list(stretches.read(ACTIVITY, hour(1), hour(2)))

    assert [sum(len(s.times_ms) for s in one.series) for one in first] == [2, 1, 2, 1]
    assert len(again) == 4
    asked = [int(one.split("[")[1].rstrip("ms]")) // 60_000 for one in busy_gpu.queries()]
    assert asked == [60, 30, 15, 15, 15, 15, 15, 15, 15, 15]


@pytest.mark.parametrize(
    "refused",
    [
        failure(400, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries"),
        failure(422, "execution", "the query hit the max number of series limit"),
        failure(503, "timeout", "query timed out in expression evaluation"),
        Scripted(413, b"<html>Request Entity Too Large</html>"),
        Scripted(504, b"upstream request timeout"),
    ],
)
def test_every_way_to_refuse_a_size_leads_to_a_shorter_stretch(
    client_of: Clients, busy_gpu: FakePrometheus, setting: PrometheusSettings, refused: Scripted
) -> None:
    """All six samples of the hour come in two halves, and nothing is waited for."""
    busy_gpu.scripted.append((ACTIVITY, refused))
    waits: list[float] = []

    found = times(client_of(setting, waits), hour(0), hour(1))

    assert len(found) == 6
    assert [one.split("[")[1] for one in busy_gpu.queries()] == ["3600000ms]"] + 2 * ["1800000ms]"]
    assert waits == []


def test_an_answer_that_is_longer_than_wanted_is_not_read_to_its_end(
    client_of: Clients,
    busy_gpu: FakePrometheus,
) -> None:
    """1,000 samples make 1 MiB the longest answer; one of 2 MiB is asked for in halves."""
    setting = setting_of(busy_gpu.url, max_samples_per_query=1000)
    busy_gpu.scripted.append((ACTIVITY, Scripted(body=b" " * (2 << 20))))

    assert len(times(client_of(setting), hour(0), hour(1))) == 6
    assert len(busy_gpu.queries()) == 3


def test_a_minute_that_is_refused_is_told_with_the_servers_words(
    client_of: Clients, busy_gpu: FakePrometheus, setting: PrometheusSettings
) -> None:
    """60, 30, 15, 7.5, 3.75, 1.875 minutes and then 1: seven questions."""
    busy_gpu.most_samples = 0

    with pytest.raises(TransientSourceError, match=r"even by the minute .*too many samples"):
        list(Stretches(client_of(setting)).read(ACTIVITY, hour(0), hour(1)))
    assert len(busy_gpu.queries()) == 7


def test_a_server_that_says_nothing_in_time_is_asked_for_less(
    client_of: Clients, busy_gpu: FakePrometheus
) -> None:
    """After 0.2 seconds of silence the hour is asked for in halves."""
    busy_gpu.scripted.append((ACTIVITY, Scripted(slow=True)))
    setting = setting_of(busy_gpu.url, timeout_s=0.2)

    assert len(times(client_of(setting), hour(0), hour(1))) == 6


def test_an_answer_that_never_ends_is_not_waited_for(
    client_of: Clients, busy_gpu: FakePrometheus
) -> None:
    """A blank every 10 milliseconds; after 0.2 seconds it is asked for in halves."""
    busy_gpu.scripted.append((ACTIVITY, Scripted(drips=True)))
    setting = setting_of(busy_gpu.url, timeout_s=0.2)

    assert len(times(client_of(setting), hour(0), hour(1))) == 6


def test_a_server_that_hangs_is_not_waited_for_by_each_metric_anew(
    client_of: Clients, peer: FakePrometheus
) -> None:
    """The first metric is asked for seven times, down to a minute, the second once."""
    peer.always.append(("DCGM", Scripted(slow=True)))
    stretches = Stretches(client_of(setting_of(peer.url, timeout_s=0.05)))

    for metric in (ACTIVITY, "DCGM_FI_DEV_FB_USED"):
        with pytest.raises(TransientSourceError, match=r"no answer within 0\.05 s"):
            list(stretches.read(metric, hour(0), hour(1)))

    assert len(peer.queries()) == 8


@pytest.mark.parametrize(
    "fault",
    [
        busy(429),
        busy(503),
        Scripted(502, b"<html>Bad Gateway</html>"),
        Scripted(200, b"<html>please sign in</html>"),
        Scripted(200, b'{"status":"success","data":{"resultType":"vector","result":[]}}'),
        Scripted(200, b'{"status":"success","data":{"resultType":"matrix","re'),
        Scripted(200, b'{"status":"success"', cut=True),
        Scripted(200, b"no gzip", {"Content-Encoding": "gzip"}),
    ],
)
def test_what_passes_by_itself_is_tried_again(
    client_of: Clients, busy_gpu: FakePrometheus, setting: PrometheusSettings, fault: Scripted
) -> None:
    """Three faults, then the answer with its six samples."""
    busy_gpu.scripted += [(ACTIVITY, fault)] * 3

    assert len(times(client_of(setting), hour(0), hour(1))) == 6


def test_the_server_says_how_long_to_wait(
    client_of: Clients, busy_gpu: FakePrometheus, setting: PrometheusSettings
) -> None:
    """Retry-After of 7 seconds and of an hour, which is too long; without it 4 seconds."""
    for wait in ({"Retry-After": "7"}, {"Retry-After": "3600"}, {}):
        busy_gpu.scripted.append((ACTIVITY, Scripted(429, b"", wait)))
    waits: list[float] = []

    times(client_of(setting, waits), hour(0), hour(1))

    assert waits == [7, 60, 4]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (busy(503), r"the server is busy \(status 503: busy\); try again later"),
        (busy(429), r"the server is busy \(status 429: busy\); try again later"),
        (Scripted(200, b"garbage"), "the answer is none of Prometheus's"),
    ],
)
def test_what_does_not_pass_is_left_to_the_next_run(
    client_of: Clients,
    peer: FakePrometheus,
    setting: PrometheusSettings,
    fault: Scripted,
    told: str,
) -> None:
    """Four tries, then a sentence with the place."""
    peer.always.append((ACTIVITY, fault))

    with pytest.raises(TransientSourceError, match=f"^Prometheus at {peer.url}: {told}"):
        times(client_of(setting), hour(0), hour(1))
    assert len(peer.asked) == 4


def test_a_server_that_is_down_is_left_to_the_next_run(client_of: Clients) -> None:
    """Nobody listens at port 1: four tries, waiting 1, 2 and 4 seconds."""
    waits: list[float] = []

    with pytest.raises(TransientSourceError, match="cannot be reached; look whether it runs"):
        times(client_of(setting_of("http://127.0.0.1:1"), waits), hour(0), hour(1))
    assert waits == [1, 2, 4]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Scripted(401, b"unauthorized"), "the sign-in is refused; look at bearer_token"),
        (Scripted(401, b"x" * (1 << 20)), "the sign-in is refused; look at bearer_token"),
        (Scripted(403, b"no"), "give it the right to query"),
        (Scripted(404, b"404 page not found"), "no Prometheus API at this address; look at url"),
        (Scripted(302, b"", {"Location": "/login"}), "no Prometheus API at this address"),
        (failure(400, "bad_data", "parse error"), "look at matchers.*400: parse error"),
    ],
)
def test_what_somebody_has_to_change_is_not_tried_again(
    client_of: Clients,
    peer: FakePrometheus,
    setting: PrometheusSettings,
    fault: Scripted,
    told: str,
) -> None:
    """One question, and a sentence that names the setting."""
    peer.always.append((ACTIVITY, fault))

    with pytest.raises(RejectedSourceError, match=told):
        times(client_of(setting), hour(0), hour(1))
    assert len(peer.asked) == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b',"isPartial":true}', ("the server says that it is not whole",)),
        (b',"warnings":["store a: down","b"]}', ("store a: down", "b")),
        (b',"infos":["metric might not be a counter"]}', ()),
    ],
)
def test_an_answer_may_say_that_it_is_partial(
    client_of: Clients,
    peer: FakePrometheus,
    setting: PrometheusSettings,
    body: bytes,
    told: tuple[str, ...],
) -> None:
    """Thanos and Prometheus warn, VictoriaMetrics says isPartial; a remark is no warning."""
    whole = success({"resultType": "matrix", "result": []}).body
    peer.scripted.append((ACTIVITY, Scripted(body=whole[:-1] + body)))

    found = client_of(setting).samples(ACTIVITY, hour(0), hour(1))

    assert found.warnings == told


def test_an_error_in_an_answer_is_told(
    client_of: Clients, peer: FakePrometheus, setting: PrometheusSettings
) -> None:
    """Status 200, and in the text that it failed."""
    peer.always.append(("vector", failure(200, "internal", "out of order")))

    with pytest.raises(TransientSourceError, match=r"none of Prometheus's \(out of order\)"):
        client_of(setting).vector("vector(1)", START_MS)


def test_a_series_without_a_sample_of_the_stretch_is_left_out(
    client_of: Clients, peer: FakePrometheus, setting: PrometheusSettings
) -> None:
    """Prometheus 2 gives 00:59:59.999 with the second hour, and there is nothing else."""
    peer.add(ACTIVITY, [0.1], start_ms=hour(1) - 1, step_ms=1)

    [answer] = Stretches(client_of(setting)).read(ACTIVITY, hour(1), hour(2))

    assert answer.series == ()


def test_a_wrong_size_of_a_label_question_is_told(
    client_of: Clients, peer: FakePrometheus, setting: PrometheusSettings
) -> None:
    """Labels are not cut into parts: whoever asks has to say so."""
    peer.scripted.append(("labels", failure(422, "execution", "too many series")))

    with pytest.raises(TooMuch, match="status 422: too many series"):
        client_of(setting).labels(ACTIVITY, START_MS, START_MS + HOUR_MS)
