"""The check of an AWS account: every action is tried with next to nothing."""

from dataclasses import replace

import pytest

from tests.ingest.aws.account.world import P5, account
from tests.peers.aws_model import FakeAws, denied, refusing

EC2 = (
    "DescribeAvailabilityZones",
    "DescribeSpotPriceHistory",
    "GetSpotPlacementScores",
    "DescribeCapacityBlockOfferings",
    "DescribeReservedInstances",
    "DescribeCapacityReservations",
)


def test_all_is_well_where_every_action_is_allowed(peer: FakeAws) -> None:
    """EC2 is asked for dry runs, which it answers with an error that says yes."""
    for operation in EC2:
        peer.handlers["ec2", operation] = refusing("DryRunOperation", "would have succeeded", 412)

    found = account(peer).check()

    assert [one.what for one in found if not one.passed] == []
    assert len(found) == 11
    assert {call.params.get("DryRun") for call in peer.calls if call.service == "ec2"} == {True}
    assert peer.asked("GetCostAndUsage") == []


def test_a_missing_action_is_named(peer: FakeAws) -> None:
    """Two actions are missing: one of EC2, one of quotas."""
    for operation in EC2:
        peer.handlers["ec2", operation] = refusing("DryRunOperation", "", 412)
    peer.handlers["ec2", "DescribeSpotPriceHistory"] = refusing("UnauthorizedOperation", "no", 403)
    peer.handlers["service-quotas", "ListServiceQuotas"] = denied("servicequotas:ListServiceQuotas")

    missing = [one for one in account(peer).check() if not one.passed]

    assert [one.what for one in missing] == [
        "spot prices in us-east-1 (ec2:DescribeSpotPriceHistory)",
        "quotas in us-east-1 (servicequotas:ListServiceQuotas)",
    ]
    assert missing[0].advice.startswith("allow the action ec2:DescribeSpotPriceHistory; the policy")
    assert "user/ada is not authorized to perform" in missing[1].advice


def test_another_fault_is_told_as_it_is(peer: FakeAws) -> None:
    """AWS being busy is no missing permission."""
    peer.handlers["pricing", "GetProducts"] = refusing("ThrottlingException")

    (prices,) = (one for one in account(peer).check() if "pricing:GetProducts" in one.what)

    assert not prices.passed
    assert prices.advice.startswith("asking AWS for prices (pricing:GetProducts): AWS is busy")


def test_an_address_that_does_not_answer_is_told_once(
    peer: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing listens at port 1, which is the address of all 11 actions."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    source = account(replace(peer, url="http://127.0.0.1:1"))

    (check,) = source.check()

    assert (check.what, check.passed) == ("reaching http://127.0.0.1:1", False)
    assert "look at the network, at endpoint_url" in check.advice
    assert check.advice.count("AWS cannot be reached") == 1


def test_credentials_that_are_no_good_are_told_once(peer: FakeAws) -> None:
    """The first action is refused for a key that AWS does not know; the other 10 are not tried."""
    peer.handlers["savingsplans", "DescribeSavingsPlans"] = refusing("InvalidClientTokenId")

    (check,) = account(peer).check()

    assert "AWS does not know these credentials" in check.advice


def test_credentials_that_are_not_there_are_told_once(
    peer: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither environment nor files have any, whichever of the 11 actions is tried."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    (check,) = account(replace(peer, url="http://127.0.0.1:9")).check()

    assert "no AWS credentials were found; set a profile" in check.advice


def test_an_address_that_is_none_is_told_once(peer: FakeAws) -> None:
    """No client can be made for it, so nothing is tried."""
    (check,) = account(replace(peer, url="127.0.0.1:1")).check()

    assert check.what == "reaching savingsplans in us-east-1"
    assert "accepted is an address as https://" in check.advice


def test_a_machine_type_that_nobody_knows_is_told(peer: FakeAws) -> None:
    """p5.48xlarg lacks a letter; p5.48xlarge is known."""
    found = account(peer, machine_types=[P5, "p5.48xlarg"]).check()

    strange = [one for one in found if one.what.startswith("machine type")]
    assert [one.what for one in strange] == ["machine type p5.48xlarg is in the reference"]
    assert "look at its spelling" in strange[0].advice


def test_without_machine_types_all_of_ec2_in_the_reference_are_asked_for(peer: FakeAws) -> None:
    """p5.48xlarge is among them, machines of other clouds are not."""
    asked = account(peer, machine_types=[])._question.machine_types

    assert P5 in asked
    assert "Standard_ND96isr_H100_v5" not in asked
