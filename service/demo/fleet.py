"""What the invented company rents: machine types, places, accounts, pools, services and desks."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class MachineType:
    """A machine type of a provider, as its data sheet says; memory is that of one accelerator."""

    name: str
    provider: str
    accelerator_model: str
    accelerators: int
    memory_mib: int
    vcpus: int
    ram_gib: int
    watts: int


MACHINE_TYPES = {
    one.name: one
    for one in (
        MachineType("p5.48xlarge", "aws", "H100", 8, 81_559, 192, 2048, 700),
        MachineType("p5en.48xlarge", "aws", "H200", 8, 143_771, 192, 2048, 700),
        MachineType("p4d.24xlarge", "aws", "A100-40GB", 8, 40_960, 96, 1152, 400),
        MachineType("g5.xlarge", "aws", "A10G", 1, 23_028, 4, 16, 300),
        MachineType("g5.12xlarge", "aws", "A10G", 4, 23_028, 48, 192, 300),
        MachineType("g6.12xlarge", "aws", "L4", 4, 23_034, 48, 192, 72),
        MachineType("g6e.12xlarge", "aws", "L40S", 4, 46_068, 48, 384, 350),
        MachineType("Standard_ND96isr_H100_v5", "azure", "H100", 8, 81_559, 96, 1900, 700),
        MachineType("Standard_ND96isr_H200_v5", "azure", "H200", 8, 143_771, 96, 1850, 700),
        MachineType("Standard_NC40ads_H100_v5", "azure", "H100-NVL", 1, 95_830, 40, 320, 400),
        MachineType("Standard_NC80adis_H100_v5", "azure", "H100-NVL", 2, 95_830, 80, 640, 400),
        MachineType("Standard_NC24ads_A100_v4", "azure", "A100-80GB", 1, 81_920, 24, 220, 300),
        MachineType("Standard_NC96ads_A100_v4", "azure", "A100-80GB", 4, 81_920, 96, 880, 300),
        MachineType("a3-highgpu-8g", "gcp", "H100", 8, 81_559, 208, 1872, 700),
        MachineType("a2-highgpu-8g", "gcp", "A100-40GB", 8, 40_960, 96, 680, 400),
        MachineType("a2-highgpu-1g", "gcp", "A100-40GB", 1, 40_960, 12, 85, 400),
        MachineType("g2-standard-12", "gcp", "L4", 1, 23_034, 12, 48, 72),
        MachineType("g2-standard-48", "gcp", "L4", 4, 23_034, 48, 192, 72),
    )
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A machine type in a place under a purchase model; ``zone`` is where it is started."""

    machine_type: str
    region: str
    zone: str
    model: str = "on_demand"

    @property
    def type(self) -> MachineType:
        """The machine's data sheet."""
        return MACHINE_TYPES[self.machine_type]

    @property
    def provider(self) -> str:
        """Who offers it."""
        return self.type.provider


@dataclass(frozen=True, slots=True)
class Account:
    """A sub account: an AWS account, an Azure subscription or a Google Cloud project."""

    provider: str
    id: str
    name: str


AWS_SHARED = Account("aws", "418205537719", "lh-ml-shared")
AWS_RESEARCH = Account("aws", "530911846602", "lh-research")
AWS_PRODUCT = Account("aws", "662047719358", "lh-product")
AWS_ROBOTICS = Account("aws", "774350286913", "lh-robotics")
AZURE_SHARED = Account(
    "azure", "/subscriptions/5d0f6a52-3c1e-4b8e-9a77-20c4f1e6b803", "lh-ai-shared"
)
AZURE_VISION = Account("azure", "/subscriptions/b19c7e40-88d3-4f6a-8d52-6f0a3e9c1d74", "lh-vision")
GCP_SHARED = Account("gcp", "lh-ml-shared", "lh-ml-shared")
GCP_SPEECH = Account("gcp", "lh-speech", "lh-speech")

ACCOUNT_OWNERS = {AWS_ROBOTICS: "robotics", AZURE_VISION: "vision", GCP_SPEECH: "speech"}
"""Accounts that belong to one team: whatever runs there is that team's, tagged or not."""

_RESEARCH = frozenset(("foundation-models", "research", "safety", "applied-science", "speech"))


def account_of(team: str, provider: str) -> Account:
    """Where a team's own machines run."""
    for account, owner in ACCOUNT_OWNERS.items():
        if owner == team and account.provider == provider:
            return account
    if provider == "azure":
        return AZURE_SHARED
    if provider == "gcp":
        return GCP_SHARED
    return AWS_RESEARCH if team in _RESEARCH else AWS_PRODUCT


@dataclass(frozen=True, slots=True)
class Pool:
    """Machines that several teams share.

    ``committed`` of its ``machines`` are paid under a commitment at ``committed_rate`` an hour.
    ``load`` is how many GPU-hours are asked for, beside those that there are; ``weekend`` machines
    stay up on weekends; ``shares`` are the GPUs reserved for teams; without ``signal`` the GPUs
    tell no activity.
    """

    name: str
    offer: Offer
    account: Account
    machines: int
    weekend: int
    committed: int
    committed_rate: Decimal | None
    load: float
    gangs: tuple[int, ...]
    shares: dict[str, int] | None = None
    signal: bool = True

    @property
    def gpus(self) -> int:
        """How many accelerators all its machines have."""
        return self.machines * self.offer.type.accelerators


POOLS = (
    Pool(
        name="aws-h100",
        offer=Offer("p5.48xlarge", "us-east-1", "use1-az2"),
        account=AWS_SHARED,
        machines=5,
        weekend=5,
        committed=4,
        committed_rate=Decimal("36.32"),
        load=0.98,
        gangs=(1, 2, 4, 8, 8, 8, 16),
    ),
    Pool(
        name="aws-a100",
        offer=Offer("p4d.24xlarge", "us-west-2", "usw2-az2"),
        account=AWS_SHARED,
        machines=4,
        weekend=4,
        committed=4,
        committed_rate=Decimal("13.83"),
        load=0.85,
        gangs=(1, 1, 2, 4, 8),
        shares={"foundation-models": 12, "recommendations": 8, "research": 8},
        signal=False,
    ),
    Pool(
        name="aws-l4",
        offer=Offer("g6.12xlarge", "us-east-1", "use1-az4"),
        account=AWS_SHARED,
        machines=8,
        weekend=5,
        committed=0,
        committed_rate=None,
        load=0.75,
        gangs=(1, 1, 1, 2, 4),
    ),
    Pool(
        name="gcp-h100",
        offer=Offer("a3-highgpu-8g", "us-central1", "us-central1-a"),
        account=GCP_SHARED,
        machines=3,
        weekend=3,
        committed=2,
        committed_rate=Decimal("61.383672"),
        load=1.0,
        gangs=(1, 2, 4, 8, 8, 16),
    ),
    Pool(
        name="azure-h100",
        offer=Offer("Standard_ND96isr_H100_v5", "eastus", "eastus-1"),
        account=AZURE_SHARED,
        machines=2,
        weekend=2,
        committed=2,
        committed_rate=Decimal("63.91"),
        load=1.0,
        gangs=(1, 2, 4, 8),
    ),
)


@dataclass(frozen=True, slots=True)
class Fleet:
    """Serving replicas of a team: ``low`` at night, ``high`` at the busiest hour.

    Where it is not ``tagged``, only the namespace of its pods says whose it is.
    """

    name: str
    team: str
    project: str
    offer: Offer
    low: int
    high: int
    tagged: bool = True


FLEETS = (
    Fleet(
        "chat-gateway",
        "inference-platform",
        "chat-serving",
        Offer("g6.12xlarge", "us-east-1", "use1-az4"),
        4,
        9,
    ),
    Fleet("ranker", "search", "ranker-2", Offer("g5.12xlarge", "us-east-1", "use1-az6"), 4, 9),
    Fleet(
        "ctr",
        "ads-ranking",
        "ctr-deep",
        Offer("g5.12xlarge", "us-east-1", "use1-az6"),
        3,
        7,
        tagged=False,
    ),
    Fleet(
        "session",
        "recommendations",
        "session-model",
        Offer("g6.12xlarge", "us-east-1", "use1-az6"),
        4,
        8,
    ),
    Fleet("asr", "speech", "asr-v4", Offer("g2-standard-48", "us-central1", "us-central1-b"), 4, 9),
    Fleet(
        "tts", "speech", "tts-voices", Offer("g2-standard-12", "us-central1", "us-central1-b"), 3, 7
    ),
    Fleet(
        "captions",
        "vision",
        "video-captioning",
        Offer("Standard_NC40ads_H100_v5", "eastus", "eastus-2"),
        3,
        7,
    ),
    Fleet(
        "moderation",
        "safety",
        "classifiers",
        Offer("g2-standard-48", "europe-west4", "europe-west4-a"),
        3,
        6,
        tagged=False,
    ),
    Fleet(
        "features",
        "data-platform",
        "features",
        Offer("Standard_NC24ads_A100_v4", "eastus", "eastus-1"),
        2,
        6,
    ),
)

DESK_OFFERS = (
    Offer("g5.xlarge", "us-east-1", "use1-az6"),
    Offer("a2-highgpu-1g", "us-central1", "us-central1-a"),
    Offer("Standard_NC24ads_A100_v4", "eastus", "eastus-2"),
    Offer("g2-standard-12", "us-central1", "us-central1-b"),
)
"""What people rent to work on; one in five forgets to stop it."""

BURST_OFFERS: tuple[tuple[Offer, int, tuple[int, ...]], ...] = (
    (Offer("p5.48xlarge", "us-east-1", "use1-az6", "spot"), 7, (1, 1, 2, 4)),
    (Offer("p5.48xlarge", "us-east-2", "use2-az1", "spot"), 5, (1, 2, 4)),
    (Offer("p5.48xlarge", "us-east-1", "use1-az2"), 2, (1, 1, 2)),
    (Offer("p4d.24xlarge", "us-east-1", "use1-az4", "spot"), 11, (1, 1, 2, 4)),
    (Offer("p4d.24xlarge", "us-west-2", "usw2-az1"), 5, (1, 1, 2)),
    (Offer("g5.12xlarge", "us-east-1", "use1-az6", "spot"), 16, (1, 1, 2, 4)),
    (Offer("g6.12xlarge", "us-east-1", "use1-az4"), 9, (1, 1, 2)),
    (Offer("a3-highgpu-8g", "us-east4", "us-east4-a", "spot"), 5, (1, 2)),
    (Offer("a2-highgpu-8g", "us-central1", "us-central1-a", "spot"), 8, (1, 1, 2)),
    (Offer("a2-highgpu-1g", "us-central1", "us-central1-a"), 12, (1, 1, 2)),
    (Offer("Standard_ND96isr_H100_v5", "eastus", "eastus-1"), 2, (1,)),
    (Offer("Standard_NC80adis_H100_v5", "eastus", "eastus-2"), 6, (1, 1, 2)),
    (Offer("Standard_NC96ads_A100_v4", "westus3", "westus3-1"), 9, (1, 1, 2)),
)
"""Where jobs with machines of their own run: offer, weight, gang sizes in machines."""

BURST_MACHINES = 39
"""How many such machines run at once, on average."""
DESKS = 32
