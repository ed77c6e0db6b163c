"""Asks Prometheus's HTTP API: tries again where that may help, and lets no answer grow for ever."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from ingest.port import TransientSourceError
from ingest.prometheus.errors import Busy, TooMuch, refusal, unreachable
from ingest.prometheus.session import http_client
from ingest.settings import PrometheusServer
from ingest.usage.matrix import Answer, read_answer

TRIES = 4
LONGEST_WAIT_S = 60.0
BYTES_A_SAMPLE = 48
"""As JSON, labels included: more than this times the most samples is more than was asked for."""

_LEAST_BYTES = 1 << 20
_LONGEST_ERROR = 1 << 16
_HEAD = 256
_PARTIAL = re.compile(rb'"isPartial"\s*:\s*true')
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

T = TypeVar("T")


class PrometheusClient:
    """One server; ``pause`` waits between tries (seconds)."""

    def __init__(
        self, setting: PrometheusServer, *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """Keep the setting; nothing is asked yet."""
        self._setting = setting
        self._pause = pause
        self._base = setting.url.rstrip("/")
        self._most_bytes = max(setting.max_samples_per_query * BYTES_A_SAMPLE, _LEAST_BYTES)

    def __enter__(self) -> Self:
        """Leave the connection open between questions."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection, if there was one; the next question opens another."""
        http: httpx.Client | None = self.__dict__.pop("_http", None)
        if http is not None:
            http.close()

    @property
    def place(self) -> str:
        """Where questions go, for messages."""
        return f"Prometheus at {self._base}"

    def samples(self, selector: str, start_ms: int, end_ms: int) -> Answer:
        """Return the raw samples of ``[start_ms, end_ms)``.

        Prometheus 2 closes a range on both sides and Prometheus 3 leaves the left open: asked one
        millisecond before the end, the first gives one millisecond too much, which is cut off by
        whoever reads, and the second exactly what is wanted.

        Raises:
            TooMuch: When the server gives less at once.
            SourceError: When it does not answer, or refuses.
        """
        question = {
            "query": f"{selector}[{end_ms - start_ms}ms]",
            "time": _stamp(end_ms - 1),
            "timeout": f"{max(int(self._setting.timeout_s * 1000), 1)}ms",
        }
        return self._ask("query", question, _matrix)

    def vector(self, question: str, at_ms: int) -> list[dict[str, Any]]:
        """Return the elements of an instant vector.

        Raises:
            TooMuch: When the server gives less at once.
            SourceError: When it does not answer, or refuses.
        """
        return self._ask("query", {"query": question, "time": _stamp(at_ms)}, _vector)

    def whole_vector(self, question: str, at_ms: int) -> list[dict[str, Any]]:
        """Return the elements of an instant vector, unless some of them may be missing.

        Raises:
            TooMuch: When the server gives less at once.
            SourceError: When it does not answer, refuses, or says that the answer is partial.
        """
        question_at = {"query": question, "time": _stamp(at_ms)}
        found, warnings = self._ask("query", question_at, _warned_vector)
        if warnings:
            raise TransientSourceError(f"the answer is partial ({warnings[0]})")
        return found

    def labels(self, selector: str, start_ms: int, end_ms: int) -> list[str]:
        """Return which labels series have around a time; none where there is no series.

        Raises:
            TooMuch: When the server gives less at once.
            SourceError: When it does not answer, or refuses.
        """
        question = {"match[]": selector, "start": _stamp(start_ms), "end": _stamp(end_ms - 1)}
        return self._ask("labels", question, _names)

    @cached_property
    def _http(self) -> httpx.Client:
        return http_client(self._setting)

    def _ask(self, path: str, question: dict[str, str], read: Callable[[bytes], T]) -> T:
        tries = Retrying(
            retry=retry_if_exception_type(Busy),
            stop=stop_after_attempt(TRIES),
            wait=_wait_s,
            sleep=self._pause,
            reraise=True,
        )
        answer: T = tries(self._once, path, question, read)
        return answer

    def _once(self, path: str, question: dict[str, str], read: Callable[[bytes], T]) -> T:
        body = self._body(f"{self._base}/api/v1/{path}", question)
        try:
            return read(body)
        except (ValueError, TypeError, KeyError, AttributeError) as problem:
            raise Busy(
                f"{self.place}: the answer is none of Prometheus's ({problem}); look at url, and "
                "at what stands between"
            ) from problem

    def _body(self, url: str, question: dict[str, str]) -> bytes:
        try:
            with self._http.stream("GET", url, params=question) as answer:
                body = self._whole(answer)
        except httpx.ReadTimeout as problem:
            raise TooMuch(f"no answer within {self._setting.timeout_s:g} s", slow=True) from problem
        except (httpx.TransportError, httpx.DecodingError) as problem:
            raise unreachable(problem, self.place) from problem
        if refused := refusal(answer.status_code, answer.headers, body, self.place):
            raise refused
        return body

    def _whole(self, answer: httpx.Response) -> bytes:
        """Read an answer, up to what it may hold and as long as it may take."""
        latest = time.monotonic() + self._setting.timeout_s
        most = self._most_bytes if answer.is_success else _LONGEST_ERROR
        body = bytearray()
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > most:
                if answer.is_success:
                    raise TooMuch(f"the answer is longer than {most:,} bytes")
                break
            if time.monotonic() > latest:
                raise TooMuch(f"no whole answer within {self._setting.timeout_s:g} s", slow=True)
        return bytes(body)


def _wait_s(state: RetryCallState) -> float:
    """Wait as long as the server asks, else 1, 2, 4 seconds."""
    problem = state.outcome.exception() if state.outcome else None
    asked = problem.wait_s if isinstance(problem, Busy) else None
    return min(2.0 ** (state.attempt_number - 1) if asked is None else asked, LONGEST_WAIT_S)


def _stamp(at_ms: int) -> str:
    """Write a time so that every server reads it to the millisecond."""
    at = _EPOCH + timedelta(milliseconds=at_ms)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _matrix(body: bytes) -> Answer:
    """Read samples; VictoriaMetrics says before them whether all were there."""
    found = read_answer(body)
    if found.warnings or not _PARTIAL.search(body, 0, _HEAD):
        return found
    return replace(found, warnings=("the server says that it is not whole",))


def _data(body: bytes) -> Any:  # noqa: ANN401 - whatever the server says
    found = json.loads(body)
    if found["status"] != "success":
        raise ValueError(str(found.get("error")))
    return found["data"]


def _vector(body: bytes) -> list[dict[str, Any]]:
    return list(_data(body)["result"])


def _warned_vector(body: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    """Read a vector, and what the server warns of; its hints about PromQL are no warnings."""
    told = json.loads(body).get("warnings") or ()
    warnings = [str(one) for one in told if not str(one).startswith("PromQL info")]
    if not warnings and _PARTIAL.search(body, 0, _HEAD):
        warnings = ["the server says that it is not whole"]
    return _vector(body), warnings


def _names(body: bytes) -> list[str]:
    return [str(one) for one in _data(body)]
