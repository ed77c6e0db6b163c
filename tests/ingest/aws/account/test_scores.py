"""Spot placement scores: what AWS thinks of a request that nobody made."""

from pathlib import Path

import pytest

from ingest.port import Kind, RejectedSourceError, TransientSourceError
from tests.ingest.aws.account.world import NOW, P4, P5, account, delivered
from tests.peers.aws_model import ApiError, FakeAws, Params, paged, refusing

SCORES = ("ec2", "GetSpotPlacementScores")


def test_a_score_is_of_one_machine_in_one_zone(peer: FakeAws, tmp_path: Path) -> None:
    """9 and 1 of 10; nothing was launched, so nothing was obtained."""
    found = [
        {"Region": "us-east-1", "AvailabilityZoneId": "use1-az4", "Score": 9},
        {"Region": "us-west-2", "AvailabilityZoneId": "usw2-az1", "Score": 1},
    ]
    peer.handlers[SCORES] = paged("SpotPlacementScores", found, 1)
    source = account(peer, "us-east-1", "us-west-2", machine_types=[P5])

    rows, mark = delivered(source, tmp_path, Kind.AVAILABILITY)

    assert [(row["region"], row["zone"], row["score"]) for row in rows] == [
        ("us-east-1", "use1-az4", 9),
        ("us-west-2", "usw2-az1", 1),
    ]
    assert {(r["market"], r["requested"], r["obtained"], r["at"]) for r in rows} == {
        ("spot", 1, None, NOW)
    }
    assert mark is None
    assert peer.asked("GetSpotPlacementScores")[0]["RegionNames"] == ["us-east-1", "us-west-2"]


def test_aws_answers_only_so_many_questions_a_day(peer: FakeAws, tmp_path: Path) -> None:
    """The first type is answered, the second is one too many: what is there counts."""

    def scores(params: Params) -> Params:
        if params["InstanceTypes"] != [P5]:
            raise ApiError("MaxConfigLimitExceeded")
        return {"SpotPlacementScores": [{"Region": "us-east-1", "Score": 3}]}

    peer.handlers[SCORES] = scores

    rows, _ = delivered(account(peer), tmp_path, Kind.AVAILABILITY)

    assert [(row["machine_type"], row["zone"], row["score"]) for row in rows] == [(P5, None, 3)]


def test_an_unknown_type_has_no_score(peer: FakeAws, tmp_path: Path) -> None:
    """The file then has no row, and the next type is asked for all the same."""
    peer.handlers[SCORES] = refusing("InvalidParameterValue", "no such type")

    rows, _ = delivered(account(peer), tmp_path, Kind.AVAILABILITY)

    assert rows == []
    assert [one["InstanceTypes"] for one in peer.asked("GetSpotPlacementScores")] == [[P5], [P4]]


@pytest.mark.parametrize(
    ("code", "fault"),
    [("RequestLimitExceeded", TransientSourceError), ("AuthFailure", RejectedSourceError)],
)
def test_other_faults_are_faults(
    peer: FakeAws, tmp_path: Path, code: str, fault: type[Exception]
) -> None:
    """Throttling may pass, wrong credentials do not."""
    peer.handlers[SCORES] = refusing(code)

    with pytest.raises(fault, match=r"\(ec2:GetSpotPlacementScores\)"):
        delivered(account(peer), tmp_path, Kind.AVAILABILITY)
