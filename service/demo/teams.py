"""Who works at the invented company: twelve teams, their projects and their people."""

from dataclasses import dataclass

COMPANY = "Lumen Harbor"


@dataclass(frozen=True, slots=True)
class Team:
    """A team; ``weight`` is its share of the jobs in a hundred."""

    name: str
    weight: int
    projects: tuple[str, ...]
    users: tuple[str, ...]

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Where its pods run: the team's main namespace and one for trials."""
        return (self.name, f"{self.name}-dev")


TEAMS = (
    Team(
        "foundation-models",
        18,
        ("pretrain-7b", "pretrain-70b", "tokenizer"),
        ("a.keller", "j.okafor", "m.lindqvist", "s.tanaka", "r.duarte"),
    ),
    Team(
        "speech",
        10,
        ("asr-v4", "tts-voices"),
        ("l.moreau", "p.novak", "y.haddad", "t.brandt"),
    ),
    Team(
        "vision",
        11,
        ("detector-x", "video-captioning"),
        ("c.rossi", "d.nguyen", "f.weber", "k.osei"),
    ),
    Team(
        "robotics",
        9,
        ("grasping", "sim2real"),
        ("e.sato", "g.petrov", "h.larsen", "v.mehta"),
    ),
    Team("search", 8, ("ranker-2", "embeddings"), ("b.costa", "i.fischer", "n.ali")),
    Team(
        "recommendations",
        9,
        ("two-tower", "session-model"),
        ("o.jensen", "q.zhang", "u.kowalski", "w.adeyemi"),
    ),
    Team("ads-ranking", 7, ("ctr-deep", "bid-shading"), ("x.martin", "z.ivanov", "a.silva")),
    Team("safety", 5, ("red-team", "classifiers"), ("b.haas", "c.mbeki", "d.laurent")),
    Team(
        "inference-platform",
        8,
        ("chat-serving", "batch-inference"),
        ("e.park", "f.romero", "g.schmidt", "h.nasser"),
    ),
    Team("data-platform", 4, ("features", "curation"), ("i.dubois", "j.stone", "k.yilmaz")),
    Team(
        "research",
        7,
        ("long-context", "state-space", "rl-lab"),
        ("l.bergman", "m.castillo", "n.oduya", "o.varga", "p.lindgren"),
    ),
    Team("applied-science", 4, ("forecasting", "pricing"), ("q.ramos", "r.eriksen", "s.khan")),
)

BY_NAME = {team.name: team for team in TEAMS}
PLATFORM = "inference-platform"
"""The team that runs the shared clusters and pays for what stands idle in them."""
STRAY_NAMESPACES = ("default", "sandbox")
"""Namespaces that belong to nobody; what runs there stays unallocated."""
ALIASES = {"detector-x": "cv", "pretrain-7b": "fm"}
"""Projects that still tag their machines with the name that their team had before."""
SMALL_PROJECTS = frozenset(("tokenizer", "embeddings", "curation", "pricing"))
"""Projects whose work would do with far less than the GPUs that it runs on."""
