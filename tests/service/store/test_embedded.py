"""The embedded server: one for all processes, private, and back again after a kill."""

import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import make_url

from service.errors import InputError, UnavailableError
from service.store.database import embedded
from service.store.embedded import EmbeddedServer
from service.store.embedded.folders import open_to_all
from service.store.embedded.server import _binary
from service.store.roles import Logins
from service.store.store import Store

FAST = {"fsync": "off"}
NOBODY = 65_534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

CLIENT = """
import sys
from pathlib import Path
from service.store.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), settings={"fsync": "off"})
server.start()
print(server.status().pid, flush=True)
sys.stdin.read()
"""


def connect(url: str) -> psycopg.Connection:
    """Log in with psycopg itself."""
    return psycopg.connect(url.replace("postgresql+psycopg", "postgresql"))


def socket_folder(logins: Logins) -> Path:
    """The folder of the socket that the addresses name."""
    return Path(str(make_url(logins.app).query["host"]))


def capabilities(pid: int | None) -> int:
    """The effective capabilities of a process, as bits."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("CapEff:")), 16)


def start_client(data_dir: Path) -> "subprocess.Popen[str]":
    """A process of its own that starts the server and then waits for its input to end."""
    command = [sys.executable, "-c", CLIENT, str(data_dir)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def first_line(client: "subprocess.Popen[str]") -> str:
    """What a client printed first."""
    assert client.stdout is not None
    return client.stdout.readline().strip()


def mode(path: Path) -> int:
    """The permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder below a folder that others may enter; its server is stopped at the end."""
    parent = Path(tempfile.mkdtemp(prefix="comptroller-open-"))
    parent.chmod(0o755)
    yield parent / "data"
    EmbeddedServer(parent / "data").stop()
    shutil.rmtree(parent)


@pytest.fixture
def closed_data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data folder below a folder that keeps others out."""
    tmp_path.chmod(0o700)
    yield tmp_path / "data"
    EmbeddedServer(tmp_path / "data").stop()


@pytest.fixture
def logins(data_dir: Path) -> Logins:
    """A running server in the data folder."""
    return EmbeddedServer(data_dir, settings=FAST).start()


@pytest.mark.usefixtures("logins")
def test_processes_that_start_at_once_share_one_server(data_dir: Path) -> None:
    """Three processes ask for a server that does not run; they get the same process id."""
    EmbeddedServer(data_dir).stop()

    clients = [start_client(data_dir) for _ in range(3)]
    pids = {first_line(client) for client in clients}
    for client in clients:
        client.communicate()

    assert len(pids) == 1


def test_the_server_outlives_a_killed_client(data_dir: Path) -> None:
    """The process that started the server gets ``kill -9``; the server goes on as it was."""
    client = start_client(data_dir)
    pid = first_line(client)

    client.kill()
    client.communicate()

    assert str(EmbeddedServer(data_dir).status().pid) == pid


def test_a_killed_server_is_started_again_and_has_kept_what_was_committed(
    data_dir: Path, logins: Logins
) -> None:
    """``kill -9`` of PostgreSQL after a commit: the next start recovers the row."""
    with connect(logins.owner) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    first = EmbeddedServer(data_dir).status().pid
    assert first is not None

    os.kill(first, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(first)] if psutil.pid_exists(first) else [], timeout=10)
    again = EmbeddedServer(data_dir, settings=FAST).start()

    with connect(again.owner) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert EmbeddedServer(data_dir).status().pid != first


def test_a_pid_file_that_names_a_stranger_is_not_believed(data_dir: Path, logins: Logins) -> None:
    """After a reboot another process may have the number; here it is this very test's."""
    EmbeddedServer(data_dir).stop()
    stale = data_dir / "postgres" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{data_dir}/postgres\n0\n5432\n{data_dir}/run\n\n0 0\nready\n")

    status = EmbeddedServer(data_dir).status()
    again = EmbeddedServer(data_dir, settings=FAST).start()

    assert not status.running
    assert again == logins


def test_a_lock_whose_holder_was_killed_is_free(data_dir: Path, logins: Logins) -> None:
    """A process holds the lock and is killed; starting does not wait for it."""
    EmbeddedServer(data_dir).stop()
    hold = (
        "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX);"
        "print('held', flush=True); sys.stdin.read()"
    )
    lock = data_dir / "server.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first_line(holder) == "held"
    with lock.open() as probe, pytest.raises(BlockingIOError):
        fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)

    holder.kill()
    holder.communicate()
    again = EmbeddedServer(data_dir, settings=FAST).start()

    assert again == logins


def test_a_half_made_cluster_is_made_anew(data_dir: Path) -> None:
    """A kill during ``initdb`` leaves ``postgres.new``; the next start begins again."""
    server = EmbeddedServer(data_dir, settings=FAST)
    (data_dir / "postgres.new").mkdir()
    (data_dir / "postgres.new" / "PG_VERSION").write_text("18\n")

    logins = server.start()

    with connect(logins.app) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not (data_dir / "postgres.new").exists()


def test_roles_that_a_killed_start_did_not_make_are_made_by_the_next(
    data_dir: Path, logins: Logins
) -> None:
    """The state file is written last; while it is missing, a start completes the roles."""
    (data_dir / "server.json").unlink()
    with connect(logins.admin) as connection:
        connection.execute("DROP OWNED BY comptroller_reader")
        connection.execute("DROP ROLE comptroller_reader")

    EmbeddedServer(data_dir).start()

    with connect(logins.reader) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_store_survives_a_restart_of_the_server(data_dir: Path) -> None:
    """A pooled connection died with the old server; the next transaction gets a new one."""
    EmbeddedServer(data_dir, settings=FAST).start()
    database = embedded(data_dir)
    database.ensure_schema()
    store = Store(database.app_url)
    with store.work() as work:
        before = work.plans.latest()

    EmbeddedServer(data_dir).stop()
    EmbeddedServer(data_dir, settings=FAST).start()
    with store.work() as work:
        after = work.plans.latest()
    store.close()

    assert before is after is None


def test_a_stopped_server_is_said_to_be_unavailable(data_dir: Path) -> None:
    """With the server stopped a transaction refuses in one sentence."""
    server = EmbeddedServer(data_dir, settings=FAST)
    store = Store(server.start().app)
    server.stop()

    with pytest.raises(UnavailableError, match="the database does not answer"), store.work():
        pass

    store.close()


def test_stopping_twice_is_no_error(data_dir: Path) -> None:
    """The first stop says that it stopped something, the second that it did not."""
    server = EmbeddedServer(data_dir, settings=FAST)
    server.start()

    stopped = [server.stop(), server.stop()]

    assert stopped == [True, False]


@pytest.mark.usefixtures("logins")
def test_only_we_may_enter_what_lies_in_the_data_folder(data_dir: Path) -> None:
    """Folders are 0700, files 0600; the folder itself can at most be passed through (0711)."""
    found = {path.name: mode(path) for path in data_dir.iterdir()}

    folders = {name: found[name] for name in ("postgres", "run")}
    assert set(folders.values()) == {0o700}
    assert {found[name] for name in set(found) - set(folders)} == {0o600}
    assert mode(data_dir) == (0o711 if os.geteuid() == 0 else 0o700)


def test_no_folder_above_gets_a_wider_mode(closed_data_dir: Path) -> None:
    """Below a 0700 folder the server runs and the folder stays 0700, as does the data folder."""
    logins = EmbeddedServer(closed_data_dir, settings=FAST).start()

    with connect(logins.app) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert [mode(closed_data_dir.parent), mode(closed_data_dir)] == [0o700, 0o700]


def test_an_existing_data_folder_keeps_its_mode(data_dir: Path) -> None:
    """A folder that somebody made with 0750 is still 0750 after a start."""
    data_dir.mkdir()
    data_dir.chmod(0o750)

    EmbeddedServer(data_dir, settings=FAST).start()

    assert mode(data_dir) == 0o750


@pytest.mark.parametrize("role", ["postgres", "comptroller_owner", "comptroller_app"])
@pytest.mark.parametrize("password", ["", "wrong"])
def test_nobody_logs_in_without_the_password(logins: Logins, role: str, password: str) -> None:
    """No role is trusted, whatever the name of the operating-system user is."""
    host = str(socket_folder(logins))

    with pytest.raises(psycopg.OperationalError, match=r"password|fe_sendauth"):
        psycopg.connect(host=host, user=role, password=password, dbname="comptroller")


@needs_root
def test_another_user_can_neither_read_nor_log_in(data_dir: Path, logins: Logins) -> None:
    """As ``nobody``: the secrets, the cluster, the lake and the socket are all refused."""
    (data_dir / "lake").mkdir(mode=0o700)
    address = logins.app.replace("+psycopg", "")
    attempts = [
        ["/bin/cat", str(data_dir / "secrets.json")],
        ["/bin/ls", str(data_dir)],
        ["/bin/ls", str(data_dir / "postgres")],
        ["/bin/ls", str(data_dir / "run")],
        ["/bin/ls", str(data_dir / "lake")],
    ]
    if open_to_all(_binary("psql").parent):
        attempts.append([str(_binary("psql")), address, "-c", "SELECT 1"])

    refused = [
        subprocess.run(
            attempt,
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        for attempt in attempts
    ]

    assert [done.returncode != 0 for done in refused] == [True] * len(attempts)
    assert all("Permission denied" in done.stderr for done in refused)


@needs_root
@pytest.mark.usefixtures("logins")
def test_started_by_root_the_server_has_neither_its_rights_nor_our_variables(
    data_dir: Path,
) -> None:
    """Below an open folder the process has another user, no capability and none of our secrets."""
    pid = EmbeddedServer(data_dir).status().pid
    assert pid is not None

    process = psutil.Process(pid)
    assert process.uids().real != 0
    assert capabilities(pid) == 0
    assert not any(name.startswith(("COMPTROLLER", "HOME")) for name in process.environ())


@needs_root
def test_below_a_closed_folder_the_server_gets_one_capability_only(closed_data_dir: Path) -> None:
    """To pass folders that are not its own it may search them; it may not do anything else."""
    server = EmbeddedServer(closed_data_dir, settings=FAST)

    server.start()

    pid = server.status().pid
    assert capabilities(pid).bit_count() == 1


def test_a_data_folder_with_a_long_path_gets_a_private_folder_for_its_socket(
    data_dir: Path,
) -> None:
    """A socket's path is limited to about a hundred bytes; the same folder serves after a stop."""
    deep = data_dir / ("d" * 60) / "it's, a deep one"
    server = EmbeddedServer(deep, settings=FAST)

    first = server.start()
    server.stop()
    again = server.start()
    with connect(again.app) as connection:
        answer = connection.execute("SELECT 1").fetchone()
    server.stop()

    folder = socket_folder(first)
    assert answer == (1,)
    assert first == again
    assert mode(folder) == 0o700
    assert folder.parent == Path(tempfile.gettempdir())
    folder.rmdir()


def test_a_socket_folder_that_is_gone_is_replaced(data_dir: Path) -> None:
    """Someone emptied the temporary folder; the next start makes another one."""
    server = EmbeddedServer(data_dir / ("d" * 90), settings=FAST)
    first = server.start()
    server.stop()
    folder = socket_folder(first)
    folder.rmdir()

    again = server.start()
    server.stop()

    assert again != first
    socket_folder(again).rmdir()


def test_without_the_passwords_the_server_refuses_to_start(data_dir: Path, logins: Logins) -> None:
    """The passwords of a cluster that exists cannot be invented again."""
    del logins
    EmbeddedServer(data_dir).stop()
    (data_dir / "secrets.json").unlink()

    with pytest.raises(UnavailableError, match=r"secrets\.json is missing"):
        EmbeddedServer(data_dir).start()


def test_a_server_that_cannot_start_says_what_its_log_says(data_dir: Path) -> None:
    """An unknown setting is named in the refusal."""
    server = EmbeddedServer(data_dir, settings={"no_such_setting": "1"})

    with pytest.raises(UnavailableError, match="no_such_setting"):
        server.start()


@pytest.mark.parametrize("name", ['a"b', "a$b", "a`b", "a\\b"])
def test_a_path_that_a_shell_would_read_otherwise_is_refused(tmp_path: Path, name: str) -> None:
    """``pg_ctl`` puts the path between double quotes, so four characters cannot be in it."""
    with pytest.raises(InputError, match="in its path"):
        EmbeddedServer(tmp_path / name)


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file stands where the folder, or the one above it, should be."""
    (tmp_path / "file").write_text("")

    for data_dir in (tmp_path / "file", tmp_path / "file" / "data"):
        with pytest.raises(UnavailableError, match="COMPTROLLER_DATA_DIR names another one"):
            EmbeddedServer(data_dir)
