"""``costs``, ``submit`` and ``plan show`` over HTTP: what they print is what this host prints."""

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
import uvicorn
from typer.testing import CliRunner

from service.api.app import create_app
from service.api.body_limit import MAX_BODY_BYTES
from service.api.routes.workloads import MAX_WORKLOADS
from service.bootstrap import Wiring
from service.cli import remote
from service.cli.main import app
from service.cli.plan_report import WITHHELD
from service.cli.serving import api_parts
from service.documents.workload_file import parse_workloads
from service.documents.yaml_file import DocumentError
from service.domain.periods import Period
from service.errors import (
    ComptrollerError,
    ConflictError,
    InputError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    UnavailableError,
)
from service.store.roles import Logins
from service.usecases.submit_workloads import UnknownAccelerator
from tests.peers.serving import serving
from tests.service.api.house import a_secret, furnish
from tests.service.cli.serving import COMPTROLLER, a_free_port, point_to

WORKLOAD = """\
name: {name}
team: {team}
run: {{image: i}}
kind: training
accelerators: [{{model: {model}, count_per_node: 8}}]
work: {{duration_hours: 4.50}}
sla: {{class: target, probability: 0.95}}
deadline: 2026-11-25T00:00:00Z
idempotency_key: {name}
"""
COSTS = ("costs", "--period", "2026-10")
PLAN = ("plan", "show")
JSON = ("--format", "json")
Ask = Callable[[str], None]


def a_file(folder: Path, *names: str, team: str = "vision", model: str = "H100") -> str:
    """Write a file with one workload of each name, and return its path."""
    parts = [WORKLOAD.format(name=name, team=team, model=model) for name in names]
    file = folder / "queue.yaml"
    file.write_text("---\n".join(parts), encoding="utf-8")
    return str(file)


def printed(*arguments: str) -> str:
    """Run a command of this process's environment and return what it wrote."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.exception
    return result.stdout


def refused(*arguments: str) -> ComptrollerError:
    """Run a command that is refused, and return the refusal."""
    error = CliRunner().invoke(app, arguments).exception
    assert isinstance(error, ComptrollerError)
    return error


@contextmanager
def listening() -> Iterator[tuple[socket.socket, str]]:
    """Give a socket that keeps callers until a server comes, and its address."""
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened, f"http://127.0.0.1:{opened.getsockname()[1]}"


@pytest.fixture
def house(
    wiring: Wiring, database: Logins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Wiring:
    """Return the furnished company, which commands on this host work on."""
    point_to(database, tmp_path, monkeypatch)
    furnish(wiring, tmp_path)
    return wiring


@pytest.fixture
def api(house: Wiring) -> Iterator[str]:
    """Serve the company's API, and return its address."""
    with listening() as (opened, address):
        config = uvicorn.Config(create_app(api_parts(house)), log_level="error")
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, args=([opened],))
        thread.start()
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def ask(api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Return a function that turns this process into a host with nothing but API and token."""

    def use(token: str) -> None:
        for name in ("DATABASE_URL", "LAKE_URI"):
            monkeypatch.delenv(f"COMPTROLLER_{name}")
        monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "nothing"))
        monkeypatch.setenv("COMPTROLLER_API_URL", api)
        monkeypatch.setenv("COMPTROLLER_API_TOKEN", token)

    return use


def test_costs_are_the_same_to_the_byte_in_every_form(
    house: Wiring, ask: Ask, tmp_path: Path
) -> None:
    """Table, json and csv, by team and by service; no store is opened on the host that asks."""
    asked = [
        (*COSTS, "--by", by, "--format", form)
        for by in ("team", "service")
        for form in ("table", "json", "csv")
    ]
    here = [printed(*arguments) for arguments in asked]

    ask(a_secret(house))
    there = [printed(*arguments) for arguments in asked]

    assert here == there
    assert "vision,USD,100.00" in here[2]
    assert not (tmp_path / "nothing").exists()


def test_the_plan_is_the_same_but_for_the_folder_of_its_files(house: Wiring, ask: Ask) -> None:
    """Files of a plan are on the API's host only: no folder, and no line that says to check it."""
    here, here_json = printed(*PLAN), json.loads(printed(*PLAN, *JSON))

    ask(a_secret(house))
    there, there_json = printed(*PLAN), json.loads(printed(*PLAN, *JSON))

    assert here.startswith(there)
    assert here.removeprefix(there).startswith("Check it: comptroller check-plan")
    assert there_json == here_json | {"folder": None}
    assert (there_json["cost"], there_json["gap"]) == ("12.00", 0)


def test_a_team_sees_its_own_and_a_dash_for_the_whole(house: Wiring, ask: Ask) -> None:
    """Vision bears 100.00 and spends 7.00; cost, bound and gap of all teams are withheld."""
    ask(a_secret(house, "vision"))

    costs = json.loads(printed(*COSTS, *JSON))
    plan, table = json.loads(printed(*PLAN, *JSON)), " ".join(printed(*PLAN).split())

    assert [(row["team"], row["effective_cost"]) for row in costs["rows"]] == [("vision", "100.00")]
    assert (plan["spend"], plan["cost"], plan["bound"], plan["gap"]) == ("7.00", None, None, None)
    assert f"total cost {WITHHELD} lower bound, proven {WITHHELD} gap {WITHHELD}" in table
    assert f"this plan 1 0 7.00 {WITHHELD}" in table


def test_a_workload_with_a_key_is_the_same_from_here_and_from_there(
    house: Wiring, ask: Ask, tmp_path: Path
) -> None:
    """Submitted on this host, then twice over HTTP: one workload, shown alike each time."""
    file = a_file(tmp_path, "a", "b")
    here = printed("submit", file)

    ask(a_secret(house, "vision"))
    there = [printed("submit", file), printed("submit", file)]

    assert there == [here, here]
    assert "2 workloads are in the queue" in here
    with house.store.work() as work:
        assert sum(one.name in {"a", "b"} for one in work.workloads.queued()) == 2


def test_a_bad_file_is_refused_before_it_is_sent(ask: Ask, tmp_path: Path) -> None:
    """The refusal names file, line and field, though the token would not be accepted."""
    ask("cmt_unknown")
    file = a_file(tmp_path, "a", team="Vision!")

    error = refused("submit", file)

    assert isinstance(error, DocumentError)
    assert str(error).startswith("queue.yaml:2: workloads[1].team:")


def test_refusals_keep_kind_status_code_and_sentence(
    house: Wiring, ask: Ask, tmp_path: Path
) -> None:
    """A model that nobody sells, another body for a key, another team, a month without bills."""
    ask(a_secret(house, "vision"))
    printed("submit", a_file(tmp_path, "a"))

    unknown = refused("submit", a_file(tmp_path, "b", model="H1000"))
    changed = refused("submit", a_file(tmp_path, "a", model="A100-80GB"))
    other = refused("submit", a_file(tmp_path, "c", team="nlp"))
    empty = refused("costs", "--period", "2026-09")

    assert [(type(e).__base__, e.status, e.code) for e in (unknown, changed, other, empty)] == [
        (InputError, 422, UnknownAccelerator.code),
        (ConflictError, 409, "conflict"),
        (NotAllowedError, 403, "not-allowed"),
        (NotFoundError, 404, "not-found"),
    ]
    assert str(unknown).startswith("workload b: accelerator H1000 is not known; did you mean H100?")
    assert str(other) == "token 'vision' may not act for team 'nlp'"
    assert "periods with bills: 2026-10" in str(empty)


@pytest.fixture
def client(api: str, house: Wiring) -> Iterator[httpx.Client]:
    """Return a connection that shows the token of vision."""
    headers = {"Authorization": f"Bearer {a_secret(house, 'vision')}"}
    with httpx.Client(base_url=api, headers=headers) as opened:
        yield opened


def test_long_files_go_in_parts_and_a_refusal_says_what_was_taken(
    client: httpx.Client, house: Wiring
) -> None:
    """Three workloads in lists of two: the third alone is refused, the two before are queued."""
    parts = [WORKLOAD.format(name=name, team="vision", model="H100") for name in "abc"]
    parts[2] = parts[2].replace("H100", "H1000")
    documents = parse_workloads("---\n".join(parts), "queue.yaml")

    with pytest.raises(InputError) as error:
        remote.Remote(client, most_workloads=2).submit(documents)

    assert str(error.value).startswith(
        "the first 2 of 3 workloads are in the queue; the next failed: workload c: accelerator"
    )
    with house.store.work() as work:
        assert {"a", "b"} < {one.name for one in work.workloads.queued()}


def test_faults_that_only_the_api_finds_are_named_by_their_place_in_the_file(
    client: httpx.Client,
) -> None:
    """The third workload is the first of the second list: /0/name becomes workloads[3].name."""
    (good,) = parse_workloads(WORKLOAD.format(name="a", team="vision", model="H100"), "queue.yaml")
    first, second = (good.model_copy(update={"idempotency_key": key}) for key in "ab")
    run = good.run.model_copy(update={"image": ""})
    bad = good.model_copy(update={"name": "A!", "run": run})

    with pytest.raises(InputError) as error:
        remote.Remote(client, most_workloads=2).submit([first, second, bad])

    assert "workloads[3].name: 'A!'" in str(error.value)
    assert "\nworkloads[3].run.image: ''" in str(error.value)


def test_one_request_is_never_more_than_the_api_takes(client: httpx.Client) -> None:
    """Lists end below 10,000 workloads and 16 MiB: three of 8 MiB of labels make two requests."""
    (good,) = parse_workloads(WORKLOAD.format(name="a", team="vision", model="H100"), "queue.yaml")
    labels = {f"label-{number}": "x" * 32_000 for number in range(220)}
    large = [
        good.model_copy(update={"name": name, "idempotency_key": name, "labels": labels})
        for name in "abc"
    ]

    taken = remote.Remote(client).submit(large)

    assert [one.name for one in taken] == ["a", "b", "c"]
    assert remote.MOST_WORKLOADS == MAX_WORKLOADS
    assert remote.MOST_BYTES < MAX_BODY_BYTES


def test_a_wrong_token_is_one_sentence(ask: Ask, api: str) -> None:
    """Exit code 1; the sentence names setting and address, and never the token."""
    ask("cmt_wrong")

    ended = subprocess.run([*COMPTROLLER, *COSTS], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"error: this token is not accepted: unknown, expired or revoked (api_token, at {api})\n"
    )
    assert isinstance(refused(*PLAN), NotAuthenticatedError)


def test_an_api_that_is_down_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens on the port: exit code 1, and the address is named."""
    address = f"http://127.0.0.1:{a_free_port()}"
    monkeypatch.setenv("COMPTROLLER_API_URL", f"{address}/")
    monkeypatch.setenv("COMPTROLLER_API_TOKEN", "cmt_any")
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "nothing"))

    command = [*COMPTROLLER, "--debug", *COSTS]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    plain = subprocess.run([*COMPTROLLER, *PLAN], capture_output=True, text=True, check=False)

    said = f"error: the API at {address} (api_url) does not answer: "
    assert (plain.returncode, plain.stderr.count("\n")) == (1, 1)
    assert plain.stderr.startswith(said)
    assert ended.returncode == 1
    assert "cmt_any" not in ended.stderr
    assert not (tmp_path / "nothing").exists()


class Fixed(BaseHTTPRequestHandler):
    """Answers each request with the same status and body."""

    def __init__(self, status: int, body: bytes, *rest: object) -> None:
        """Keep what to answer."""
        self._answer = status, body
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer."""
        status, body = self._answer
        self.send_response(status)
        self.send_header("Location", "http://elsewhere.invalid/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@contextmanager
def answering(status: int, body: bytes) -> Iterator[remote.Remote]:
    """Serve one fixed answer, and ask it."""
    with (
        serving(HTTPServer(("127.0.0.1", 0), partial(Fixed, status, body))) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        yield remote.Remote(http)


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>"), (200, b'{"period": "2026-10"}'), (302, b""), (502, b"Bad Gateway")],
)
def test_what_is_no_comptroller_is_recognised(status: int, body: bytes) -> None:
    """A web page, an answer of another form, a redirect, which is not followed, a proxy's own."""
    with answering(status, body) as other, pytest.raises(UnavailableError) as error:
        other.costs(Period("2026-10"), "team")

    assert f"with HTTP {status} is no Comptroller API of this version" in str(error.value)


def test_a_fault_inside_and_a_fault_of_a_parameter_keep_their_words() -> None:
    """The first names the API, whose operator can help; the second names the parameter."""
    inside = {"type": "t", "title": "t", "status": 500, "code": "internal", "detail": "It broke"}
    faults = [
        {"where": "query", "field": "period", "detail": "is no period"},
        {"where": "body", "field": "", "detail": "is no JSON"},
    ]
    wrong = inside | {"status": 422, "code": "invalid-input", "errors": faults}

    with answering(500, json.dumps(inside).encode()) as api, pytest.raises(ComptrollerError) as one:
        api.latest_plan()
    with answering(422, json.dumps(wrong).encode()) as api, pytest.raises(InputError) as two:
        api.latest_plan()

    assert str(one.value).startswith("It broke (the API at http://127.0.0.1:")
    assert (one.value.status, one.value.code) == (500, "internal")
    assert str(two.value) == "period: is no period\nis no JSON"


@pytest.mark.parametrize(
    ("url", "token", "said"),
    [
        ("", "cmt_geheim", "api_token (COMPTROLLER_API_TOKEN) is set and api_url"),
        ("http://api.example", "geheim\n", "api_token (COMPTROLLER_API_TOKEN) is no token"),
        ("api.example", "cmt_geheim", "api_url (COMPTROLLER_API_URL) is no address"),
        ("http://:8400", "cmt_geheim", "api_url (COMPTROLLER_API_URL) is no address"),
        ("http://api.example:x", "cmt_geheim", "api_url (COMPTROLLER_API_URL) is no address"),
        ("http://a:geheim@api.example", "cmt_x", "api_url (COMPTROLLER_API_URL) is no address"),
    ],
)
@pytest.mark.parametrize("command", [COSTS, PLAN], ids=" ".join)
def test_settings_that_do_not_fit_together_are_refused_without_their_values(
    url: str, token: str, said: str, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token without an address, and what is no token or no address."""
    monkeypatch.setenv("COMPTROLLER_API_URL", url)
    monkeypatch.setenv("COMPTROLLER_API_TOKEN", token)

    error = refused(*command)

    assert isinstance(error, InputError)
    assert str(error).startswith(said)
    assert "geheim" not in str(error)


def test_an_address_alone_is_for_the_dashboard(
    house: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a token the command works on this host, whatever the address is."""
    here = printed(*COSTS)

    monkeypatch.setenv("COMPTROLLER_API_URL", f"http://127.0.0.1:{a_free_port()}")

    assert printed(*COSTS) == here
    assert house.settings.api_token is None
