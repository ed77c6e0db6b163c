"""Optimistic transactions on one Iceberg table: whoever loses a race does all of it again.

PyIceberg's own retry replays parts of a transaction and gives up on a ``ValidationException``;
tables here are made with ``commit.retry.num-retries=0``, so that this module alone decides.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.table import Table, Transaction
from pyiceberg.table.metadata import TableMetadata

from warehouse.errors import CommitConflict, StorageFailed

Result = TypeVar("Result")

TRIES = 40
_WAIT_S = 0.02
_LONGEST_WAIT_S = 0.5


class QuickTransaction(Transaction):
    """A transaction that works its metadata out once per change, not at each look.

    PyIceberg copies all of the metadata every time: some thirty times for a commit, and twice for
    each snapshot that expires.
    """

    _worked_out: tuple[int, TableMetadata] | None = None

    @property
    def table_metadata(self) -> TableMetadata:
        """The table's metadata with what was changed so far."""
        changes = len(self._updates)
        if self._worked_out is None or self._worked_out[0] != changes:
            self._worked_out = (changes, super().table_metadata)
        return self._worked_out[1]


@contextmanager
def storage_fails(what: str) -> Iterator[None]:
    """Say of what the folder or bucket could not be read or written.

    Raises:
        StorageFailed: In the place of any error of the operating system.
    """
    try:
        yield
    except OSError as error:
        raise StorageFailed(what, error) from error


def redo(
    name: str, load: Callable[[], Table], change: Callable[[Table], Result], tries: int = TRIES
) -> Result:
    """Apply ``change`` to a freshly loaded table until nobody else wrote in between.

    At each collision one of the writers succeeds, so ``tries`` bounds the writers at once.

    Raises:
        CommitConflict: When all tries failed.
    """
    for attempt in range(tries):
        try:
            return change(load())
        except (CommitFailedException, ValidationException):
            time.sleep(min(_WAIT_S * 2**attempt, _LONGEST_WAIT_S))
    raise CommitConflict(name, tries)
