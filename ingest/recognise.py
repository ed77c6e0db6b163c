"""Tells by its columns what a file is: its kind and its dialect."""

from collections.abc import Sequence

from ingest.forms import (
    BILL_FORMS,
    FOCUS_INTRODUCED,
    FOCUS_REMOVED_IN_1_4,
    FORMS,
    BillForm,
    Form,
    bill_form,
    form_of,
    letters,
)
from ingest.google_files import ADVICE, is_google_table
from ingest.port import DeliveredFile, Kind, RejectedSourceError

_OLDEST_FOCUS = "1.0"


def kind_of(file: DeliveredFile, wanted: Kind | None = None) -> Kind:
    """Return what a file is; with ``wanted`` it must be that.

    Raises:
        RejectedSourceError: When needed columns are missing; names them and what is accepted.
    """
    if wanted is not None:
        form = form_of(wanted)
        other_bill = wanted is Kind.FOCUS and bill_form(file.columns)
        if form.missing(file.columns) and not other_bill:
            raise _refusal(file, form)
        return wanted
    fitting = [form for form in FORMS if not form.missing(file.columns)]
    if fitting:
        return max(fitting, key=lambda form: _known(file, form)).kind
    if bill_form(file.columns):
        return Kind.FOCUS
    forms: tuple[Form | BillForm, ...] = (*FORMS, *BILL_FORMS)
    nearest = max(forms, key=lambda form: _known(file, form))
    if not _known(file, nearest):
        raise RejectedSourceError(_unrecognised(file))
    raise _refusal(file, nearest)


def dialect_of(kind: Kind, files: Sequence[DeliveredFile]) -> str:
    """Name the dialect of files of one kind; of several FOCUS versions, the newest.

    Raises:
        RejectedSourceError: When bills of several dialects come together, or it cannot be told.
    """
    if kind is not Kind.FOCUS:
        return f"canonical-{kind.value}"
    dialects: dict[str, str] = {}
    for file in files:
        dialects.setdefault(_bill_dialect(file), file.name)
    others = [dialect for dialect in dialects if not dialect.startswith("focus-")]
    if not others:
        return max(dialects)
    if len(dialects) > 1:
        told = "; ".join(f"{name} is {dialect}" for dialect, name in dialects.items())
        raise RejectedSourceError(f"one load is one form of bill, and these are several ({told})")
    return others[0]


def _bill_dialect(file: DeliveredFile) -> str:
    form = bill_form(file.columns)
    if form is None or not form_of(Kind.FOCUS).missing(file.columns):
        return "focus-" + focus_version(file.columns)
    return _of_several(file, form)


def _of_several(file: DeliveredFile, form: BillForm) -> str:
    """Return a form's one dialect, or of several the one whose word the file's name holds."""
    fitting = [dialect for dialect, word in form.dialects if word in file.name.lower()]
    if len(fitting) == 1:
        return fitting[0]
    words = " or ".join(word for _, word in form.dialects)
    raise RejectedSourceError(
        f"{file.name}: {form.title} has the same columns whether its costs are {words}, so the "
        f"file's name must say it: put {words} into it"
    )


def focus_version(columns: Sequence[str]) -> str:
    """Return the oldest FOCUS version whose columns these can be."""
    present = frozenset(columns)
    if "ServiceProviderName" in present and present.isdisjoint(FOCUS_REMOVED_IN_1_4):
        return "1.4"
    newest = [
        version for version, added in FOCUS_INTRODUCED.items() if not present.isdisjoint(added)
    ]
    return max(newest, default=_OLDEST_FOCUS)


def _known(file: DeliveredFile, form: Form | BillForm) -> int:
    """Count the form's columns in the file, however they are spelled."""
    there = {letters(column) for column in file.columns}
    return len({letters(column) for column in form.columns} & there)


def _refusal(file: DeliveredFile, form: Form | BillForm) -> RejectedSourceError:
    """Say which columns of ``form`` the file lacks, or where else it can be had from."""
    if is_google_table(file.columns):
        return RejectedSourceError(f"{file.name}: {ADVICE}")
    missing = form.missing(file.columns)
    noun = "column" if len(missing) == 1 else "columns"
    return RejectedSourceError(
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
        [
            *(f"{form.kind.value}: {form.title} with {', '.join(form.needed)}" for form in FORMS),
            *(f"focus: {form.title} with {', '.join(form.needed)}" for form in BILL_FORMS),
        ]
    )
    separator = " (the separator must be a comma)" if len(file.columns) == 1 else ""
    shown = ", ".join(file.columns[:8]) + (", ..." if len(file.columns) > 8 else "")  # noqa: PLR2004 - enough to see which file it is
    return (
        f"{file.name}: its columns {shown} tell of no known kind{separator}; accepted: {accepted}"
    )
