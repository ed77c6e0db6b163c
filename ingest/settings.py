"""What people write in ``[[sources]]``: one form for each type of source."""

import re
from datetime import date
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    SecretStr,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

DataKind = Literal["focus", "prices", "usage", "jobs", "nodes", "availability"]


def _fits(pattern: str, accepted: str) -> AfterValidator:
    """Refuse what does not fit, with what is ``accepted`` in words."""

    def checked(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise PydanticCustomError(
                "form", "{value} is not accepted; accepted is {accepted}",
                {"value": repr(value), "accepted": accepted},
            )  # fmt: skip
        return value

    return AfterValidator(checked)


def _zone(value: str) -> str:
    """Refuse a time zone that the machine does not know."""
    if value not in available_timezones():
        raise PydanticCustomError(
            "zone", "{value} is no time zone; accepted is a name as UTC or Europe/Berlin",
            {"value": repr(value)},
        )  # fmt: skip
    return value


ApiUrl = Annotated[str, _fits(r"https?://[^\s@]+", "an address as https://10.0.0.1:6443")]
Zone = Annotated[str, AfterValidator(_zone)]
Month = Annotated[str, _fits(r"\d{4}-(0[1-9]|1[0-2])", "a month, as 2026-01")]
Currency = Annotated[str, _fits("[A-Z]{3}", "a code of three letters, as USD")]
Bucket = Annotated[str, _fits(r"[A-Za-z0-9._-]{1,255}", "the bucket's name only, as my-bucket")]
Table = Annotated[str, _fits(r"[^.`\s]+\.[^.`\s]+\.[^.`\s]+", "project.dataset.table")]


def _without_secrets(value: str) -> str:
    """Refuse an address that is none, or that holds a password; it may stand in messages."""
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#@]*)?", value):
        raise PydanticCustomError(
            "form",
            "it is not accepted; accepted is an address as https://prometheus.example.com:9090, "
            "without user, password or question",
        )
    return value


PrometheusUrl = Annotated[str, AfterValidator(_without_secrets)]
LabelFact = Literal[
    "gpu_uuid",
    "gpu_index",
    "host",
    "model",
    "slice_id",
    "slice_profile",
    "namespace",
    "pod",
    "job_id",
    "user_name",
]
LabelName = Annotated[str, _fits("[a-zA-Z_][a-zA-Z0-9_]*", "the name of a label")]
Metric = Annotated[
    str, _fits(r"([a-zA-Z_:][a-zA-Z0-9_:]*)?", "the name of a metric, or nothing for none")
]
_MATCHER = r'[a-zA-Z_][a-zA-Z0-9_]*\s*(=|!=|=~|!~)\s*"([^"\\]|\\.)*"'
Matchers = Annotated[
    str, _fits(rf"({_MATCHER}(\s*,\s*{_MATCHER})*)?", 'label matchers as cluster="a",env!="test"')
]


Regions = Annotated[
    list[str], Field(min_length=1, description="the regions to ask about, by the provider's names")
]
MachineTypes = Annotated[
    tuple[str, ...],
    Field(description="the machine types to ask about; every one of the reference if left out"),
]


class _Source(BaseModel):
    """What every source has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="the x_SourceId of its rows")


class FilesSettings(_Source):
    """Files on a disk."""

    type: Literal["files"] = "files"
    kind: DataKind | None = Field(
        None, description="what it delivers; recognised from the columns where it is not said"
    )
    path: str = Field(min_length=1, description="a file or a glob pattern")


class _Aws(_Source):
    """How AWS is reached; credentials come from boto3's own chain."""

    profile: str | None = Field(None, description="a profile of the AWS configuration")
    role_arn: str | None = Field(None, description="a role to assume")
    external_id: str | None = Field(None, description="what the role's trust policy asks for")
    endpoint_url: str | None = Field(
        None, description="another address of the AWS APIs, as of a private endpoint"
    )


class AwsExportSettings(_Aws):
    """A bill in S3: a Data Export (FOCUS 1.0 or 1.2, CUR 2.0), or a legacy CUR 1.0."""

    type: Literal["aws-export"]
    bucket: Bucket = Field(description="the bucket that AWS delivers into")
    prefix: str = Field("", description="the prefix set in the export")
    export: str = Field(min_length=1, description="the name of the export or report")
    layout: Literal["data-export", "cur"] = Field(
        "data-export", description="cur for the legacy Cost and Usage Report"
    )
    region: str = Field("us-east-1", description="the region of the bucket")
    since: Month = Field(description="the first billing period to load, as 2026-01")


class AwsAccountSettings(_Aws):
    """Prices, spot history, capacity and commitments, asked from AWS itself."""

    type: Literal["aws-account"]
    regions: Regions
    machine_types: MachineTypes = ()
    cache_hours: int = Field(
        24, ge=1, le=744, description="how long an answer of Cost Explorer is used again (hours)"
    )


class _Azure(_Source):
    """How Azure is reached; credentials come from azure-identity's own chain."""

    authority: str | None = Field(
        None, description="another sign-in address, as of a sovereign cloud"
    )
    endpoint: str = Field(
        "https://management.azure.com", description="the address of the management API"
    )
    ca_file: str | None = Field(None, description="certificates to trust, as of a company proxy")


class AzureExportSettings(_Azure):
    """A cost export in Blob storage: FocusCost, ActualCost or AmortizedCost."""

    type: Literal["azure-export"]
    container_url: str = Field(
        min_length=1, description="as https://account.blob.core.windows.net/container"
    )
    root_folder: str = Field("", description="the directory set in the export")
    export: str = Field(min_length=1, description="the name of the export")
    scope: str | None = Field(
        None, description="as subscriptions/…; needed to create, trigger and check the export"
    )
    connection_string: SecretStr | None = Field(
        None, description="of the storage account, where no Azure identity may read it"
    )
    since: Month = Field(description="the first billing period to load, as 2026-01")


class AzureDetailsSettings(_Azure):
    """Cost-details reports, where no export can be set up."""

    type: Literal["azure-details"]
    scope: str = Field(min_length=1, description="as subscriptions/…")
    metric: Literal["ActualCost", "AmortizedCost"] = Field(
        "AmortizedCost", description="which cost: AmortizedCost, or ActualCost"
    )
    since: Month = Field(description="the first billing period to load, as 2026-01")


class AzureAccountSettings(_Azure):
    """Retail prices, reservations and savings plans, asked from Azure itself."""

    type: Literal["azure-account"]
    regions: Regions
    machine_types: MachineTypes = ()
    currency: Currency = Field("USD", description="the currency of the prices")
    prices_url: str = Field(
        "https://prices.azure.com/api/retail/prices", description="the address of the price list"
    )
    scope: str | None = Field(
        None, description="whose reservations and savings plans; left out: prices only"
    )


class _Google(_Source):
    """How Google Cloud is reached; credentials come from Application Default Credentials."""

    project: str = Field(min_length=1, description="the project that pays for the queries")
    endpoint: str | None = Field(None, description="another address of the API, as of a proxy")


class GoogleBillingSettings(_Google):
    """A billing export in BigQuery: detailed usage cost, or the FOCUS table."""

    type: Literal["google-billing"]
    table: Table = Field(description="project.dataset.table of the export")
    location: str = Field("US", description="the location of the dataset")
    since: Month = Field(description="the first invoice month to load, as 2026-01")


class GoogleAccountSettings(_Google):
    """List prices from the Cloud Billing catalog."""

    type: Literal["google-account"]
    regions: Regions
    machine_types: MachineTypes = ()
    currency: Currency = Field("USD", description="the currency of the prices")


class PrometheusSettings(_Source):
    """GPU usage and serving counters from Prometheus, or what speaks its HTTP API."""

    type: Literal["prometheus"]
    url: PrometheusUrl = Field(description="as https://prometheus.example.com:9090, with any path")
    since: date = Field(description="the first day to load, as 2026-01-31 (UTC)")
    settle_hours: int = Field(
        3, ge=1, le=744, description="how long after its end a day is read again each night (hours)"
    )
    step_s: float = Field(30, gt=0, le=1800, description="the scrape interval (seconds)")
    labels: dict[LabelFact, LabelName] = Field(
        {}, description='labels of another name, as `{ host = "nodename" }`'
    )
    matchers: Matchers = Field("", description='which series, as `cluster="a"`; all if left out')
    activity_metric: Metric = Field(
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE", description="how busy a GPU is, 0 to 1"
    )
    activity_fallback_metric: Metric = Field(
        "DCGM_FI_DEV_GPU_UTIL", description="the same in percent, where the other is absent"
    )
    sm_metric: Metric = Field("DCGM_FI_PROF_SM_ACTIVE", description="busy SMs, 0 to 1")
    tensor_metric: Metric = Field(
        "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", description="busy tensor cores, 0 to 1"
    )
    dram_metric: Metric = Field("DCGM_FI_PROF_DRAM_ACTIVE", description="busy memory, 0 to 1")
    memory_used_metric: Metric = Field("DCGM_FI_DEV_FB_USED", description="used memory (MiB)")
    memory_free_metric: Metric = Field("DCGM_FI_DEV_FB_FREE", description="free memory (MiB)")
    power_metric: Metric = Field(
        "DCGM_FI_DEV_POWER_USAGE", description="power (W); counts where there is no energy"
    )
    energy_metric: Metric = Field(
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", description="energy since the driver began (mJ)"
    )
    xid_metric: Metric = Field("DCGM_FI_DEV_XID_ERRORS", description="the last XID error")
    processes_metric: Metric = Field(
        "comptroller_gpu_processes",
        description="how many processes are on a GPU, as the sampler tells it; told from memory"
        " where it is absent",
    )
    share_metric: Metric = Field(
        "", description="a holder's share of a GPU (percent), as of a fractional scheduler"
    )
    tokens_in_metric: Metric = Field(
        "vllm:prompt_tokens_total", description="prompt tokens that a pod read"
    )
    tokens_out_metric: Metric = Field(
        "vllm:generation_tokens_total", description="tokens that a pod wrote"
    )
    requests_metric: Metric = Field(
        "vllm:request_success_total", description="requests that a pod answered"
    )
    mig_weight: Literal["compute", "memory"] = Field(
        "compute", description="what a MIG slice's part of its GPU goes by: compute, or memory"
    )
    replicas: dict[str, Annotated[int, Field(ge=1, le=1024)]] = Field(
        {}, description='time-slicing replicas by host pattern, as `{ "dev-*" = 4 }`'
    )
    no_process_mib: float = Field(
        64, ge=0, description="used memory up to which nothing runs on an inactive GPU (MiB)"
    )
    bearer_token: SecretStr | None = Field(None, description="a token to sign in with")
    bearer_token_file: str | None = Field(
        None, description="a file with the token; read again for each request"
    )
    username: str | None = Field(None, description="a name to sign in with (basic)")
    password: SecretStr | None = Field(None, description="its password")
    password_file: str | None = Field(None, description="a file with the password")
    certificate_file: str | None = Field(
        None, description="a client certificate to sign in with (PEM)"
    )
    key_file: str | None = Field(None, description="its key, where another file has it (PEM)")
    ca_file: str | None = Field(None, description="certificates to trust, as of a company")
    timeout_s: float = Field(120, gt=0, le=3600, description="the longest wait for one answer (s)")
    max_samples_per_query: int = Field(
        5_000_000, ge=1000, description="how much one answer may hold; more is asked for in parts"
    )

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> Self:
        """Refuse two tokens, two passwords, both, or half of a pair."""
        tokens = [self.bearer_token, self.bearer_token_file]
        passwords = [self.password, self.password_file]
        given = [sum(one is not None for one in some) for some in (tokens, passwords)]
        if sum(given) > 1 or (given[1] == 1) != (self.username is not None):
            raise PydanticCustomError(
                "sign_in",
                "set one way to sign in: bearer_token or bearer_token_file, or username with "
                "password or password_file",
            )
        if self.key_file is not None and self.certificate_file is None:
            raise PydanticCustomError("sign_in", "key_file needs certificate_file beside it")
        return self


class SlurmSettings(_Source):
    """Job runs from files that Slurm's sacct wrote."""

    type: Literal["slurm"]
    path: str = Field(min_length=1, description="a file or a glob pattern, as /data/sacct/*.txt")
    timezone: Zone = Field("UTC", description="of the times in the files, as Europe/Berlin")
    accounts: dict[str, str] = Field(
        default_factory=dict, description="team by Slurm account; others are teams themselves"
    )
    since: Month | None = Field(
        None, description="the first month of submission to load, as 2026-01; all if left out"
    )


class KubernetesSettings(_Source):
    """Pods that asked for GPUs, and the nodes that have them, from the API of a cluster."""

    type: Literal["kubernetes"]
    kubeconfig: str | None = Field(
        None, description="a kubeconfig file; left out, with server left out too: as a pod inside"
    )
    context: str | None = Field(None, description="a context of the kubeconfig file")
    server: ApiUrl | None = Field(
        None, description="the address of the API, as https://10.0.0.1:6443"
    )
    token_file: str | None = Field(None, description="a file with the bearer token for server")
    ca_file: str | None = Field(None, description="certificates to trust for server")
    namespaces: tuple[str, ...] = Field((), description="only these; all if left out")
    gpu_resources: tuple[str, ...] = Field(
        ("nvidia.com/gpu", "nvidia.com/gpu.shared", "nvidia.com/mig-*"),
        description="the resources that are GPUs, shares or slices",
    )
    team_keys: tuple[str, ...] = Field(
        ("comptroller-team", "team"), description="labels or annotations with the team, best first"
    )
    namespace_is_team: bool = Field(
        default=False, description="whether a pod without such a label is its namespace's"
    )
    project_keys: tuple[str, ...] = Field(
        ("comptroller-project", "project"), description="labels or annotations with the project"
    )
    user_keys: tuple[str, ...] = Field(
        ("comptroller-user", "user"), description="labels or annotations with the user"
    )
    provider: str | None = Field(
        None, description="of the nodes, where their providerID does not tell"
    )
    pool_labels: tuple[str, ...] = Field(
        (
            "comptroller-pool",
            "karpenter.sh/nodepool",
            "eks.amazonaws.com/nodegroup",
            "cloud.google.com/gke-nodepool",
            "kubernetes.azure.com/agentpool",
            "agentpool",
        ),
        description="labels of nodes with their pool, best first",
    )
    page_size: int = Field(500, ge=1, le=10000, description="pods or nodes in one answer")
    timeout_s: float = Field(60, gt=0, le=3600, description="the longest wait for one answer (s)")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        """Refuse two clusters, or details of one that is not named."""
        if self.kubeconfig is not None and self.server is not None:
            raise PydanticCustomError("way_in", "set kubeconfig or server, not both")
        if self.context is not None and self.kubeconfig is None:
            raise PydanticCustomError("way_in", "context needs kubeconfig beside it")
        if self.server is None and (self.token_file or self.ca_file):
            raise PydanticCustomError("way_in", "token_file and ca_file need server beside them")
        return self


def _type_of(value: Any) -> str:  # noqa: ANN401 - whatever stands in the settings file
    """A source without a type is one of files."""
    found = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return str(found or "files")


SourceSettings = Annotated[
    Annotated[FilesSettings, Tag("files")]
    | Annotated[AwsExportSettings, Tag("aws-export")]
    | Annotated[AwsAccountSettings, Tag("aws-account")]
    | Annotated[AzureExportSettings, Tag("azure-export")]
    | Annotated[AzureDetailsSettings, Tag("azure-details")]
    | Annotated[AzureAccountSettings, Tag("azure-account")]
    | Annotated[GoogleBillingSettings, Tag("google-billing")]
    | Annotated[GoogleAccountSettings, Tag("google-account")]
    | Annotated[PrometheusSettings, Tag("prometheus")]
    | Annotated[SlurmSettings, Tag("slurm")]
    | Annotated[KubernetesSettings, Tag("kubernetes")],
    Discriminator(
        _type_of,
        custom_error_type="source_type",
        custom_error_message=(
            "its type must be files, aws-export, aws-account, azure-export, azure-details,"
            " azure-account, google-billing, google-account, prometheus, slurm or kubernetes"
        ),
    ),
]
"""One place that the nightly run loads from."""


def _own_names(sources: list[SourceSettings]) -> list[SourceSettings]:
    """Two sources of one name would replace each other's periods, night after night."""
    names = [one.name for one in sources]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise PydanticCustomError(
            "names", "{names} is the name of several; each source needs a name of its own",
            {"names": ", ".join(map(repr, twice))},
        )  # fmt: skip
    return sources


AllSourceSettings = Annotated[list[SourceSettings], AfterValidator(_own_names)]
"""Everything that the nightly run loads from."""
