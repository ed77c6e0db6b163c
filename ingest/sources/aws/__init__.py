"""Amazon Web Services as a source: bills from S3, prices and commitments from its APIs."""

from collections.abc import Callable
from datetime import datetime

from ingest.port import Source
from ingest.settings import AwsAccountSettings, AwsExportSettings


def aws_source(
    setting: AwsExportSettings | AwsAccountSettings, *, clock: Callable[[], datetime]
) -> Source:
    """Return the source that a setting describes; nothing is asked of AWS yet."""
    if isinstance(setting, AwsExportSettings):
        from ingest.sources.aws.export import AwsExport

        return AwsExport(setting, clock=clock)
    from ingest.sources.aws.account import AwsAccount

    return AwsAccount(setting, clock=clock)
