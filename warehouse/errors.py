"""What the warehouse refuses, each with a sentence for the user."""


class WarehouseError(Exception):
    """The warehouse could not do what was asked; nothing was changed."""


class LakeNotOpen(WarehouseError):
    """The lake's folder or catalog cannot be used."""


class StorageFailed(WarehouseError):
    """The folder or bucket of the lake could not be read or written."""

    def __init__(self, what: str, error: Exception) -> None:
        """Name what was being read or written, and the first line of the cause."""
        cause = str(error).strip().splitlines()
        super().__init__(
            f"the storage of {what} failed ({cause[0] if cause else type(error).__name__}); nothing"
            " was changed, try again when it works"
        )


class WrongCommit(WarehouseError):
    """The files, partitions or tag of a commit do not belong together."""


class OlderDelivery(WarehouseError):
    """A newer delivery already fills a partition."""

    def __init__(self, table: str, source: str, period: str, version: int, current: int) -> None:
        """Name the partition and both versions."""
        super().__init__(
            f"{table} of {source} for {period} holds delivery version {current}, "
            f"which is newer than {version}; nothing was loaded"
        )


class AlreadyDelivered(WarehouseError):
    """Appending would bring the same file a second time."""

    def __init__(self, table: str, source: str, period: str, names: str) -> None:
        """Name the partition and the files."""
        super().__init__(f"{table} of {source} for {period} already holds {names}")


class CommitConflict(WarehouseError):
    """Other writers changed the table at every try, or never let go of the partition."""

    def __init__(self, table: str, tries: int) -> None:
        """Name the table and how often it was tried."""
        super().__init__(
            f"other writers changed {table} during each of {tries} tries; try again later"
        )


class Overtaken(WarehouseError):
    """A load replaced files while they were being put together; it wins."""


class UnknownQuestion(WarehouseError):
    """There is no such ``.sql`` file, or its header cannot be read."""


class UnknownParameter(WarehouseError):
    """A question was given a parameter or relation that it does not mention."""


class MissingParameter(WarehouseError):
    """A question was asked without a parameter or relation that it needs."""


class UnknownTable(WarehouseError):
    """The lake has no such table, or no such snapshot of it."""


class UnknownColumn(WarehouseError):
    """An answer that is to be stored has a column that its table lacks."""
