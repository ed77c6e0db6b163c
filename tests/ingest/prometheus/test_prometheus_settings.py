"""What can be set of a Prometheus source, and what is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from ingest.registry import source_of
from ingest.settings import PrometheusSettings
from ingest.sources.prometheus.metrics import any_of, metrics_of, selector_of
from ingest.sources.prometheus.rules import rules_of
from ingest.sources.prometheus.source import PrometheusUsage
from ingest.usage.signals import Signal

USUAL = {
    "name": "gpus",
    "type": "prometheus",
    "url": "https://prometheus.example.com/metrics/",
    "since": "2026-01-31",
}


def of(**changes: Any) -> PrometheusSettings:  # noqa: ANN401 - whatever stands in a file
    """Read settings."""
    return PrometheusSettings.model_validate({**USUAL, **changes})


def test_a_setting_becomes_a_source() -> None:
    """Nothing is asked of the server yet."""
    source = source_of(of(), clock=lambda: datetime(2026, 2, 1, tzinfo=UTC))

    assert isinstance(source, PrometheusUsage)
    assert source.name == "gpus"


def test_every_signal_but_shares_has_a_metric_of_its_own() -> None:
    """dcgm-exporter's, vLLM's and the sampler's names; no exporter tells shares by default."""
    found = metrics_of(of())

    assert set(Signal) - set(found) == {Signal.SHARE}
    assert len(set(found.values())) == len(found)


def test_a_metric_is_left_out_by_an_empty_name() -> None:
    """Of 14 metrics 13 are left."""
    assert len(metrics_of(of(xid_metric=""))) == len(metrics_of(of())) - 1


def test_matchers_choose_series() -> None:
    """They stand behind the name, or behind the names of several."""
    matchers = 'cluster="a",env!="test"'

    assert selector_of("m", matchers) == f"m{{{matchers}}}"
    assert selector_of("m", "") == "m"
    assert any_of(["m", "n"], matchers) == f'{{__name__=~"m|n",{matchers}}}'
    assert any_of(["m", "n"], "") == '{__name__=~"m|n"}'


def test_labels_and_steps_become_rules() -> None:
    """A label of another name comes before the usual ones; 2.5 seconds are 2,500 ms."""
    rules = rules_of(of(labels={"host": "nodename2"}, step_s=2.5, replicas={"dev-*": 4}))

    assert rules.labels.host[:2] == ("nodename2", "Hostname")
    assert rules.labels.pod[-1] == "pod"
    assert (rules.step_ms, dict(rules.replicas)) == (2500, {"dev-*": 4})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"url": "https://ops:secret@prometheus"}, "without user, password or question"),
        ({"url": "prometheus:9090"}, "accepted is an address as https://"),
        ({"since": "2026-02-30"}, "day value is outside expected range"),
        ({"matchers": "cluster=a"}, "accepted is label matchers as"),
        ({"matchers": '} or {job="x"'}, "accepted is label matchers as"),
        ({"activity_metric": "a b"}, "accepted is the name of a metric"),
        ({"replicas": {"*": 0}}, "greater than or equal to 1"),
        ({"labels": {"hosts": "x"}}, "Input should be 'gpu_uuid'"),
        ({"bearer_token": "a", "bearer_token_file": "b"}, "set one way to sign in"),
        ({"bearer_token": "a", "username": "b", "password": "c"}, "set one way to sign in"),
        ({"username": "b"}, "set one way to sign in"),
        ({"password": "b"}, "set one way to sign in"),
        ({"key_file": "b"}, "key_file needs certificate_file"),
        ({"settle_hours": 0}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], told: str) -> None:
    """The sentence names what is accepted."""
    with pytest.raises(ValidationError) as refused:
        of(**changes)
    messages = " ".join(one["msg"] for one in refused.value.errors())
    assert told in messages
    assert "secret" not in messages
