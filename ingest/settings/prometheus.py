"""The settings of a Prometheus, and of what comes from it: GPU usage, counters of serving."""

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from ingest.settings.base import SourceBase, fits


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
LabelName = Annotated[str, fits("[a-zA-Z_][a-zA-Z0-9_]*", "the name of a label")]
Metric = Annotated[
    str, fits(r"([a-zA-Z_:][a-zA-Z0-9_:]*)?", "the name of a metric, or nothing for none")
]
_MATCHER = r'[a-zA-Z_][a-zA-Z0-9_]*\s*(=|!=|=~|!~)\s*"([^"\\]|\\.)*"'
Matchers = Annotated[
    str, fits(rf"({_MATCHER}(\s*,\s*{_MATCHER})*)?", 'label matchers as cluster="a",env!="test"')
]


class PrometheusServer(SourceBase):
    """How a Prometheus, or what speaks its HTTP API, is reached."""

    url: PrometheusUrl = Field(description="as https://prometheus.example.com:9090, with any path")
    matchers: Matchers = Field("", description='which series, as `cluster="a"`; all if left out')
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


class PrometheusSettings(PrometheusServer):
    """GPU usage and serving counters from Prometheus, or what speaks its HTTP API."""

    type: Literal["prometheus"]
    since: date = Field(description="the first day to load, as 2026-01-31 (UTC)")
    settle_hours: int = Field(
        3, ge=1, le=744, description="how long after its end a day is read again each night (hours)"
    )
    step_s: float = Field(30, gt=0, le=1800, description="the scrape interval (seconds)")
    labels: dict[LabelFact, LabelName] = Field(
        {}, description='labels of another name, as `{ host = "nodename" }`'
    )
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
