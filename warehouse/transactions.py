"""Optimistic transactions on one Iceberg table: whoever loses a race does all of it again.

PyIceberg's own retry replays parts of a transaction and gives up on a ``ValidationException``;
tables here are made with ``commit.retry.num-retries=0``, so that this module alone decides.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.table import Table

from warehouse.errors import CommitConflict

Result = TypeVar("Result")

TRIES = 40
_WAIT_S = 0.02
_LONGEST_WAIT_S = 0.5


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
