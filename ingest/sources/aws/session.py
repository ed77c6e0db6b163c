"""How AWS is reached: one session for each source, whose clients time out and try again."""

from functools import cached_property
from typing import Any

from boto3.session import Session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import BotoCoreError, NoCredentialsError
from botocore.session import Session as CoreSession

from ingest.port import RejectedSourceError
from ingest.settings import AwsAccountSettings, AwsExportSettings
from ingest.sources.aws.errors import plain_errors

_CONNECT_TIMEOUT_S = 10
_READ_TIMEOUT_S = 60
_HOME_REGION = "us-east-1"
_SESSION_NAME = "comptroller"


class AwsClients:
    """Makes clients for one setting: profile, role, address, timeouts and retries are the same.

    How often a call is tried again is AWS's own setting (``max_attempts``, 3 unless changed).
    """

    def __init__(self, setting: AwsExportSettings | AwsAccountSettings) -> None:
        """Keep the setting; credentials are looked for with the first client."""
        self._setting = setting

    def client(self, service: str, region: str = _HOME_REGION) -> Any:  # noqa: ANN401 - boto3 has no types
        """Return a client of one service in one region.

        Raises:
            RejectedSourceError: When profile, region, service or address is none.
        """
        what = f"reaching {service} in {region}"
        with plain_errors(what):
            try:
                return self._session.client(service, region_name=region, **self._options)
            except BotoCoreError:
                raise
            except ValueError as problem:  # botocore's, of an address only
                raise RejectedSourceError(
                    f"{what}: {problem}; accepted is an address as https://host:port, look at "
                    "endpoint_url in the source's settings and at AWS_ENDPOINT_URL"
                ) from problem

    @property
    def _options(self) -> dict[str, Any]:
        """What every client gets; where another address is set, it need not know bucket names."""
        address = self._setting.endpoint_url
        config = Config(
            connect_timeout=_CONNECT_TIMEOUT_S,
            read_timeout=_READ_TIMEOUT_S,
            retries={"mode": "standard"},
            s3={"addressing_style": "path"} if address else None,
        )
        return {"endpoint_url": address, "config": config}

    @cached_property
    def _session(self) -> Session:
        own = Session(profile_name=self._setting.profile)
        return self._assumed(own) if self._setting.role_arn else own

    def _assumed(self, own: Session) -> Session:
        """Return a session in the role, whose credentials are asked for anew before they expire."""
        extra = {"RoleSessionName": _SESSION_NAME}
        if self._setting.external_id:
            extra["ExternalId"] = self._setting.external_id
        core = CoreSession(profile=self._setting.profile)
        role = _Role(own, self._options, str(self._setting.role_arn), extra)
        core.register_component("credential_provider", CredentialResolver([role]))
        return Session(botocore_session=core)


class _Role(CredentialProvider):
    """Credentials of a role that one's own credentials may assume."""

    METHOD = "comptroller-role"  # type: ignore[assignment] # botocore: subclasses say their own

    def __init__(
        self, own: Session, options: dict[str, Any], role_arn: str, extra: dict[str, str]
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # botocore has no types
        self._own = own
        self._options = options
        self._role_arn = role_arn
        self._extra = extra

    def load(self) -> DeferredRefreshableCredentials:
        """Return credentials that are asked for when a call first needs them."""
        return DeferredRefreshableCredentials(refresh_using=self._refresh, method=self.METHOD)

    def _refresh(self) -> dict[str, Any]:
        credentials = self._own.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        fetcher = AssumeRoleCredentialFetcher(
            self._sts, credentials, self._role_arn, extra_args=self._extra
        )
        found: dict[str, Any] = fetcher.fetch_credentials()
        return found

    def _sts(self, service: str, **credentials: str | None) -> Any:  # noqa: ANN401 - boto3 has no types
        return self._own.client(service, region_name=_HOME_REGION, **self._options, **credentials)
