"""Turns the database's refusals about closed periods into sentences."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from service.errors import ConflictError

_CLOSED, _CHAIN = "23C01", "23C02"


class PeriodClosedError(ConflictError):
    """A closed period takes nothing more; what comes late is a restatement in an open one."""

    code = "period-closed"


class BrokenChainError(ConflictError):
    """A close does not follow the newest one: another was made meanwhile."""

    code = "broken-chain"


@contextmanager
def told_when_closed(period: str) -> Iterator[None]:
    """Name the period where the database refuses because it is closed.

    Raises:
        PeriodClosedError: When it is closed.
        BrokenChainError: When a close of it does not follow the newest one.
    """
    try:
        yield
    except IntegrityError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state == _CLOSED:
            raise PeriodClosedError(
                f"{period} is closed; what comes late is told as a restatement in the next open"
                " period"
            ) from error
        if state == _CHAIN:
            raise BrokenChainError(
                f"{period} was not closed, as another period was closed meanwhile; close it again"
            ) from error
        raise
