"""AWS APIs that moto lacks, answered over HTTP from botocore's own models.

Requests are parsed and replies written by moto's protocol code, so what a real client sends must
fit the model; every reply is held against the model's output shape, so it cannot drift from it.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from botocore.validate import ParamValidator
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS, RequestDict
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.datastructures import Headers, MultiDict

from tests.peers import serving as http

Params = dict[str, Any]
Handler = Callable[[Params], Params]

_CREDENTIAL = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")
FILES = "/files/"
"""Below this path lie plain files, as those that GetPriceListFileUrl names."""


class ApiError(Exception):
    """An error as the API answers it: its code, a message and the HTTP status."""

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        """Keep what is answered."""
        super().__init__(message)
        self.code = code
        self.message = message or code
        self.status = status


@dataclass(frozen=True)
class Call:
    """One request that arrived."""

    service: str
    operation: str
    region: str
    params: Params


@dataclass(frozen=True)
class Request:
    """The parts of an HTTP request that say what is asked."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class FakeAws:
    """What it answers, by service and operation, and what it was asked.

    A handler gets the parameters and ``Region`` (that the client signed for); of ``files`` a
    number is an HTTP status that is answered instead.
    """

    handlers: dict[tuple[str, str], Handler]
    files: dict[str, bytes | int] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    url: str = ""
    faults: list[AssertionError] = field(default_factory=list)

    def asked(self, operation: str) -> list[Params]:
        """Return the parameters of every call of an operation."""
        return [call.params for call in self.calls if call.operation == operation]

    def check(self) -> None:
        """Fail if a reply since the last check did not fit its model."""
        faults, self.faults = self.faults, []
        if faults:
            raise faults[0]

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        if request.method == "GET" and request.path.startswith(FILES):
            found = self.files.get(request.path.removeprefix(FILES), 404)
            return Answer(found, {}, b"") if isinstance(found, int) else Answer(200, {}, found)
        scope = _CREDENTIAL.search(request.headers.get("Authorization", ""))
        if scope is None:
            return Answer(403, {}, b"not signed")
        operation = _operation(request, scope["service"])
        service = operation.service_model.service_name
        protocol = str(operation.service_model.metadata["protocol"])
        try:
            reply = self._reply(operation, protocol, request, scope["region"])
        except ApiError as error:
            return _refusal(error, protocol)
        written = get_serializer_class(service, protocol)(operation).serialize(reply)
        body = written["body"]
        return Answer(
            written["status_code"],
            dict(written["headers"]),
            body.encode() if isinstance(body, str) else body,
        )

    def _reply(
        self, operation: OperationModel, protocol: str, request: Request, region: str
    ) -> Params:
        key = (operation.service_model.service_name, operation.name)
        params = dict(PROTOCOL_PARSERS[protocol](operation).parse(_parsed(request)))
        self.calls.append(Call(*key, region, params))
        if key not in self.handlers:
            raise ApiError("NotImplemented", f"this peer has no {key[0]} {key[1]}", 501)
        reply = self.handlers[key](params | {"Region": region})
        wrong = ParamValidator().validate(reply, operation.output_shape)
        if wrong.has_errors():
            self.faults.append(AssertionError(f"{key}: {wrong.generate_report()}"))
            raise ApiError("WrongReplyOfThePeer", wrong.generate_report(), 500)
        return reply


def _parsed(request: Request) -> RequestDict:
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    return {
        "method": request.method,
        "headers": Headers(list(request.headers.items())),
        "body": request.body,
        "url_path": urlsplit(request.path).path,
        "values": MultiDict(form),
        "url_params": {},
    }


_SERVICES = ("ec2", "pricing", "ce", "savingsplans", "service-quotas", "sts")


def _operation(request: Request, signing_name: str) -> OperationModel:
    """Find which operation of which service is meant."""
    model = next(
        one for name in _SERVICES if _signs_as(one := get_service_model(name)) == signing_name
    )
    protocol = model.metadata["protocol"]
    if protocol == "json":
        name = request.headers["X-Amz-Target"].rpartition(".")[2]
    elif protocol in {"ec2", "query"}:
        name = dict(parse_qsl(request.body.decode()))["Action"]
    else:
        path = urlsplit(request.path).path
        name = next(one for one in model.operation_names if _path(model, one) == path)
    found: OperationModel = model.operation_model(name)
    return found


def _signs_as(model: ServiceModel) -> str:
    return str(model.signing_name)


def _path(model: ServiceModel, operation: str) -> str:
    return str(model.operation_model(operation).http["requestUri"])


def _refusal(error: ApiError, protocol: str) -> Answer:
    """Write an error the way of the protocol."""
    if protocol in {"ec2", "query"}:
        told = f"<Code>{error.code}</Code><Message>{escape(error.message)}</Message>"
        text = f"<Response><Errors><Error>{told}</Error></Errors></Response>"
        if protocol == "query":
            text = f"<ErrorResponse><Error>{told}</Error></ErrorResponse>"
        return Answer(error.status, {"Content-Type": "text/xml"}, text.encode())
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": error.code}
    return Answer(error.status, headers, body)


@contextmanager
def fake_aws(
    handlers: Mapping[tuple[str, str], Handler], files: Mapping[str, bytes | int] | None = None
) -> Iterator[FakeAws]:
    """Serve ``handlers`` on a free port; fails at the end if a reply did not fit its model."""
    peer = FakeAws(dict(handlers), dict(files or {}))
    with http.serving(ThreadingHTTPServer(("127.0.0.1", 0), _http(peer))) as port:
        peer.url = f"http://127.0.0.1:{port}"
        yield peer
    peer.check()


def _http(peer: FakeAws) -> type[http.Handler]:
    class Http(http.Handler):
        def respond(self) -> None:
            request = Request(self.command, self.path, dict(self.headers), self.body())
            answer = peer.answer(request)
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": len(answer.body)}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(answer.body)

    return Http


def paged(key: str, items: Sequence[Any], size: int, token: str = "NextToken") -> Handler:  # noqa: S107 - a name
    """Answer ``items`` in pages of ``size``, the token saying where the next one begins."""

    def handler(params: Params) -> Params:
        start = int(params.get(token) or 0)
        more = {token: str(start + size)} if start + size < len(items) else {}
        return {key: list(items[start : start + size]), **more}

    return handler


def refusing(code: str, message: str = "", status: int = 400, *, times: int = 1_000_000) -> Handler:
    """Refuse the first ``times`` calls; afterwards answer nothing."""
    left = iter(range(times))

    def handler(params: Params) -> Params:
        del params
        if next(left, None) is not None:
            raise ApiError(code, message, status)
        return {}

    return handler


def denied(action: str) -> Handler:
    """Refuse as IAM does."""
    who = "User: arn:aws:iam::123456789012:user/ada"
    return refusing("AccessDeniedException", f"{who} is not authorized to perform: {action}", 403)
