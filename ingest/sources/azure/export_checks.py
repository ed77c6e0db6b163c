"""What an export needs, tried one after the other."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from azure.mgmt.costmanagement.models import Export

from ingest.port import Announcement, Check, SourceError
from ingest.settings import AzureExportSettings
from ingest.sources.azure.errors import nobody_signed_in, word
from ingest.sources.azure.exports_api import AzureExports
from ingest.sources.azure.manifest import BILLS
from ingest.sources.azure.runs import folder_of


def check_export(
    announced: Callable[[], Sequence[Announcement]],
    setting: AzureExportSettings,
    *,
    clock: Callable[[], datetime],
) -> list[Check]:
    """Try everything; where one thing fails, what lies behind it is not tried."""
    what = f"reading {setting.container_url}"
    try:
        found = announced()
    except SourceError as problem:
        checks = [Check(what, passed=False, advice=str(problem))]
        if nobody_signed_in(problem):
            return checks
    else:
        checks = [Check(what, passed=True), _runs(found, setting)]
    if setting.scope is not None:
        checks += _definition(setting, clock)
    return checks


def _runs(found: Sequence[Announcement], setting: AzureExportSettings) -> Check:
    what = f"runs of the export below {folder_of(setting)}"
    if found:
        return Check(f"{what} ({', '.join(str(one.period) for one in found)})", passed=True)
    return Check(
        what,
        passed=False,
        advice=f"there is no manifest of {setting.since} or later; look at root_folder, export and "
        "since, turn on file partitioning (it writes the manifest), and run the export once",
    )


def _definition(setting: AzureExportSettings, clock: Callable[[], datetime]) -> Iterator[Check]:
    what = f"export {setting.export} of {setting.scope}"
    try:
        export = AzureExports(setting, clock=clock).definition()
    except SourceError as problem:
        yield Check(what, passed=False, advice=str(problem))
        return
    if export is None:
        yield Check(
            what,
            passed=False,
            advice="there is none; make it in the Azure portal or with comptroller sources "
            "create-export, or look at scope and export",
        )
        return
    yield Check(what, passed=True)
    for passed, told, advice in _findings(export):
        yield Check(f"{what}: {told}", passed=passed, advice="" if passed else advice)


def _findings(export: Export) -> Iterator[tuple[bool, str, str]]:
    """What of the export's definition matters: type, days, split by size, schedule."""
    of = export.properties
    if of is None:
        return
    kind = word(of.definition.type)
    yield kind in BILLS, f"type {kind}", f"choose one of {', '.join(BILLS)}"
    frame = word(of.definition.timeframe)
    monthly = frame in {"MonthToDate", "TheLastMonth", "TheCurrentMonth", "Custom"}
    yield monthly, f"time frame {frame}", "choose month to date, so that months are whole"
    yield bool(of.partition_data), "file partitioning", "turn it on: it writes the manifest"
    status = word(of.schedule.status) if of.schedule else "none"
    yield status == "Active", f"schedule {status}", "make it active, daily"
