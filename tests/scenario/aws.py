"""The AWS of the scenario: a FOCUS export in a bucket of moto's server, with AWS's faults."""

from collections.abc import Sequence
from typing import Any

from tests.peers.moto import deliver_aws_export, s3_client
from tests.scenario.focus_files import focus_parquet
from tests.scenario.truth import Line

PREFIX, EXPORT = "exports", "focus"
HALF = 2
"""A delivery comes as so many files."""


class Aws:
    """Delivers billing periods; each delivery is an execution of its own."""

    source = "aws"

    def __init__(self, url: str, bucket: str) -> None:
        """Make the bucket; all servers of a process hold the same ones, so it is a test's own."""
        self.url = url
        self._bucket = bucket
        self._s3: Any = s3_client(url)
        self._s3.create_bucket(Bucket=self._bucket)
        self._executions = 0
        self._last: dict[str, tuple[str, bytes]] = {}

    def setting(self, since: str) -> dict[str, str]:
        """What stands in the settings."""
        return {
            "type": "aws-export",
            "name": self.source,
            "bucket": self._bucket,
            "prefix": PREFIX,
            "export": EXPORT,
            "since": since,
            "endpoint_url": self.url,
        }

    def deliver(self, period: str, lines: Sequence[Line], *, overwrite: bool = True) -> None:
        """Deliver a period whole, in two files (or none, where there is no line)."""
        self._executions += 1
        parts = [lines[n::HALF] for n in range(HALF) if lines[n::HALF]]
        files = {
            f"{EXPORT}-{n:05}.snappy.parquet": focus_parquet(part, period)
            for n, part in enumerate(parts, start=1)
        }
        key = deliver_aws_export(
            self._s3,
            self._bucket,
            PREFIX,
            EXPORT,
            period,
            files,
            mode="OVERWRITE_REPORT" if overwrite else "CREATE_NEW_REPORT",
            execution=f"execution-{self._executions}",
        )
        self._last[period] = (key, self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read())

    def lose_a_file(self, period: str) -> None:
        """Let the manifest name a file that is not there."""
        self._s3.delete_object(Bucket=self._bucket, Key=self._data_key(period))

    def cut_a_file(self, period: str) -> None:
        """Let a file end in the middle."""
        key = self._data_key(period)
        whole = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=whole[: len(whole) // 2])

    def _data_key(self, period: str) -> str:
        folder = f"{PREFIX}/{EXPORT}/data/BILLING_PERIOD={period}/"
        found = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=folder)["Contents"]
        return str(found[-1]["Key"])
