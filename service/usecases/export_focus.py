"""Exports the cost lines of a billing period as FOCUS 1.4, for whoever reads the standard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.errors import ConflictError, InputError, NotFoundError
from warehouse.export import FORMATS, Exported, Target, export_focus

if TYPE_CHECKING:
    from pathlib import Path

    from service.domain.periods import Period
    from warehouse.lake import Lake
    from warehouse.port import Engine


class FileExistsAlreadyError(ConflictError):
    """The file that is to be written is there, and was not to be replaced."""

    code = "file-exists"


def export_period(  # noqa: PLR0913  (every long-lived part comes by name)
    period: Period,
    target: Path,
    *,
    lake: Lake,
    engine: Engine,
    source: str | None = None,
    custom_columns: bool = False,
    force: bool = False,
) -> Exported:
    """Write the cost lines of ``period``, of one source or of all, to ``target``.

    Raises:
        InputError: When the file's name tells no form, or its folder is not there.
        FileExistsAlreadyError: When it is there already; not with ``force``.
        NotFoundError: When there is no such cost line; names what there is.
        UnwritableFile: When its folder takes no file, or has no room; nothing is left behind.
    """
    refuse_bad_target(target, force=force)
    places = sorted(lake.states("cost_line"))
    periods = {place.period for place in places if source in {None, place.source}}
    if str(period) in periods:
        done = export_focus(
            str(period),
            source or "",
            Target(target.absolute(), custom_columns),
            view=lake.view(["cost_line"]),
            engine=engine,
        )
        if done.rows:
            return done
    raise no_cost_line(period, source, lake)


def no_cost_line(period: Period, source: str | None, lake: Lake) -> NotFoundError:
    """Return the refusal that says what there is instead."""
    places = lake.states("cost_line")
    what = f"of {period}" + (f" from {source}" if source else "")
    known = ", ".join(sorted({f"{place.period} from {place.source}" for place in places}))
    return NotFoundError(f"there is no cost line {what} (there are: {known or 'none'})")


def refuse_bad_target(target: Path, *, force: bool) -> None:
    """Refuse a file that cannot be written, before anything is computed.

    Raises:
        InputError: When its name tells no form, or its folder is not there.
        FileExistsAlreadyError: When it is there already; not with ``force``.
    """
    if not target.name.endswith(FORMATS):
        raise InputError(f"{target}: accepted are names that end in {', '.join(FORMATS)}")
    if not target.absolute().parent.is_dir():
        raise InputError(f"{target}: there is no folder {target.parent}; make it first")
    if target.is_dir():
        raise InputError(f"{target}: is a folder; name a file")
    if target.exists() and not force:
        raise FileExistsAlreadyError(f"{target}: is there already; --force replaces it")
