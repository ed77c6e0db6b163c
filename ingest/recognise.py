"""Tells by its columns what a file is: its kind and its dialect."""

from collections.abc import Sequence

from ingest.forms import FOCUS_INTRODUCED, FOCUS_REMOVED_IN_1_4, FORMS, Form, form_of
from ingest.port import DeliveredFile, Kind, RejectedSourceError

_OLDEST_FOCUS = "1.0"


def kind_of(file: DeliveredFile, wanted: Kind | None = None) -> Kind:
    """Return what a file is; with ``wanted`` it must be that.

    Raises:
        RejectedSourceError: When needed columns are missing; names them and what is accepted.
    """
    if wanted is not None:
        _refuse_missing(file, form_of(wanted))
        return wanted
    fitting = [form for form in FORMS if not _missing(file, form)]
    if fitting:
        return max(fitting, key=lambda form: _known(file, form)).kind
    nearest = max(FORMS, key=lambda form: _known(file, form))
    if not _known(file, nearest):
        raise RejectedSourceError(_unrecognised(file))
    _refuse_missing(file, nearest)
    raise AssertionError  # pragma: no cover - a form that misses nothing was fitting


def dialect_of(kind: Kind, files: Sequence[DeliveredFile]) -> str:
    """Name the dialect of files of one kind; of several FOCUS versions, the newest."""
    if kind is not Kind.FOCUS:
        return f"canonical-{kind.value}"
    return "focus-" + max(focus_version(file.columns) for file in files)


def focus_version(columns: Sequence[str]) -> str:
    """Return the oldest FOCUS version whose columns these can be."""
    present = frozenset(columns)
    if "ServiceProviderName" in present and present.isdisjoint(FOCUS_REMOVED_IN_1_4):
        return "1.4"
    newest = [
        version for version, added in FOCUS_INTRODUCED.items() if not present.isdisjoint(added)
    ]
    return max(newest, default=_OLDEST_FOCUS)


def _missing(file: DeliveredFile, form: Form) -> list[str]:
    return [column for column in form.needed if column not in file.columns]


def _known(file: DeliveredFile, form: Form) -> int:
    """Count the form's columns in the file, however they are spelled."""
    return len({column.lower() for column in form.columns} & {c.lower() for c in file.columns})


def _refuse_missing(file: DeliveredFile, form: Form) -> None:
    missing = _missing(file, form)
    if not missing:
        return
    noun = "column" if len(missing) == 1 else "columns"
    raise RejectedSourceError(
        f"{file.name}: {noun} {', '.join(missing)} missing in the header; {form.title} needs "
        f"{', '.join(form.needed)}{_spelling_hint(file, missing)}"
    )


def _spelling_hint(file: DeliveredFile, missing: Sequence[str]) -> str:
    """Point at columns that differ in upper and lower case or blanks only."""
    present = {column.strip().lower(): column for column in file.columns}
    near = [f"{present[c.lower()]!r} as {c!r}" for c in missing if c.lower() in present]
    return f"; names are compared exactly, so write {', '.join(near)}" if near else ""


def _unrecognised(file: DeliveredFile) -> str:
    accepted = "; ".join(
        f"{form.kind.value}: {form.title} with {', '.join(form.needed)}" for form in FORMS
    )
    separator = " (the separator must be a comma)" if len(file.columns) == 1 else ""
    shown = ", ".join(file.columns[:8]) + (", ..." if len(file.columns) > 8 else "")  # noqa: PLR2004 - enough to see which file it is
    return (
        f"{file.name}: its columns {shown} tell of no known kind{separator}; accepted: {accepted}"
    )
