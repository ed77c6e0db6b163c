"""Exports the cost lines of a billing period as FOCUS 1.4, for whoever reads the standard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.errors import ConflictError, InputError, NotFoundError
from warehouse.export import FORMATS, Exported, export_focus

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
    _refuse_bad_target(target, force=force)
    places = sorted(lake.states("cost_line"))
    periods = {place.period for place in places if source in {None, place.source}}
    if str(period) in periods:
        done = export_focus(
            str(period),
            source or "",
            target.absolute(),
            view=lake.view(["cost_line"]),
            engine=engine,
            custom_columns=custom_columns,
        )
        if done.rows:
            return done
    what = f"of {period}" + (f" from {source}" if source else "")
    known = ", ".join(sorted({f"{place.period} from {place.source}" for place in places}))
    raise NotFoundError(f"there is no cost line {what} (there are: {known or 'none'})")


def _refuse_bad_target(target: Path, *, force: bool) -> None:
    if not target.name.endswith(FORMATS):
        raise InputError(f"{target}: accepted are names that end in {', '.join(FORMATS)}")
    if not target.absolute().parent.is_dir():
        raise InputError(f"{target}: there is no folder {target.parent}; make it first")
    if target.is_dir():
        raise InputError(f"{target}: is a folder; name a file")
    if target.exists() and not force:
        raise FileExistsAlreadyError(f"{target}: is there already; --force replaces it")
