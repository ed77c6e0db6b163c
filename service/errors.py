"""Everything that Comptroller refuses, sorted by what the caller does next."""

from typing import ClassVar


class ComptrollerError(Exception):
    """A refusal with a sentence for the user; ``status`` is HTTP's, ``code`` is stable."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"


class InputError(ComptrollerError):
    """What came in cannot be used; the sentence names the place and what is accepted."""

    status = 422
    code = "invalid-input"


class ConflictError(ComptrollerError):
    """The request contradicts what is stored."""

    status = 409
    code = "conflict"


class NotFoundError(ComptrollerError):
    """There is no such thing, or the caller may not know of it."""

    status = 404
    code = "not-found"


class NotAllowedError(ComptrollerError):
    """The caller is known but may not do this."""

    status = 403
    code = "not-allowed"


class NotAuthenticatedError(ComptrollerError):
    """No valid token came with the request."""

    status = 401
    code = "not-authenticated"


class UnavailableError(ComptrollerError):
    """A part that is needed does not answer; trying again later may help."""

    status = 503
    code = "unavailable"


class LeaseLostError(ComptrollerError):
    """Another process holds the lease now; this one must not write."""

    status = 409
    code = "lease-lost"
