"""How each cloud names itself, its accounts and its services on a FOCUS bill."""

from dataclasses import dataclass
from decimal import Decimal

from service.demo.columns import FOCUS_1_0, FOCUS_1_2, FOCUS_1_3


@dataclass(frozen=True, slots=True)
class Cloud:
    """A provider as its bills show it.

    ``contracted`` is what the company pays of the list price; ``paid_monthly`` is true where a
    commitment's payment is one line a month instead of one an hour.
    """

    provider: str
    name: str
    issuer: str
    account_id: str
    account_type: str
    sub_account_type: str
    compute: str
    machine: str
    storage: str
    bucket: str
    transfer: str
    kubernetes: str
    support: str
    columns: tuple[str, ...]
    contracted: Decimal
    commitment_category: str
    commitment_type: str
    paid_monthly: bool


AWS = Cloud(
    provider="aws",
    name="AWS",
    issuer="Amazon Web Services, Inc.",
    account_id="204118853319",
    account_type="Management Account",
    sub_account_type="Member Account",
    compute="Amazon Elastic Compute Cloud",
    machine="Instance",
    storage="Amazon Simple Storage Service",
    bucket="Bucket",
    transfer="AWS Data Transfer",
    kubernetes="Amazon Elastic Kubernetes Service",
    support="AWS Support (Enterprise)",
    columns=FOCUS_1_2,
    contracted=Decimal("0.93"),
    commitment_category="Spend",
    commitment_type="EC2 Instance Savings Plan",
    paid_monthly=False,
)
AZURE = Cloud(
    provider="azure",
    name="Microsoft",
    issuer="Microsoft",
    account_id="/providers/Microsoft.Billing/billingAccounts/7048215",
    account_type="Billing Account",
    sub_account_type="Subscription",
    compute="Virtual Machines",
    machine="Virtual machine",
    storage="Storage Accounts",
    bucket="Storage account",
    transfer="Bandwidth",
    kubernetes="Azure Kubernetes Service",
    support="Azure Support (Professional Direct)",
    columns=FOCUS_1_0,
    contracted=Decimal("0.96"),
    commitment_category="Usage",
    commitment_type="Reservation",
    paid_monthly=True,
)
GCP = Cloud(
    provider="gcp",
    name="Google Cloud",
    issuer="Google Cloud",
    account_id="01C4F2-7A90BD-33E8F5",
    account_type="Billing Account",
    sub_account_type="Project",
    compute="Compute Engine",
    machine="Instance",
    storage="Cloud Storage",
    bucket="Bucket",
    transfer="Networking",
    kubernetes="Kubernetes Engine",
    support="Customer Care (Enhanced)",
    columns=FOCUS_1_3,
    contracted=Decimal(1),
    commitment_category="Usage",
    commitment_type="Committed Use Discount",
    paid_monthly=False,
)
CLOUDS = (AWS, AZURE, GCP)

REGION_NAMES = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-2": "US West (Oregon)",
    "eu-north-1": "Europe (Stockholm)",
    "eastus": "East US",
    "westus3": "West US 3",
    "us-central1": "Iowa",
    "us-east4": "Northern Virginia",
    "europe-west4": "Netherlands",
}
