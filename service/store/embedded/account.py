"""The operating-system account that the embedded server runs under."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from service.errors import UnavailableError
from service.store.embedded.folders import open_to_all

SERVER_USER = "comptroller"
_CAPABILITIES = {"dac_read_search": 2, "dac_override": 1}
_PROGRAMS = "/usr/sbin:/usr/bin:/sbin:/bin"  # A PATH without sbin hides useradd.
_EXECUTE_TIMEOUT_S = 120


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server: we ourselves, or an own account when we are root.

    PostgreSQL refuses to run as root. ``prefix`` is the command that changes the account.
    """

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()

    def execute(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program of the server; its environment holds none of our variables."""
        return subprocess.run(  # noqa: S603 -- our own binaries with our own arguments
            [*self.prefix, *map(str, command)],
            check=False,
            cwd="/",
            env={"LC_ALL": "C", "PATH": os.defpath, "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_EXECUTE_TIMEOUT_S,
        )


def server_account() -> Account:
    """Find the account, and make it when we are root and it is missing."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    entry = _find_user() or _make_user()
    return Account(entry.pw_uid, entry.pw_gid)


def launcher(account: Account, folders: Iterable[Path], program: Path) -> Account:
    """Complete ``account`` with what root needs to run ``program`` under it.

    Where some folder above the data or the program keeps other users out (``/root``, a clone in a
    private folder), the server gets the one capability to pass; no folder gets a wider mode.
    """
    if os.geteuid() != 0:
        return account
    setpriv = shutil.which("setpriv", path=_PROGRAMS)
    if setpriv is None:
        raise UnavailableError(
            "starting the embedded server as root needs the program setpriv (util-linux); "
            "install it, use another account, or set COMPTROLLER_DATABASE_URL"
        )
    runs_for_all = program.stat().st_mode & 0o005 == 0o005  # noqa: PLR2004 -- r-x for others
    if runs_for_all and all(open_to_all(folder) for folder in (*folders, program.parent)):
        granted = ""
    else:
        granted = f",+{_capability(runs_for_all=runs_for_all)}"
    capabilities = (f"--inh-caps=-all{granted}", f"--ambient-caps=-all{granted}")
    identity = (f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups")
    return Account(
        account.uid, account.gid, (setpriv, *identity, *capabilities, "--no-new-privs", "--")
    )


def _capability(*, runs_for_all: bool) -> str:
    """Choose the weaker capability, to read and search, where it is there and enough."""
    held = _effective_capabilities()
    for name, bit in _CAPABILITIES.items():
        if held >> bit & 1 and (runs_for_all or name == "dac_override"):
            return name
    raise UnavailableError(
        "the embedded server may not enter the data folder or the installation; put both where "
        "other users may pass, use another account than root, or set COMPTROLLER_DATABASE_URL"
    )


def _effective_capabilities() -> int:
    facts = Path("/proc/self/status").read_text()
    return int(facts.partition("CapEff:")[2].split()[0], base=16)


def _find_user() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        return None


def _make_user() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=_PROGRAMS)
    reason = "there is no useradd"
    if useradd is not None:
        options = ("--system", "--no-create-home", "--home-dir", "/nonexistent")
        shell = ("--shell", "/usr/sbin/nologin")
        reason = Account(0, 0).execute(useradd, *options, *shell, SERVER_USER).stdout.strip()
    entry = _find_user()  # Another process may have made it at the same moment.
    if entry is None:
        raise UnavailableError(
            f"root cannot run the embedded server itself and the system user {SERVER_USER} cannot "
            f"be made ({reason}); make it, or set COMPTROLLER_DATABASE_URL"
        )
    return entry
