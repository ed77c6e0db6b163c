"""A limit on what a client may send in one request."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import ComptrollerError

MAX_BODY_BYTES = 16 * 2**20


class BodyTooLarge(ComptrollerError):
    """The request is larger than anybody needs."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too-large"


class BodyLimit:
    """Refuses bodies above ``max_bytes``, announced or not, before they fill the memory."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        """Stand before ``app``."""
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what comes in; what was announced too large is not even read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        received = 0

        async def limited() -> Message:
            nonlocal received
            self._check(int(announced) if announced.isdecimal() else 0)
            message = await receive()
            received += len(message.get("body", b""))
            self._check(received)
            return message

        await self._app(scope, limited, send)

    def _check(self, size_bytes: int) -> None:
        if size_bytes > self._max_bytes:
            # FastAPI lets this exception, and no other, pass from a body that is being read.
            raise HTTPException(
                BodyTooLarge.status,
                f"the body has more than {self._max_bytes} bytes; send the list in parts",
            )
