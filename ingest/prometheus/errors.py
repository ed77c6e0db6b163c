"""What Prometheus's refusals mean: ask for less, ask later, or change something first."""

import json
import re

import httpx

from ingest.port import RejectedSourceError, SourceError, TransientSourceError

_OK = 200
_BAD_REQUEST = 400
_FORBIDDEN = 403
_UNAUTHORIZED = 401
_TOO_LARGE = 413
_UNPROCESSABLE = 422
_BUSY = frozenset({408, 425, 429})
_SERVER_ERRORS = 500
_LONGEST_WORDS = 300

_LIMIT = re.compile(r"exceed|too many|too large|too long|limit|maximum", re.IGNORECASE)
"""What servers say of a question that asks for more than they give at once."""

_TIMED_OUT = re.compile(r"timed out|timeout|deadline", re.IGNORECASE)

_OUR_CERTIFICATE = re.compile(
    "certificate required|bad certificate|unknown ca|handshake failure", re.IGNORECASE
)
"""What a server's alert is called where it does not like the certificate shown to it."""


class TooMuch(Exception):
    """The server gives less than that at once, or not in time (``slow``); less may pass."""

    def __init__(self, words: str, *, slow: bool = False) -> None:
        """Keep what the server said."""
        super().__init__(words)
        self.slow = slow


class Busy(TransientSourceError):
    """No answer now; ``wait_s`` is how long the server asks to be left alone."""

    def __init__(self, sentence: str, wait_s: float | None = None) -> None:
        """Keep what to say, and how long to wait."""
        super().__init__(sentence)
        self.wait_s = wait_s


def refusal(status: int, headers: httpx.Headers, body: bytes, place: str) -> Exception | None:
    """Return what an answer's status means; ``None`` where it is an answer."""
    if status == _OK:
        return None
    kind, words = _said(body)
    told = f"status {status}{words and f': {words}'}"
    if _asks_for_less(status, kind, words):
        return TooMuch(told)
    if status in _BUSY or status >= _SERVER_ERRORS:
        return Busy(f"{place}: the server is busy ({told}); try again later", _wait(headers))
    return _rejected(status, told, place)


def _asks_for_less(status: int, kind: str, words: str) -> bool:
    """Say whether a shorter stretch may pass: limits have many words, and one status or two."""
    if status in {_TOO_LARGE, _UNPROCESSABLE}:
        return True
    if status == _BAD_REQUEST:
        return _LIMIT.search(words) is not None
    return status >= _SERVER_ERRORS and (kind == "timeout" or bool(_TIMED_OUT.search(words)))


def _rejected(status: int, told: str, place: str) -> SourceError:
    if status == _UNAUTHORIZED:
        advice = "the sign-in is refused; look at bearer_token, or at username and password"
    elif status == _FORBIDDEN:
        advice = "the sign-in is known but may not read here; give it the right to query"
    elif status == _BAD_REQUEST:
        advice = "the server refuses the question; look at matchers and the names of metrics"
    else:
        advice = (
            "there is no Prometheus API at this address; look at url, with any path before /api"
        )
    return RejectedSourceError(f"{place}: {advice} ({told})")


def unreachable(problem: httpx.RequestError, place: str) -> SourceError:
    """Say why nobody answered."""
    text = str(problem) or type(problem).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return RejectedSourceError(
            f"{place}: the certificate is not trusted; set ca_file to the file of your company's "
            f"certificates ({text})"
        )
    if _OUR_CERTIFICATE.search(text):
        return RejectedSourceError(
            f"{place}: the server wants another certificate from us; look at certificate_file and "
            f"key_file ({text})"
        )
    return Busy(f"{place}: the server cannot be reached; look whether it runs, and at url ({text})")


def _said(body: bytes) -> tuple[str, str]:
    """Return the kind and the words of an error; of what is no error of Prometheus, the text."""
    text = body.decode("utf-8", "replace")
    try:
        found = json.loads(text)
        kind, words = str(found.get("errorType", "")), str(found.get("error", ""))
    except (ValueError, AttributeError):
        kind, words = "", re.sub(r"<[^>]*>", " ", text)
    return kind, " ".join(words.split())[:_LONGEST_WORDS]


def _wait(headers: httpx.Headers) -> float | None:
    """Return how many seconds Retry-After asks for, where it says seconds."""
    said = headers.get("Retry-After", "").strip()
    return float(said) if said.isdigit() else None
